"""A generator in a folder: what is written comes back, and what is damaged is told."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from mbench.errors import ConfigError, FormatError, MBenchError
from mbench.files import read_json, sha256_of, write_json
from umt5_files import tiny_umt5
from vimogen import checkpoint
from vimogen.checkpoint import card_of, compile_blocks, load_generator, save_generator
from vimogen.codec import Codec
from vimogen.conditioning import SentenceTokens
from vimogen.flow import Guidance
from vimogen.generator import Generator, Request, Sampling
from vimogen.network import NetworkConfig, ViMoGen
from vimogen.umt5 import UMT5Tokens

SIZES = NetworkConfig(dim=32, ffn_dim=48, num_layers=2, num_heads=2, text_dim=384, freq_dim=16, frames_per_token=2)
HOW = Sampling(steps=3, sampler="heun", guidance=Guidance(2.0, (100.0, 900.0), 0.3), start=0.9, shift=3.0, smooth=False)
FACTS = {"name": "tiny", "version": "2", "licence": "Apache-2.0", "trained_on": "nothing", "paper": "none", "steps": 7}
ASKED = [Request("a person walks", 10, 3), Request("sits", 7, 4, np.ones((6, 276), np.float32))]


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    return SentenceTokens()


def network(sizes: NetworkConfig = SIZES) -> ViMoGen:
    torch.manual_seed(0)
    return ViMoGen(sizes)


def codec() -> Codec:
    return Codec(np.linspace(-3, 3, 276, dtype=np.float32), np.linspace(1e-3, 2, 276, dtype=np.float32))


@pytest.fixture
def folder(tmp_path, text) -> Path:
    save_generator(tmp_path / "tiny", network(), codec(), text, HOW, FACTS)
    return tmp_path / "tiny"


def test_a_generator_comes_back(folder, text):
    """All but the rounding to half precision; the codec exactly."""
    loaded = load_generator(folder, "cpu")
    rounded = network()
    rounded.load_state_dict(
        {k: v if k.endswith(".pe") else v.half().float() for k, v in network().state_dict().items()}
    )
    assert loaded.network.config == SIZES
    assert loaded.sampling == HOW
    np.testing.assert_array_equal(loaded.codec.mean, codec().mean)
    np.testing.assert_array_equal(loaded.codec.std, codec().std)
    expected = Generator(rounded, codec(), text, HOW, "cpu").sample(ASKED)
    for mine, theirs in zip(loaded.sample(ASKED), expected, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)


def test_the_folder_says_what_is_in_it(folder):
    config = read_json(folder / "config.json")
    assert config["network"]["frames_per_token"] == 2
    assert config["text"]["kind"] == "sentence"
    (name,) = config["shards"]
    assert name == "model-00001-of-00001.safetensors"
    assert config["shards"][name] == sha256_of(folder / name)
    kinds = {name: value.dtype for name, value in load_file(folder / name).items()}
    assert {kinds.pop("codec.mean"), kinds.pop("codec.std")} == {torch.float32}
    assert set(kinds.values()) == {torch.float16}
    assert not [name for name in kinds if name.endswith(".pe")]
    assert read_json(folder / "card.json") == FACTS


def test_the_same_generator_is_the_same_bytes(folder, tmp_path, text):
    save_generator(tmp_path / "again", network(), codec(), text, HOW, FACTS)
    for file in folder.iterdir():
        assert file.read_bytes() == (tmp_path / "again" / file.name).read_bytes()


def test_large_networks_are_written_in_shards(tmp_path, text):
    sizes = replace(SIZES, dim=768, ffn_dim=1536, num_layers=2)
    save_generator(tmp_path, network(sizes), codec(), text, HOW, FACTS)
    shards = sorted(tmp_path.glob("*.safetensors"))
    assert [path.name for path in shards] == [
        f"model-{i:05d}-of-{len(shards):05d}.safetensors" for i in range(1, len(shards) + 1)
    ]
    assert len(shards) > 1
    assert max(path.stat().st_size for path in shards) < 16 << 20
    loaded = load_generator(tmp_path, "cpu").network.state_dict()
    for name, value in network(sizes).state_dict().items():
        torch.testing.assert_close(loaded[name], value, rtol=1e-3, atol=1e-6)
    save_generator(tmp_path, network(), codec(), text, HOW, FACTS)
    assert [path.name for path in tmp_path.glob("*.safetensors")] == ["model-00001-of-00001.safetensors"]


def test_a_tensor_larger_than_a_shard_has_its_own(monkeypatch):
    monkeypatch.setattr(checkpoint, "SHARD", 100)
    sizes = {"a": 40, "b": 60, "c": 500, "d": 99, "e": 1}
    parts = list(checkpoint._parts({name: torch.zeros(size, dtype=torch.uint8) for name, size in sizes.items()}))
    assert [list(part) for part in parts] == [["a", "b"], ["c"], ["d", "e"]]


def test_other_types_are_near(folder):
    exact, rough = load_generator(folder, "cpu"), load_generator(folder, "cpu", "bfloat16")
    assert next(rough.network.parameters()).dtype == torch.bfloat16
    for one, other in zip(exact.sample(ASKED), rough.sample(ASKED), strict=True):
        assert np.abs(one - other).max() < 0.1 * np.abs(one).max()
    with pytest.raises(ConfigError, match="dtype is 'int8'; expected float32, bfloat16, float16"):
        load_generator(folder, "cpu", "int8")


def test_a_network_of_umt5_needs_its_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("MBENCH_CACHE", str(tmp_path / "cache"))
    encoder = UMT5Tokens(tiny_umt5(tmp_path / "umt5"), device="cpu", dtype="float32")
    save_generator(tmp_path / "w", network(replace(SIZES, text_dim=16)), codec(), encoder, HOW, FACTS)
    with pytest.raises(ConfigError, match="encoded by UMT5; name its folder as `text_encoder`"):
        load_generator(tmp_path / "w", "cpu")
    loaded = load_generator(tmp_path / "w", "cpu", text_encoder=tmp_path / "umt5")
    assert loaded.text.identity == encoder.identity
    assert loaded.sample(ASKED[:1])[0].shape == (10, 276)
    with pytest.raises(ConfigError, match="was trained with the text encoder .*; the one here is"):
        load_generator(tmp_path / "w", "cpu", text_encoder=tiny_umt5(tmp_path / "other", width=24))


def spoil(folder: Path, path: str, value) -> None:
    """Set a field of config.json, or remove it where the value is None."""
    config = read_json(folder / "config.json")
    *before, last = path.split(".")
    place = config
    for key in before:
        place = place[key]
    place[last] = value
    if value is None:
        del place[last]
    write_json(folder / "config.json", config)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("format", 9, "is no generator of format 1"),
        ("network", None, "network is None; expected a mapping"),
        ("shards", {}, "shards is empty"),
        ("network.width", 3, "network has no size 'width'"),
        ("network.dim", "32", "network.dim is '32'; expected int"),
        ("network.num_heads", 5, "network.dim is 32; expected a multiple of its 5 heads"),
        ("network.num_layers", 3, r"\d+ tensors of the network are missing, the first blocks\.2"),
        ("network.num_layers", 1, "tensors have no place in the network, the first "),
        ("network.ffn_dim", 64, r"ffn\.0\.weight has shape \(48, 32\); the sizes of the network say \(64, 32\)"),
        ("sampling.steps", 0, r"config\.json: sampling: steps is 0; expected 1 to 1000"),
        ("sampling.sampler", "rk45", "sampler is 'rk45'; expected one of euler"),
        ("sampling.guidance", None, "sampling: KeyError: 'guidance'"),
        ("sampling.speed", 3, "sampling: TypeError: .*'speed'"),
        ("text.kind", "clip", "text.kind is 'clip'; expected sentence or umt5"),
        ("text.hash", "0" * 64, "was trained with the text encoder"),
        ("text.limit", None, "text.limit is None; expected int"),
    ],
)  # fmt: skip
def test_a_wrong_config_is_told(folder, path, value, message):
    spoil(folder, path, value)
    with pytest.raises(MBenchError, match=message) as caught:
        load_generator(folder, "cpu")
    assert "\n" not in str(caught.value)


def test_damaged_and_missing_files_are_told(folder, tmp_path):
    with pytest.raises(FormatError, match=r"none/config\.json: there is no such file; expected a folder"):
        load_generator(tmp_path / "none", "cpu")
    shard = next(folder.glob("*.safetensors"))
    whole = shard.read_bytes()
    shard.write_bytes(whole[:-1] + b"\x01")
    with pytest.raises(FormatError, match=r"model-00001-of-00001\.safetensors: sha256 is .*; expected .*damaged"):
        load_generator(folder, "cpu")
    shard.unlink()
    with pytest.raises(FormatError, match=r"model-00001-of-00001\.safetensors: there is no such file"):
        load_generator(folder, "cpu")
    (folder / "config.json").write_text("{")
    with pytest.raises(MBenchError, match="is not JSON"):
        load_generator(folder, "cpu")


def test_a_shard_left_out_of_the_config_is_told(tmp_path, text, monkeypatch):
    monkeypatch.setattr(checkpoint, "SHARD", 60_000)
    save_generator(tmp_path, network(), codec(), text, HOW, FACTS)
    shards = read_json(tmp_path / "config.json")["shards"]
    assert len(shards) > 2
    for name, message in ((min(shards), "tensors of the network are missing"), (max(shards), "no shard holds codec")):
        write_json(
            tmp_path / "config.json",
            {**read_json(tmp_path / "config.json"), "shards": {k: v for k, v in shards.items() if k != name}},
        )
        with pytest.raises(FormatError, match=message):
            load_generator(tmp_path, "cpu")


def test_weights_that_are_not_finite_are_not_written(tmp_path, text):
    broken = network()
    with torch.no_grad():
        broken.motion_head.head.bias[3] = 70000.0  # beyond half precision
    with pytest.raises(MBenchError, match=r"motion_head\.head\.bias holds values that are not finite"):
        save_generator(tmp_path / "w", broken, codec(), text, HOW, FACTS)
    assert not (tmp_path / "w" / "config.json").exists()


@pytest.mark.parametrize("field", ["name", "version", "licence", "trained_on"])
def test_a_card_says_the_least_it_must(tmp_path, text, folder, field):
    facts = {**FACTS, field: ""}
    with pytest.raises(ConfigError, match=rf"card\.json: lacks {field}; expected"):
        save_generator(tmp_path / "w", network(), codec(), text, HOW, facts)
    assert not (tmp_path / "w").exists()
    write_json(folder / "card.json", facts)
    with pytest.raises(ConfigError, match=f"lacks {field}"):
        card_of(folder)


def test_the_card_of_a_folder(folder, tmp_path, text):
    card = card_of(folder)
    assert (card.name, card.version, card.kind, card.licence) == ("tiny", "2", "learned", "Apache-2.0")
    assert (card.trained_on, card.paper, card.captions) == ("nothing", "none", "")
    assert card.weights == sha256_of(folder / "config.json")
    json.dumps(card.to_dict())
    save_generator(tmp_path / "b", network(), codec(), text, replace(HOW, steps=4), {**FACTS, "captions": "texts.txt"})
    other = card_of(tmp_path / "b")
    assert other.captions == str((tmp_path / "b" / "texts.txt").resolve())
    assert other.weights != card.weights  # other motions
    save_generator(tmp_path / "b", network(), codec(), text, HOW, {**FACTS, "captions": "vimogen:weights/texts.npz"})
    assert card_of(tmp_path / "b").captions == "vimogen:weights/texts.npz"


def test_compiled_blocks_give_the_same():
    """What is captured of the blocks, without the code made from it: that takes a compiler and two minutes on a CPU."""
    plain, compiled = network(), compile_blocks(network(), backend="eager")
    assert compiled.state_dict().keys() == plain.state_dict().keys()
    x, text, reference = torch.randn(2, 6, 276), torch.randn(2, 3, 384), torch.randn(2, 6, 138)
    given = {"reference": reference, "gate": torch.tensor([1.0, 0.5])}
    with torch.inference_mode():
        expected, found = (own(x, torch.tensor([500.0, 500.0]), text, **given) for own in (plain, compiled))
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_cuda_agrees(folder):
    for one, other in zip(
        load_generator(folder, "cpu").sample(ASKED), load_generator(folder, "cuda").sample(ASKED), strict=True
    ):
        np.testing.assert_allclose(one, other, atol=1e-2)
