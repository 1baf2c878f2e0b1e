"""The plugin interface of metrics: one decorated function each.

    @metric("quality/foot_lift", unit="m", better="lower", source="this page")
    def foot_lift(motion: Motion) -> float | None:
        "Mean height of the lower foot."
        return float(motion.joints[:, [10, 11], 2].min(axis=1).mean())

A metric of a motion gets it at 20 fps (`MetricInfo.fps`) whatever its own frame rate. It returns None, or raises
`NotApplicable` with a reason, where it does not apply; never 0 and never NaN.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mbench.errors import NotApplicable, PluginError
from mbench.motion import BENCHMARK_FPS, Motion
from mbench.registry import Registry
from mbench.suites.prompt import DIMENSIONS, Prompt

Better = Literal["lower", "higher"]
PILLARS = ("quality", "fidelity", "generalization")
NEEDS = {"joints", "pose", "mesh", "pose prior", "judge", "reference set"}


@dataclass(frozen=True)
class Sample:
    """What a metric over a set gets of each generation.

    Attributes:
        prompt: the prompt.
        motion: what was generated for it.
        replicate: which of the prompt's motions, from 0.
    """

    prompt: Prompt
    motion: Motion
    replicate: int = 0


@dataclass(frozen=True)
class MetricInfo:
    """The facts of a metric, stated once, where it is defined.

    Attributes:
        name: `pillar/metric`.
        dimension: the dimension of the benchmark it informs; the metric that *is* a dimension bears its name.
        unit: of the value, SI unless the name says otherwise.
        better: which direction is better.
        version: raised whenever a change of code changes a value.
        source: paper or page of the formula.
        needs: any of joints, pose, mesh, pose prior, judge, reference set.
        formula: in words; the function's docstring.
        min_frames: fewest frames, at `fps`, that it applies to.
        fps: the frame rate its input is brought to; None for any.
        over_set: whether it has one value for the whole set.
        judged: whether a judge is asked, prompt by prompt.
    """

    name: str
    dimension: str
    unit: str
    better: Better
    version: int
    source: str
    needs: frozenset[str]
    formula: str
    min_frames: int
    fps: float | None
    over_set: bool = False
    judged: bool = False

    @property
    def pillar(self) -> str:
        """Return quality, fidelity or generalization."""
        return self.name.split("/")[0]

    @property
    def is_dimension(self) -> bool:
        """Return whether this metric is how its dimension is scored, not a further look at it."""
        return self.dimension in DIMENSIONS and self.name == f"{self.pillar}/{self.dimension}"

    def scores(self, prompt: Prompt) -> bool:
        """Return whether a prompt is scored on this metric.

        A metric that informs one of the nine dimensions reads the prompts that list it; one with a dimension of its
        own, as plugins have, reads every prompt that lists a dimension of its pillar, or, over the set, every prompt.
        """
        if self.dimension in DIMENSIONS:
            return self.dimension in prompt.dimensions
        if self.over_set:
            return True
        return any(DIMENSIONS.get(dimension) == self.pillar for dimension in prompt.dimensions)


@dataclass(frozen=True)
class Metric:
    """A registered metric: its facts and its function."""

    info: MetricInfo
    function: Callable[..., Any]

    @property
    def origin(self) -> str:
        """Return the module that defines it."""
        return self.function.__module__

    def __call__(self, *args: Any, **kwargs: Any) -> float | None:
        """Return the value as `evaluate` does, or None where the metric does not apply."""
        return self.evaluate(*args, **kwargs)[0]

    def evaluate(self, *args: Any, **kwargs: Any) -> tuple[float | None, str | None]:
        """Return (value, None), or (None, reason) where the metric does not apply.

        A metric of one motion takes the motion, then its `mbench.body.mesh.Mesh` if it needs one; a metric over a set
        takes the samples, then what else it needs.

        Raises:
            PluginError: the function returned something that is neither a finite number nor None.
        """
        try:
            if not self.info.over_set:
                args = (self._prepared(args[0]), *args[1:])
            value = self.function(*args, **kwargs)
        except NotApplicable as reason:
            return None, str(reason)
        return self.checked(value)

    def checked(self, value: Any) -> tuple[float | None, str | None]:
        """Return (value, None) of what the function gave, or (None, reason) where it gave None or `NotApplicable`.

        Raises:
            PluginError: it is neither a finite number nor None.
        """
        if isinstance(value, NotApplicable):
            return None, str(value)
        if value is None:
            return None, "does not apply to this motion"
        value = float(value)
        if not math.isfinite(value):
            raise PluginError(f"metric {self.info.name} returned {value}; expected a finite number, or None")
        return value, None

    def _prepared(self, motion: Motion) -> Motion:
        """Return the motion at the metric's frame rate, or raise NotApplicable."""
        if self.info.fps is not None and motion.fps != self.info.fps:
            from mbench.motion.resample import resample

            motion = resample(motion, self.info.fps)
        if len(motion) < self.info.min_frames:
            raise NotApplicable(f"needs at least {self.info.min_frames} frames, the motion has {len(motion)}")
        if "pose" in self.info.needs and motion.pose is None:
            raise NotApplicable("needs joint rotations, the motion has joint positions only")
        return motion


def canonical_name(name: str) -> str:
    """Return `pillar/metric` of any accepted spelling: `Jitter_Degree`, `jitter_degree`, `quality/jitter_degree`."""
    key = name.strip().lower().replace("-", "_").replace(" ", "_")
    if "/" in key:
        return key
    known = [full for full in METRICS.names() if full.split("/")[1] == key]
    return known[0] if len(known) == 1 else key


METRICS: Registry[Metric] = Registry("metric", ("mbench.metrics.all",), canonical_name)


def metric(
    name: str,
    *,
    unit: str,
    better: Better,
    source: str,
    needs: Iterable[str] = ("joints",),
    dimension: str | None = None,
    version: int = 1,
    min_frames: int = 1,
    fps: float | None = BENCHMARK_FPS,
) -> Callable[[Callable[..., float | None]], Metric]:
    """Register a metric of one motion: `function(motion) -> float | None`, or of its skin: `function(motion, mesh)`.

    Args:
        name: `pillar/metric`, pillar one of quality, fidelity, generalization.
        unit: of the value, e.g. `m/frame`.
        better: lower or higher.
        source: paper or page of the formula.
        needs: what it reads: joints, pose, mesh, pose prior, judge, reference set.
        dimension: the dimension it informs; by default its own name.
        version: raise it when a change of code changes a value.
        min_frames: fewest frames that it applies to.
        fps: the frame rate the motion is brought to; None to get it as it is.

    Raises:
        PluginError: a wrong pillar, need or direction, or no docstring (it is what `mbench describe` prints).
    """
    return _register(name, unit, better, source, needs, dimension, version, min_frames, fps)


def metric_over_set(
    name: str,
    *,
    unit: str,
    better: Better,
    source: str,
    needs: Iterable[str] = ("joints",),
    dimension: str | None = None,
    version: int = 1,
) -> Callable[[Callable[..., float | None]], Metric]:
    """Register a metric of a whole set: `function(samples[, judge]) -> float | None`; see `metric`."""
    return _register(name, unit, better, source, needs, dimension, version, 1, None, over_set=True)


def metric_by_judge(
    name: str,
    *,
    unit: str,
    better: Better,
    source: str,
    needs: Iterable[str] = ("joints", "judge"),
    dimension: str | None = None,
    version: int = 1,
) -> Callable[[Callable[..., Sequence[float | None | Exception]]], Metric]:
    """Register a metric that asks a judge: `function(samples, judge) -> one value a sample`; see `metric`.

    The value of a sample is a number, None where the metric does not apply, or the exception that says why the judge
    gave no answer. It must not depend on which other samples are in the call.
    """
    return _register(name, unit, better, source, needs, dimension, version, 1, None, judged=True)


def _register(
    name: str,
    unit: str,
    better: Better,
    source: str,
    needs: Iterable[str],
    dimension: str | None,
    version: int,
    min_frames: int,
    fps: float | None,
    over_set: bool = False,
    judged: bool = False,
) -> Callable[[Callable[..., Any]], Metric]:
    needs = frozenset(needs)
    if name.count("/") != 1 or name.split("/")[0] not in PILLARS:
        raise PluginError(f"metric {name!r}: expected pillar/name with a pillar of {', '.join(PILLARS)}")
    if not needs <= NEEDS:
        raise PluginError(f"metric {name!r} needs {sorted(needs - NEEDS)}; known needs are {sorted(NEEDS)}")
    if better not in ("lower", "higher"):
        raise PluginError(f"metric {name!r}: better is {better!r}; expected lower or higher")

    def decorate(function: Callable[..., Any]) -> Metric:
        formula = inspect.getdoc(function)
        if not formula:
            raise PluginError(f"metric {name!r} has no docstring; it is the formula that `mbench describe` prints")
        informs = dimension or name.split("/")[1]
        info = MetricInfo(
            name, informs, unit, better, version, source, needs, formula, min_frames, fps, over_set, judged
        )
        return METRICS.add(name, Metric(info, function))

    return decorate
