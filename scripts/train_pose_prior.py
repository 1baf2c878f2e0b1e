"""Train the pose prior and measure it on held-out motion: `mbench/body/prior/weights`.

    python scripts/train_pose_prior.py ../shared/mocap mbench/body/prior/weights

Writes `pose_prior.safetensors` and its card, `pose_prior.json`. Data: raw CMU clips of the training subjects, as they
are and as fitted to their joints only; clips with tracking glitches and skeletons with invented joints are left out.
Killed and started again, it goes on from its last checkpoint (`.pose_prior.work` in the folder, removed at the end).
"""

from __future__ import annotations

import argparse
import datetime
import platform
import shutil
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file

import mbench
from mbench.body import fit_cache, load_body
from mbench.body.fit import fit_pose
from mbench.body.prior.data import Nearest, NoisyPoses, manifold, other_body, training_set, wrong_rotations
from mbench.body.prior.measure import faulty, measure
from mbench.body.prior.poses import smpl_quaternions
from mbench.body.prior.score import load_prior
from mbench.body.prior.train import Settings, train
from mbench.datasets.shards import Shards
from mbench.files import sha256_of, write_json
from mbench.motion import Motion, Pose

Clip = tuple[str, Motion]
INVENTED = "humanoid15"  # skeletons of 15 bodies; their other joints do not turn
LONGEST = 200  # frames of a held-out clip
PIECE, WRONG = 40, 5  # frames of a piece that gets a fault, and how many faults each piece gets
THIN = np.radians(4) / 2  # a frame nearer than that to the last one kept adds nothing
LICENCES = {True: "CC BY-NC 4.0: trained on non-commercial data", False: "Apache-2.0; data: credit mocap.cs.cmu.edu"}


def clips(mocap: Shards, split: str, sources: Iterable[str] | None) -> list[Clip]:
    """Return source and motion of the usable clips of a split; None for all sources."""
    return [
        (row["source"], mocap.motion(row))
        for row in mocap.where(split=split)
        if row["skeleton"] != INVENTED and not row["glitch_frames"] and (sources is None or row["source"] in sources)
    ]


def cut(motion: Motion, start: int, frames: int) -> Motion:
    """Return some frames of a motion."""
    span = slice(start, start + frames)
    assert motion.pose is not None  # shards always have one
    return Motion(motion.joints[span], motion.fps, Pose(motion.pose.rotations[span], motion.pose.offsets), motion.meta)


def rotations_of(motion: Motion) -> np.ndarray:
    """Return a motion's own rotations (T, 22, 4)."""
    assert motion.pose is not None  # shards always have one
    return motion.pose.rotations


def fitted(motions: list[Motion]) -> list[np.ndarray]:
    """Return rotations (T, 22, 4) fitted to the joints of motions, as the metric gets them."""
    return [pose.rotations for pose in fit_pose(motions, load_body())]


KINDS: dict[str, Callable[[list[Motion]], list[np.ndarray]]] = {
    "true rotations": lambda motions: [rotations_of(motion) for motion in motions],
    "fitted to joints": fitted,
}


def real_poses(motions: list[Motion], rng: np.random.Generator) -> list[np.ndarray]:
    """Return poses (T, 21, 4) of the training clips: own rotations and fitted ones, some for another body."""
    own = [rotations_of(motion) for motion in motions]
    rest = load_body().rest_offsets
    others = [fit_pose(motion, other_body(rest, rng)).rotations for motion in motions[::4]]
    return [smpl_quaternions(rotations) for rotations in [*own, *fitted(motions), *others]]


def wrong_poses(motions: list[Motion], rng: np.random.Generator) -> np.ndarray:
    """Return poses (W, 21, 4) fitted to the joints of 2 s pieces of the clips with a fault each, every other frame.

    What is scored are fits, and a fit to wrong joints is wrong in ways that noise on rotations is not.
    """
    others = [rotations_of(motion) for motion in motions]
    pieces = [piece for _ in range(WRONG) for motion in motions for piece in pieces_of(motion)]
    bad = [faulty(piece, lambda rotations, rng: wrong_rotations(rotations, others, rng), rng) for piece in pieces]
    poses = fit_pose(bad, load_body(), cache=False)
    return np.concatenate([smpl_quaternions(pose.rotations[::2]) for pose in poses])


def pieces_of(motion: Motion) -> list[Motion]:
    """Return a motion cut into pieces of `PIECE` frames, the rest left out."""
    return [cut(motion, start, PIECE) for start in range(0, len(motion) - PIECE + 1, PIECE)]


def training_data(train_clips: list[Clip], count: int, seed: int, file: Path) -> tuple[np.ndarray, NoisyPoses]:
    """Return the real poses (M, 21, 4) and the noisy ones; kept in a file, for the search takes minutes."""
    if not file.is_file():
        rng = np.random.default_rng(seed)
        motions = [motion for _, motion in train_clips]
        real = manifold(real_poses(motions, rng), THIN)
        noisy = training_set(real, wrong_poses(motions, rng), count, rng)
        np.savez(file, real=real, poses=noisy.poses, distances=noisy.distances)
    with np.load(file) as saved:
        return saved["real"], NoisyPoses(saved["poses"], saved["distances"])


def held_out(mocap: Shards, weights: Path, real: np.ndarray) -> dict[str, Any]:
    """Return the held-out results by group of clips and kind of rotations."""
    score, nearest = load_prior(weights).distances, Nearest(real)
    groups = {
        "CMU test subjects": clips(mocap, "test", {"cmu"}),
        "CMU validation subjects": clips(mocap, "val", {"cmu"}),
        "Bandai-Namco test clips": clips(mocap, "test", {"bandai-namco-1", "bandai-namco-2"})[::4],
    }
    return {
        group: {
            kind: measure([cut(motion, 0, LONGEST) for _, motion in some], get, score, nearest)
            for kind, get in KINDS.items()
        }
        for group, some in groups.items()
    }


def describe(
    weights: Path, train_clips: list[Clip], real: np.ndarray, noisy: NoisyPoses, settings: Settings, seconds: float
) -> dict[str, Any]:
    """Return the card but for the held-out results."""
    sources = sorted({source for source, _ in train_clips})
    return {
        "name": "mbench-pose-prior",
        "version": "1",
        "kind": "learned",
        "paper": "structure and noise of NRDF, arXiv 2403.03122, and Pose-NDF, arXiv 2207.13807",
        "licence": LICENCES[any(source not in ("cmu", "isaacgym-amp") for source in sources)],
        "sha256": sha256_of(weights),
        "bytes": weights.stat().st_size,
        "data": {
            "sources": sources,
            "clips": len(train_clips),
            "frames": sum(len(motion) for _, motion in train_clips),
            "poses": len(real),
            "fit_version": fit_cache.VERSION,
            "kinds": [*KINDS, "fitted to joints for other bodies", "mirror images of all"],
            "noisy_poses": len(noisy.poses),
            "body": load_body().hash,
        },
        "training": {**asdict(settings), "seconds": round(seconds), "machine": machine()},
        "unit": "half the angle between two rotations, mean over 21 joints, radians",
        "made_by": "scripts/train_pose_prior.py",
        "mbench": mbench.__version__,
        "date": datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat(),
    }


def machine() -> str:
    """Return what trained it."""
    return f"{torch.get_num_threads()} CPU threads, {platform.machine()}, torch {torch.__version__}"


def save(network: torch.nn.Module, settings: Settings, path: Path) -> None:
    """Write the weights as float16."""
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {name: tensor.half().contiguous() for name, tensor in network.state_dict().items()}
    save_file(state, path, metadata={"activation": settings.activation})


def show(started: float, steps: int, step: int, loss: float) -> None:
    """Print progress to stderr."""
    print(f"{time.monotonic() - started:6.0f} s  step {step}/{steps}  loss {loss:.4f}", file=sys.stderr, flush=True)


def main() -> None:
    """Train, save, measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mocap", type=Path, help="folder of motion shards")
    parser.add_argument("out", type=Path, help="folder for weights and card")
    parser.add_argument("--sources", nargs="+", default=["cmu"], help="of the training clips; all for every one")
    parser.add_argument("--steps", type=int, default=Settings.steps)
    parser.add_argument("--noisy", type=int, default=200_000, help="noisy poses made from real ones")
    arguments = parser.parse_args()
    started, settings = time.monotonic(), Settings(steps=arguments.steps)
    mocap, weights = Shards(arguments.mocap), arguments.out / "pose_prior.safetensors"
    work = arguments.out / ".pose_prior.work"
    work.mkdir(parents=True, exist_ok=True)
    train_clips = clips(mocap, "train", None if "all" in arguments.sources else set(arguments.sources))
    real, noisy = training_data(train_clips, arguments.noisy, settings.seed, work / "data.npz")
    network = train(real, noisy, settings, work / "checkpoint.pt", partial(show, started, settings.steps))
    save(network, settings, weights)
    card = describe(weights, train_clips, real, noisy, settings, time.monotonic() - started)
    write_json(weights.with_suffix(".json"), {**card, "held_out": held_out(mocap, weights, real)})
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
