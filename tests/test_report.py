"""`report.html`: whole, safe, self-contained, the same bytes from the same folder."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import yaml

from conftest import make_walk
from mbench.config import load_config
from mbench.errors import MBenchError
from mbench.metrics.anchors import Anchor, load_anchors
from mbench.motion import Motion
from mbench.motion.degrade import jitter
from mbench.report import write_report
from mbench.report.breakdown import tag_means
from mbench.report.clips import extremes
from mbench.report.figure import VARIABLES, distribution_svg
from mbench.report.html import Html, number, prose, tag
from mbench.report.reproduce import command
from mbench.results import RunFolder, ScoreRow
from mbench.stats import mean_with_interval
from mbench.suites.prompt import Prompt
from report_runs import CARD, CONFIG, make_run, prompts_of

METRICS = ("quality/jitter_degree", "quality/foot_floating", "quality/root_drift")
VOID = {"meta", "br", "hr"}
NASTY = "<script>alert('x')</script><img src=x onerror=alert(1)> \"quoted\" & 'single'"


class Page(HTMLParser):
    """A page taken apart; fails on tags that do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.source = text
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        assert self.open == [], self.open

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((name, dict(attributes)))
        if name not in VOID:
            self.open.append(name)

    def handle_startendtag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((name, dict(attributes)))

    def handle_endtag(self, name: str) -> None:
        assert self.open.pop() == name

    def handle_data(self, text: str) -> None:
        if "style" not in self.open:
            self.texts.append(text)

    def values(self, attribute: str) -> list[str]:
        return [found[attribute] or "" for _, found in self.elements if attribute in found]

    @property
    def text(self) -> str:
        return " ".join(self.texts)


def trembling(count: int) -> list[Motion]:
    """Return walks that tremble more and more."""
    rng = np.random.default_rng(3)
    return [jitter(make_walk(2.0), 0.002 * (1 + index), rng) for index in range(count)]


def little_run(path: Path, count: int = 8, **result: object) -> tuple[RunFolder, list[Prompt]]:
    tags = [("even" if index % 2 == 0 else "odd", "all") for index in range(count)]
    prompts = prompts_of([f"a person trembles, number {index}" for index in range(count)], tags)
    return make_run(path, prompts, trembling(count), METRICS, **result), prompts


def read(folder: RunFolder, prompts: list[Prompt]) -> Page:
    return Page(write_report(folder, prompts).read_text(encoding="utf-8"))


def test_page_is_whole_and_needs_nothing_from_outside(tmp_path: Path) -> None:
    folder, prompts = little_run(tmp_path / "run")
    page = read(folder, prompts)
    ids = page.values("id")
    assert len(ids) == len(set(ids)) > 20
    for link in [*page.values("href"), *page.values("xlink:href")]:
        assert link[1:] in ids if link.startswith("#") else (folder.path / link).is_file(), link
    assert {"scores.csv", "result.json", "run.json"} <= set(page.values("href"))
    assert not {"script", "link", "img", "iframe", "object"} & {name for name, _ in page.elements}
    assert not re.search(r"@import|url\((?!#)|\bsrc=|https?://(?!www\.w3\.org/)", page.source)
    used = re.findall(r"url\(#([^)]+)\)", page.source)
    assert used and set(used) <= set(ids)


def test_every_picture_and_table_can_be_read_aloud(tmp_path: Path) -> None:
    page = read(*little_run(tmp_path / "run"))
    pictures = [found for name, found in page.elements if name == "svg"]
    assert len(pictures) > 10
    assert all(found.get("role") == "img" and found.get("aria-label") for found in pictures)
    assert all(found.get("scope") for name, found in page.elements if name == "th")
    names = [name for name, _ in page.elements]
    assert names.count("caption") == names.count("table") > 1
    assert names.count("h1") == 1
    assert dict(page.elements)["html"] == {"lang": "en"}


def test_text_of_others_never_becomes_markup(tmp_path: Path) -> None:
    prompts = prompts_of([f"{NASTY} {index}" for index in range(4)], [(NASTY,)] * 3 + [()])
    motions = [*trembling(3), NASTY]
    folder = make_run(tmp_path / "run", prompts, motions, METRICS, model=NASTY, kind=NASTY, notes=[NASTY])
    run = folder.read_run()
    run["card"] = {**CARD, "name": NASTY, NASTY: NASTY}
    run["config"] = {**CONFIG, "model": {"name": NASTY}}
    run["provenance"]["command"] = [NASTY, NASTY]
    run["provenance"]["packages"] = {NASTY: NASTY}
    folder.write_run(run)
    page = read(folder, prompts)
    assert "<script" not in page.source
    assert not any(name in ("script", "img") for name, _ in page.elements)
    assert not any(key.startswith("on") for _, found in page.elements for key in found)
    assert page.text.count(NASTY) >= 10


def test_same_folder_gives_the_same_bytes(tmp_path: Path) -> None:
    folder, prompts = little_run(tmp_path / "run")
    first = write_report(folder, prompts).read_bytes()
    assert write_report(folder, prompts).read_bytes() == first
    shutil.copytree(folder.path, tmp_path / "elsewhere" / "copy")
    assert write_report(RunFolder(tmp_path / "elsewhere" / "copy"), prompts).read_bytes() == first
    assert str(tmp_path).encode() not in first
    assert [path for path in folder.path.iterdir() if path.name.startswith(".")] == []


def test_header_says_what_ran(tmp_path: Path) -> None:
    page = read(*little_run(tmp_path / "run", notes=["2 motions are short"]))
    for expected in ("example", "on little 1", "8 of 8", "abcdef012345", "2026-01-02 03:05:06 UTC", "0.25 s (median)"):
        assert expected in page.text
    assert "2 motions are short" in page.text
    assert "Incomplete" not in page.text


def test_missing_motions_and_faults_are_said(tmp_path: Path) -> None:
    prompts = prompts_of(["one", "two", "three", "four"])
    motions = [*trembling(3), "out of memory"]

    def value(metric: str, motion: Motion) -> tuple[float | None, str | None]:
        broken = metric == METRICS[0] and motion is motions[0]
        return (None, "failed: ZeroDivisionError: oh") if broken else (float(len(motion)), None)

    page = read(make_run(tmp_path / "run", prompts, motions, METRICS, value), prompts)
    assert "Incomplete" in page.text
    assert "1 of 4 motions are missing" in page.text
    assert "1 motion: out of memory" in page.text
    assert "Jitter degree: 1 value missing that should be there" in page.text
    assert "Foot floating: " not in page.text, "its one missing value is that of the missing motion"
    assert "ZeroDivisionError: oh" in page.text and "fault" in page.texts and "no motion" in page.texts


def test_run_without_any_motion_has_a_page(tmp_path: Path) -> None:
    prompts = prompts_of(["one", "two"])
    page = read(make_run(tmp_path / "run", prompts, ["no device", "no device"], METRICS), prompts)
    assert "2 of 2 motions are missing; there is nothing to score" in page.text
    assert {"Metrics", "Missing values"} <= set(page.texts)
    assert "Metric by metric" not in page.texts and "Pillars" not in page.texts


def test_metric_that_applies_nowhere_is_listed_with_its_reason(tmp_path: Path) -> None:
    page = read(*little_run(tmp_path / "run"))
    assert "does not hold both absolute and integrated root positions" in page.text
    assert "m-quality-root-drift" not in page.values("id")
    assert "m-quality-jitter-degree" in page.values("id")


def test_motions_that_are_gone_or_changed_are_said(tmp_path: Path) -> None:
    folder, prompts = little_run(tmp_path / "run")
    before = read(folder, prompts)
    assert "gone" not in before.text
    (folder.motions / "p007-0.npz").unlink()
    (folder.motions / "p006-0.npz").write_bytes(b"no motion")
    after = read(folder, prompts)
    strips = [page.source.count("frames of a motion") for page in (before, after)]
    assert strips[0] - strips[1] == after.text.count("Its motion file is gone or has changed.") > 0
    assert number(json.loads(folder.result.read_text())["metrics"][METRICS[0]]["value"]) in after.text


def test_shown_configuration_is_the_one_of_the_run(tmp_path: Path) -> None:
    page = read(*little_run(tmp_path / "run"))
    shown = next(text for text in page.texts if text.startswith("model:"))
    assert load_config(yaml.safe_load(shown)).model_dump() == CONFIG
    assert "mbench evaluate 'my model.yaml'" in page.text


def test_command_is_what_one_types() -> None:
    assert command(["/opt/env/bin/mbench", "evaluate", "a b.yaml"]) == "mbench evaluate 'a b.yaml'"
    assert command([]) == ""


def test_unknown_metric_and_other_anchors_do_not_stop_the_page(tmp_path: Path) -> None:
    folder, prompts = little_run(tmp_path / "run")
    result = folder.read_result()
    result["metrics"]["quality/elsewhere"] = {**result["metrics"][METRICS[0]], "is_dimension": False, "unit": "m_<_"}
    result["anchors"] = -1
    folder.write_result(result)
    rows = list(folder.read_scores().values())
    folder.finish_scores([*rows, *(replace(r, metric="quality/elsewhere") for r in rows if r.metric == METRICS[0])])
    page = read(folder, prompts)
    assert "Its definition is not installed here." in page.text
    assert not re.search(r"real motion \d", page.text), "anchors of another version must not be drawn"


def test_value_of_the_whole_set_has_no_distribution(tmp_path: Path) -> None:
    folder, prompts = little_run(tmp_path / "run")
    result = folder.read_result()
    result["metrics"] = {METRICS[0]: {**result["metrics"][METRICS[0]], "n": 1}}
    folder.write_result(result)
    version = result["metrics"][METRICS[0]]["version"]
    folder.finish_scores([ScoreRow(METRICS[0], version, "", replicate, 0.5) for replicate in range(5)])
    page = read(folder, prompts)
    assert "One value for the whole set" in page.text
    assert page.source.count("frames of a motion") == 0


def test_replicates_are_told_apart(tmp_path: Path) -> None:
    folder, prompts = little_run(tmp_path / "run", count=2, replicates=2)
    folder.add_to_index([folder.add_motion(make_walk(2.0), prompts[0].id, 1, 9, 0.1)])
    rows = list(folder.read_scores().values())
    first = next(row for row in rows if row.metric == METRICS[0])
    folder.finish_scores([*rows, replace(first, replicate=1, value=0.0)])
    page = read(folder, prompts)
    assert "p000 · replicate 1" in page.text
    assert "2 × 2 replicates" in page.text


def test_run_that_is_not_finished_has_no_page(tmp_path: Path) -> None:
    with pytest.raises(MBenchError, match="holds no result.json"):
        write_report(RunFolder(tmp_path), [])
    assert list(tmp_path.iterdir()) == []


def test_pages_need_matplotlib_only_when_written() -> None:
    code = "import sys, mbench.report; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_settings_of_matplotlib_stay(tmp_path: Path) -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    read(*little_run(tmp_path / "run", count=2))
    assert dict(matplotlib.rcParams) == before


def rows_of(values: list[float | None]) -> list[ScoreRow]:
    return [ScoreRow("m", 1, f"p{i}", 0, value, None if value is not None else "no") for i, value in enumerate(values)]


@pytest.mark.parametrize(
    ("values", "better", "worst", "best"),
    [
        ([5.0, 1.0, 4.0, 2.0, 3.0, 6.0, 0.0], "lower", ["p5", "p0", "p2"], ["p6", "p1", "p3"]),
        ([5.0, 1.0, 4.0, 2.0, 3.0, 6.0, 0.0], "higher", ["p6", "p1", "p3"], ["p5", "p0", "p2"]),
        ([0.0, 0.0, 0.0, 7.0], "lower", ["p3"], ["p0", "p1"]),
        ([1.0, None, 2.0], "lower", ["p2"], ["p0"]),
        ([3.0, 2.0, 1.0], "lower", ["p0"], ["p2"]),
        ([2.0, 2.0, 2.0], "lower", [], []),
        ([2.0], "higher", [], []),
        ([], "lower", [], []),
    ],
)
def test_worst_and_best(values: list[float | None], better: str, worst: list[str], best: list[str]) -> None:
    found = extremes(rows_of(values), better)
    assert [[row.prompt for row in rows] for rows in found] == [worst, best]


def test_worst_and_best_are_the_ends_and_never_the_same() -> None:
    rng = np.random.default_rng(0)
    for count in range(2, 30):
        values = rng.integers(0, 6, count).astype(float).tolist()
        worst, best = extremes(rows_of(values), "higher")
        if len(set(values)) == 1:
            continue
        assert not {row.prompt for row in worst} & {row.prompt for row in best}
        assert best[0].value == max(values) and worst[0].value == min(values)
        ordered = sorted(values)
        assert [row.value for row in worst] == ordered[: len(worst)]
        assert [row.value for row in best] == ordered[::-1][: len(best)]


def test_means_by_tag_are_those_of_the_groups() -> None:
    rng = np.random.default_rng(1)
    values = {f"p{index}": float(value) for index, value in enumerate(rng.normal(5, 1, 200))}
    groups = [{f"p{index}" for index in range(start, 200, 2)} for start in (0, 1)] + [{"p3"}, {"unknown"}]
    found = tag_means(values, groups)
    for (mean, low, high, n), group in zip(found[:2], groups, strict=False):
        inside = np.array([values[prompt] for prompt in values if prompt in group])
        expected = mean_with_interval(inside)
        assert (mean, n) == (pytest.approx(expected[0]), 100)
        assert (low, high) == (pytest.approx(expected[1], abs=0.03), pytest.approx(expected[2], abs=0.03))
    assert found[2] == (values["p3"], None, None, 1)
    assert np.isnan(found[3][0]) and found[3][1:] == (None, None, 0)


def test_breakdown_shows_tags_and_only_where_there_are_any(tmp_path: Path) -> None:
    folder, prompts = little_run(tmp_path / "run")
    page = read(folder, prompts)
    assert {"even", "odd", "By prompt tag"} <= set(page.texts)
    assert "all" not in page.texts, "a tag that every prompt has says what the table of metrics says"
    jitters = [row.value for row in folder.read_scores().values() if row.metric == METRICS[0]]
    assert number(float(np.mean(jitters[1::2])), 3) in " ".join(page.texts)
    assert "By prompt tag" not in read(folder, [replace(prompt, tags=()) for prompt in prompts]).texts


@pytest.mark.parametrize(
    ("values", "anchor"),
    [
        (np.linspace(0.1, 0.9, 30), Anchor(0.5, 0.0, "a fault")),
        (np.linspace(0.1, 0.9, 30), Anchor(0.5, 1e6, "a fault")),
        (np.linspace(0.1, 0.9, 30), Anchor(-50.0, 0.2, "a fault")),
        (np.zeros(40), None),
        (np.full(40, 3.25), Anchor(3.25, 4.0, "a fault")),
        (np.array([0.5]), None),
        (np.array([0.1, 0.2, 0.3]), Anchor(0.1, 0.5, "a fault")),
        (np.array([1e-9] * 20 + [1e9]), None),
    ],
)
def test_figure_is_drawn_for_any_values(values: np.ndarray, anchor: Anchor | None) -> None:
    mean, low, high = mean_with_interval(values)
    summary = {"value": mean, "low": low, "high": high}
    drawn = distribution_svg(values, summary, anchor, "speed ($m/s^2$ <&>)", "x")
    root = ElementTree.fromstring(drawn)
    texts = [element.text for element in root.iter("text")]
    assert "speed ($m/s^2$ <&>)" in texts
    assert f"mean {number(mean, 3)}" in texts
    assert any("real motion" in (text or "") for text in texts) == (anchor is not None)
    assert f"over {len(values)} prompts" in root.attrib["aria-label"]
    assert not any(colour in drawn for colour in VARIABLES)
    assert all(element.attrib["id"].startswith("x-") for element in root.iter() if "id" in element.attrib)


def test_figure_places_mean_and_anchor_on_one_scale() -> None:
    values = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    summary = {"value": 2.5, "low": None, "high": None}
    root = ElementTree.fromstring(distribution_svg(values, summary, Anchor(5.0, 0.0, "a fault"), "x", "x"))
    place = {}
    for path in root.iter("path"):
        ends = re.findall(r"[ML] ([\d.]+) [\d.]+", path.attrib["d"])
        if len(ends) == 2 and ends[0] == ends[1]:
            place[re.search(r"stroke: (var\(--\w+\))", path.attrib["style"]).group(1)] = float(ends[0])
    control, mean, real = (place[f"var(--{name})"] for name in ("control", "accent", "real"))
    assert control < mean < real
    assert mean - control == pytest.approx(real - mean, abs=0.01)


def test_anchored_score_and_its_interval_are_drawn(tmp_path: Path) -> None:
    folder, prompts = little_run(tmp_path / "run")
    page = read(folder, prompts)
    summary = folder.read_result()["metrics"][METRICS[0]]
    anchor = load_anchors().by_metric[METRICS[0]]
    score = anchor.score(summary["value"])
    ends = sorted(anchor.score(summary[end]) for end in ("low", "high"))
    label = next(text for text in page.values("aria-label") if text.startswith("Jitter degree score"))
    assert label == f"Jitter degree score {number(score, 3)}, 95 % interval {number(ends[0], 3)} – {number(ends[1], 3)}"
    assert f"{100 * score:.2f}%" in page.values("cx")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "—"),
        (0.0, "0"),
        (0.057312, "0.05731"),
        (-3.5984, "−3.598"),
        (3.6211e-7, "3.62e−7"),
        (1234567.0, "1.235e+6"),
    ],
)
def test_numbers_for_reading(value: float | None, shown: str) -> None:
    assert number(value) == shown


def test_elements_escape_what_is_not_markup() -> None:
    assert tag("p", "a < b", Html("<b>c</b>"), None, class_='"x"') == '<p class="&quot;x&quot;">a &lt; b<b>c</b></p>'


def test_docstring_becomes_paragraphs_lists_and_code() -> None:
    text = "Mean of `x < 1`\nover frames.\n\n- one\n  more\n- two\n"
    assert prose(text) == ("<p>Mean of <code>x &lt; 1</code> over frames.</p><ul><li>one more</li><li>two</li></ul>")


def test_bodies_are_drawn_for_the_worst_clips_of_dimensions_alone(tmp_path, monkeypatch):
    from mbench.report import content as module
    from mbench.report import page

    monkeypatch.setattr(module, "strip_jpeg", lambda motion: f"data:image/jpeg;base64,{len(motion)}")
    prompts = prompts_of([f"walk {i}" for i in range(8)])
    motions = [jitter(make_walk(3.0), 0.001 * i, np.random.default_rng(i)) for i in range(8)]
    names = ["quality/jitter_degree", "quality/jerk"]
    folder = make_run(tmp_path / "run", prompts, motions, names)
    plain, drawn = page(folder, prompts), page(folder, prompts, pictures=True)
    assert "<img" not in plain and drawn.count("<img") == 3, "the three worst of the one dimension"
    assert drawn.count("<svg") == plain.count("<svg") - 3


def test_a_strip_of_bodies_is_a_small_picture(walk):
    pytest.importorskip("warp")
    pytest.importorskip("smplx")
    from mbench.report.content import strip_jpeg

    data = strip_jpeg(walk)
    assert data.startswith("data:image/jpeg;base64,/9j/") and len(data) < 60_000
