"""The whole app in a browser: the playground from prompt to file, the leaderboard, a vote, small and dark screens."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

import mbench
from arena_studies import make_study
from baselines.choreographer import choreograph
from browser import check_accessibility, chromium, page_of
from leaderboard.serve.board import Board
from serve_apps import app_of, parts_of, results_in
from web_servers import served

HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
SLOW = 60_000  # milliseconds: bodies are drawn, on a machine that may be busy
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
LOOKS = {"light": {}, "dark": {"color_scheme": "dark"}, "phone": PHONE}


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    folder = tmp_path_factory.mktemp("app")
    make_study(folder / "study", models=2, prompts=2, training=0, attention=0)
    board = Board(results_in(folder), videos=False, folder=folder / "site")
    board.prepare(quiet=True)
    with parts_of(board, folder / "study", uploads=True) as parts, served(app_of(parts)) as url:
        yield url


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


def generate(page, prompt: str, style: str = "Skeleton") -> None:
    """Fill the form and wait until all models are done."""
    page.goto("/playground/")
    page.get_by_label("Prompt").fill(prompt)
    page.get_by_label("number input for Seconds").fill("1")
    page.get_by_label(style).check()
    page.get_by_role("button", name="Generate").click()
    expect(page.locator(".pg-status")).to_have_count(0, timeout=SLOW)
    expect(page.locator("#pg-out h2").first).to_have_text(f"“{prompt}”", timeout=SLOW)
    expect(page.locator(".pg-table")).to_be_visible(timeout=SLOW)
    expect(page.locator(".pg-status")).to_have_count(0, timeout=SLOW)


def test_from_a_prompt_to_two_videos_and_four_files(running, browser, tmp_path):
    with page_of(browser, running, accept_downloads=True) as page:
        generate(page, "a person waves", style="Body")
        expect(page.locator(".pg-figure h3")).to_have_text(["choreographer", "static"])
        playing = page.locator("video")
        expect(playing).to_have_count(2)
        page.wait_for_timeout(300)
        times = playing.evaluate_all(
            "videos => videos.map((video) => [video.videoWidth, video.duration, video.paused])"
        )
        assert times == [[384, 1.0, False], [384, 1.0, False]]
        page.get_by_role("button", name="Pause").click()
        moments = playing.evaluate_all("videos => videos.map((video) => video.currentTime)")
        assert abs(moments[0] - moments[1]) < 0.1
        expected = choreograph("a person waves", 1.0, 0)
        for suffix in ("npz", "bvh", "glb", "mp4"):
            with page.expect_download() as downloading:
                page.get_by_role("link", name=f"Download choreographer as {suffix}").click()
            path = tmp_path / downloading.value.suggested_filename
            downloading.value.save_as(path)
            assert path.name == f"choreographer.{suffix}"
            check_file(path, expected)
        rows = page.locator(".pg-table tbody tr")
        assert rows.filter(has_text="Dynamic degree").locator("td").all_inner_texts()[2] == "0"  # of the static one


def check_file(path: Path, expected: mbench.Motion) -> None:
    """Read a downloaded file back and compare it with the motion."""
    if path.suffix == ".mp4":
        import av

        with av.open(str(path)) as video:
            assert sum(1 for _ in video.decode(video=0)) == len(expected)
    elif path.suffix == ".glb":
        data = path.read_bytes()
        assert data[:4] == b"glTF" and int.from_bytes(data[8:12], "little") == len(data)
        assert b'"animations"' in data
    else:
        read = mbench.read_motion(path)
        assert len(read) == len(expected) and abs(read.joints - expected.joints).max() < 0.01


def test_hostile_prompts_are_text_and_mistakes_are_told(running, browser):
    with page_of(browser, running) as page:
        generate(page, HOSTILE)
        assert page.title() == "MBench playground"
        assert page.locator("#pg-out img, #pg-out script").count() == 0
        page.get_by_label("Prompt").fill("  ")
        page.get_by_role("button", name="Generate").click()
        expect(page.get_by_role("alert")).to_contain_text("The prompt is empty")
        check_accessibility(page)


def test_an_own_motion_is_shown_beside(running, browser, tmp_path):
    mbench.write_motion(choreograph("a person jumps", 1.0, 0), tmp_path / "mine.bvh")
    (tmp_path / "no.bvh").write_text("nothing")
    with page_of(browser, running) as page:
        page.expected.append("422")
        page.goto("/playground/")
        said = page.locator("#pg-file-said")
        page.get_by_label("Your own motion").set_input_files(tmp_path / "no.bvh")
        expect(said).to_contain_text("no.bvh: ")
        expect(said).not_to_contain_text("being sent")
        page.get_by_label("Your own motion").set_input_files(tmp_path / "mine.bvh")
        expect(said).to_have_text("mine.bvh: ready, press Generate")
        page.get_by_label("Prompt").fill("a person jumps")
        page.get_by_label("number input for Seconds").fill("1")
        page.get_by_label("Skeleton").check()
        page.get_by_role("button", name="Generate").click()
        names = ["your file", "choreographer", "static"]
        expect(page.locator(".pg-figure h3")).to_have_text(names, timeout=SLOW)


@pytest.mark.parametrize("look", LOOKS)
def test_every_part_is_there_accessible_and_fits(running, browser, look):
    with page_of(browser, running, **LOOKS[look]) as page:
        page.goto("/")
        assert page.url == f"{running}/leaderboard/"
        expect(page.get_by_role("link", name="choreographer").first).to_be_visible()
        fits_and_is_accessible(page)
        page.get_by_role("navigation", name="MBench").get_by_role("link", name="Playground").click()
        generate(page, "a person waves")
        fits_and_is_accessible(page)
        page.get_by_role("navigation", name="MBench").get_by_role("link", name="Arena").click()
        expect(page.get_by_role("button", name="Agree and start")).to_be_visible()
        fits_and_is_accessible(page)


def fits_and_is_accessible(page) -> None:
    check_accessibility(page)
    wide, screen = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide <= screen, f"{page.url} is {wide} wide on a screen of {screen}"


def test_a_vote_in_the_arena_is_stored(running, browser):
    with page_of(browser, running) as page:
        page.goto("/arena/")
        page.get_by_role("button", name="Agree and start").click()
        expect(page.locator("video")).to_have_count(2)
        expect(page.locator(".tick:visible")).to_have_count(2, timeout=SLOW)
        with page.expect_response("**/arena/api/vote") as answer:
            page.keyboard.press("1")
        assert answer.value.ok and answer.value.json()["stored"]


def test_new_results_are_asked_for_by_a_button(running, browser):
    with page_of(browser, running) as page:
        page.goto("/leaderboard/")
        page.get_by_role("button", name="Update").click()
        expect(page).to_have_url(f"{running}/leaderboard/", timeout=SLOW)
