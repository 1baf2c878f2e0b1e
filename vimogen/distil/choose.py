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
from mbench.scoring import CHUNK, DEFAULT_MESH, Value, Workers, map_chunks, score_motion, select_metrics
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

    @cached_property
    def versions(self) -> dict[str, str]:
        """Version of each metric of the quality."""
        return {name: version_of(item, DEFAULT_MESH) for name, item in select_metrics(list(self.choose.quality))}

    def marks(self, rows: Sequence[Rows], texts: Sequence[str]) -> list[Marks]:
        """Return what is said of each motion.

        Args:
            rows: n motions (T, 276), in metres.
            texts: n texts.

        Raises:
            JudgeError: the judge can answer nothing at all.
            PluginError: it gave another number of answers.
        """
        chunks = ((rows[start : start + CHUNK], list(self.versions)) for start in range(0, len(rows), CHUNK))
        seen = [own for chunk in map_chunks(_measured, chunks, self.workers) for own in chunk]
        asked = [(own.motion, text) for own, text in zip(seen, texts, strict=True) if own.motion is not None]
        answers = iter(match(self.judge, *zip(*asked, strict=True)) if asked else [])
        return [
            self._marks(next(answers), own.values) if own.motion is not None else Marks(None, None, reason=own.reason)
            for own in seen
        ]

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


@dataclass(frozen=True)
class _Measured:
    """The motion of rows with its values, or why they hold none."""

    motion: Motion | None
    values: tuple[Value, ...] = ()
    reason: str = ""


def _measured(chunk: Sequence[Rows], names: Sequence[str]) -> list[_Measured]:
    """Decode and measure some motions; metrics travel to a worker process by name."""
    metrics = select_metrics(names)
    found = []
    for rows in chunk:
        try:
            motion = motion_of(rows)
        except MotionError as error:
            found.append(_Measured(None, reason=f"no motion: {one_line(error)}"))
        else:
            found.append(_Measured(motion, tuple(score_motion(motion, metrics))))
    return found
