"""`video`: a text-to-video model makes a video, a mesh-recovery program makes a motion of it."""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from mbench.cache import cache_folder
from mbench.config import resolve_path
from mbench.errors import ConfigError, MBenchError, PluginError
from mbench.files import hash_of
from mbench.models.program import run_program
from mbench.motion import Motion
from mbench.suites.prompt import Prompt
from vimogen.reference.base import Reference, Settings, each, reference_of
from vimogen.reference.pipeline import Shot, TextToVideo

VIDEO, OUT = "{video}", "{out}"
WORDING = "{text} One person, the whole body in view, a camera that stands still, a plain background."
Positive = Annotated[int, Field(ge=1)]


class VideoOptions(Settings):
    """How videos are made and read.

    Attributes:
        pipeline: a folder of a diffusers text-to-video pipeline, or its name on the Hugging Face hub.
        recovery: command of the mesh recovery; `{video}` stands for the mp4 to read and `{out}` for the file to write
            (`global_orient`, `body_pose`, `transl` in the view of the camera).
        workdir: where the command runs.
        timeout: seconds that one video may take it.
        suffix: of the file that it writes.
        wording: what the pipeline is told; `{text}` stands for the prompt.
        negative: what it shall avoid, if the pipeline takes that.
        frames: of a video; most pipelines want 4 k + 1.
        fps: of the pipeline's videos.
        height: of a picture, even.
        width: of a picture, even.
        steps: of the pipeline's sampler.
        guidance: of the pipeline.
        dtype: of its weights; auto is bfloat16 on a GPU and float32 on the CPU.
        offload: keep on the GPU only the part of the pipeline that computes.
        folder: where videos and motions are kept, and looked for first; by default `video` in the cache folder.
    """

    pipeline: str
    recovery: str
    workdir: str = "."
    timeout: Annotated[float, Field(gt=0)] = 1800.0
    suffix: Literal[".npz", ".pt"] = ".npz"
    wording: str = WORDING
    negative: str | None = None
    frames: Positive = 81
    fps: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 16.0
    height: Positive = 480
    width: Positive = 832
    steps: Positive = 50
    guidance: float = 5.0
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    offload: bool = False
    folder: str | None = None


class VideoSettings(Settings):
    """Options of `video`.

    Attributes:
        video: see `VideoOptions`.
    """

    video: VideoOptions


class Video:
    """Reference motions of generated videos.

    Videos and recovered motions are kept: making one takes minutes, and (prompt, seed, options) decides it.

    Args:
        settings: see `VideoSettings`.
        base: relative paths start here.
        device: where the pipeline runs.

    Raises:
        ConfigError: a placeholder is missing, the command can't be found, or the folder holds no pipeline.
    """

    name = "video"

    def __init__(self, settings: VideoSettings, base: Path = Path(), device: str = "auto") -> None:
        options = self._options = settings.video
        self._workdir = resolve_path(options.workdir, base)
        _check(options, self._workdir)
        self.folder = cache_folder() / "video" if options.folder is None else resolve_path(options.folder, base)
        self._pipeline = TextToVideo(_pipeline_path(options.pipeline, base), device, options.dtype, options.offload)

    @cached_property
    def identity(self) -> str:
        """Return a hash of the pipeline's files and of all options that decide a motion."""
        places = {"pipeline", "workdir", "folder", "timeout", "offload"}
        return f"video {hash_of([self._pipeline.identity, self._options.model_dump(exclude=places)])[:10]}"

    def references(self, prompts: Sequence[Prompt], seeds: Sequence[int]) -> list[Reference | MBenchError]:
        """Return the motion of each prompt's video, or why there is none.

        Raises:
            ConfigError: the pipeline can't be loaded, or is of another kind.
        """
        shots = [self._shot(prompt, seed) for prompt, seed in zip(prompts, seeds, strict=True)]
        if not all(self._path(p, shot).is_file() for p, shot in zip(prompts, shots, strict=True)):
            self._pipeline.load()
        return each(self._reference, prompts, seeds)

    def _reference(self, prompt: Prompt, seed: int) -> Reference:
        video = self._video(prompt, seed)
        said: dict[str, Any] = {
            "video": video.name, "pipeline": self._pipeline.name, "recovery": self._options.recovery
        }  # fmt: skip
        return reference_of(self._motion(video), self.name, prompt, seed, **said)

    def _shot(self, prompt: Prompt, seed: int) -> Shot:
        o = self._options
        text = o.wording.replace("{text}", prompt.text)
        return Shot(text, o.negative, o.frames, o.height, o.width, o.steps, o.guidance, seed)

    def _path(self, prompt: Prompt, shot: Shot) -> Path:
        """Return where the video of a shot is kept."""
        decides = [self._pipeline.identity, *shot, self._options.dtype, self._options.fps]
        return self.folder / f"{prompt.id}-{shot.seed}-{hash_of(decides)[:12]}.mp4"

    def _video(self, prompt: Prompt, seed: int) -> Path:
        """Return the video of a prompt and seed, made unless it is there."""
        shot = self._shot(prompt, seed)
        path = self._path(prompt, shot)
        if not path.is_file():
            from mbench.render.video import write_video

            write_video(self._pipeline.pictures(shot), path, self._options.fps)
        return path

    def _motion(self, video: Path) -> Motion:
        """Return the motion of a video, recovered unless it was before."""
        from vimogen.data.recovery import recovered

        o = self._options
        path = video.with_name(f"{video.stem}-{hash_of(o.recovery)[:12]}{o.suffix}")
        if not path.is_file():
            self._recover(video, path)
        return recovered(path, fps=o.fps)

    def _recover(self, video: Path, path: Path) -> None:
        """Run the command; what it writes gets its name only when it can be read."""
        from vimogen.data.recovery import recovered

        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.stem}.") as scratch:
            out = Path(scratch, f"motion{path.suffix}")
            places = {VIDEO: str(video.absolute()), OUT: str(out.absolute())}
            failure = run_program(self._options.recovery, places, self._workdir, self._options.timeout, "recovery")
            if failure is not None:
                raise PluginError(f"recovery of {video.name}: {failure}")
            if not out.is_file():
                raise PluginError(f"recovery of {video.name}: the command ended well but wrote no {OUT}")
            try:
                recovered(out)
            except MBenchError as error:
                raise PluginError(
                    f"recovery of {video.name}: {str(error).replace(f'{scratch}{os.sep}', '')}"
                ) from error
            out.replace(path)


def _check(options: VideoOptions, workdir: Path) -> None:
    """Refuse a command without its placeholders, or one that is not installed."""
    for place in (VIDEO, OUT):
        if place not in options.recovery:
            raise ConfigError(f"video.recovery: found {options.recovery!r}; expected it to hold {place}")
    if "{text}" not in options.wording:
        raise ConfigError(f"video.wording: found {options.wording!r}; expected it to hold {{text}}")
    try:
        program = shlex.split(options.recovery)[0]
    except ValueError as error:
        raise ConfigError(f"video.recovery: found {options.recovery!r}: {error}") from error
    if shutil.which(program) is None and shutil.which(str(workdir / program)) is None:
        raise ConfigError(f"video.recovery: there is no program {program!r}, here or on the PATH")
    if options.height % 2 or options.width % 2:
        raise ConfigError(f"video: pictures are {options.width} x {options.height}; expected even sides")


def _pipeline_path(name: str, base: Path) -> str:
    """Return the folder of a pipeline if there is one, else the name as it is."""
    folder = resolve_path(name, base)
    return str(folder) if folder.is_dir() else name
