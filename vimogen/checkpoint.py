"""A trained generator in a folder: what is shipped, and what `vimogen generate` and the registered models load.

config.json                        sizes, text encoder, sampling, and the sha256 of every shard
model-00001-of-0000N.safetensors   tensors in fp16, and the codec's mean and std in fp32
card.json                          what it was trained on, and what was measured
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mbench.card import Card
from mbench.errors import ConfigError, FormatError, did_you_mean, one_line
from mbench.files import read_json, sha256_of, write_json
from mbench.weights import load_weights, save_weights
from vimogen.codec import Codec
from vimogen.conditioning import SentenceTokens, TextTokens
from vimogen.flow import Guidance
from vimogen.generator import Generator, Sampling
from vimogen.layers import EncoderBlock, Positions
from vimogen.network import NetworkConfig, ViMoGen
from vimogen.umt5 import UMT5Tokens

FORMAT = 1
SHARD = 15 << 20  # bytes of the tensors of a file, at most, unless one alone is larger; with its header below 16 MiB
CONFIG, CARD = "config.json", "card.json"
FIELDS = ("name", "version", "licence", "trained_on")  # that a card must have
ENCODERS = {"sentence": {"limit": int, "name": str}, "umt5": {"limit": int, "dtype": str}}  # what their identity holds
DTYPES = ("float32", "bfloat16", "float16")
MEAN, STD, TABLE = "codec.mean", "codec.std", ".pe"


def save_generator(
    folder: Path, network: ViMoGen, codec: Codec, text: TextTokens, sampling: Sampling, facts: Mapping[str, Any]
) -> None:
    """Write a generator; `config.json` comes last, so that a folder whose writing was killed is refused.

    Args:
        folder: made if it is not there; other files in it stay.
        network: trained.
        codec: of its data.
        text: encoder of its texts; only its identity is kept.
        sampling: what it does by default.
        facts: the card: `name`, `version`, `licence`, `trained_on`, and whatever else a reader of its numbers must
            know; `captions` is a file in the folder (see `mbench.card.Card`).

    Raises:
        ConfigError: the card lacks a field.
        MBenchError: a weight is not finite in fp16, or a file can't be written.
    """
    _check_card(facts, folder / CARD)
    tensors = {name: tensor.half() for name, tensor in network.state_dict().items() if not name.endswith(TABLE)}
    tensors |= {MEAN: torch.from_numpy(codec.mean), STD: torch.from_numpy(codec.std)}
    parts = list(_parts(tensors))
    names = [f"model-{index:05d}-of-{len(parts):05d}.safetensors" for index in range(1, len(parts) + 1)]
    shards = {name: save_weights(folder / name, part, half=False) for name, part in zip(names, parts, strict=True)}
    write_json(folder / CARD, dict(facts))
    config = {"network": asdict(network.config), "text": json.loads(text.identity), "sampling": asdict(sampling)}
    write_json(folder / CONFIG, {"format": FORMAT, **config, "shards": shards})
    for old in set(folder.glob("model-*-of-*.safetensors")) - {folder / name for name in names}:
        old.unlink()


def _parts(tensors: Mapping[str, Tensor]) -> Iterable[dict[str, Tensor]]:
    """Yield the tensors in order, in parts of at most `SHARD` bytes."""
    part: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if part and sum(own.nbytes for own in part.values()) + tensor.nbytes > SHARD:
            yield part
            part = {}
        part[name] = tensor
    yield part


def load_generator(
    folder: Path,
    device: str = "auto",
    dtype: str | None = None,
    text_encoder: Path | None = None,
    compiled: bool = False,
) -> Generator:
    """Return the generator of a folder of `save_generator`.

    Args:
        folder: of the generator.
        device: cpu, cuda, cuda:N, or auto (cuda where there is one).
        dtype: of the network: float32 (default), bfloat16 or float16.
        text_encoder: folder of UMT5, where it was trained with that.
        compiled: see `compile_blocks`.

    Raises:
        FormatError: a file is missing, damaged or of another version, or the tensors are not those of the sizes.
        ConfigError: a field is missing or wrong, or the text encoder that is here is another.
    """
    config = _read_config(folder / CONFIG)
    tensors: dict[str, Tensor] = {}
    for name, sha256 in config["shards"].items():
        tensors |= load_weights(folder / name, sha256)
    if not {MEAN, STD} <= tensors.keys():
        raise FormatError(f"{folder / CONFIG}: no shard holds {MEAN} and {STD}; is a shard missing from `shards`?")
    codec = Codec(tensors.pop(MEAN).numpy(), tensors.pop(STD).numpy())
    sizes, sampling = _sizes(config["network"], folder / CONFIG), _sampling(config["sampling"], folder / CONFIG)
    network = network_of(sizes, tensors, folder / CONFIG, dtype)
    text = _text_encoder(config["text"], text_encoder, device, folder / CONFIG)
    return Generator(compile_blocks(network) if compiled else network, codec, text, sampling, device)


def compile_blocks(network: ViMoGen, backend: str = "inductor") -> ViMoGen:
    """Return the network with its blocks compiled when first called; the tensors keep their names.

    Blocks alone, since all of them share what is compiled, for any length and number of samples, and the network around
    them looks at the gate's values. The output agrees to about 1e-6 of its largest value.

    Args:
        network: changed in place.
        backend: of `torch.compile`.
    """
    for block in network.modules():
        if isinstance(block, EncoderBlock):
            block.compile(dynamic=True, backend=backend)
    return network


def network_of(config: NetworkConfig, tensors: Mapping[str, Tensor], where: Path, dtype: str | None = None) -> ViMoGen:
    """Return a network with the given tensors, which it takes over; its tables of positions are computed.

    Args:
        config: sizes.
        tensors: by name; tables of positions among them are passed over.
        where: the file that errors name.
        dtype: float32 (default), bfloat16 or float16.

    Raises:
        FormatError: a tensor is missing, has another shape, or has no place in the network.
        ConfigError: another dtype.
    """
    if (dtype or DTYPES[0]) not in DTYPES:
        raise ConfigError(f"dtype is {dtype!r}; expected {', '.join(DTYPES)}")
    with torch.device("meta"):  # nothing is drawn that is replaced at once
        network = ViMoGen(config)
    expected = {name: value.shape for name, value in network.state_dict().items() if not name.endswith(TABLE)}
    found = {name: value for name, value in tensors.items() if not name.endswith(TABLE)}
    _check_tensors(expected, {name: value.shape for name, value in found.items()}, where)
    network.load_state_dict(found, strict=False, assign=True)
    for module in network.modules():
        if isinstance(module, Positions):
            module.pe = Positions(config.dim).pe
    return network.to(getattr(torch, dtype or DTYPES[0])).eval()


def _check_tensors(expected: Mapping[str, torch.Size], found: Mapping[str, torch.Size], where: Path) -> None:
    """Compare names and shapes."""
    if missing := [name for name in expected if name not in found]:
        raise FormatError(f"{where}: {len(missing)} tensors of the network are missing, the first {missing[0]}")
    if more := [name for name in found if name not in expected]:
        raise FormatError(f"{where}: {len(more)} tensors have no place in the network, the first {more[0]}")
    for name, shape in expected.items():
        if found[name] != shape:
            raise FormatError(
                f"{where}: {name} has shape {tuple(found[name])}; the sizes of the network say {tuple(shape)}"
            )


def _read_config(path: Path) -> dict[str, Any]:
    """Return the checked content of a `config.json`."""
    if not path.is_file():
        raise FormatError(f"{path}: there is no such file; expected a folder that `vimogen train` wrote")
    config = read_json(path)
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise FormatError(f"{path}: is no generator of format {FORMAT}; was it written by another version?")
    for field in ("network", "text", "sampling", "shards"):
        if not isinstance(config.get(field), dict):
            raise ConfigError(f"{path}: {field} is {config.get(field)!r}; expected a mapping")
    if not config["shards"]:
        raise ConfigError(f"{path}: shards is empty; expected the files of the weights")
    return config


def _sizes(values: Mapping[str, Any], where: Path) -> NetworkConfig:
    """Return the sizes of a `config.json`."""
    kinds = {field.name: type(field.default) for field in fields(NetworkConfig)}
    for name, value in values.items():
        if name not in kinds:
            raise ConfigError(f"{where}: network has no size {name!r}{did_you_mean(name, kinds)}")
        if type(value) is not kinds[name]:
            raise ConfigError(f"{where}: network.{name} is {value!r}; expected {kinds[name].__name__}")
    config = NetworkConfig(**values)
    if config.num_heads < 1 or config.dim % config.num_heads:
        raise ConfigError(f"{where}: network.dim is {config.dim}; expected a multiple of its {config.num_heads} heads")
    return config


def _sampling(values: Mapping[str, Any], where: Path) -> Sampling:
    """Return the sampling of a `config.json`."""
    try:
        guidance = dict(values["guidance"])
        guidance["interval"] = tuple(guidance["interval"])
        return Sampling(**{**values, "guidance": Guidance(**guidance)})
    except (TypeError, ValueError, KeyError) as error:
        raise ConfigError(f"{where}: sampling: {one_line(error)}; was it written by another version?") from error


def _text_encoder(identity: Mapping[str, Any], folder: Path | None, device: str, where: Path) -> TextTokens:
    """Return the encoder that a generator was trained with, after checking that what is here is the same."""
    kind = str(identity.get("kind"))
    if kind not in ENCODERS:
        raise ConfigError(f"{where}: text.kind is {kind!r}; expected {' or '.join(ENCODERS)}")
    for field, expected in ENCODERS[kind].items():
        if type(identity.get(field)) is not expected:
            raise ConfigError(f"{where}: text.{field} is {identity.get(field)!r}; expected {expected.__name__}")
    text: TextTokens
    if kind == "sentence":
        text = SentenceTokens(identity["limit"], name=identity["name"])
    elif folder is None:
        raise ConfigError(f"{where}: its texts are encoded by UMT5; name its folder as `text_encoder`")
    else:
        text = UMT5Tokens(folder, identity["limit"], device, identity["dtype"])
    if (here := json.loads(text.identity)) != identity:
        raise ConfigError(f"{where}: was trained with the text encoder {dict(identity)}; the one here is {here}")
    return text


def card_of(folder: Path) -> Card:
    """Return the card of a folder of `save_generator`; its `weights` is the hash of `config.json`, which lists theirs.

    Raises:
        MBenchError: a file is missing or is no JSON.
        ConfigError: the card lacks a field.
    """
    _read_config(folder / CONFIG)
    facts = read_json(folder / CARD)
    _check_card(facts, folder / CARD)
    known = {field: facts[field] for field in (*FIELDS, "paper", "notes") if field in facts}
    captions = str(facts.get("captions", ""))
    if captions and ":" not in captions:  # which names a file of an installed package
        captions = str(folder.resolve() / captions)
    return Card(kind="learned", weights=sha256_of(folder / CONFIG), captions=captions, **known)


def _check_card(facts: Any, where: Path) -> None:
    """Refuse a card that lacks what every card says."""
    values = facts if isinstance(facts, Mapping) else {}
    if lacks := [field for field in FIELDS if not isinstance(values.get(field), str) or not values[field]]:
        raise ConfigError(f"{where}: lacks {', '.join(lacks)}; expected texts for {', '.join(FIELDS)}")
