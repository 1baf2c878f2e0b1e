"""Stands in for a mesh-recovery program: a person whose arm rises with the brightness of the video.

Usage: python stub_recovery.py VIDEO OUT [--fail | --silent | --damaged | --slow]
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np


def main(video: str, out: str, how: str = "") -> None:
    if log := os.environ.get("CALLS"):
        with Path(log).open("a") as file:
            file.write("recovery\n")
    if how == "--fail":
        sys.exit("no person found in the video")
    if how == "--slow":
        time.sleep(60)
    if how == "--damaged":
        Path(out).write_bytes(b"not an archive")
    if not how:
        np.savez(out, **recovered_from(video))


def recovered_from(video: str) -> dict[str, np.ndarray]:
    import av

    with av.open(video) as container:
        brightness = np.array([frame.to_ndarray(format="gray").mean() for frame in container.decode(video=0)])
    frames = len(brightness)
    body = np.zeros((frames, 63))
    body[:, 15 * 3 + 2] = brightness / 255  # the left shoulder
    transl = np.stack([np.zeros(frames), np.zeros(frames), 5 - np.arange(frames) / 16], axis=1)
    return {"global_orient": np.tile([np.pi, 0, 0], (frames, 1)), "body_pose": body, "transl": transl}


if __name__ == "__main__":
    main(*sys.argv[1:])
