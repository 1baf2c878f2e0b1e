"""The published checkpoint as a generator: one file of tensors, a UMT5 text encoder, and the data's mean and std."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from mbench.errors import ConfigError, FormatError, one_line
from vimogen.checkpoint import network_of
from vimogen.codec import Codec
from vimogen.generator import Generator
from vimogen.network import NetworkConfig
from vimogen.tensorfile import read_mapping
from vimogen.umt5 import UMT5Tokens

HEAD_WIDTH = 128  # of the release: heads can't be told from the tensors
ENTRY = "motion_embedding.weight"  # a tensor of every network
WRAPPERS = re.compile(r"(_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\.")  # inside names, by torch
AVERAGE = re.compile(r"(^|[._])ema([._]|$)")


def load_released(
    weights: Path,
    text_encoder: Path,
    statistics: Path | None,
    device: str = "auto",
    dtype: str | None = None,
    heads: int | None = None,
) -> Generator:
    """Return the generator of a published checkpoint.

    The sizes of the network follow from its tensors. It samples as published (`vimogen.generator.Sampling`), but from
    pure noise.

    Args:
        weights: a `.safetensors` file, or what `torch.save` wrote. Its tensors may lie in mappings and have prefixes;
            of several networks in a file the moving average (`ema`) is taken.
        text_encoder: folder of UMT5; see `vimogen.umt5`.
        statistics: mean and std of the 276 columns: see `read_statistics`.
        device: cpu, cuda, cuda:N, or auto (cuda where there is one).
        dtype: of the network: float32 (default), bfloat16 or float16.
        heads: of attention; by default one for each 128 of the width.

    Raises:
        FormatError: a file is missing, damaged, or holds something else.
        ConfigError: no statistics, no UMT5 in the folder, or one of another width.
    """
    if statistics is None:
        raise ConfigError(
            "released weights: `statistics` is missing; expected a file with mean and std of the 276 columns "
            "(stats.npz, or mean.npy beside std.npy), as the network was trained with"
        )
    codec, tensors = read_statistics(statistics), read_tensors(weights)
    config = sizes_of(tensors, heads, weights)
    text = UMT5Tokens(text_encoder, device=device)
    if text.width != config.text_dim:
        raise ConfigError(
            f"{text_encoder}: its tokens are {text.width} wide; {weights.name} expects {config.text_dim} "
            "(another size of UMT5?)"
        )
    network = network_of(config, tensors, weights, dtype)
    return Generator(network, codec, text, device=device)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors of the network in a file, by the names of `ViMoGen`.

    Raises:
        FormatError: no such file, damaged, more than tensors in it, or none or several networks.
    """
    named = {WRAPPERS.sub("", name): tensor for name, tensor in _flat(read_mapping(path))}
    prefixes = [name.removesuffix(ENTRY) for name in named if re.search(rf"(^|\.){re.escape(ENTRY)}$", name)]
    if len(prefixes) > 1:
        prefixes = [prefix for prefix in prefixes if AVERAGE.search(prefix)] or prefixes
    if len(prefixes) != 1:
        found = f"{len(prefixes)} networks ({', '.join(sorted(prefixes))})" if prefixes else f"no {ENTRY}"
        some = "" if prefixes else f" among {len(named)} tensors, the first {next(iter(named), 'none')}"
        raise FormatError(f"{path}: holds {found}{some}; expected the tensors of one ViMoGen network")
    start = len(prefixes[0])
    return {name[start:]: tensor for name, tensor in named.items() if name.startswith(prefixes[0])}


def _flat(values: Mapping[Any, Any], before: str = "") -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors of nested mappings, with their keys joined by dots."""
    for key, value in values.items():
        name = f"{before}{key}"
        if isinstance(value, Tensor):
            yield name, value
        elif isinstance(value, Mapping):
            yield from _flat(value, f"{name}.")


def sizes_of(tensors: Mapping[str, Tensor], heads: int | None, where: Path) -> NetworkConfig:
    """Return the sizes that the shapes of tensors tell.

    Raises:
        FormatError: a tensor that tells one is missing, or the width is no multiple of the heads.
    """
    blocks = {int(name.split(".")[1]) for name in tensors if re.match(r"blocks\.\d+\.", name)}
    try:
        dim, in_dim = tensors[ENTRY].shape
        config = NetworkConfig(
            in_dim=in_dim,
            dim=dim,
            ffn_dim=tensors["blocks.0.ffn.0.weight"].shape[0],
            num_layers=max(blocks, default=0) + 1,
            num_heads=heads or max(dim // HEAD_WIDTH, 1),
            text_dim=tensors["text_embedding.0.weight"].shape[1],
            ref_motion_dim=tensors["ref_motion_embedding.weight"].shape[1]
            if "ref_motion_embedding.weight" in tensors
            else 0,
            freq_dim=tensors["time_embedding.0.weight"].shape[1],
        )
    except KeyError as error:
        raise FormatError(f"{where}: lacks {error.args[0]}; expected the tensors of a ViMoGen network") from error
    if dim % config.num_heads:
        raise FormatError(f"{where}: a width of {dim} can't be split into {config.num_heads} heads; give `heads`")
    return config


def read_statistics(path: Path) -> Codec:
    """Return the codec of a file of mean and std, each (276,).

    Args:
        path: an `.npz` or `.pt` with `mean` and `std`; or `mean.npy`, with `std.npy` beside it, or their folder.

    Raises:
        FormatError: a file is missing or holds something else.
        MBenchError: values that are no mean and std of 276 columns.
    """
    found = {str(name).lower(): value for name, value in _statistics(path).items()}
    if not {"mean", "std"} <= found.keys():
        raise FormatError(f"{path}: holds {', '.join(found) or 'neither'}; expected `mean` and `std`")
    try:
        mean, std = (np.asarray(found[name], np.float32).squeeze() for name in ("mean", "std"))
    except (TypeError, ValueError) as error:
        raise FormatError(f"{path}: mean or std is no array of numbers: {one_line(error)}") from error
    return Codec(mean, std)


def _statistics(path: Path) -> Mapping[Any, Any]:
    """Return the arrays of a file, or of a pair of them, by name."""
    if path.is_dir() or path.suffix == ".npy":
        folder = path if path.is_dir() else path.parent
        return {file.stem: _array(file) for file in folder.glob("*.npy") if file.stem.lower() in ("mean", "std")}
    return _array(path) if path.suffix == ".npz" else read_mapping(path)


def _array(path: Path) -> Any:
    """Return the content of an `.npy` or `.npz` file."""
    try:
        with path.open("rb") as file:
            found = np.load(file, allow_pickle=False)
            return dict(found) if isinstance(found, np.lib.npyio.NpzFile) else found
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise FormatError(f"{path}: can't be read: {one_line(error)}; expected mean and std of 276 columns") from error
