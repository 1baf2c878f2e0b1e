"""Files of tensors that others wrote: read without running anything that is in them."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from mbench.errors import FormatError, one_line


def read_mapping(path: Path) -> Mapping[Any, Any]:
    """Return what a file holds, on the CPU and where possible without copying it into memory.

    Args:
        path: a `.safetensors` file, or what `torch.save` wrote.

    Raises:
        FormatError: no such file, damaged, more than tensors in it, or no mapping.
    """
    if not path.is_file():
        raise FormatError(f"{path}: there is no such file; expected a checkpoint (.pt or .safetensors)")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        values = torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except pickle.UnpicklingError as error:
        raise FormatError(
            f"{path}: is no checkpoint of tensors only ({one_line(error)[:200]}); other objects in it would be "
            "executed: save its state dict alone"
        ) from error
    except (SafetensorError, RuntimeError, OSError, EOFError, ValueError) as error:
        raise FormatError(f"{path}: can't be read (a damaged file?): {one_line(error)[:200]}") from error
    if not isinstance(values, Mapping):
        raise FormatError(f"{path}: holds {type(values).__name__}; expected tensors by name")
    return values
