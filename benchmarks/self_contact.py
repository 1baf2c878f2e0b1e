"""Speed of the self-contact of a body: warp, the numpy fallback, python-fcl and CGAL on the same posed frames.

    OMP_NUM_THREADS=1 python benchmarks/self_contact.py [--mocap ../shared/mocap] [--frames 20] [--device cpu]

Every frame is the default body in a pose of motion capture (without the folder of clips: in random poses), a clip a
frame. Times are a frame's share of a call with all frames, the best of three calls by the clock and by the CPU (which
a busy machine disturbs less), with what a method does before it can search: warp refits its tree, the others build
theirs anew. python-fcl and libigl are not needed for anything else; what is not installed is left out. CGAL's answer is
exact, and is what the others are compared with; pairs that share a vertex, which fcl and CGAL report too, are left
out afterwards, in their time.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mbench.body import load_body
from mbench.body.contact import self_intersections

Frames = NDArray[np.float32]
Faces = NDArray[np.int32]
Pairs = NDArray[np.int64]
LIMIT = 40.0  # ms a frame
EVERY_CONTACT = 1_000_000  # more than a body has: fcl stops at the number it is asked for


def real_poses(folder: Path, count: int) -> NDArray[np.float32]:
    """Return the middle frames of clips spread over the folder: rotations (count, 22, 4)."""
    spec = importlib.util.spec_from_file_location("load_mocap", folder / "load_mocap.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    mocap = module.Mocap(folder)
    ids = mocap.ids()
    clips = (mocap.clip(ids[i])["rot"] for i in np.linspace(0, len(ids) - 1, count).astype(int))
    return np.stack([rotations[len(rotations) // 2] for rotations in clips]).astype(np.float32)


def random_poses(count: int) -> NDArray[np.float32]:
    """Return rotations (count, 22, 4) about random axes, 25 degrees on average."""
    vectors = np.random.default_rng(0).normal(0, 0.27, (count, 22, 3))
    half = np.linalg.norm(vectors, axis=-1, keepdims=True) / 2
    return np.concatenate([vectors / 2 * np.sinc(half / np.pi), np.cos(half)], axis=-1).astype(np.float32)


def posed_frames(mocap: Path, count: int) -> tuple[Frames, Faces]:
    """Return posed frames (count, V, 3) of the default body, and its faces."""
    import torch

    rotations = real_poses(mocap, count) if (mocap / "load_mocap.py").is_file() else random_poses(count)
    body = load_body("default")
    vertices, _ = body.pose(torch.from_numpy(rotations), torch.zeros(count, 3))
    return vertices.numpy(), np.asarray(body.faces, dtype=np.int32)


def without_neighbours(pairs: Pairs, faces: Faces) -> Pairs:
    """Return the distinct pairs that share no vertex, first face before second, sorted."""
    pairs = np.unique(np.sort(pairs.reshape(-1, 2), axis=1), axis=0)
    first, second = faces[pairs[:, 0]], faces[pairs[:, 1]]
    return pairs[~(first[:, :, None] == second[:, None, :]).any(axis=(1, 2))]


def with_fcl(frames: Frames, faces: Faces) -> list[Pairs]:
    """Return the pairs that python-fcl finds when the mesh is collided with itself."""
    import fcl

    request = fcl.CollisionRequest(num_max_contacts=EVERY_CONTACT, enable_contact=False)
    found = []
    for frame in frames.astype(np.float64):
        model = fcl.BVHModel()
        model.beginModel(len(frame), len(faces))
        model.addSubModel(frame, faces)
        model.endModel()
        result = fcl.CollisionResult()
        fcl.collide(fcl.CollisionObject(model), fcl.CollisionObject(model), request, result)
        pairs = np.array([(contact.b1, contact.b2) for contact in result.contacts], dtype=np.int64)
        found.append(without_neighbours(pairs, faces))
    return found


def with_cgal(frames: Frames, faces: Faces) -> list[Pairs]:
    """Return the pairs of CGAL's exact kernel, through libigl."""
    from igl.copyleft.cgal import remesh_self_intersections

    found = []
    for frame in frames.astype(np.float64):
        pairs = remesh_self_intersections(frame, faces.astype(np.int64), detect_only=True)[2]
        found.append(without_neighbours(np.asarray(pairs, dtype=np.int64), faces))
    return found


@dataclass(frozen=True)
class Result:
    """What a method found, and seconds: of the first call, and the least of three more by the clock and by the CPU."""

    pairs: list[Pairs]
    first: float
    wall: float
    cpu: float


def timed(find: Callable[[], list[Pairs]]) -> Result:
    """Call a method four times."""
    wall, cpu = [], []
    for _ in range(4):
        start, busy = time.perf_counter(), time.process_time()
        pairs = find()
        wall.append(time.perf_counter() - start)
        cpu.append(time.process_time() - busy)
    return Result(pairs, wall[0], min(wall[1:]), min(cpu[1:]))


def methods(frames: Frames, faces: Faces, device: str) -> dict[str, Callable[[], list[Pairs]]]:
    """Return what can be run here."""
    found: dict[str, Callable[[], list[Pairs]]] = {
        "warp": lambda: self_intersections(frames, faces, device, "warp"),
        "numpy": lambda: self_intersections(frames, faces, backend="numpy"),
    }
    if importlib.util.find_spec("fcl"):
        found["python-fcl"] = lambda: with_fcl(frames, faces)
    if importlib.util.find_spec("igl"):
        found["CGAL (libigl)"] = lambda: with_cgal(frames, faces)
    return found


def differing(pairs: list[Pairs], reference: list[Pairs]) -> tuple[int, int]:
    """Return the number of pairs in one list alone, and the largest difference of a frame's counts."""
    sets = [({*map(tuple, a)}, {*map(tuple, b)}) for a, b in zip(pairs, reference, strict=True)]
    return sum(len(a ^ b) for a, b in sets), max(abs(len(a) - len(b)) for a, b in sets)


def main() -> int:
    """Print a line a method; return 1 where warp is over the limit or disagrees."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mocap", type=Path, default=Path("../shared/mocap"))
    parser.add_argument("--frames", type=int, default=20)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    frames, faces = posed_frames(options.mocap, options.frames)
    print(f"{platform.machine()}, {os.cpu_count()} cores; {len(frames)} frames, {len(faces)} faces")
    results = {name: timed(run) for name, run in methods(frames, faces, options.device).items()}
    reference = next(reversed(results.values())).pairs
    print(
        f"{'':14}{'ms/frame':>10}{'CPU ms':>9}{'first call s':>14}{'pairs':>8}{'not in both':>13}{'max count diff':>16}"
    )
    for name, r in results.items():
        other, most = differing(r.pairs, reference)
        times = f"{r.wall / len(frames) * 1e3:10.1f}{r.cpu / len(frames) * 1e3:9.1f}{r.first:14.2f}"
        print(f"{name:14}{times}{sum(map(len, r.pairs)):8d}{other:13d}{most:16d}")
    milliseconds = results["warp"].wall / len(frames) * 1e3
    other, _ = differing(results["warp"].pairs, reference)
    print(f"RESULT ms_per_frame={milliseconds:.1f} bar={LIMIT:g} differing_pairs={other}")
    return 0 if milliseconds < LIMIT and other == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
