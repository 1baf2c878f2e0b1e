"""Whole studies in a real browser: keyboard, mouse, phone, two at once, reload, undo, skip."""

from __future__ import annotations

import pytest

from arena_rater import PHONE, rater, serving
from arena_studies import QUESTIONS
from browser import check_accessibility, chromium

CHOICES = ("left", "right", "tie", "both_bad")


@pytest.fixture(scope="module")
def browser():
    with chromium() as one:
        yield one


def test_a_whole_study_by_keyboard_is_blind(tmp_path, browser):
    models = ["zebra-transformer", "quagga-diffusion", "okapi-vq"]
    keys = ("1", "2", "3", "4", "ArrowLeft", "ArrowRight")
    means = (*CHOICES, "left", "right")
    with serving(tmp_path, models=models, prompts=2, training=1, attention=1, votes=1) as server:
        with rater(browser, server) as person:
            check_accessibility(person.page)
            person.agree()
            check_accessibility(person.page)
            person.watch().press("1")
            side = "left" if person.page.locator(".feedback h2").inner_text() == "That is right" else "right"
            told = person.page.locator(".feedback p").inner_text()
            assert told == f"The better one is on the {side}. Because of reason 0."
            check_accessibility(person.page)
            person.press("Enter")
            pressed = []
            while not person.finished:
                at = len(pressed) % len(keys)
                person.watch().press(keys[at])
                pressed.append(means[at])
            check_accessibility(person.page)
        assert [vote["answers"] for vote in server.counted()] == [{"overall": answer} for answer in pressed]
        assert len(pressed) == 8  # six pairs, a repeat, a check
        assert all(0 < vote["seconds"] < 60 for vote in server.votes())
        told = b"\n".join(server.recorder.answers)
        secrets = [*models, "check:real", "check:spoilt", *(m["run_id"] for m in server.study.models.values())]
        secrets += [server.study.secret, *(clip.sha256 for clip in server.study.clips.values())]
        assert b"a person does thing 0" in told, "nothing was recorded"
        assert [secret for secret in secrets if secret.encode().lower() in told.lower()] == []


def test_a_whole_study_by_mouse_all_questions_at_once(tmp_path, browser):
    study = {"models": 2, "prompts": 3, "training": 1, "attention": 0, "repeats": 0.0, "questions": QUESTIONS}
    with serving(tmp_path, **study) as server, rater(browser, server, color_scheme="dark") as person:
        check_accessibility(person.page)
        person.agree().watch()
        check_accessibility(person.page)
        given = []
        while not person.finished:
            person.watch()
            groups, next_ = person.page.locator(".question"), person.page.locator(".next")
            picks = [(len(given) + n) % 4 for n in range(3)]
            for n, pick in enumerate(picks):
                assert next_.get_attribute("aria-disabled") == "true"
                groups.nth(n).locator("button").nth(pick).click()
            person.page.get_by_label("Comment").fill(f"words {len(given)}")
            with person.going():
                next_.click()
            if person.page.locator(".feedback").count():
                check_accessibility(person.page)
                with person.going():
                    person.page.get_by_role("button", name="Continue").click()
            given.append(({q.id: CHOICES[pick] for q, pick in zip(QUESTIONS, picks)}, f"words {len(given)}"))  # noqa: B905
        check_accessibility(person.page)
        assert [(vote["answers"], vote["comment"]) for vote in server.votes()] == given
        assert len(given) == 4


def test_several_questions_by_keyboard(tmp_path, browser):
    study = {"models": 2, "prompts": 1, "training": 0, "attention": 0, "repeats": 0.0, "questions": QUESTIONS}
    with serving(tmp_path, **study) as server, rater(browser, server) as person:
        person.agree().watch()
        for key in ("1", "3", "ArrowUp", "ArrowUp", "2", "4"):  # overall, text; back to overall; on to feet
            person.page.keyboard.press(key)
        person.press("Enter")
        assert person.finished
        assert [vote["answers"] for vote in server.votes()] == [{"overall": "right", "text": "tie", "feet": "both_bad"}]


def test_one_question_at_a_time(tmp_path, browser):
    study = {"models": 2, "prompts": 1, "training": 0, "attention": 0, "repeats": 0.0, "questions": QUESTIONS}
    with serving(tmp_path, together=False, **study) as server, rater(browser, server) as person:
        person.agree()
        asked = []
        for key in ("1", "2", "3"):
            asked.append(person.page.locator(".question h2").inner_text())
            person.watch().press(key)
        assert person.finished and sorted(asked) == sorted(q.text for q in QUESTIONS)
        assert [list(vote["answers"].values()) for vote in server.votes()] == [["left"], ["right"], ["tie"]]


def test_ratings(tmp_path, browser):
    study = {"models": 2, "prompts": 2, "training": 1, "attention": 0, "repeats": 0.0}
    with serving(tmp_path, type="ratings", **study) as server, rater(browser, server) as person:
        person.agree()
        assert len(person.videos) == 1
        person.practise("1")
        check_accessibility(person.page)
        for key in ("1", "5", "3"):
            person.watch().press(key)
        with person.going():
            person.watch().page.get_by_role("button", name="Good").click()
        assert person.finished
        assert [vote["answers"]["overall"] for vote in server.counted()] == ["1", "5", "3", "4"]


def test_a_reload_goes_on_where_it_was(tmp_path, browser):
    with serving(tmp_path, training=1) as server, rater(browser, server) as person:
        person.agree().practise("1")
        for _ in range(2):
            person.watch().press("1")
        before = (person.number, person.videos, person.asks()["task"]["id"])
        person.come()
        assert (person.number, person.videos, person.asks()["task"]["id"]) == before
        assert person.number == "3 of 8" and person.page.locator("progress").get_attribute("value") == "2"
        person.watch().press("1")
        assert len(server.counted()) == 3


def test_two_raters_at_once_never_have_the_same_scarce_pair(tmp_path, browser):
    study = {"models": 2, "prompts": 3, "votes": 1, "training": 0, "attention": 0, "repeats": 0.0}
    with serving(tmp_path, **study) as server, rater(browser, server) as one, rater(browser, server) as two:
        one.agree()
        two.agree()
        assert not set(one.videos) & set(two.videos)
        one.watch().press("1")
        assert not set(one.videos) & set(two.videos)
        one.watch().press("1")
        assert one.page.locator("h1").inner_text() == "No task is free just now"
        check_accessibility(one.page)
        two.watch().press("2")
        assert two.finished
        with one.going():
            one.page.get_by_role("button", name="Look now").click()
        assert one.finished
        votes = server.votes()
        assert len({vote["item"] for vote in votes}) == len(votes) == 3
        assert len({vote["rater"] for vote in votes}) == 2


def test_undo(tmp_path, browser):
    study = {"models": 2, "prompts": 2, "training": 0, "attention": 0, "repeats": 0.0}
    with serving(tmp_path, **study) as server, rater(browser, server) as person:
        person.agree().watch()
        undo = person.page.get_by_role("button", name="Undo")
        assert undo.is_disabled()
        videos = person.videos
        person.press("1")
        with person.going():
            undo.click()
        assert person.videos == videos and person.number == "1 of 2"
        person.watch().press("2")
        person.watch().press("3")
        assert person.finished
        person.press("Z")  # with caps lock on
        person.watch().press("4")
        assert [vote["answers"]["overall"] for vote in server.votes()] == ["right", "both_bad"]


def test_skip_with_a_reason(tmp_path, browser):
    study = {"models": 2, "prompts": 2, "training": 0, "attention": 0, "repeats": 0.0}
    with serving(tmp_path, **study) as server, rater(browser, server) as person:
        page = person.agree().page
        first = person.videos
        page.get_by_role("button", name="Skip").click()
        check_accessibility(page)
        page.keyboard.press("Escape")
        page.wait_for_selector("dialog", state="detached")
        assert person.videos == first
        page.get_by_role("button", name="Skip").click()
        page.get_by_label("I can't judge this").check()
        page.get_by_label("Comment (optional)").fill("too dark, 1 2 3")
        with person.going():
            page.locator("dialog").get_by_role("button", name="Skip").click()
        assert person.videos != first and person.number == "2 of 2"
        person.watch().press("1")
        assert person.finished and len(server.votes()) == 1


def test_on_a_phone(tmp_path, browser):
    study = {"models": 2, "prompts": 2, "training": 1, "attention": 0, "repeats": 0.0}
    with serving(tmp_path, **study) as server, rater(browser, server, **PHONE) as person:
        page = person.page

        def fits():
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"

        fits()
        page.get_by_role("button", name="Agree and start").tap()
        while not person.finished:
            person.watch()
            fits()
            for box in [button.bounding_box() for button in page.locator(".choices button, .controls button").all()]:
                assert box["height"] >= 44 and box["y"] + box["height"] <= 844, "out of a thumb's reach"
            assert [video.bounding_box()["y"] for video in page.locator("video").all()][0] >= 0
            with person.going():
                page.get_by_role("button", name="Right", exact=True).tap()
            if page.locator(".feedback").count():
                with person.going():
                    page.get_by_role("button", name="Continue").tap()
        fits()
        check_accessibility(page)
        assert {vote["answers"]["overall"] for vote in server.counted()} == {"right"}


def test_three_questions_on_a_phone_keep_the_videos_in_sight(tmp_path, browser):
    study = {"models": 2, "prompts": 1, "training": 0, "questions": QUESTIONS}
    phone = {**PHONE, "viewport": {"width": 390, "height": 664}}  # with the browser's own bars
    with serving(tmp_path, **study) as server, rater(browser, server, **phone) as person:
        page = person.agree().watch().page
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        for group in page.locator(".question").all():
            group.locator("button").first.tap()
        page.locator(".next").scroll_into_view_if_needed()
        assert all(-1 <= video.bounding_box()["y"] <= 10 for video in page.locator("video").all())
        with person.going():
            page.locator(".next").tap()
        assert len(server.votes()) == 1
