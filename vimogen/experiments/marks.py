"""What is measured of each motion of an experiment: by the judge, by the metrics of quality, and by its own account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mbench.judges.base import Embedder, Judge, build_judge
from mbench.metrics.base import METRICS, Sample
from mbench.metrics.judged import CONSISTENCY
from mbench.motion import Motion
from mbench.scoring import Workers, ask_judge, score_all, select_metrics
from vimogen.experiments.prompts import Asked

MATCH, CHOICE = "match", "choice"
JUDGED = {MATCH: "generalization/match_probability", CHOICE: CONSISTENCY}
# Of joints alone: the dimensions of the quality pillar that do not need the skinned body, then two more.
DIMENSIONS = ("jitter_degree", "foot_sliding", "ground_penetration", "foot_floating", "dynamic_degree")
METRIC_NAMES = (*DIMENSIONS, "foot_skate_speed", "jerk")
ACCOUNT = ("reference used", "root drift at the end (m)", "pose against positions (mm)", "spread of bones (mm)")

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Marks:
    """Marks of an arm's motions.

    Attributes:
        columns: {name: (n,) a value a prompt, NaN where there is none}.
        vectors: (n, d) of the judge, NaN where there is no motion; empty where the judge has no space.
    """

    columns: Mapping[str, Floats]
    vectors: Floats

    def __getitem__(self, name: str) -> Floats:
        """Return a column."""
        return self.columns[name]


class Meter:
    """Measures motions.

    Args:
        judge: registered name.
        workers: processes that compute metrics; they decide no value.
    """

    def __init__(self, judge: str = "retrieval", workers: int = 1) -> None:
        self.judge: Judge = build_judge(judge)
        self._workers = Workers(workers)

    def marks(self, prompts: Sequence[Asked], motions: Sequence[Motion | None]) -> Marks:
        """Return the marks of n motions, each made for its prompt.

        Raises:
            JudgeError: the judge can answer nothing at all.
        """
        there = [n for n, motion in enumerate(motions) if motion is not None]
        samples = [Sample(prompts[n].prompt, m) for n in there if (m := motions[n]) is not None]
        columns = {name: self._judged(full, samples) for name, full in JUDGED.items()}
        made = [sample.motion for sample in samples]
        columns |= self._metrics(made)
        columns |= {name: _column([_account(motion)[name] for motion in made]) for name in ACCOUNT}
        spread = {name: _spread(own, there, len(motions)) for name, own in columns.items()}
        return Marks(spread, _spread(self.vectors(made), there, len(motions)))

    def _judged(self, name: str, samples: Sequence[Sample]) -> Floats:
        return _column([value.value for value in ask_judge(name, METRICS.get(name), samples, self.judge)])

    def _metrics(self, motions: Sequence[Motion]) -> dict[str, Floats]:
        metrics = select_metrics([f"quality/{name}" for name in METRIC_NAMES])
        rows = [[value.value for value in row] for row in score_all(motions, metrics, self._workers)]
        return {name.split("/")[1]: _column([row[n] for row in rows]) for n, (name, _) in enumerate(metrics)}

    def vectors(self, motions: Sequence[Motion]) -> Floats:
        """Return the vectors of motions in the judge's space, (n, d); (n, 0) where it has none."""
        if not motions or not isinstance(self.judge, Embedder):
            return np.zeros((len(motions), 0))
        return self.judge.embed_motions(motions)


def _account(motion: Motion) -> dict[str, float | None]:
    """Return what a motion says of itself, None where it says nothing."""
    meta: Mapping[str, Any] = motion.meta
    gate = meta.get("vimogen", {}).get("gate")
    own = meta.get("contradictions", {})
    values = (
        None if gate is None else gate["used"],
        meta.get("root_drift_end_m"),
        own.get("pose_mm"),
        own.get("bones_mm"),
    )
    return dict(zip(ACCOUNT, values, strict=True))


def _column(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _spread(values: Floats, places: Sequence[int], n: int) -> Floats:
    """Return values at their places among n, NaN elsewhere."""
    found = np.full((n, *values.shape[1:]), np.nan)
    found[list(places)] = values
    return found
