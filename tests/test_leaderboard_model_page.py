"""The page of a model: what it says is what the result says, whoever wrote it, in every browser."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from browser import check_accessibility, chromium, file_url, page_of
from leaderboard.boards import boards_of
from leaderboard.entries import Entry, read_entries
from leaderboard.site.model_page import EXTREMES, RANDOM, model_page, pages, random_prompts
from leaderboard.site.page import Site, model_path
from leaderboard_entries import edit
from leaderboard_runs import make_results
from mbench.metrics.anchors import load_anchors
from mbench.metrics.base import METRICS
from mbench.report.html import between, number
from mbench.results import Generation, RunFolder, ScoreRow
from mbench.suites.prompt import DIMENSIONS
from site_pages import Elements, assert_harmless, make_nasty, until, write_pages


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    make_results(folder, ("choreographer", "jittered"))
    return folder / "results"


@pytest.fixture
def results(made, tmp_path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "results"))


def site_of(results: Path) -> Site:
    entries = read_entries(results)[0]
    return Site(entries, boards_of(entries), videos=False)


def text_of(results: Path, model: str = "choreographer") -> str:
    """Return the page of a model."""
    site = site_of(results)
    (entry,) = (entry for entry in site.entries if entry.name.startswith(model))
    return model_page(site, site.boards[0], entry)


def rows_of(page: str, caption: str) -> list[list[str]]:
    """Return the cells of the body of a table as text."""
    table = page[page.index(f">{caption}</caption>") :]
    rows = re.findall(r"<tr>(.*?)</tr>", table[: table.index("</table>")], re.DOTALL)
    cells = [re.findall(r"<(?:th|td)\b[^>]*>(.*?)</(?:th|td)>", row, re.DOTALL) for row in rows]
    return [[" ".join(Elements(cell).text.split()) for cell in row] for row in cells[1:]]


def test_every_metric_with_its_value_interval_and_counts(results):
    entry = site_of(results).entries[0]
    found = {row[0].split(" m")[0].split(" ratio")[0]: row[1:] for row in rows_of(text_of(results), "All metrics")}
    assert len(found) == len(entry.metrics) == 5
    for name, metric in entry.metrics.items():
        value, interval, score, n, missing = found[name.split("/")[1].replace("_", " ").capitalize()]
        assert (value, interval) == (number(metric["value"]), between(metric["low"], metric["high"]))
        assert (score, n, missing) == (f"{metric['score']:.3f}", str(metric["n"]), str(metric["missing"]))


def test_all_fields_of_the_card_and_of_the_provenance(results):
    path = next(results.glob("choreographer/*/run.json"))
    edit(path, lambda run: run["card"].update(paper="arXiv 1", weights="ab12", trained_on="nothing", notes="hello"))
    entry, text = site_of(results).entries[0], Elements(text_of(results)).text
    made_by = entry.run["provenance"]
    told = [*entry.card.values(), made_by["python"], made_by["platform"], *made_by["packages"].values(), entry.run_id]
    told += [made_by["commit"] or "", entry.suite["hash"], entry.run["start"], entry.date]
    told += [f"{name} {version}" for name, version in entry.versions.items()]
    assert [value for value in told if str(value) not in text] == []
    assert "suite: " in text and "batch_size: 16" in text  # the configuration as YAML


def test_clips_are_the_worst_and_the_best_by_the_values(results):
    entry, page = site_of(results).entries[0], text_of(results)
    for name in ("quality/jitter_degree", "quality/dynamic_degree"):
        article = page[page.index(f'id="m-{name.replace("/", "-").replace("_", "-")}"') :]
        article = article[: article.index("</article>")]
        values = sorted(entry.by_prompt(name).items(), key=lambda item: item[1])
        best, worst = values[:EXTREMES], values[::-1][:EXTREMES]
        if entry.metrics[name]["better"] == "higher":
            best, worst = worst, best
        shown = [(code, b) for b, code in re.findall(r"<b>(.*?)</b>.*?<code>(.*?)</code>", article, re.DOTALL)]
        assert shown == [(prompt, number(value)) for prompt, value in [*worst, *best]]


def test_random_clips_are_the_same_prompts_for_all_models_in_any_order(results):
    site = site_of(results)
    one, other = site.entries
    chosen = random_prompts(one)
    assert len(chosen) == RANDOM == len(set(chosen)) and chosen == random_prompts(other)
    assert chosen == random_prompts(replace(one, prompts=one.prompts[::-1]))
    other_suite = {**one.result, "suite": {**one.suite, "hash": "0" * 64}}
    drawn = {tuple(random_prompts(replace(one, result=other_suite), 6)), tuple(random_prompts(one, 6))}
    assert len(drawn) == 2


def test_tags_are_told_apart(results):
    rows = {row[0]: row[1:] for row in rows_of(text_of(results), "Means by prompt tag")}
    entry = site_of(results).entries[0]
    for label in ("gesture", "sport"):
        prompts = [prompt["id"] for prompt in entry.prompts if label in prompt["tags"]]
        column = sorted(entry.metrics).index("quality/jitter_degree") + 1  # after the number of prompts
        values = [entry.by_prompt("quality/jitter_degree")[prompt] for prompt in prompts]
        assert rows[label][0] == str(len(prompts))
        assert rows[label][column].split()[0] == number(sum(values) / len(values), 3)


def test_what_is_missing_is_said(results):
    folder = next(results.glob("choreographer/*"))
    RunFolder(folder).add_to_index([Generation("p03", 0, 1, reason="the model gave up")])
    (folder / "motions" / "p01-0.npz").unlink()
    edit(folder / "result.json", lambda result: result.update(motions=5, notes=["read with care"]))
    edit(folder / "result.json", lambda result: result["metrics"]["quality/foot_sliding"].update(
        missing=1, failed=1, reasons={"no motion: the model gave up": 1}))  # fmt: skip
    text = " ".join(Elements(text_of(results)).text.split())
    assert "1 of 6 motions are missing" in text and "1 motion: the model gave up" in text
    assert "There is no motion: the model gave up." in text and "Its motion file is gone." in text
    assert "read with care" in text and "Missing values" in text


def test_a_run_that_does_not_tell_its_prompts_has_a_page(results):
    edit(next(results.glob("choreographer/*/run.json")), lambda run: run.pop("prompts"))
    text = Elements(text_of(results)).text
    assert "(the text of p0" in text and "By prompt tag" not in text


def test_hostile_texts_stay_texts(results):
    make_nasty(results)
    for model in ("choreographer", "jittered"):
        page = text_of(results, model)
        assert_harmless(page)
        assert "{{ 7 * 7 }}" in Elements(page).text


def test_a_page_is_made_again_when_its_result_changes_and_only_then(results):
    before = {page.path: page.inputs for page in pages(site_of(results))}
    assert before == {page.path: page.inputs for page in pages(site_of(results))}
    edit(next(results.glob("jittered/*/result.json")), lambda result: result.update(notes=["new"]))
    after = {page.path: page.inputs for page in pages(site_of(results))}
    assert [path.split("/")[1].split("-")[0] for path in after if after[path] != before[path]] == ["jittered"]


def large(entry: Entry, prompts: int = 450) -> Entry:
    """Return an entry with all metrics of this package on many prompts, long texts and many tags."""
    names = [name for name in METRICS.names() if METRICS.get(name).info.better]
    template, ids = dict(entry.metrics["quality/foot_sliding"]), [f"p{n:03d}" for n in range(prompts)]
    anchored = load_anchors().by_metric

    def summary(name: str) -> dict[str, Any]:
        item = METRICS.get(name).info
        score = 0.5 if name in anchored and item.is_dimension else None
        facts = {"n": prompts, "unit": item.unit, "better": item.better, "is_dimension": item.is_dimension}
        return {
            **template,
            **facts,
            "dimension": item.dimension,
            "score": score,
            "judge": "retrieval",
            "judge_notes": "n" * 300,
        }

    def told(place: int, key: str) -> dict[str, Any]:
        tags = [f"tag-{place % 40}", f"kind-{place % 7}"]
        return {"id": key, "text": f"{key} a person walks" * 6, "seconds": 2.0, "dimensions": [], "tags": tags}

    whole = {**entry.result, "metrics": {name: summary(name) for name in names}, "prompts": prompts}
    made = replace(entry, result=whole, prompts=tuple(told(*pair) for pair in enumerate(ids)))
    vars(made)["rows"] = {
        name: [ScoreRow(name, "1", key, 0, 0.013 * ((7 * n + len(name)) % 449)) for n, key in enumerate(ids)]
        for name in names
    }
    vars(made)["generations"] = {
        (key, 0): replace(entry.generations["p00", 0], prompt=key) for key in ids
    }  # all show the same motion
    return made


@pytest.mark.parametrize("videos", [True, False])
def test_a_page_of_450_prompts_and_all_metrics_is_below_300_kb(results, videos):
    entry = large(site_of(results).entries[0])
    assert len(entry.dimensions) == len(DIMENSIONS)
    site = Site([entry], boards_of([entry]), videos=videos)
    page = model_page(site, site.boards[0], entry)
    assert len(page.encode()) < 300_000
    assert page.count("<article") == 9 and page.count('<figure class="clip"') == 9 * 2 * EXTREMES + RANDOM


@pytest.fixture(scope="module")
def site(made, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("site")
    results = Path(shutil.copytree(made, out / "results"))
    next(results.glob("choreographer/*/motions/p02-0.npz")).unlink()
    return out / model_path(write_pages(results, out).entries[0])


def test_in_a_browser(site):
    with chromium() as browser:
        with page_of(browser, viewport={"width": 1280, "height": 900}) as page:
            page.goto(file_url(site))
            check_accessibility(page)
            page.keyboard.press("Tab")
            page.keyboard.press("Enter")
            assert page.evaluate("document.activeElement.id") == "content"
            page.get_by_role("navigation", name="Sections").get_by_role("link", name="Random clips").click()
            until(page, "[...document.querySelectorAll('#random-clips video')].some((v) => v.currentTime > 0.1)")
            for target in page.locator("a[href^='#']").evaluate_all("links => links.map((a) => a.hash.slice(1))"):
                assert page.locator(f'[id="{target}"]').count() == 1, target
        phone = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
        with page_of(browser, color_scheme="dark", **phone) as page:
            page.goto(file_url(site))
            check_accessibility(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= 360
            assert page.evaluate("getComputedStyle(document.body).colorScheme") != "light"


def test_without_scripts_everything_is_there(site):
    with chromium() as browser, page_of(browser, java_script_enabled=False) as page:
        page.goto(file_url(site))
        assert page.locator("article").count() == 5 and page.locator("video[controls]").count() > 0
        assert page.locator("svg[role=img]").count() >= 6
