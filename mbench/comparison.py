"""`mbench compare`: paired differences of two runs, with the honest word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mbench.errors import ConfigError
from mbench.results import RunFolder, ScoreRow
from mbench.stats import mean_with_interval, sign_test
from mbench.summary import prompt_means


def compare_runs(first: Path, second: Path) -> dict[str, Any]:
    """Compare two finished runs on the prompts that both have values for.

    Args:
        first: folder of a run.
        second: folder of another run on the same suite.

    Returns:
        for each metric: both means, the mean of the paired differences (first - second) with its 95 % bootstrap
        interval over prompts, the p of the sign test, n pairs, and a verdict on the first: `better` or `worse` where
        the interval excludes 0, else `can't tell`. `left_out`: metrics that can't be compared, with the reason.

    Raises:
        MBenchError: a folder holds no finished run, or the suites differ.
    """
    runs = [RunFolder(first), RunFolder(second)]
    results = [run.read_result() for run in runs]
    suites = [result["suite"] for result in results]
    if suites[0]["hash"] != suites[1]["hash"]:
        names = [f"{suite['name']} {suite['version']} ({suite['hash'][:8]})" for suite in suites]
        raise ConfigError(f"{first} ran on {names[0]}, {second} on {names[1]}: only runs on one suite compare")
    rows = [list(run.read_scores().values()) for run in runs]
    compared, left_out = {}, {}
    for name in sorted({*results[0]["metrics"], *results[1]["metrics"]}):
        facts = [result["metrics"].get(name) for result in results]
        reason = _why_not(facts)
        pairs = _pairs([_of(r, name, f) for r, f in zip(rows, facts, strict=True)]) if reason is None else None
        if pairs is None or not len(pairs):
            left_out[name] = reason or "no prompt has a value in both runs"
        else:
            compared[name] = _comparison(pairs, facts[0]["better"])
    labels = [f"{result['model']} ({result['run_id']})" for result in results]
    return {
        "schema": 1, "first": labels[0], "second": labels[1], "suite": suites[0]["name"],
        "metrics": compared, "left_out": left_out,
    }  # fmt: skip


def _why_not(facts: list[dict[str, Any] | None]) -> str | None:
    """Return why a metric can't be compared, or None."""
    one, other = facts
    if one is None or other is None:
        return "only one of the runs was scored on it"
    if one["version"] != other["version"]:
        return f"versions {one['version']} and {other['version']} differ: score again with one version"
    return None


def _of(rows: list[ScoreRow], name: str, facts: dict[str, Any] | None) -> dict[str, float]:
    version = facts["version"] if facts else None
    return prompt_means(row for row in rows if row.metric == name and row.version == version and row.prompt)


def _pairs(columns: list[dict[str, float]]) -> NDArray[np.float64]:
    """Return (pairs, 2) values of the prompts that both runs have."""
    both = [prompt for prompt in columns[0] if prompt in columns[1]]
    return np.array([[column[prompt] for column in columns] for prompt in both], dtype=np.float64).reshape(-1, 2)


def _comparison(pairs: NDArray[np.float64], better: str) -> dict[str, Any]:
    difference = pairs[:, 0] - pairs[:, 1]
    mean, low, high = mean_with_interval(difference)
    verdict = "can't tell"
    if low is not None and high is not None and (low > 0 or high < 0):
        verdict = "better" if (low > 0) == (better == "higher") else "worse"
    means = pairs.mean(axis=0)
    return {
        "first": float(means[0]), "second": float(means[1]), "difference": mean, "low": low, "high": high,
        "p_sign": sign_test(difference), "n": len(pairs), "better": better, "verdict": verdict,
    }  # fmt: skip
