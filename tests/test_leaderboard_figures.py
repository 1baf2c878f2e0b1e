"""Figures of a model: the radar shows the scores where they are, follows the theme, and can be read aloud."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import pytest

from leaderboard.entries import Entry
from leaderboard.site.figures import describe, dimension_svg, radar_svg, scores
from leaderboard_entries import entry, summary
from mbench.metrics.anchors import load_anchors
from mbench.report.figure import VARIABLES
from mbench.results import ScoreRow
from mbench.suites.prompt import DIMENSIONS

NAME = "quality/foot_sliding"
FULL: dict[str, tuple[float | None, float | None, float | None]] = {name: (0.5, 0.4, 0.7) for name in DIMENSIONS}


def with_values(values: list[float], **facts: object) -> Entry:
    """Return an entry whose foot sliding has these values, a prompt each."""
    mean = sum(values) / len(values) if values else None
    made = entry(metrics={NAME: summary(mean, **facts)}, anchors=load_anchors().version)
    vars(made)["rows"] = {NAME: [ScoreRow(NAME, "1", f"p{n}", 0, value) for n, value in enumerate(values)]}
    return made


def test_scores_are_those_of_the_result_and_intervals_go_through_the_same_anchors():
    anchor = load_anchors().by_metric[NAME]
    low, high = anchor.reference, (anchor.reference + 3 * anchor.control) / 4  # a metric whose lower values are better
    found = scores(entry(metrics={NAME: summary(high, low, high, score=0.3)}, anchors=load_anchors().version))
    assert list(found) == list(DIMENSIONS)
    # the reference scores 1, three quarters of the way to the control score 1/4
    assert found["foot_sliding"] == (0.3, pytest.approx(0.25), pytest.approx(1.0))
    assert [value for name, value in found.items() if name != "foot_sliding"] == [(None, None, None)] * 8


def test_other_anchors_give_no_intervals():
    found = scores(entry(metrics={NAME: summary(0.01, 0.0, 0.02, score=0.3)}, anchors=load_anchors().version + 1))
    assert found["foot_sliding"] == (0.3, None, None)


def test_a_metric_without_a_score_has_no_interval_of_one():
    found = scores(entry(metrics={NAME: summary(0.01, 0.0, 0.02)}, anchors=load_anchors().version))
    assert found["foot_sliding"] == (None, None, None)


def points(svg: str) -> list[tuple[float, float]]:
    """Return where the radar marks scores: matplotlib writes one `use` a marker, those of ticks before them."""
    return [(float(x), float(y)) for x, y in re.findall(r'<use [^>]*x="([\d.]+)" y="([\d.]+)"', svg)][-9:]


def test_a_score_lies_as_far_from_the_middle_as_it_is_large():
    values = dict(zip(DIMENSIONS, [k / 8 for k in range(9)], strict=True))
    shown = points(radar_svg({name: (value, None, None) for name, value in values.items()}, "r"))
    edge = points(radar_svg(dict.fromkeys(DIMENSIONS, (1.0, None, None)), "r"))
    middle = points(radar_svg(dict.fromkeys(DIMENSIONS, (0.0, None, None)), "r"))[0]
    for (x, y), value in zip(shown, values.values(), strict=True):
        place = list(values.values()).index(value)
        assert math.dist((x, y), middle) == pytest.approx(value * math.dist(edge[place], middle), abs=0.01)
    above, right = edge[0], edge[2]  # the first is at the top, then clockwise
    assert above[0] == pytest.approx(middle[0], abs=0.01) and above[1] < middle[1] and right[0] > middle[0]


def test_a_missing_score_leaves_a_gap_and_is_said():
    values = {**FULL, "pose_quality": (None, None, None)}
    assert len(re.findall(r"<use ", radar_svg(values, "r"))) == len(re.findall(r"<use ", radar_svg(FULL, "r"))) - 1
    assert "Pose quality missing" in describe(values) and "Jitter degree 0.5 (0.4 – 0.7)" in describe(values)
    nothing = radar_svg(dict.fromkeys(DIMENSIONS, (None, None, None)), "r")
    assert nothing.count("missing") == 9


@pytest.mark.parametrize(
    "make", [lambda: radar_svg(FULL, "r"), lambda: dimension_svg(with_values([1, 2, 3]), NAME, "r")]
)
def test_figures_are_themed_and_alone(make):
    svg = make()
    ElementTree.fromstring(svg)
    assert svg == make()
    assert not re.search(r"#0101\d\d", svg) and not re.search(r"(href|src)=\"(?!#r-)", svg) and "<style" not in svg
    assert set(re.findall(r"var\((--\w+)\)", svg)) <= set(VARIABLES.values())
    assert all(key.startswith("r-") for key in re.findall(r'\bid="([^"]+)"', svg))
    assert 'role="img" aria-label="' in svg


def test_radar_names_all_nine():
    svg = radar_svg(FULL, "r")
    label = re.search(r'aria-label="([^"]+)"', svg)
    assert label and label[1].count("0.5 (0.4 – 0.7)") == 9
    drawn = " ".join(ElementTree.fromstring(svg).itertext()).split()
    assert {"generalizability", "consistency", "Jitter", "0.5", "1"} <= set(drawn)  # no word is broken


def test_distribution_of_many_prompts_stays_small_and_of_none_is_none():
    many = dimension_svg(with_values([0.01 * (k % 37) for k in range(450)], low=0.1, high=0.2), NAME, "r")
    assert many is not None and len(many) < 15_000
    assert "over 450 prompts" in many and "95 % interval 0.1 – 0.2" in many
    assert dimension_svg(with_values([]), NAME, "r") is None


@pytest.mark.parametrize(
    "values",
    [[5e-324, 0, 0, 0, 0, 0], [1.0, 1.0 + 3e-16] * 4, [1e15, -1e15, 0, 0, 0, 1], [0.3] * 6, [1e-300, 2e-300] * 3],
)
def test_values_that_bars_can_not_tell_apart_are_drawn_all_the_same(values):
    assert "over" in str(dimension_svg(with_values(values), NAME, "r"))
