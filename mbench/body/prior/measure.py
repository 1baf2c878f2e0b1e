"""How well a pose prior tells real motion from the faults of `heldout`: areas under curves, pairs, correlations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from mbench.body.prior.data import Nearest
from mbench.body.prior.heldout import FAULTS, Fault
from mbench.body.prior.poses import smpl_quaternions
from mbench.errors import MotionError
from mbench.motion import Motion, Pose
from mbench.motion.kinematics import forward_kinematics
from mbench.motion.skeleton import PELVIS
from mbench.stats import bootstrap_weights, interval

Floats = NDArray[np.floating]
Score = Callable[[Floats], Floats]
Rotations = Callable[[list[Motion]], list[Floats]]
Interval = tuple[float, float | None, float | None]
EVERY = 5  # frames: neighbours at 20 fps are nearly the same pose
RESAMPLES = 300  # of frame-wise statistics
SCALE = 10.0  # of the published score


def faulty(motion: Motion, fault: Fault, rng: np.random.Generator) -> Motion:
    """Return a motion with a fault in its rotations; its joints follow them.

    Raises:
        MotionError: the motion has no pose.
    """
    if motion.pose is None:
        raise MotionError("the motion holds joint positions without rotations; faults are put into rotations")
    rotations = fault(motion.pose.rotations.astype(np.float64), rng)
    joints = forward_kinematics(rotations, motion.joints[:, PELVIS], motion.pose.offsets)
    return Motion(joints.astype(np.float32), motion.fps, Pose(rotations.astype(np.float32), motion.pose.offsets))


def measure(
    motions: list[Motion], rotations: Rotations, score: Score, nearest: Nearest | None = None
) -> dict[str, Any]:
    """Return the results of held-out clips, as JSON values; each number in a list with its 95 % interval.

    Args:
        motions: real clips with poses, unseen in training.
        rotations: what is scored of motions: their own rotations (T, 22, 4), or those fitted to their joints.
        score: the prior's distances (T,) of rotations.
        nearest: of the training poses, for the correlation of predicted with true distances; None to leave it out.
    """
    real = [frames[::EVERY] for frames in rotations(motions)]
    bad = {name: _with_fault(motions, rotations, name) for name in FAULTS}
    scores = {name: [score(frames) for frames in clips] for name, clips in {"real": real, **bad}.items()}
    result = {"clips": len(motions), "real": {"score": _spread(scores["real"])}}
    for name in FAULTS:
        both = scores["real"], scores[name]
        result[name] = {"score": _spread(scores[name]), "auc": _rounded(auc(*both)), "pairs": _rounded(pairs(*both))}
    if nearest is not None:
        result["distance"] = _correlations([real, *bad.values()], list(scores.values()), nearest)
    return result


def _with_fault(motions: list[Motion], rotations: Rotations, name: str) -> list[Floats]:
    """Return the rotations of every fifth frame of motions with a fault; a clip's fault depends on nothing else."""
    number = list(FAULTS).index(name)
    rngs = [np.random.default_rng((number, clip)) for clip in range(len(motions))]
    copies = [faulty(motion, FAULTS[name], rng) for motion, rng in zip(motions, rngs, strict=True)]
    return [frames[::EVERY] for frames in rotations(copies)]


def _correlations(poses: list[list[Floats]], scores: list[list[Floats]], nearest: Nearest) -> dict[str, Any]:
    """Return the correlations of all distances, of real and faulty frames together, clip by clip."""
    true = [
        _each_clip(kinds, lambda r: nearest.distances(smpl_quaternions(r).astype(np.float32)))
        for kinds in zip(*poses, strict=True)
    ]
    predicted = [np.concatenate(kinds) for kinds in zip(*scores, strict=True)]
    return {
        "pearson": _rounded(correlation(predicted, true, ranks=False)),
        "spearman": _rounded(correlation(predicted, true, ranks=True)),
    }


def _each_clip(kinds: Iterable[Floats], distance: Score) -> Floats:
    """Return the distances of all kinds of one clip in a row."""
    return np.concatenate([distance(frames) for frames in kinds])


def _spread(distances: Sequence[Floats]) -> list[float | None]:
    """Return the 5th, 50th and 95th percentile of the clips' scores."""
    return _rounded(np.percentile([SCALE * frames.mean() for frames in distances], [5, 50, 95]))


def _rounded(values: Iterable[float | None]) -> list[float | None]:
    return [None if value is None else round(float(value), 4) for value in values]


def auc(real: list[Floats], faulty: list[Floats], resamples: int = RESAMPLES) -> Interval:
    """Return the probability that a frame with the fault lies further than a real one, with a bootstrap interval.

    Clips, not frames, are resampled: frames of one clip are alike.

    Args:
        real: distances (T,) of each clip.
        faulty: distances of the same clips with the fault.
        resamples: of the bootstrap.
    """
    clip = np.repeat(np.arange(len(real)), [len(frames) for frames in real])
    values = np.concatenate([*real, *faulty])
    order = np.argsort(values, kind="stable")
    bad = (np.arange(len(values)) >= len(clip))[order]
    owner = np.concatenate([clip, np.repeat(np.arange(len(faulty)), [len(frames) for frames in faulty])])[order]
    weights = np.concatenate([np.ones((1, len(real))), bootstrap_weights(len(real), resamples)])
    areas = np.array([_weighted_area(row[owner], bad) for row in weights])
    return (float(areas[0]), *interval(areas[1:]))


def _weighted_area(weight: Floats, bad: NDArray[np.bool_]) -> float:
    """Return the area under the curve of weighted values in rising order; `bad` are the positives."""
    below = np.cumsum(weight * ~bad)
    return float((weight * bad * below).sum() / (weight * bad).sum() / below[-1])


def pairs(real: list[Floats], faulty: list[Floats]) -> Interval:
    """Return the share of clips whose mean distance is lower than that of the copy with the fault, with an interval."""
    wins = np.array([bad.mean() > good.mean() for good, bad in zip(real, faulty, strict=True)], dtype=np.float64)
    samples = bootstrap_weights(len(wins)) @ wins / len(wins)
    return (float(wins.mean()), *interval(samples))


def correlation(predicted: list[Floats], true: list[Floats], ranks: bool) -> Interval:
    """Return Pearson's correlation of distances, or of their ranks (Spearman's), with an interval over clips."""
    clip = np.repeat(np.arange(len(true)), [len(frames) for frames in true])
    a, b = np.concatenate(predicted), np.concatenate(true)
    if ranks:
        a, b = rankdata(a), rankdata(b)
    weights = bootstrap_weights(len(true), RESAMPLES)
    samples = np.array([_weighted_correlation(a, b, row[clip]) for row in weights])
    return (_weighted_correlation(a, b, np.ones(len(a))), *interval(samples))


def _weighted_correlation(a: Floats, b: Floats, weight: Floats) -> float:
    covariance = np.cov(a, b, aweights=weight)
    return float(covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]))
