"""Weights as they are shipped: safetensors, in fp16, with what they say of themselves. torch is imported late."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mbench.errors import FormatError, MBenchError, one_line
from mbench.files import atomic_write, sha256_of

if TYPE_CHECKING:
    from torch import Tensor


def save_weights(
    path: Path, state_dict: Mapping[str, Tensor], half: bool = True, metadata: Mapping[str, str] | None = None
) -> str:
    """Write a state dict as safetensors and return the hex sha256 of the file, the same for the same content.

    Args:
        path: the file to make or replace.
        state_dict: tensors by name, on any device; ones that share memory are written once each.
        half: floating-point tensors as fp16, else as they are.
        metadata: texts to write into the file's header.

    Raises:
        MBenchError: a weight is not finite, or too large for fp16; or the file can't be written.
    """
    import torch
    from safetensors.torch import save

    tensors = {}
    for name, tensor in state_dict.items():
        kind = torch.float16 if half and tensor.is_floating_point() else tensor.dtype
        tensors[name] = tensor.detach().to("cpu", kind, copy=True).contiguous()
        if not torch.isfinite(tensors[name]).all():
            raise MBenchError(
                f"{path}: {name} holds values that are not finite{' in fp16' if half else ''}; not written"
            )
    with atomic_write(path) as file:
        file.write(_ordered(save(tensors, dict(metadata or {}))))
    return sha256_of(path)


def _ordered(data: bytes) -> bytes:
    """Return a safetensors file with its metadata in the order of their names; the library's order is a random one."""
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end])
    header["__metadata__"] = dict(sorted(header.get("__metadata__", {}).items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data[end:]


def load_weights(path: Path, sha256: str | None = None) -> dict[str, Tensor]:
    """Return the state dict of a file of `save_weights`, floating-point tensors as fp32, on the CPU.

    Args:
        path: the file.
        sha256: what its hash must be; by default it is not checked.

    Raises:
        FormatError: there is no such file, it is damaged, or it is another.
    """
    import torch

    tensors, _ = _read(path, sha256)
    return {
        name: tensor.to(torch.float32) if tensor.is_floating_point() else tensor for name, tensor in tensors.items()
    }


def weights_metadata(path: Path) -> dict[str, str]:
    """Return the texts in the header of a file of `save_weights`.

    Raises:
        FormatError: there is no such file, or it is damaged.
    """
    return _read(path, None)[1]


def _read(path: Path, sha256: str | None) -> tuple[dict[str, Tensor], dict[str, str]]:
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise FormatError(f"{path}: there is no such file; expected weights as safetensors")
    if sha256 is not None and (found := sha256_of(path)) != sha256:
        raise FormatError(f"{path}: sha256 is {found}; expected {sha256} (a damaged file, or of another version?)")
    try:
        with safe_open(path, "pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}
    except (SafetensorError, OSError, ValueError) as error:
        raise FormatError(f"{path}: can't be read as safetensors (a damaged file?): {one_line(error)}") from error
