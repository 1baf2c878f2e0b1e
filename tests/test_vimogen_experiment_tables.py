"""Estimates with intervals and tables of the experiments."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mbench.errors import FormatError
from mbench.metrics import distribution
from mbench.metrics.anchors import load_anchors
from mbench.stats import bootstrap_weights, mean_with_interval
from vimogen.experiments import estimates
from vimogen.experiments.estimates import Estimate
from vimogen.experiments.marks import DIMENSIONS, Marks
from vimogen.experiments.tables import PAGE, Result, Table, with_block

EXAMPLES = Path(__file__).parents[1] / "examples" / "ablations"
DOCS = Path(__file__).parents[1] / "docs"


def values(seed: int, n: int = 30) -> np.ndarray:
    """Return some numbers, two of them missing."""
    found = np.random.default_rng(seed).normal(1.0, 0.5, n)
    found[[seed, seed + 3]] = np.nan
    return found


def test_a_mean_is_that_of_mbench() -> None:
    found = estimates.mean(values(1))
    assert (found.value, found.low, found.high) == pytest.approx(mean_with_interval(values(1)))
    assert found.n == 28


def naive(table: np.ndarray, function: Any) -> tuple[float, float, float]:
    """Return a function of column means and its interval, one resample at a time."""
    drawn = [np.repeat(np.arange(len(table)), counts.astype(int)) for counts in bootstrap_weights(len(table))]
    found = [function(table[rows].mean(axis=0)) for rows in drawn]
    return function(table.mean(axis=0)), *np.quantile(found, [0.025, 0.975])


def test_differences_ratios_and_shares_are_those_of_paired_prompts() -> None:
    columns = [values(seed) + seed for seed in (1, 2, 5)]
    table = np.stack(columns, axis=1)
    pairs = table[~np.isnan(table[:, :2]).any(axis=1), :2]
    whole = table[~np.isnan(table).any(axis=1)]
    for found, rows, function in (
        (estimates.difference(*columns[:2]), pairs, lambda m: m[0] - m[1]),
        (estimates.ratio(*columns[:2]), pairs, lambda m: m[0] / m[1]),
        (estimates.share_kept(*columns), whole, lambda m: (m[0] - m[2]) / (m[1] - m[2])),
    ):
        assert (found.value, found.low, found.high) == pytest.approx(naive(rows, function), abs=1e-9)
        assert found.n == len(rows)


def test_the_interval_of_a_difference_of_equal_arms_is_zero() -> None:
    found = estimates.difference(values(1), values(1))
    assert (found.value, found.low, found.high) == (0, 0, 0)
    assert not found.excludes_zero
    assert Estimate(0.2, 0.1, 0.3, 9).excludes_zero
    assert not Estimate(0.2, None, None, 1).excludes_zero


def test_no_value_is_no_zero() -> None:
    nothing = np.full(4, np.nan)
    assert estimates.mean(nothing) == Estimate(None, None, None, 0)
    assert str(estimates.difference(nothing, np.ones(4))) == "-"
    assert str(estimates.ratio(np.ones(4), np.zeros(4))) == "-"


def marks_of(seed: int, n: int = 20) -> Marks:
    """Return marks with values near the anchors."""
    rng, anchors = np.random.default_rng(seed), load_anchors().by_metric
    columns = {}
    for name in DIMENSIONS:
        own = anchors[f"quality/{name}"]
        columns[name] = own.reference + (own.control - own.reference) * rng.uniform(0, 0.8, n)
    columns[DIMENSIONS[1]][2] = np.nan
    vectors = rng.normal(size=(n, 6))
    return Marks(columns, vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def pillar(means: np.ndarray) -> float:
    """Return the mean score of means on the scale of the anchors."""
    own = [load_anchors().by_metric[f"quality/{name}"] for name in DIMENSIONS]
    scores = [(value - a.control) / (a.reference - a.control) for value, a in zip(means, own, strict=True)]
    return float(np.clip(scores, 0, 1).mean())


def test_quality_is_the_pillar_of_the_means() -> None:
    one, other = marks_of(1), marks_of(2)
    means = [np.array([np.nanmean(marks[name]) for name in DIMENSIONS]) for marks in (one, other)]
    assert estimates.quality(one).value == pytest.approx(pillar(means[0]))
    apart = estimates.quality_difference(one, other)
    assert apart.value == pytest.approx(pillar(means[0]) - pillar(means[1]))
    assert apart.low is not None and apart.high is not None
    assert apart.low < apart.value < apart.high
    assert apart.n == 20


def test_kid_is_that_of_mbench_and_its_interval_holds_it() -> None:
    made, real = marks_of(1, 40).vectors, marks_of(2, 50).vectors
    found = estimates.kernel_distance(np.vstack([made, np.full(6, np.nan)]), real)
    assert found.value == pytest.approx(distribution.kernel_distance(made, real))
    assert found.low is not None and found.high is not None
    assert found.low < found.value < found.high
    assert found.n == 40
    shifted = made + 2.0
    far = estimates.kernel_distance(shifted / np.linalg.norm(shifted, axis=1, keepdims=True), real)
    assert far.low is not None and far.low > found.high
    assert estimates.kernel_distance(made[:1], real).value is None


def test_a_resample_with_repeats_does_not_raise_kid() -> None:
    rng = np.random.default_rng(0)
    both = rng.normal(size=(80, 6))
    both /= np.linalg.norm(both, axis=1, keepdims=True)
    found = estimates.kernel_distance(both[:40], both[40:])
    assert found.low is not None and found.high is not None
    assert abs((found.low + found.high) / 2 - found.value) < (found.high - found.low) / 4


def table() -> Table:
    """Return a table with a cell of each kind."""
    rows = (("one", Estimate(0.5, 0.25, 0.75, 8), True, 12), ("two", Estimate(None, None, None, 0), None, 0.123456))
    return Table("A title", ("arm", "match", "enough", "n"), rows, ("A note.",))


def test_a_table_as_markdown() -> None:
    assert table().markdown() == (
        "**A title**\n\n| arm | match | enough | n |\n|---|---|---|---|\n| one | 0.5 [0.25, 0.75] | yes | 12 |\n"
        "| two | - | - | 0.123 |\n\nA note."
    )


def test_a_result_is_written_to_its_files_and_to_the_page(tmp_path: Path) -> None:
    (tmp_path / PAGE).write_text("# Page\n\n<!-- one -->\nold\n<!-- end of one -->\n\ntail\n")
    result = Result("one", "python benchmarks/one.py --limit 3", (table(),), ("weights abc",), {"steps": "one.png"})
    result.publish(tmp_path)
    result.publish(tmp_path)
    page = (tmp_path / PAGE).read_text()
    assert page.count("**A title**") == 1
    assert "old" not in page
    assert page.endswith("<!-- end of one -->\n\ntail\n")
    assert "`python benchmarks/one.py --limit 3`" in page
    assert "![steps](tables/one.png)" in page
    stored = json.loads((tmp_path / "tables" / "one.json").read_text())
    assert stored["tables"][0]["rows"][0]["match"] == {"value": 0.5, "low": 0.25, "high": 0.75, "n": 8}
    assert stored["tables"][0]["rows"][1]["enough"] is None
    assert "![steps](one.png)" in (tmp_path / "tables" / "one.md").read_text()


def test_a_page_without_the_block_is_told() -> None:
    with pytest.raises(FormatError, match="has no block <!-- two -->"):
        with_block("<!-- two --> but no end", "two", "text")


def test_the_page_has_a_block_for_every_script() -> None:
    page = (DOCS / PAGE).read_text()
    for name in ("gate", "distilled", "steps", "data", "losses", "heldin", "quality"):
        with_block(page, f"vimogen_{name}", "text")
