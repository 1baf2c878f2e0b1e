"""The voting page when things go wrong: lost connections, broken videos, markup in texts, keys in text fields."""

from __future__ import annotations

import pytest

from arena_rater import rater, serving
from arena_studies import QUESTIONS
from browser import chromium
from leaderboard.arena.study import MEDIA, Question

PLAIN = {"models": 2, "prompts": 2, "training": 0, "attention": 0, "repeats": 0.0}


@pytest.fixture(scope="module")
def browser():
    with chromium() as one:
        yield one


def test_a_vote_on_a_lost_connection_is_kept_told_and_stored_once(tmp_path, browser):
    with serving(tmp_path, **PLAIN) as server, rater(browser, server) as person:
        page, tries = person.agree().watch().page, []
        page.expected.append("ERR_FAILED")

        def lose(route):
            tries.append(route.request.post_data)
            if len(tries) == 1:
                return route.abort()
            if len(tries) == 2:  # stored, but the answer is lost
                route.fetch()
                return route.abort()
            return route.continue_()

        page.route("**/api/vote", lose)
        page.keyboard.press("2")
        assert page.get_by_role("button", name="Saving…").is_visible()
        page.wait_for_selector(".notice:not([hidden])")
        assert "No connection to the server. Your answer is kept here" in page.locator(".notice").inner_text()
        page.wait_for_function("document.querySelector('.number').textContent === '2 of 2'")
        assert page.locator(".notice").is_hidden()
        assert len(tries) == 3 and len(set(tries)) == 1
        assert [vote["answers"] for vote in server.votes()] == [{"overall": "right"}]


def test_a_vote_under_way_outlives_a_reload(tmp_path, browser):
    with serving(tmp_path, **PLAIN) as server, rater(browser, server) as person:
        page = person.agree().watch().page
        page.expected.append("ERR_FAILED")
        page.route("**/api/vote", lambda route: route.abort())
        page.keyboard.press("1")
        page.wait_for_selector(".notice:not([hidden])")
        assert server.votes() == []
        page.unroute("**/api/vote")
        person.come()
        assert person.number == "2 of 2"
        assert [vote["answers"] for vote in server.votes()] == [{"overall": "left"}]


def test_a_kept_vote_that_is_refused_does_not_stand_in_the_way(tmp_path, browser):
    with serving(tmp_path, **PLAIN) as server, rater(browser, server) as person:
        page = person.agree().page
        page.expected.append("404")
        stale = '{"task": "of another study", "answers": {"overall": "left"}, "comment": "", "seconds": 1}'
        page.evaluate("(vote) => localStorage.setItem('mbench-arena-vote:/', vote)", stale)
        person.come()
        assert "There is no such task" in page.locator(".notice").inner_text()
        page.get_by_role("button", name="Close").click()
        assert page.locator(".notice").is_hidden()
        person.watch().press("2")
        assert page.evaluate("localStorage.getItem('mbench-arena-vote:/')") is None
        assert len(server.votes()) == 1


def test_a_server_that_fails_for_a_moment_is_asked_again(tmp_path, browser):
    with serving(tmp_path, **PLAIN) as server, rater(browser, server) as person:
        page, tries = person.agree().watch().page, []
        page.expected += ["503", "429"]

        def fail(route):
            tries.append(route)
            status = {1: 503, 2: 429}.get(len(tries))
            route.fulfill(
                status=status, body="<p>not JSON", headers={"Retry-After": "1"}
            ) if status else route.continue_()

        page.route("**/api/vote", fail)
        person.press("4")
        assert len(tries) == 3 and len(server.votes()) == 1


def test_a_refused_vote_is_told_and_the_page_goes_on(tmp_path, browser):
    with serving(tmp_path, **PLAIN) as server, rater(browser, server) as person:
        page = person.agree().watch().page
        page.expected.append("409")
        vote = {"task": person.asks()["task"]["id"], "answers": {"overall": "left"}, "comment": "", "seconds": 0.1}
        sent = page.evaluate(
            "(vote) => fetch('api/vote', {method: 'POST', headers: {'Content-Type': 'application/json'},"
            " body: JSON.stringify(vote)}).then((answer) => answer.status)",
            vote,
        )  # as another tab would
        assert sent == 200
        person.press("2")
        assert "answered this already" in page.locator(".notice").inner_text()
        assert person.number == "2 of 2"
        assert [vote["answers"] for vote in server.votes()] == [{"overall": "left"}]


def test_texts_of_a_study_are_text(tmp_path, browser):
    evil = "<img src=x onerror=window.hacked=1><script>window.hacked=1</script>${window.hacked=1}{{value}}"
    questions = (Question("overall", f"text {evil}", f"help {evil}"), QUESTIONS[1])
    study = {"models": 2, "prompts": [f"prompt {evil}"], "training": 1, "attention": 0, "questions": questions}
    texts = {"name": f"name {evil}", "instructions": f"first {evil}\n\nsecond"}
    with serving(tmp_path, **study, **texts) as server, rater(browser, server) as person:
        page = person.page
        seen = page.locator(".arena").inner_text()
        assert texts["name"] in seen and f"first {evil}" in seen and page.title() == texts["name"]
        person.agree().watch()
        seen = page.locator(".arena").inner_text()
        assert all(f"{what} {evil}" in seen for what in ("prompt", "text", "help"))
        page.get_by_role("button", name="Help").click()
        assert f"first {evil}" in page.locator("dialog").inner_text()
        page.keyboard.press("Escape")
        page.wait_for_selector("dialog", state="detached")
        person.press("1", "2", "Enter")
        assert not page.locator(".arena img, .arena script").count()
        assert page.evaluate("window.hacked") is None


def test_answers_wait_until_both_videos_were_seen(tmp_path, browser):
    with (
        serving(tmp_path, **PLAIN) as server,
        rater(browser, server, reduced_motion="reduce") as person,
    ):
        page = person.agree().page
        page.wait_for_timeout(800)
        assert page.evaluate("[...document.querySelectorAll('video')].every((v) => v.paused && v.currentTime === 0)")
        page.keyboard.press("1")
        page.locator(".choices button").first.click(force=True)
        assert page.locator(".choices [aria-pressed=true]").count() == 0
        assert "Watch both videos to the end" in page.locator(".hint").inner_text()
        page.keyboard.press("Space")
        person.watch().press("1")
        assert len(server.votes()) == 1


def test_playback(tmp_path, browser):
    with serving(tmp_path, **PLAIN) as server, rater(browser, server) as person:
        page = person.agree().watch().page
        page.get_by_role("button", name="Speed 0.25").click()
        assert page.evaluate("document.querySelector('video').playbackRate") < 0.4
        page.get_by_role("button", name="Pause").click()
        page.get_by_role("slider", name="Position").fill("500")
        times = "[...document.querySelectorAll('video')].map((video) => video.currentTime)"
        assert page.evaluate(times) == pytest.approx([0.25, 0.25], abs=0.06)
        before = person.videos
        page.keyboard.press("s")
        assert person.videos == [video.replace(".mp4", "-side.mp4") for video in before]
        page.wait_for_function(f"{times}.every((time) => Math.abs(time - 0.25) < 0.06)")
        page.get_by_role("slider", name="Position").press("ArrowRight")  # the slider's own: no answer
        page.keyboard.press("Tab")
        assert server.votes() == []


def test_keys_in_the_comment_are_letters(tmp_path, browser):
    with serving(tmp_path, **PLAIN) as server, rater(browser, server) as person:
        page = person.agree().watch().page
        page.get_by_label("Comment").press_sequentially("1 z s 2\n3")
        assert server.votes() == [] and person.number == "1 of 2"
        with person.going():
            page.get_by_role("button", name="Tie").click()
        assert [vote["comment"] for vote in server.votes()] == ["1 z s 2\n3"]


def test_keys_can_be_switched_off(tmp_path, browser):
    with serving(tmp_path, **PLAIN) as server, rater(browser, server) as person:
        page = person.agree().watch().page
        page.get_by_role("button", name="Help").click()
        page.get_by_label("Answer with these keys").uncheck()
        page.get_by_role("button", name="Close").click()
        page.keyboard.press("1")
        person.come().watch()  # remembered
        page.keyboard.press("1")
        page.wait_for_timeout(300)
        assert server.votes() == []


def test_the_focus_is_where_a_screen_reader_reads_on(tmp_path, browser):
    with serving(tmp_path, **{**PLAIN, "training": 1}) as server, rater(browser, server) as person:
        focused = "document.activeElement.textContent"
        assert person.page.evaluate(focused) == "A small study"
        person.agree()
        assert person.page.evaluate(focused) == person.asks()["task"]["prompt"]["text"]
        person.watch()
        assert person.page.locator("[role=status].sr").inner_text() == "You can answer now."
        person.press("1")
        assert person.page.evaluate(focused) in ("That is right", "Look again")


def test_a_video_that_is_not_there(tmp_path, browser):
    with serving(tmp_path, **PLAIN) as server, rater(browser, server) as person:
        page = person.page
        page.expected.append("404")
        media = tmp_path / "study" / MEDIA
        media.rename(tmp_path / "away")
        person.agree()
        page.locator(".hint").get_by_text("A video could not be loaded.").wait_for()
        (tmp_path / "away").rename(media)
        page.get_by_role("button", name="Try again").click()
        person.watch().press("1")
        assert len(server.votes()) == 1
