"""A text-to-video pipeline of diffusers, from a folder or from the Hugging Face hub."""

from __future__ import annotations

import inspect
import re
import warnings
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mbench.errors import ConfigError, PluginError, one_line
from mbench.files import hash_of, sha256_of

INDEX = "model_index.json"
HUB_NAME = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
MUST_TAKE = {"prompt", "num_frames", "generator"}  # otherwise it makes no videos of texts


class Shot(NamedTuple):
    """One video to make; it decides the pictures.

    Attributes:
        text: what the pipeline is told.
        negative: what it shall avoid, or None.
        frames: how many.
        height: of a picture, in pixels.
        width: of a picture, in pixels.
        steps: of its sampler.
        guidance: its scale.
        seed: of the noise.
    """

    text: str
    negative: str | None
    frames: int
    height: int
    width: int
    steps: int
    guidance: float
    seed: int


class TextToVideo:
    """A text-to-video pipeline; it is loaded for the first video. A folder is loaded without a network.

    Args:
        source: a folder that diffusers saved, or a name on the hub.
        device: auto (CUDA where there is a GPU), cpu, cuda or cuda:N.
        dtype: of the weights; auto is bfloat16 on a GPU, else float32.
        offload: keep on the GPU only the part that computes.

    Raises:
        ConfigError: neither a pipeline's folder nor a name that one can have.
    """

    def __init__(self, source: str, device: str = "auto", dtype: str = "auto", offload: bool = False) -> None:
        self._source, self._device, self._dtype, self._offload = source, device, dtype, offload
        self._folder = Path(source) if Path(source).is_dir() else None
        if self._folder and not (self._folder / INDEX).is_file():
            raise ConfigError(f"video.pipeline: {source} has no {INDEX}; expected a folder that diffusers saved")
        if not self._folder and not HUB_NAME.fullmatch(source):
            raise ConfigError(f"video.pipeline: there is no folder {source}; expected one, or OWNER/NAME of the hub")

    @property
    def name(self) -> str:
        """Return the folder's name, or the name on the hub."""
        return self._folder.resolve().name if self._folder else self._source

    @cached_property
    def identity(self) -> str:
        """Return a hash of a folder's settings and of the sizes of its weights, or the name on the hub.

        The weights have tens of gigabytes: they are not read for this.
        """
        if self._folder is None:
            return self._source
        files = sorted(path for path in self._folder.rglob("*") if path.is_file())
        facts = [sha256_of(path) if path.suffix == ".json" else path.stat().st_size for path in files]
        return hash_of([[str(p.relative_to(self._folder)), fact] for p, fact in zip(files, facts, strict=True)])

    def pictures(self, shot: Shot) -> NDArray[np.uint8]:
        """Return the pictures (frames, height, width, 3) of a video, sRGB bytes.

        Raises:
            ConfigError: as `load`.
            PluginError: the pipeline fails.
        """
        pipeline = self._pipeline
        wanted = _arguments(shot)
        taken = {k: v for k, v in wanted.items() if k in inspect.signature(pipeline.__call__).parameters}
        try:
            frames = np.asarray(pipeline(**taken).frames[0])
        except Exception as error:  # whatever a pipeline raises: out of memory, sides that it can't make, …
            raise PluginError(f"video pipeline {self.name!r} failed: {one_line(error)[:300]}") from error
        if frames.ndim != 4 or frames.shape[-1] != 3 or not np.isfinite(frames).all():
            raise PluginError(f"video pipeline {self.name!r} gave {frames.shape}; expected finite (frames, H, W, 3)")
        return np.round(frames.clip(0, 1) * 255).astype(np.uint8)

    def load(self) -> None:
        """Load the pipeline now.

        Raises:
            ConfigError: it can't be loaded, or makes no videos of texts.
        """
        _ = self._pipeline

    @cached_property
    def _pipeline(self) -> Any:
        import torch

        device = ("cuda" if torch.cuda.is_available() else "cpu") if self._device == "auto" else self._device
        dtype = ("float32" if device == "cpu" else "bfloat16") if self._dtype == "auto" else self._dtype
        pipeline = self._loaded(getattr(torch, dtype))
        pipeline.set_progress_bar_config(disable=True)
        if self._offload and device != "cpu":
            pipeline.enable_model_cpu_offload(device=device)
            return pipeline
        return pipeline.to(device)

    def _loaded(self, dtype: Any) -> Any:
        """Return the pipeline with weights of a torch dtype."""
        try:
            from diffusers import DiffusionPipeline
        except ImportError:
            raise ConfigError("reference video needs diffusers: pip install 'mbench[video]'") from None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)  # torch_dtype is the name that all versions know
                pipeline = DiffusionPipeline.from_pretrained(
                    self._source, torch_dtype=dtype, local_files_only=self._folder is not None
                )
        except Exception as error:  # whatever diffusers, the hub and a network raise
            raise ConfigError(f"video.pipeline: {self._source} can't be loaded: {one_line(error)[:300]}") from error
        if lacks := MUST_TAKE - set(inspect.signature(pipeline.__call__).parameters):
            kind, names = type(pipeline).__name__, ", ".join(sorted(lacks))
            raise ConfigError(
                f"video.pipeline: {self._source} is a {kind}, which takes no {names}; expected text to video"
            )
        return pipeline


def _arguments(shot: Shot) -> dict[str, Any]:
    """Return a shot as the arguments that diffusers' pipelines have in common."""
    import torch

    return {
        "prompt": shot.text, "negative_prompt": shot.negative, "num_frames": shot.frames, "height": shot.height,
        "width": shot.width, "num_inference_steps": shot.steps, "guidance_scale": shot.guidance, "output_type": "np",
        "generator": torch.Generator().manual_seed(shot.seed),
    }  # fmt: skip
