"""What every registered metric of joints must do, whoever wrote it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from conftest import make_walk
from mbench.metrics.base import METRICS, PILLARS, Metric
from mbench.motion import Motion, degrade
from mbench.motion.canonical import translate, yaw
from mocap import real_clip
from motions import posed
from naive_metrics import NAIVE

NAMES = [n for n in METRICS.names() if not METRICS.get(n).info.over_set and METRICS.get(n).info.needs <= {"joints"}]
REAL = ("cmu_07_12", "cmu_05_16", "cmu_94_07", "cmu_49_02", "dm_humanoid3d_spinkick", "bandai1_punch_normal_001")
FRAMES = 60


def _noise(motion: Motion, sigma: float) -> Motion:
    return degrade.jitter(motion, sigma, np.random.default_rng(0))


def _slip(motion: Motion, metres_per_second: float) -> Motion:
    return degrade.slide(degrade.ground(motion), metres_per_second)


def _drift(motion: Motion, metres: float) -> Motion:
    return motion.with_meta(root_drift_m=metres)


def _random(seconds: float, fps: float) -> Motion:
    return posed(seed=1, frames=round(seconds * fps), fps=fps, highest_hz=3)


# The fault that each metric claims to catch, in growing strength.
FAULTS: dict[str, tuple[Callable[[Motion, float], Motion], tuple[float, ...]]] = {
    "quality/jitter_degree": (_noise, (0, 0.005, 0.01, 0.02)),
    "quality/jerk": (_noise, (0, 0.005, 0.01, 0.02)),
    "quality/spectral_arc_length": (degrade.halt, (0, 0.25, 0.5, 0.75, 1)),
    "quality/dynamic_degree": (degrade.freeze, (0, 0.25, 0.5, 1)),
    "quality/ground_penetration": (degrade.sink, (0, 0.05, 0.1, 0.2)),
    "quality/foot_sliding": (_slip, (0, 0.1, 0.5, 1)),
    "quality/foot_skating_ratio": (_slip, (0, 0.5, 1)),
    "quality/foot_skate_speed": (_slip, (0, 0.1, 0.5, 1)),
    "quality/foot_floating": (degrade.glide, (0, 0.25, 0.5, 1)),
    "quality/bone_length_drift": (degrade.stretch, (0, 0.01, 0.05, 0.2)),
    "quality/joint_limit_violation": (degrade.hyperextend, (0, 10, 20)),
    "quality/root_drift": (_drift, (0, 0.1, 0.5)),
}


@pytest.fixture(params=NAMES)
def metric(request: pytest.FixtureRequest) -> Metric:
    return METRICS.get(request.param)


@pytest.fixture(params=["synthetic", "real"])
def clips(request: pytest.FixtureRequest) -> list[Motion]:
    if request.param == "real":
        found = [real_clip(request.getfixturevalue("shared"), name) for name in REAL]
    else:
        found = [make_walk(), posed(seed=1), posed(seed=2)]
    return [m.replace(joints=m.joints[:FRAMES]).with_meta(root_drift_m=0.03) for m in found]


def mean_value(metric: Metric, motions: Sequence[Motion]) -> float:
    values = [value for value in map(metric, motions) if value is not None]
    assert values, f"{metric.info.name} applies to none of the {len(motions)} motions"
    return float(np.mean(values))


def test_equals_plain_loops(metric: Metric, clips: list[Motion]) -> None:
    name = metric.info.name
    assert name in NAIVE, f"add a plain implementation of {name} to tests/naive_metrics.py"
    compared = 0
    spoilt = [_noise(_slip(clip, 0.4), 0.03) for clip in clips]
    for clip in [*clips, *spoilt]:
        value = metric(clip)
        if value is not None:
            assert value == pytest.approx(NAIVE[name](clip), rel=2e-5, abs=1e-6), name
            compared += 1
    assert compared, f"{name} applies to none of the clips"


def test_does_not_see_where_the_person_stands_or_looks(metric: Metric, clips: list[Motion]) -> None:
    for clip in clips:
        moved = translate(yaw(clip, 1.1), [2.0, -1.5, 0.0])
        assert metric(moved) == pytest.approx(metric(clip), rel=1e-3, abs=1e-5)


def test_leaves_its_input_alone_and_gives_the_same_in_any_order(metric: Metric, clips: list[Motion]) -> None:
    before = [clip.joints.copy() for clip in clips]
    forwards = [metric(clip) for clip in clips]
    backwards = [metric(clip) for clip in reversed(clips)]
    assert forwards == backwards[::-1]
    for clip, joints in zip(clips, before, strict=True):
        assert np.array_equal(clip.joints, joints)


@pytest.mark.parametrize("kind", ["synthetic", "real"])
def test_gets_worse_with_its_fault(metric: Metric, kind: str, request: pytest.FixtureRequest) -> None:
    name = metric.info.name
    assert name in FAULTS, f"say in FAULTS which fault {name} claims to catch, in growing strength"
    motions = [make_walk()]
    if kind == "real":
        motions = [real_clip(request.getfixturevalue("shared"), name) for name in REAL]
    fault, levels = FAULTS[name]
    values = [mean_value(metric, [fault(motion, level) for motion in motions]) for level in levels]
    worse = values if metric.info.better == "lower" else [-value for value in values]
    assert all(a <= b for a, b in zip(worse, worse[1:], strict=False)) and worse[0] < worse[-1], values


@pytest.mark.parametrize("fps", [30.0, 60.0, 120.0])
@pytest.mark.parametrize("make", [make_walk, _random], ids=["walk", "random"])
def test_does_not_see_the_frame_rate(metric: Metric, make: Callable[..., Motion], fps: float) -> None:
    # Both motions are the same curve at any rate, with nothing above 5 Hz, which 20 fps hold.
    slow, fast = (make(seconds=5, fps=rate).with_meta(root_drift_m=0.03) for rate in (20.0, fps))
    assert metric(fast) == pytest.approx(metric(slow), rel=5e-3, abs=1e-4)


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_says_why_where_it_does_not_apply(metric: Metric, frames: int) -> None:
    clip = make_walk().joints[:frames]
    value, reason = metric.evaluate(Motion(clip, meta={"root_drift_m": 0.03}))
    if frames < metric.info.min_frames:
        assert value is None and str(frames) in reason
    else:
        assert (value is None) == (reason is not None)
        assert value is None or math.isfinite(value)


def test_applies_from_its_fewest_frames_on(metric: Metric) -> None:
    least = make_walk().joints[: metric.info.min_frames]
    assert metric(Motion(least, meta={"root_drift_m": 0.03})) is not None


@pytest.mark.parametrize("motion", [degrade.freeze(make_walk()), make_walk(seconds=20)], ids=["statue", "20 s"])
def test_is_a_number_or_has_a_reason(metric: Metric, motion: Motion) -> None:
    value, reason = metric.evaluate(motion.with_meta(root_drift_m=0.03))
    assert (value is None) == bool(reason)
    assert value is None or math.isfinite(value)


def test_tells_its_facts(metric: Metric) -> None:
    info = metric.info
    assert info.pillar in PILLARS and info.unit and info.source and info.version >= 1
    assert len(info.formula) > 60 and info.dimension
    assert info.formula.splitlines()[0].endswith((".", ":")), "the first line stands alone in listings"


def test_its_published_spelling_is_an_alias(metric: Metric) -> None:
    spelling = "_".join(word.capitalize() for word in metric.info.name.split("/")[1].split("_"))
    assert METRICS.get(spelling) is metric
