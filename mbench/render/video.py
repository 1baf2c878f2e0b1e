"""Pictures to files: mp4 by PyAV, png by Pillow; whole, or not at all."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mbench.errors import ConfigError, MBenchError
from mbench.files import atomic_write

QUALITY = 20  # x264's constant rate factor: 0 lossless, 51 worst
KEYFRAME_SECONDS = 1.0  # so that a player can jump
BT709 = 1  # the number of these colours in H.264
Picture = NDArray[np.uint8]


def write_video(pictures: Iterable[Picture], path: str | Path, fps: float) -> int:
    """Write pictures as H.264 video that browsers play (yuv420p, index at the front); return how many there were.

    Args:
        pictures: (H, W, 3) sRGB bytes, all of one size with even sides; taken one by one.
        path: the `.mp4` to make or replace.
        fps: frames per second.

    Raises:
        ConfigError: no pictures, sides that are odd or change, fps not above 0, another suffix, or PyAV is missing.
        MBenchError: the file can't be written.
    """
    path, av = Path(path), _av()
    if path.suffix.lower() != ".mp4":
        raise ConfigError(f"{path}: videos are written as .mp4; found the suffix {path.suffix!r}")
    if not 0 < fps < 1000:
        raise ConfigError(f"fps is {fps!r}; expected a number above 0 and below 1000")
    stream_of = iter(pictures)
    first = next(stream_of, None)
    if first is None:
        raise ConfigError(f"{path}: no pictures; expected at least 1")
    _check(first, first.shape, path)
    rate = Fraction(fps).limit_denominator(60000)
    with _beside(path) as temporary:
        try:
            with av.open(str(temporary), "w", format="mp4", options={"movflags": "+faststart"}) as container:
                return _encode(av, container, chain([first], stream_of), rate, path)
        except av.FFmpegError as error:
            raise MBenchError(f"{path}: can't be written: {error.strerror or error}") from error


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """Give a path in a temporary folder beside another, renamed to it when the block ends well.

    Not `atomic_write`: to move the index to the front, FFmpeg opens the file a second time, by its name.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
            yield Path(folder, "video.mp4")
            Path(folder, "video.mp4").replace(path)
    except OSError as error:
        raise MBenchError(f"{path}: can't be written: {error.strerror or error}") from error


def _av() -> Any:
    """Return PyAV."""
    try:
        import av
    except ImportError:
        raise ConfigError("videos need PyAV: pip install 'mbench[render]'") from None
    return av


def _check(picture: Picture, shape: tuple[int, ...], path: Path) -> None:
    """Refuse what can't be a frame of the video."""
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
        raise ConfigError(f"{path}: a picture is {picture.dtype} {picture.shape}; expected uint8 (H, W, 3)")
    if picture.shape != shape:
        raise ConfigError(f"{path}: a picture is {picture.shape} and the first one {shape}; expected one size")
    if picture.shape[0] % 2 or picture.shape[1] % 2:
        raise ConfigError(f"{path}: pictures are {picture.shape[1]} x {picture.shape[0]}; H.264 needs even sides")


def _encode(av: Any, container: Any, pictures: Iterable[Picture], rate: Fraction, path: Path) -> int:
    """Encode pictures into an open container; return how many."""
    stream: Any = None
    count = 0
    for picture in pictures:
        stream = stream or _stream(container, picture, rate)
        _check(picture, (stream.height, stream.width, 3), path)
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
        frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709")
        frame.pts, frame.time_base = count, 1 / rate
        container.mux(stream.encode(frame))
        count += 1
    container.mux(stream.encode(None))
    return count


def _stream(container: Any, picture: Picture, rate: Fraction) -> Any:
    """Return a video stream for pictures of this size."""
    options = {"crf": str(QUALITY), "preset": "veryfast"}
    stream = container.add_stream("libx264", rate=rate, options=options)
    stream.height, stream.width, _ = picture.shape
    stream.pix_fmt = "yuv420p"
    stream.codec_context.gop_size = max(1, round(float(rate) * KEYFRAME_SECONDS))
    stream.codec_context.colorspace = stream.codec_context.color_primaries = stream.codec_context.color_trc = BT709
    return stream


def write_png(picture: Picture, path: str | Path) -> None:
    """Write a picture (H, W, 3) as PNG.

    Raises:
        MBenchError: the file can't be written.
    """
    from PIL import Image

    with atomic_write(Path(path)) as file:
        Image.fromarray(picture).save(file, format="png", optimize=True)
