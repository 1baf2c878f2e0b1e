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
from mbench.files import hash_of, read_json
from mbench.text import model_hash, quiet_transformers, torch_device
from mbench.vectors import VectorStore
from vimogen.conditioning import Tokens

PADDING = 226  # tokens that the release fills every text up to
DTYPES = ("bfloat16", "float32")  # float16 overflows in this family


class UMT5Tokens:
    """Tokens of a UMT5 encoder in a local folder, kept on disk.

    The network of the release reads zeros up to 226 tokens (`padding`). Texts are encoded one by one, so that none
    depends on another; runs of white space count as one space.

    Args:
        path: a folder that transformers wrote (`config.json`, weights, `tokenizer.json`), or one that holds the
            subfolders `text_encoder` and `tokenizer`, as diffusers lays them out.
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
        self._model_folder, self._tokenizer_folder = _folders(Path(path))
        self.limit, self.padding, self._device, self._dtype = limit, PADDING, device, dtype
        self.width = _width(self._model_folder / "config.json")
        self._cache = cache

    @cached_property
    def identity(self) -> str:
        """Return which encoder this is, as JSON; the first call hashes the weights."""
        folders = dict.fromkeys((self._model_folder, self._tokenizer_folder))
        digest = hash_of([model_hash(folder) for folder in folders])
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
        from transformers import AutoTokenizer, UMT5EncoderModel

        device = torch_device(self._device)
        try:
            with quiet_transformers():
                tokenizer = AutoTokenizer.from_pretrained(self._tokenizer_folder, local_files_only=True)
                loaded: Any = UMT5EncoderModel.from_pretrained(
                    self._model_folder, local_files_only=True, dtype=getattr(torch, self._dtype),
                    output_loading_info=True,
                )  # fmt: skip
        except Exception as error:  # whatever transformers raises for damaged or foreign files
            raise FormatError(f"{self._model_folder}: UMT5 can't be loaded: {one_line(error)[:300]}") from error
        model, found = loaded
        if missing := sorted(found["missing_keys"]):
            raise FormatError(
                f"{self._model_folder}: the weights lack {len(missing)} tensors of UMT5, the first {missing[0]} "
                "(a file of another encoder?)"
            )
        return tokenizer, model.to(device).eval()


def _folders(path: Path) -> tuple[Path, Path]:
    """Return the folders of the model and of the tokenizer."""
    if not path.is_dir():
        raise ConfigError(f"UMT5: {path} is no folder; expected one with config.json, weights and tokenizer.json")
    model, tokenizer = path, path
    if not (path / "config.json").is_file() and (path / "text_encoder").is_dir():
        model, tokenizer = path / "text_encoder", path / "tokenizer"
    for file in (model / "config.json", tokenizer / "tokenizer.json"):
        if not file.is_file():
            raise ConfigError(
                f"UMT5: {file} is not there; expected a folder that transformers wrote (the .pth file of Wan's own "
                "repository has other tensor names; take the one for diffusers)"
            )
    return model, tokenizer


def _width(path: Path) -> int:
    """Return the width of the tokens from the encoder's configuration."""
    values = read_json(path)
    kind, width = (values.get(key) if isinstance(values, dict) else None for key in ("model_type", "d_model"))
    if kind != "umt5" or not isinstance(width, int):
        raise ConfigError(f"{path}: model_type is {kind!r} and d_model {width!r}; expected 'umt5' and its width")
    return width
