"""Two models compared: the numbers of `mbench compare`, motions in lockstep, a choice that the address keeps."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from browser import check_accessibility, chromium, file_url, page_of
from leaderboard.boards import boards_of
from leaderboard.entries import read_entries
from leaderboard.site import compare_page
from leaderboard.site.compare_page import choose, model_data, pair_data
from leaderboard.site.model_page import random_prompts
from leaderboard.site.page import Site, compare_path
from leaderboard.site.render import STATIC
from leaderboard_entries import edit
from leaderboard_runs import make_results
from mbench.comparison import compare_runs
from mbench.report.content import title
from mbench.report.html import between, number
from mbench.suites.prompt import DIMENSIONS
from site_pages import NASTY, assert_harmless, make_nasty, taken, until, write_grey, write_pages

MODELS = ("choreographer", "jittered", "static")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    make_results(folder, MODELS)
    return folder / "results"


@pytest.fixture(scope="module")
def out(made, tmp_path_factory) -> Path:
    """Return a site of three models; one motion is gone."""
    folder = tmp_path_factory.mktemp("site")
    results = Path(shutil.copytree(made, folder / "results"))
    next(results.glob("static/*/motions/p03-0.npz")).unlink()
    write_pages(results, folder)
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as one:
        yield one


def site_of(results: Path) -> Site:
    entries = read_entries(results)[0]
    return Site(entries, boards_of(entries))


def texts_of(site: Site) -> dict[str, str]:
    return {page.path: page.make() for page in compare_page.pages(site)}


# What is written


def test_differences_are_those_of_mbench_compare(made, out):
    board = site_of(made).boards[0]
    for one, other in ((board.entries[i], board.entries[j]) for i, j in ((0, 1), (0, 2), (1, 2))):
        kind, key, found = taken(out / pair_data(one, other))
        expected = compare_runs(one.folder, other.folder)
        assert (kind, key) == ("pair", f"{one.slug}--{other.slug}")
        texts = {name: row.pop("text") for name, row in found["metrics"].items()}
        assert found == {"metrics": expected["metrics"], "left_out": expected["left_out"]}
        row = expected["metrics"]["quality/jitter_degree"]
        assert texts["quality/jitter_degree"]["difference"] == number(row["difference"])
        assert texts["quality/jitter_degree"]["low"] == number(row["low"], 3)


def test_prompts_are_few_the_same_for_all_and_those_with_the_largest_spread(made):
    board = site_of(made).boards[0]
    chosen = {choice.id: choice.why for choice in choose(board)}
    assert list(chosen) == [choice.id for choice in choose(board)] and len(chosen) <= len(DIMENSIONS) + 4
    assert set(random_prompts(board.entries[0])) <= set(chosen)
    seen: set[str] = set()
    for dimension, pillar in DIMENSIONS.items():
        values = [entry.by_prompt(f"{pillar}/{dimension}") for entry in board.entries]
        spread = {p: max(v[p] for v in values) - min(v[p] for v in values) for p in values[0] if p not in seen}
        most = [prompt for prompt in spread if spread[prompt] == max(spread.values()) > 0]
        if most:
            (prompt,) = (
                p for p, why in chosen.items() if why == f"the models differ most in {title(dimension).lower()}"
            )
            assert prompt in most
            seen.add(prompt)


def test_values_of_the_chosen_prompts(made, out):
    board = site_of(made).boards[0]
    entry, prompts = board.entries[1], [choice.id for choice in choose(board)]
    _, key, found = taken(out / model_data(entry))
    assert key == entry.slug and list(found["clips"]) == prompts and len(found["values"]) == 5
    for name, values in found["values"].items():
        assert values == {prompt: number(entry.by_prompt(name)[prompt]) for prompt in prompts}
    assert all((out / clip["video"]).exists() and (out / clip["poster"]).exists() for clip in found["clips"].values())


def test_what_can_not_be_compared_is_not_offered(made, tmp_path):
    results = Path(shutil.copytree(made, tmp_path / "results"))
    for path in results.glob("static/*/result.json"):
        edit(path, lambda result: result["suite"].update(hash="b" * 64))
        edit(path.with_name("run.json"), lambda run: run["suite"].update(hash="b" * 64))
    texts = texts_of(site_of(results))
    assert [path.split("/")[0] for path in texts] == ["compare.html", "data", "data", "data"]
    assert not any("static" in path for path in texts)
    shutil.rmtree(results / "jittered")
    (page,) = texts_of(site_of(results)).values()
    assert "No two results of this site can be compared" in page and "<select" not in page


def test_scripts_are_made_again_when_their_results_change_and_only_then(made, tmp_path):
    results = Path(shutil.copytree(made, tmp_path / "results"))
    before = {page.path: page.inputs for page in compare_page.pages(site_of(results))}
    edit(next(results.glob("jittered/*/result.json")), lambda result: result.update(notes=["new"]))
    after = {page.path: page.inputs for page in compare_page.pages(site_of(results))}
    same = [path for path in after if after[path] == before[path]]
    assert len(same) == 1 and "choreographer" in same[0] and "static" in same[0]  # what is shown depends on all models


def test_hostile_texts_can_not_end_a_script(made, tmp_path):
    results = Path(shutil.copytree(made, tmp_path / "results"))
    make_nasty(results)
    write_pages(results, tmp_path, videos=False)
    page = (tmp_path / "compare.html").read_text(encoding="utf-8")
    assert_harmless(page)
    (board,) = json.loads(page.split('id="boards">')[1].split("</script>")[0])
    assert board["models"][0]["label"] == f"choreographer {NASTY}" and board["prompts"][0]["text"] == NASTY
    assert {taken(path)[0] for path in (tmp_path / "data").iterdir()} == {"model", "pair"}


def test_pages_stay_small(out):
    assert (out / "compare.html").stat().st_size < 30_000
    assert max(path.stat().st_size for path in (out / "data").iterdir()) < 30_000


# The player


@pytest.fixture
def bare(tmp_path) -> str:
    """Return the address of two videos of 3 and 2 s, with a player."""
    write_grey(tmp_path / "a.mp4", 60)
    write_grey(tmp_path / "b.mp4", 40)
    shutil.copy(STATIC / "player.js", tmp_path)
    videos = '<video src="a.mp4" width="64"></video><video src="b.mp4" width="64"></video>'
    (tmp_path / "go.js").write_text("const v = [...document.querySelectorAll('video')], player = SyncedVideos(v);")
    scripts = '<script src="player.js"></script><script src="go.js"></script>'
    (tmp_path / "page.html").write_text(f"<title>t</title>{videos}{scripts}")
    return file_url(tmp_path / "page.html")


def assert_in_lockstep(apart: list[float]) -> None:
    """Fail where two videos are apart, in seconds; a busy machine may hold one up for a moment, then it catches up."""
    assert sorted(apart)[len(apart) // 2] < 0.05
    assert sum(seconds < 0.1 for seconds in apart) >= 0.9 * len(apart)


def test_a_video_that_falls_behind_catches_up(bare, browser):
    with page_of(browser) as page:
        page.goto(bare)
        page.evaluate("player.play()")
        until(page, "player.time > 0.1 && player.time < 0.5")
        page.evaluate("v[1].currentTime = 1.9")
        near = "!v[1].seeking && Math.abs(v[0].currentTime - v[1].currentTime) < 0.05"
        until(page, f"player.time > 1.2 || ({near})")
        assert page.evaluate(near)


def test_the_player_keeps_videos_in_lockstep_and_the_shorter_one_waits(bare, browser):
    with page_of(browser) as page:
        page.goto(bare)
        until(page, "v.every((one) => one.readyState >= 3)")
        assert page.evaluate("[player.duration, player.time, player.playing, player.speed]") == [3, 0, False, 1]
        page.evaluate("player.play()")
        apart, waited = [], 0
        for _ in range(70):  # more than one round of 3 s
            a, b = page.evaluate("v.map((one) => one.currentTime)")
            if 0.2 < a < 1.9:
                apart.append(abs(a - b))
            elif 2.2 < a < 2.9:
                assert b == pytest.approx(2.0, abs=0.06)
                waited += 1
            page.wait_for_timeout(60)
        assert len(apart) > 10 and waited > 2
        assert_in_lockstep(apart)


def test_the_player_steps_by_frames_seeks_and_slows_down(bare, browser):
    with page_of(browser) as page:
        page.goto(bare)
        until(page, "v.every((one) => one.readyState >= 3)")
        times = "v.map((one) => Math.round(1e4 * one.currentTime) / 1e4)"
        page.evaluate("player.step(1)")
        assert page.evaluate(times) == [0.075, 0.075]  # the middle of the second frame
        page.evaluate("player.step(-5)")
        assert page.evaluate(times) == [0.025, 0.025]
        page.evaluate("player.seek(2.5)")
        assert page.evaluate(times) == [2.5, 2.0]
        page.evaluate("player.fps = 10; player.step(-1); player.fps = 20")
        assert page.evaluate(times) == [2.45, 2.0]
        page.evaluate("player.step(100)")
        assert page.evaluate(times) == [2.975, 2.0]
        page.evaluate("player.seek(0); player.rate(0.25); player.play()")
        until(page, "player.time > 0.05")
        start, began = page.evaluate("[player.time, performance.now() / 1000]")
        page.wait_for_timeout(1200)
        end, ended = page.evaluate("[player.time, performance.now() / 1000]")
        assert (end - start) / (ended - began) == pytest.approx(0.25, abs=0.08)
        page.evaluate("player.pause()")
        assert page.evaluate("v.every((one) => one.paused) && !player.playing")


def test_a_video_that_is_not_there_does_not_hold_up_the_other(bare, browser, tmp_path):
    (tmp_path / "b.mp4").unlink()
    with page_of(browser) as page:
        page.expected.append("b.mp4")
        page.expected.append("Failed to load")
        page.goto(bare)
        page.evaluate("player.play()")
        until(page, "v[0].currentTime > 0.3")
        assert page.evaluate("player.playing")


# The page in a browser


def rows(page: Any) -> dict[str, list[str]]:
    """Return the cells of the table of differences by the name of the metric."""
    script = (
        "lines => lines.map((tr) => [tr.dataset.metric, ...[...tr.querySelectorAll('td')].map((td) => td.textContent)])"
    )
    return {cells[0]: cells[1:] for cells in page.locator("#differences tr").evaluate_all(script)}


def open_page(page: Any, out: Path, address: str = "compare.html") -> None:
    path, _, choice = address.partition("#")
    page.goto(f"{file_url(out / path)}{'#' if choice else ''}{choice}")
    until(page, "document.querySelectorAll('#differences tr').length > 0")


def test_any_two_models_in_either_order_show_the_numbers_of_mbench_compare(out, browser):
    entries = read_entries(out / "results")[0]
    with page_of(browser, reduced_motion="reduce") as page:
        for one, other in permutations(entries, 2):
            page.goto("about:blank")
            open_page(page, out, compare_path(one, other))
            found, expected = rows(page), compare_runs(one.folder, other.folder)["metrics"]
            assert found.keys() == expected.keys()
            for name, row in expected.items():
                first, second, difference, interval, drawn, p, n, verdict = found[name]
                assert (first, second, verdict) == (number(row["first"]), number(row["second"]), row["verdict"])
                assert (difference, interval) == (number(row["difference"]), between(row["low"], row["high"]))
                assert (p, n, drawn) == (number(row["p_sign"], 2), str(row["n"]), "")
            words = [row["verdict"] for row in expected.values()]
            said = page.locator("#summary").inner_text()
            assert said.startswith(
                f"Of 5 dimensions of the benchmark that compare, {one.name} is better than {other.name}"
            )
            assert f"in {words.count('better')}, worse in {words.count('worse')}," in said


def test_the_address_keeps_the_choice(out, browser):
    with page_of(browser, reduced_motion="reduce") as page:
        open_page(page, out)
        page.get_by_label("Second model").select_option(label="static")
        page.locator("#prompt").select_option(value="p03")
        page.get_by_role("button", name="Swap").click()
        until(page, "location.hash.startsWith('#a=static')")
        address = page.url
        page.goto("about:blank")
        page.goto(address)
        until(page, "document.querySelectorAll('#differences tr').length > 0")
        names = page.locator("#player h3").all_inner_texts()
        assert names == ["static", "choreographer"] and page.locator("#prompt").input_value() == "p03"
        assert page.locator("#clip-a .gone").inner_text() == "Its motion file is gone."
        assert page.locator("#clip-a video").is_hidden() and page.locator("#clip-b video").is_visible()
        page.get_by_label("First model").select_option(label="choreographer")  # the other one: they change places
        until(page, "document.querySelector('#name-a').textContent === 'choreographer'")
        assert page.locator("#name-b").inner_text() == "static"
        page.goto("about:blank")
        open_page(page, out, "compare.html#a=nobody&b=..%2F..%2Fx&prompt=none")
        assert page.locator("#name-a").inner_text() == "choreographer"


def test_motions_play_together_and_obey_the_keyboard(out, browser):
    with page_of(browser) as page:
        open_page(page, out)
        times = "[...document.querySelectorAll('#player video')].map((one) => one.currentTime)"
        until(page, f"{times}.every((time) => time > 0.1)")
        apart = []
        for _ in range(20):
            a, b = page.evaluate(times)
            apart.append(abs(a - b))
            page.wait_for_timeout(50)
        assert_in_lockstep(apart)
        page.locator("#player").focus()
        playing = "[...document.querySelectorAll('#player video')].some((one) => !one.paused)"
        page.keyboard.press("Space")
        until(page, f"!{playing}")
        page.get_by_label("Time", exact=True).fill("0")
        page.locator("#player").focus()
        page.keyboard.press(".")
        page.keyboard.press(".")
        assert page.evaluate(times) == [pytest.approx(0.125)] * 2  # from the first frame to the third
        page.keyboard.press(",")
        assert page.evaluate(times) == [pytest.approx(0.075)] * 2
        page.keyboard.press("s")
        assert page.get_by_label("Speed").input_value() == "0.5"
        before = page.locator("#prompt").input_value()
        page.keyboard.press("n")
        until(page, f"document.querySelector('#prompt').value !== {json.dumps(before)}")
        page.keyboard.press("p")
        until(page, f"document.querySelector('#prompt').value === {json.dumps(before)}")
        page.get_by_role("button", name="Play").press("Space")  # the button's own key, once
        until(page, playing)
        assert (
            page.evaluate("[...document.querySelectorAll('#player video')].map((one) => one.playbackRate)")
            == [pytest.approx(0.5, abs=0.1)] * 2
        )


def test_nothing_moves_where_less_motion_is_wanted(out, browser):
    with page_of(browser, reduced_motion="reduce") as page:
        open_page(page, out)
        page.wait_for_timeout(300)
        assert page.evaluate("[...document.querySelectorAll('#player video')].every((one) => one.paused)")
        assert page.get_by_role("button", name="Play").is_visible()


@pytest.mark.parametrize(
    "context",
    [
        {"viewport": {"width": 1280, "height": 900}},
        {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
        {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True, "color_scheme": "dark"},
    ],
)
def test_accessible_in_both_themes_and_on_a_phone(out, browser, context):
    with page_of(browser, **context) as page:
        open_page(page, out)
        check_accessibility(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_hostile_names_are_only_text(made, browser, tmp_path):
    results = Path(shutil.copytree(made, tmp_path / "results"))
    make_nasty(results)
    write_pages(results, tmp_path, videos=False)
    with page_of(browser, viewport={"width": 360, "height": 740}) as page:
        page.on("dialog", lambda dialog: pytest.fail("a text was run"))
        open_page(page, tmp_path)
        assert page.evaluate("document.querySelector('#name-a').textContent") == f"choreographer {NASTY}"
        assert page.evaluate("document.querySelector('#text').textContent") == NASTY
        judges = page.evaluate("[...document.querySelectorAll('#judges p')].map((p) => p.textContent)")
        assert judges == [f"Judge {number}: {NASTY}" for number in range(5)]
        assert page.locator("#clip-a img").is_visible() and page.locator("[data-player]").count() == 0
        assert page.locator("img[src=x]").count() == 0 and page.evaluate("document.scripts.length") <= 7
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_several_groups(made, browser, tmp_path):
    results = Path(shutil.copytree(made, tmp_path / "results"))
    for model in MODELS[:2]:
        other = Path(shutil.copytree(results / model, results / f"{model}-b"))
        for path in other.glob("*/result.json"):
            edit(path, lambda result, m=model: result.update(model=f"{m}-b"))
            edit(path, lambda result: result["suite"].update(hash="b" * 64, name="other"))
            edit(path.with_name("run.json"), lambda run: run["suite"].update(hash="b" * 64, name="other"))
            edit(path.with_name("run.json"), lambda run, m=model: run["card"].update(name=f"{m}-b"))
    write_pages(results, tmp_path, videos=False)
    with page_of(browser) as page:
        open_page(page, tmp_path)
        group = page.get_by_label("Results on")
        assert len(group.locator("option").all()) == 2
        group.select_option(index=1)
        until(page, "document.querySelector('#name-a').textContent === 'choreographer-b'")
        assert page.get_by_label("Second model").locator("option").all_inner_texts() == [
            "choreographer-b",
            "jittered-b",
        ]


def test_data_that_is_missing_is_told(made, browser, tmp_path):
    write_pages(made, tmp_path, videos=False)
    for path in (tmp_path / "data").glob("pair-*"):
        path.unlink()
    with page_of(browser) as page:
        page.expected.append("ERR_FILE_NOT_FOUND")
        page.goto(file_url(tmp_path / "compare.html"))
        page.locator("#problem").wait_for()
        assert "can't be loaded; is the site's folder whole?" in page.locator("#problem").inner_text()


def test_without_scripts_the_page_says_what_to_do(out, browser):
    with page_of(browser, java_script_enabled=False) as page:
        page.goto(file_url(out / "compare.html"))
        assert "needs scripts" in page.locator("noscript").inner_text()


def test_a_video_that_is_missing_is_told(made, browser, tmp_path):
    write_pages(made, tmp_path)
    shutil.rmtree(tmp_path / "media")
    with page_of(browser) as page:
        page.expected.append("ERR_FILE_NOT_FOUND")
        open_page(page, tmp_path)
        page.locator("#clip-b .gone").wait_for()
        assert page.locator("#clip-a .gone").inner_text() == "Its video can't be loaded."
