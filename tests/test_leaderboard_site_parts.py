"""What the pages of a leaderboard are made of: drawings, scales, extremes, notes, templates."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest
from jinja2 import UndefinedError

from leaderboard.boards import boards_of
from leaderboard.published import load_published
from leaderboard.site import tables
from leaderboard.site.build import MODULES
from leaderboard.site.extremes import Candidate, extremes, more
from leaderboard.site.histogram import BAND, BINS, HEIGHT, WIDTH, axis_of, histogram
from leaderboard.site.page import Site, compare_path, dimension_path, model_path
from leaderboard.site.published_page import shown_table
from leaderboard.site.render import render
from leaderboard.table import columns_of
from leaderboard_entries import entry, summary
from mbench.metrics.anchors import Anchor, load_anchors
from mbench.report.html import tag

JITTER = "quality/jitter_degree"
FACTS = {"unit": "m/frame^2", "better": "lower", "dimension": "jitter_degree"}


def jitter(value, low=None, high=None, **facts):
    return summary(value, low, high, **{**FACTS, **facts})


def board(*entries):
    [found] = boards_of(entries)
    return found


def column(found, name=JITTER):
    return next(column for column in columns_of(found) if column.name == name)


def motions(values, models=("a", "b")):
    """Return candidates whose models and prompts alternate."""
    entries = [entry(name) for name in models]
    return [Candidate(entries[i % len(entries)], f"p{i // 2}", 0, value) for i, value in enumerate(values)]


@pytest.mark.parametrize("better", ["lower", "higher"])
@pytest.mark.parametrize("seed", range(20))
def test_extremes(better, seed):
    """Against what a reader would do by hand: sort, and take from either end what is of another prompt."""
    generator = np.random.default_rng(seed)
    found = motions(generator.integers(0, 6, size=int(generator.integers(2, 40))).tolist())
    worst, best = extremes(found, better)
    values = [c.value for c in found]
    good, bad = (min(values), max(values)) if better == "lower" else (max(values), min(values))
    if good == bad:
        assert worst == best == []
        return
    for group, end in ((best, good), (worst, bad)):
        assert [abs(c.value - end) for c in group] == sorted(abs(c.value - end) for c in group)
        assert max(Counter(c.prompt for c in group).values()) == 1
    assert bad not in {c.value for c in best} and good not in {c.value for c in worst}
    assert not {id(c) for c in best} & {id(c) for c in worst}
    assert best[0].value == good
    prompts = {c.prompt for c in found if c.value != bad}
    assert len(best) == min(4, len(prompts))
    assert {c.value for c in best} >= {good} and extremes(found[::-1], better) == (worst, best)


def test_extremes_count_what_is_not_shown():
    found = motions([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1])
    worst, best = extremes(found, "lower")
    assert (len(worst), len(best)) == (1, 4)
    assert more(found, best) == 6 and more(found, worst) == 1


def test_axis_holds_values_and_near_anchors():
    values = [np.linspace(1, 2, 11), np.linspace(1.5, 3, 11)]
    axis = axis_of(values, Anchor(reference=0.5, control=50.0, control_is="x"))
    assert axis.low < 0.5 and axis.high > 2.9 and axis.high < 4
    assert axis.real == 0.5 and axis.control is None
    assert axis.place(axis.low) == 0 and axis.place(axis.high) == WIDTH and axis.place(1e9) == WIDTH
    assert axis.place((axis.low + axis.high) / 2) == pytest.approx(WIDTH / 2)


def test_axis_is_not_stretched_by_one_value():
    values = np.r_[np.linspace(0, 1, 999), 1e6]
    axis = axis_of([values])
    assert axis.cut and axis.high < 1.1
    assert not axis_of([np.linspace(0, 1, 50)]).cut or axis_of([np.linspace(0, 1, 50)]).high >= 0.99


@pytest.mark.parametrize("value", [0.0, 3.0, -2.0])
def test_axis_of_equal_values(value):
    axis = axis_of([np.full(5, value)])
    assert axis.low <= value < axis.high and not axis.cut


def test_histogram_counts_every_value():
    generator = np.random.default_rng(0)
    values = generator.gamma(2.0, size=450)
    axis = axis_of([values])
    drawing = histogram(values, {"value": float(values.mean()), "low": 1.0, "high": 2.0}, axis, "<a>")
    edges = np.linspace(axis.low, axis.high, BINS + 1)
    counts = [0] * BINS
    for value in values:  # one by one, those beyond the axis into the bars at its ends
        place = int(np.clip(np.searchsorted(edges, value, side="right") - 1, 0, BINS - 1))
        counts[place] += 1
    assert sum(counts) == 450
    bars = re.findall(rf"M([\d.]+) {HEIGHT:g}V([\d.]+)h", drawing)
    assert len(bars) == sum(count > 0 for count in counts)
    for x, top in bars:
        count = counts[round(float(x) / (WIDTH / BINS))]
        assert float(top) == pytest.approx(HEIGHT * (1 - 0.96 * count / max(counts)), abs=0.06)
    assert f'height="{BAND}"' in drawing and 'class="mean"' in drawing
    assert "&lt;a&gt;" in drawing and "<a>" not in drawing


def test_histogram_says_what_it_shows():
    values = np.array([1.0, 2.0, 3.0, 10.0])
    drawing = histogram(values, {"value": 4.0, "low": None, "high": None}, axis_of([values]), "model")
    assert 'aria-label="model: 4 prompts, mean 4, median 2.5, quartiles 1.75 – 4.75"' in drawing
    assert "band" not in drawing


def test_scale_of_scores_is_zero_to_one():
    found = board(entry(pillars={"quality": {"value": 0.5, "low": 0.4, "high": 0.6, "dimensions": [JITTER], "n": 5}}))
    scale = tables.scale_of(found, column(found, "quality"))
    assert (scale.low, scale.high, scale.place(0.25)) == (0, 1, "25.0")


def test_scale_holds_all_ends_and_real_motion_where_it_is_near():
    real = load_anchors().by_metric[JITTER].reference
    near = board(entry(metrics={JITTER: jitter(real * 2, real * 1.5, real * 2.5)}))
    scale = tables.scale_of(near, column(near))
    assert scale.low < real == scale.real < scale.high and scale.high > real * 2.5
    far = board(entry(metrics={JITTER: jitter(100.0, 99.0, 101.0)}))
    assert tables.scale_of(far, column(far)).real is None
    other = board(entry(metrics={JITTER: jitter(real * 2, real * 1.5, real * 2.5, version="99")}))
    assert tables.scale_of(other, column(other)).real is None  # another metric than the anchors are of
    old = board(entry(metrics={JITTER: jitter(real * 2, real * 1.5, real * 2.5)}, anchors=99))
    assert tables.scale_of(old, column(old)).real is None
    assert tables.scale_of(near, column(near, "quality/foot_sliding")) is None


def test_rows_are_sorted_best_first_and_missing_last():
    found = board(
        entry("none", metrics={JITTER: jitter(None)}),
        entry("bad", metrics={JITTER: jitter(3.0, 2.5, 3.5)}),
        entry("good", metrics={JITTER: jitter(1.0, 0.5, 1.5)}),
    )
    rows = tables.rows(found, [column(found)])
    assert [row.label for row in rows] == ["good", "bad", "none"]
    good, bad, none = (row.cells[0] for row in rows)
    assert (good.text, good.interval, good.rank, good.leads) == ("1", "0.5–1.5", "1", True)
    assert (bad.rank, bad.leads) == ("2", False) and float(bad.sort) == 3.0
    assert (none.text, none.sort, none.rank, none.point) == ("—", "", "", "") and none.note


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (0.5, 1.5, "0.5–1.5"),
        (-4.82, -3.77, "−4.8 to −3.8"),
        (1e-7, 0.5, "1e−7 to 0.5"),
        (900.0, 1204.0, "900–1204"),
    ],
)
def test_intervals_can_be_read(low, high, text):
    found = board(entry(metrics={JITTER: jitter((low + high) / 2, low, high)}))
    assert tables.rows(found, [column(found)])[0].cells[0].interval == text


def test_columns_without_values_are_left_out():
    found = board(entry(metrics={JITTER: jitter(1.0)}))
    assert [c.name for c in tables.with_values(columns_of(found))] == [JITTER]


@pytest.mark.parametrize(
    ("value", "text"),
    [(1154.2, "1154"), (-1154.2, "−1154"), (0.012345, "0.0123"), (0.0, "0"), (999.4, "999"), (2.5e7, "2.5e+7")],
)
def test_short_numbers(value, text):
    assert tables.short(value, 3) == text


def test_kinds_notes_and_judges_are_told_once():
    judged = {"judge": "toy.1", "judge_notes": "Knows nothing."}
    consistency = {"fidelity/motion_condition_consistency": summary(0.5, better="higher", unit="share", **judged)}
    some = [entry("b", kind="control", notes=["n", "n"]), entry("a", notes=["n", "own"]), entry("c", kind="odd")]
    found = board(*some, entry("d", metrics=consistency, notes=["n"]))
    assert tables.kinds_of([found]) == ["learned", "control", "odd"]
    assert tables.notes_of(found) == [("n", "a, b, d"), ("own", "a")]
    assert tables.judges_of(found) == [("toy.1", "Knows nothing.", ["motion_condition_consistency"])]
    assert tables.notes_of(board(entry("a", notes=["n"]), entry("b", notes=["n"]))) == [("n", "all results")]


def test_published_digits_are_those_of_the_source():
    for table in load_published():
        shown = shown_table(table)
        for row in table.rows:
            for key, value in row.values.items():
                assert float(f"{value:.{shown['digits'][key]}f}") == value
    assert shown_table(load_published()[0])["digits"]["pose"] == 2


def test_paths_are_safe_and_apart():
    names = ["a", "A", "../../x", "<b>", "é", "a b", "a-b", "con" * 200]
    entries = [entry(name) for name in names]
    paths = [model_path(one) for one in entries]
    assert len({path.lower() for path in paths}) == len(paths)
    assert all(re.fullmatch(r"models/[a-z0-9_.-]{1,150}\.html", path) and ".." not in path for path in paths)
    assert re.fullmatch(r"compare\.html#a=[a-z0-9_.-]+&b=[a-z0-9_.-]+", compare_path(entries[2], entries[3]))
    assert dimension_path("foot_sliding") == "dimensions/foot-sliding.html"


def test_templates_escape_all_but_markup():
    text = Site([], []).page("a/b/c.html", "base.html", made_by="<script>")
    assert "&lt;script&gt;" in text and "<script>" not in text
    assert 'href="../../static/style.css' in text
    assert str(tag("p", "<b>")) == "<p>&lt;b&gt;</p>" == tag("p", "<b>").__html__()


def test_a_variable_that_is_not_given_is_an_error():
    with pytest.raises(UndefinedError, match="root"):
        render("base.html")


def test_modules_give_pages():
    from importlib import import_module

    assert len(set(MODULES)) == len(MODULES)
    assert all(callable(import_module(f"leaderboard.{name}").pages) for name in MODULES)
