"""`mbench compare`: paired differences of two runs, with the honest word."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mbench.errors import ConfigError, NotApplicable
from mbench.metrics.distribution import DEPENDS_ON_SIZE
from mbench.results import RunFolder, ScoreRow
from mbench.score_sets import PROMPTS, SUBSETS, VALUE
from mbench.stats import mean_with_interval, sign_test
from mbench.summary import half_width, prompt_means, set_rows


@dataclass(frozen=True)
class Scored:
    """A finished run, read for comparisons.

    Attributes:
        path: of its folder.
        result: `result.json`.
        rows: rows of `scores.csv` by metric, only those of the version that the result summarises.
    """

    path: Path
    result: Mapping[str, Any]
    rows: Mapping[str, Sequence[ScoreRow]]

    @property
    def label(self) -> str:
        """Return the model and the run."""
        return f"{self.result['model']} ({self.result['run_id']})"

    @cached_property
    def values(self) -> dict[str, dict[Any, float]]:
        """Return {prompt: value} of each metric, of one over the set {what a row is: value} (`mbench.score_sets`)."""
        return {
            name: set_rows(self.rows.get(name, ())) if "n_motions" in summary else _of_prompts(self.rows.get(name, ()))
            for name, summary in self.result["metrics"].items()
        }


def _of_prompts(rows: Iterable[ScoreRow]) -> dict[str, float]:
    return prompt_means(row for row in rows if row.prompt)


def read_scored(path: Path) -> Scored:
    """Return the run of a folder.

    Raises:
        MBenchError: it holds no finished run.
    """
    run = RunFolder(path)
    result = run.read_result()
    rows: dict[str, list[ScoreRow]] = {name: [] for name in result["metrics"]}
    for row in run.read_scores().values():
        if row.metric in rows and row.version == result["metrics"][row.metric]["version"]:
            rows[row.metric].append(row)
    return Scored(path, result, rows)


def compare_runs(first: Path, second: Path) -> dict[str, Any]:
    """Compare the runs of two folders; see `compare`.

    Args:
        first: folder of a run.
        second: folder of another run on the same suite.

    Raises:
        MBenchError: a folder holds no finished run, or the suites differ.
    """
    return compare(read_scored(first), read_scored(second))


def compare(first: Scored, second: Scored) -> dict[str, Any]:
    """Compare two finished runs on the prompts that both have values for.

    Returns:
        for each metric: both means, the mean of the paired differences (first - second) with its 95 % bootstrap
        interval over prompts, the p of the sign test, n pairs, and a verdict on the first: `better` or `worse` where
        the interval excludes 0, else `can't tell`. `left_out`: metrics that can't be compared, with the reason.

    Raises:
        MBenchError: the suites differ.
    """
    suites = [run.result["suite"] for run in (first, second)]
    if suites[0]["hash"] != suites[1]["hash"]:
        names = [f"{suite['name']} {suite['version']} ({suite['hash'][:8]})" for suite in suites]
        raise ConfigError(
            f"{first.path} ran on {names[0]}, {second.path} on {names[1]}: only runs on one suite compare"
        )
    compared: dict[str, Any] = {}
    left_out: dict[str, str] = {}
    for name in sorted({*first.result["metrics"], *second.result["metrics"]}):
        try:
            compared[name] = _compared(name, first, second)
        except NotApplicable as reason:
            left_out[name] = str(reason)
    return {
        "schema": 1, "first": first.label, "second": second.label, "suite": suites[0]["name"],
        "metrics": compared, "left_out": left_out,
    }  # fmt: skip


def _compared(name: str, first: Scored, second: Scored) -> dict[str, Any]:
    """Return the comparison of a metric.

    Raises:
        NotApplicable: it can't be compared.
    """
    one, other = facts = [run.result["metrics"].get(name) for run in (first, second)]
    if one is None or other is None:
        raise NotApplicable("only one of the runs was scored on it")
    if one["version"] != other["version"]:
        raise NotApplicable(f"versions {one['version']} and {other['version']} differ: score again with one version")
    found = [run.values[name] for run in (first, second)]
    if "n_motions" in one:
        return _compared_sets(name, facts, found)
    pairs = _pairs(found)
    if not len(pairs):
        raise NotApplicable("no prompt has a value in both runs")
    return _comparison(pairs, one["better"])


def _compared_sets(name: str, facts: list[Any], found: list[dict[int, float]]) -> dict[str, Any]:
    """Return the comparison of a metric over the set; `found` holds its rows of each run (`mbench.score_sets`)."""
    if any(VALUE not in values for values in found):
        raise NotApplicable("it has no value in one of the runs")
    sizes = [fact["n_motions"] for fact in facts]
    if name in DEPENDS_ON_SIZE and sizes[0] != sizes[1]:
        raise NotApplicable(
            f"values of {sizes[0]} and of {sizes[1]} motions do not compare: its level depends on how many there are"
        )
    difference, half = found[0][VALUE] - found[1][VALUE], _half_of_difference(found)
    low, high = (None, None) if half is None else (difference - half, difference + half)
    return {
        "first": found[0][VALUE], "second": found[1][VALUE], "difference": difference, "low": low, "high": high,
        "p_sign": None, "n": int(min(values[PROMPTS] for values in found)), "better": facts[0]["better"],
        "verdict": _verdict(low, high, facts[0]["better"]),
    }  # fmt: skip


def _half_of_difference(found: list[dict[int, float]]) -> float | None:
    """Return half the width of the interval of a difference of two values over a set.

    Runs of as many prompts share the subsets that intervals come from: their differences are paired. Else the variances
    of the two values add up.
    """
    over = [[values[number] for number in SUBSETS if number in values] for values in found]
    prompts = [int(values[PROMPTS]) for values in found]
    if prompts[0] == prompts[1] and len(over[0]) == len(over[1]):
        return half_width([a - b for a, b in zip(*over, strict=True)], prompts[0])
    halves = [half_width(values, n) for values, n in zip(over, prompts, strict=True)]
    return None if halves[0] is None or halves[1] is None else math.hypot(halves[0], halves[1])


def _verdict(low: float | None, high: float | None, better: str) -> str:
    """Return what an interval of differences says of the first run."""
    if low is None or high is None or low <= 0 <= high:
        return "can't tell"
    return "better" if (low > 0) == (better == "higher") else "worse"


def _pairs(columns: list[dict[str, float]]) -> NDArray[np.float64]:
    """Return (pairs, 2) values of the prompts that both runs have."""
    both = [prompt for prompt in columns[0] if prompt in columns[1]]
    return np.array([[column[prompt] for column in columns] for prompt in both], dtype=np.float64).reshape(-1, 2)


def _comparison(pairs: NDArray[np.float64], better: str) -> dict[str, Any]:
    difference = pairs[:, 0] - pairs[:, 1]
    mean, low, high = mean_with_interval(difference)
    means = pairs.mean(axis=0)
    return {
        "first": float(means[0]), "second": float(means[1]), "difference": mean, "low": low, "high": high,
        "p_sign": sign_test(difference), "n": len(pairs), "better": better, "verdict": _verdict(low, high, better),
    }  # fmt: skip
