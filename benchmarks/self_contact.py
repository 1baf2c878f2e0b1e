"""Speed of the self-contact of a body: warp, the numpy fallback, python-fcl and CGAL on the same posed frames.

    OMP_NUM_THREADS=1 python benchmarks/self_contact.py [--mocap ../shared/mocap] [--frames 20] [--device cpu]

Every frame is the default body in a pose of motion capture (without the folder of clips: in random poses), a clip a
frame. Times are of one frame of a clip of `--frames` frames, the best of three, with what each does before it can
search: the tree is refitted (warp), built (CGAL), or made new (fcl; its refit leaves a tree that is slower to
search). python-fcl and libigl are not needed for anything else; what is not installed is left out. CGAL's answer is
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


def best_of_three(find: Callable[[], list[Pairs]]) -> tuple[list[Pairs], float, float]:
    """Return the pairs, the seconds of the first call and the least of three more."""
    seconds = []
    for _ in range(4):
        start = time.perf_counter()
        pairs = find()
        seconds.append(time.perf_counter() - start)
    return pairs, seconds[0], min(seconds[1:])


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
    results = {name: best_of_three(run) for name, run in methods(frames, faces, options.device).items()}
    reference = next(reversed(results.values()))[0]
    print(f"{'':16}{'ms/frame':>10}{'first call s':>14}{'pairs':>9}{'other pairs':>13}{'max count diff':>16}")
    for name, (pairs, first, best) in results.items():
        other, most = differing(pairs, reference)
        total = sum(map(len, pairs))
        print(f"{name:16}{best / len(frames) * 1e3:10.1f}{first:14.2f}{total:9d}{other:13d}{most:16d}")
    pairs, _, best = results["warp"]
    milliseconds = best / len(frames) * 1e3
    print(f"RESULT ms_per_frame={milliseconds:.1f} bar={LIMIT:g} differing_pairs={differing(pairs, reference)[0]}")
    return 0 if milliseconds < LIMIT and differing(pairs, reference)[0] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
