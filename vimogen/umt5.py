"""UMT5 (Chung et al. 2023, arXiv 2304.09151), the text encoder of the released weights, through transformers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from mbench.cache import cache_folder
from mbench.errors import ConfigError, FormatError, MBenchError, one_line
from mbench.files import hash_of, read_json, sha256_of
from mbench.text import model_hash, quiet_transformers, torch_device
from mbench.vectors import VectorStore
from vimogen.conditioning import Tokens
from vimogen.umt5_wan import read_wan, wan_umt5

PADDING = 226  # tokens that the release fills every text up to
WAN_WEIGHTS, WAN_TOKENIZER = "models_t5_umt5-xxl-enc-bf16.pth", Path("google", "umt5-xxl")
DTYPES = ("bfloat16", "float32")  # float16 overflows in this family


class UMT5Tokens:
    """Tokens of a UMT5 encoder in a local folder, kept on disk.

    The network of the release reads zeros up to 226 tokens (`padding`). Texts are encoded one by one, so that none
    depends on another; runs of white space count as one space.

    Args:
        path: a folder that transformers wrote (`config.json`, weights, `tokenizer.json`); one that holds the subfolders
            `text_encoder` and `tokenizer`, as diffusers lays them out; or the folder of Wan 2.1 itself.
        limit: tokens of a text, the one that closes it among them; what is beyond is cut off.
        device: cpu, cuda, cuda:N or auto.
        dtype: of the computation: bfloat16 or float32.
        cache: keep tokens in $MBENCH_CACHE or ~/.cache/mbench.

    Raises:
        ConfigError: no such folder, no UMT5 in it, or an option out of range.
        MBenchError: transformers is not installed.
    """

    def __init__(
        self, path: Path, limit: int = PADDING, device: str = "auto", dtype: str = "bfloat16", cache: bool = True
    ) -> None:
        if find_spec("transformers") is None:
            raise MBenchError(
                "the UMT5 text encoder needs transformers, which is not installed; pip install transformers"
            )
        if not 1 <= limit <= PADDING:
            raise ConfigError(f"UMT5: limit is {limit}; expected 1 to {PADDING} tokens")
        if dtype not in DTYPES:
            raise ConfigError(f"UMT5: dtype is {dtype!r}; expected {' or '.join(DTYPES)}")
        self._weights, self._tokenizer_folder = _parts(Path(path))
        self.limit, self.padding, self._device, self._dtype = limit, PADDING, device, dtype
        self.width = _width(self._weights)
        self._cache = cache

    @cached_property
    def identity(self) -> str:
        """Return which encoder this is, as JSON; the first call hashes the weights."""
        parts = dict.fromkeys((self._weights, self._tokenizer_folder))
        digest = hash_of([model_hash(part) if part.is_dir() else sha256_of(part) for part in parts])
        return json.dumps({"kind": "umt5", "hash": digest, "limit": self.limit, "dtype": self._dtype})

    @cached_property
    def _store(self) -> VectorStore | None:
        """Return where tokens are kept."""
        name = f"umt5-{hash_of(self.identity)[:16]}.sqlite"
        return VectorStore(cache_folder() / "text" / name) if self._cache else None

    def tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """Return the tokens of each text: float32 (L, width), 1 <= L <= limit.

        Raises:
            FormatError: the weights or the tokenizer are damaged or incomplete.
        """
        clean = [" ".join(text.split()) for text in texts]
        found: dict[str, Tokens] = self._store.get(clean, "token") if self._store else {}
        new = {text: self._encode(text) for text in dict.fromkeys(clean) if text not in found}
        if new and self._store:
            self._store.put(new, "token")
        found |= new
        return [found[text] for text in clean]

    def _encode(self, text: str) -> Tokens:
        import torch

        tokenizer, model = self._loaded
        ids = tokenizer(text, truncation=True, max_length=self.limit, return_tensors="pt").input_ids
        with torch.inference_mode():
            states = model(input_ids=ids.to(model.device)).last_hidden_state[0]
        return np.asarray(states.float().cpu().numpy(), np.float32)

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        """Return the tokenizer and the encoder."""
        import torch
        from transformers import AutoTokenizer

        device, dtype = torch_device(self._device), getattr(torch, self._dtype)
        try:
            with quiet_transformers():
                tokenizer = AutoTokenizer.from_pretrained(self._tokenizer_folder, local_files_only=True)
                model = _of_folder(self._weights, dtype) if self._weights.is_dir() else wan_umt5(self._weights)
        except FormatError:
            raise
        except Exception as error:  # whatever transformers raises for damaged or foreign files
            raise FormatError(f"{self._weights}: UMT5 can't be loaded: {one_line(error)[:300]}") from error
        return tokenizer, model.to(device, dtype).eval()


def _of_folder(folder: Path, dtype: Any) -> Any:
    """Return the encoder of a folder that transformers wrote.

    Raises:
        FormatError: the weights lack some of its tensors.
    """
    from transformers import UMT5EncoderModel

    loaded: Any = UMT5EncoderModel.from_pretrained(folder, local_files_only=True, dtype=dtype, output_loading_info=True)
    model, found = loaded
    if missing := sorted(found["missing_keys"]):
        raise FormatError(
            f"{folder}: the weights lack {len(missing)} tensors of UMT5, the first {missing[0]} (a file of another "
            "encoder?)"
        )
    return model


def _parts(path: Path) -> tuple[Path, Path]:
    """Return where the weights are, a folder or the file of Wan, and the folder of the tokenizer."""
    if not path.is_dir():
        raise ConfigError(f"UMT5: {path} is no folder; expected one with config.json, weights and tokenizer.json")
    weights, tokenizer = path, path
    if (path / WAN_WEIGHTS).is_file():
        weights, tokenizer = path / WAN_WEIGHTS, path / WAN_TOKENIZER
    elif not (path / "config.json").is_file() and (path / "text_encoder").is_dir():
        weights, tokenizer = path / "text_encoder", path / "tokenizer"
    for file in (weights / "config.json" if weights.is_dir() else weights, tokenizer / "tokenizer.json"):
        if not file.is_file():
            raise ConfigError(
                f"UMT5: {file} is not there; expected a folder that transformers or diffusers wrote, or that of Wan 2.1"
            )
    return weights, tokenizer


def _width(weights: Path) -> int:
    """Return the width of the tokens from the encoder's configuration, or from the tensors of the file of Wan."""
    if weights.is_file():
        return int(read_wan(weights)["token_embedding.weight"].shape[1])
    values = read_json(weights / "config.json")
    kind, width = (values.get(key) if isinstance(values, dict) else None for key in ("model_type", "d_model"))
    if kind != "umt5" or not isinstance(width, int):
        raise ConfigError(
            f"{weights / 'config.json'}: model_type is {kind!r} and d_model {width!r}; expected 'umt5' and its width"
        )
    return width
