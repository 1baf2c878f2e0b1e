"""Which candidates are kept: a judge says whether they show the text, metrics how good they are as motion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mbench.errors import MotionError, one_line
from mbench.judges.base import Judge, build_judge, match
from mbench.metrics.anchors import load_anchors
from mbench.motion import Motion
from mbench.scoring import DEFAULT_MESH, Value, Workers, score_all, select_metrics
from mbench.versions import version_of
from vimogen.decode import motion_of
from vimogen.distil.recipe import ChooseRecipe

Rows = NDArray[np.float32]


@dataclass(frozen=True)
class Marks:
    """What is said of a candidate.

    Attributes:
        match: how sure the judge is that it shows its text; None where it gave no answer.
        quality: 0 (the faults that the metrics must catch) to 1 (real motion); None where nothing could be measured.
        anchored: {metric: its value on that scale}, of the metrics that apply.
        reason: why a mark is missing, else an empty text.
    """

    match: float | None
    quality: float | None
    anchored: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""

    @property
    def score(self) -> float | None:
        """Return match times quality, None where one of them is missing."""
        return None if self.match is None or self.quality is None else self.match * self.quality

    def fault(self, choose: ChooseRecipe) -> str:
        """Return why the candidate may not be kept, or an empty text if it may."""
        if self.match is None or self.quality is None:
            return self.reason
        if self.match < choose.least_match:
            return f"match is {self.match:.3f}; expected at least {choose.least_match:g}"
        if self.quality < choose.least_quality:
            return f"quality is {self.quality:.3f}; expected at least {choose.least_quality:g}"
        return ""


def best(marks: Sequence[Marks], choose: ChooseRecipe, keep: int) -> tuple[list[int], str]:
    """Return the indices of the candidates to keep, best first (the first of equals), and why if there are none.

    Args:
        marks: of the candidates of one prompt.
        choose: thresholds.
        keep: how many at most.
    """
    order = sorted(range(len(marks)), key=lambda index: -(own if (own := marks[index].score) is not None else -1.0))
    fit = [index for index in order if not marks[index].fault(choose)]
    return fit[:keep], "" if fit else marks[order[0]].fault(choose)


class Critic:
    """A judge and metrics, loaded when they are first asked.

    Args:
        choose: which.
        workers: processes that measure.
        device: where the judge runs; decides no answer.

    Raises:
        MBenchError: no such judge, or it can't be started.
    """

    def __init__(self, choose: ChooseRecipe, workers: int = 1, device: str = "auto") -> None:
        self.choose, self.workers = choose, Workers(workers)
        self.judge: Judge = build_judge(choose.judge.name, choose.judge.options, device)
        self.metrics = select_metrics(list(choose.quality))

    @cached_property
    def versions(self) -> dict[str, str]:
        """Version of each metric of the quality."""
        return {name: version_of(item, DEFAULT_MESH) for name, item in self.metrics}

    def marks(self, rows: Sequence[Rows], texts: Sequence[str]) -> list[Marks]:
        """Return what is said of each motion.

        Args:
            rows: n motions (T, 276), in metres.
            texts: n texts.

        Raises:
            JudgeError: the judge can answer nothing at all.
            PluginError: it gave another number of answers.
        """
        decoded = [_decoded(own) for own in rows]
        motions = [own for own in decoded if isinstance(own, Motion)]
        asked = [text for own, text in zip(decoded, texts, strict=True) if isinstance(own, Motion)]
        answers = match(self.judge, motions, asked) if motions else []
        found = map(self._marks, answers, score_all(motions, self.metrics, self.workers))
        return [next(found) if isinstance(own, Motion) else Marks(None, None, reason=own) for own in decoded]

    def _marks(self, answer: float | Exception, values: Sequence[Value]) -> Marks:
        """Return the marks of one motion."""
        anchored = dict(self._anchored(values))
        weights = [self.choose.quality[name] for name in anchored]
        quality = float(np.average(list(anchored.values()), weights=weights)) if anchored else None
        reason = "" if anchored else f"no quality: {'; '.join(str(value.reason) for value in values)}"
        if isinstance(answer, Exception):
            return Marks(None, quality, anchored, f"the judge gave no answer: {one_line(answer)}")
        return Marks(answer, quality, anchored, reason)

    def _anchored(self, values: Sequence[Value]) -> Iterator[tuple[str, float]]:
        """Yield each value that there is, on the scale of its anchors; anchors of another version are no scale."""
        anchors = load_anchors().by_metric
        for value in values:
            if value.value is not None and anchors[value.metric].metric_version == self.versions[value.metric]:
                yield value.metric, float(anchors[value.metric].score(value.value))


def _decoded(rows: Rows) -> Motion | str:
    """Return the motion of rows, or why they hold none."""
    try:
        return motion_of(rows)
    except MotionError as error:
        return f"no motion: {one_line(error)}"
