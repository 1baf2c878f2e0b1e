"""Motions on pages: what is shown of each, what is put in place for it, how clips behave in a browser."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from browser import chromium, file_url, page_of
from conftest import make_walk
from leaderboard.clips import draw
from leaderboard.entries import Entry, read_entries
from leaderboard.site.media import LONGEST, Shown, _clip, publish, show
from leaderboard.site.page import Site
from leaderboard.site.render import STATIC, _environment
from leaderboard_runs import make_results
from mbench.files import sha256_of
from mbench.render import strip_svg, write_video
from mbench.results import Generation, RunFolder
from site_pages import NASTY, Elements, assert_harmless


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("media")
    make_results(folder, ("choreographer",), limit=2)
    return folder / "results"


@pytest.fixture
def entry(made, tmp_path) -> Entry:
    return read_entries(Path(shutil.copytree(made, tmp_path / "results")))[0][0]


def site_of(entry: Entry, videos: bool = True) -> Site:
    return Site([entry], [], videos=videos)


def add(entry: Entry, row: Generation) -> None:
    """Say in the index of a run that this is what was generated for a prompt."""
    RunFolder(entry.folder).add_to_index([row])
    vars(entry).pop("generations", None)


def test_a_motion_is_a_video_with_a_poster_whose_names_tell_nothing(entry):
    site = site_of(entry)
    shown = show(site, entry, "p00")
    assert (shown.model, shown.text, shown.strip, shown.gone) == ("choreographer", "a person walks forward", None, "")
    assert shown.replicate is None and shown.label == "choreographer: a person walks forward"
    assert set(site.wanted) == {shown.video, shown.poster}
    stem = Path(shown.video).stem
    assert shown.video == f"media/{stem}.mp4" and shown.poster == f"media/{stem}.webp" and len(stem) == 20
    assert show(site, entry, "p01").video != shown.video


def test_without_videos_a_motion_is_a_strip(entry, tmp_path):
    site = site_of(entry, videos=False)
    shown = show(site, entry, "p00")
    assert (shown.video, shown.poster) == (None, None) and set(site.wanted) == {shown.strip}
    assert publish(tmp_path / "site", site.wanted) == 1
    motion = RunFolder(entry.folder).load(entry.generations["p00", 0])
    assert (tmp_path / "site" / shown.strip).read_text() == strip_svg(motion, 8)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda file: file.unlink(), "Its motion file is gone."),
        (lambda file: file.write_bytes(b"other"), "Its motion file has changed since it was scored."),
        (lambda file: file.rename(file.with_name("a")) and file.symlink_to("a"), "Its motion file is gone."),
    ],
)
def test_a_file_that_is_not_what_was_scored_is_told(entry, spoil, told):
    site = site_of(entry)
    spoil(entry.motion("p00"))
    shown = show(site, entry, "p00")
    assert shown == Shown("choreographer", "p00", "a person walks forward", gone=told) and site.wanted == {}


def test_what_can_not_be_drawn_is_told(entry):
    site, folder = site_of(entry), RunFolder(entry.folder)
    add(entry, Generation("p00", 0, 1, reason="out of memory"))
    assert show(site, entry, "p00").gone == "There is no motion: out of memory."
    assert show(site, entry, "p77").gone == "There is no motion."
    assert show(site, entry, "p77").text == "(the text of p77 is not known)"
    add(entry, folder.add_motion(make_walk(LONGEST + 1), "p00", 0, 1, 0.1))
    assert show(site, entry, "p00").gone == f"Its motion of {LONGEST + 1:.0f} s is too long to be drawn."
    broken = folder.motions / "p00-0.npz"
    broken.write_bytes(b"no motion at all")
    add(entry, Generation("p00", 0, 1, broken.name, sha256_of(broken), None, 0.1, 20, 20.0))
    told = show(site, entry, "p00").gone
    assert told.startswith("Its motion file can't be read: ") and str(entry.folder) not in told
    assert site.wanted == {}


def test_videos_are_linked_posters_are_the_middle_and_nothing_is_made_twice(entry, tmp_path, monkeypatch):
    monkeypatch.setenv("MBENCH_CACHE", str(tmp_path / "cache"))
    site = site_of(entry)
    shown = show(site, entry, "p00")
    clip = _clip(entry, "p00", 0)
    frames = [np.full((64, 64, 3), shade, np.uint8) for shade in range(0, 240, 10)]
    write_video(frames, clip.path, 20.0)  # as if it had been drawn before
    assert publish(tmp_path / "site", site.wanted) == 2
    video, poster = tmp_path / "site" / shown.video, tmp_path / "site" / shown.poster
    assert video.stat().st_ino == clip.path.stat().st_ino
    assert abs(int(np.asarray(Image.open(poster)).mean()) - 120) < 4
    assert publish(tmp_path / "site", site.wanted) == 0

    def refuse(*_: object) -> None:
        raise OSError("another disk")

    monkeypatch.setattr(os, "link", refuse)
    assert publish(tmp_path / "other", site.wanted) == 2
    copied = tmp_path / "other" / shown.video
    assert copied.read_bytes() == clip.path.read_bytes() and copied.stat().st_ino != clip.path.stat().st_ino


def test_what_is_missing_is_drawn(entry, tmp_path, monkeypatch):
    monkeypatch.setenv("MBENCH_CACHE", str(tmp_path / "cache"))
    site = site_of(entry)
    shown = show(site, entry, "p00")
    publish(tmp_path, site.wanted)
    with av.open(str(tmp_path / shown.video)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height, stream.frames) == (320, 320, 40)
    with Image.open(tmp_path / shown.poster) as poster:
        assert poster.size == (320, 320)
    assert (tmp_path / shown.poster).stat().st_size < 6000
    assert draw(site.wanted.values()) == 0


def from_template(text: str, **context: object) -> str:
    return _environment().from_string(text).render(**context)


def written(shown: Shown, **more: object) -> str:
    """Return a clip as a page writes it."""
    text = '{% from "_clip.html" import clip %}{{ clip(shown, "../", **more) }}'
    return from_template(text, shown=shown, more=more)


def test_how_a_clip_is_written():
    shown = Shown("m", "p", "a text", 3, "media/k.mp4", "media/k.webp")
    page = Elements(written(shown, value="0.5", metric="Jerk", model=True, href="models/m.html"))
    (video,) = page.all("video")
    assert {"muted", "loop", "playsinline", "controls", "data-clip"} <= video.keys() and video["preload"] == "none"
    assert (video["src"], video["poster"]) == ("../media/k.mp4", "../media/k.webp")
    assert video["aria-label"] == "m: a text, replicate 3"
    assert [link["href"] for link in page.all("a")] == ["../models/m.html"]
    assert page.text.split() == "Jerk 0.5 a text m · p · replicate 3".split()
    (strip,) = Elements(written(Shown("m", "p", "a text", strip="media/k.svg"))).all("img")
    assert (strip["src"], strip["loading"], strip["alt"]) == ("../media/k.svg", "lazy", "Eight frames of m: a text")
    gone = Elements(written(Shown("m", "p", "a text", gone="It is gone.")))
    assert "It is gone." in gone.text and not gone.all("video") and not gone.all("img")


def test_hostile_texts_of_a_clip_stay_texts():
    shown = Shown(NASTY, NASTY, NASTY, 0, "media/k.mp4", "media/k.webp")
    text = written(shown, value=NASTY, metric=NASTY, model=True)
    assert_harmless(text)
    assert Elements(text).text.count("<img src=x onerror=alert(1)>") == 5


@pytest.fixture(scope="module")
def clip_page(tmp_path_factory) -> Path:
    """Return a page with a clip on the screen and one far below."""
    folder = tmp_path_factory.mktemp("clips")
    write_video([np.full((64, 64, 3), 9 * n, np.uint8) for n in range(20)], folder / "k.mp4", 20.0)
    Image.new("RGB", (64, 64)).save(folder / "k.webp")
    shutil.copy(STATIC / "clips.js", folder)
    clip = written(Shown("m", "p", "a text", None, "k.mp4", "k.webp")).replace("../", "")
    space = '<div style="height: 5000px"></div>'
    (folder / "page.html").write_text(f'<title>t</title><script src="clips.js" defer></script>{clip}{space}{clip}')
    return folder / "page.html"


PLAYING = "[...document.querySelectorAll('video')].map((video) => !video.paused)"


def test_clips_play_on_the_screen_until_they_are_stopped(clip_page):
    with chromium() as browser, page_of(browser) as page:
        page.goto(file_url(clip_page))
        page.wait_for_function(f"JSON.stringify({PLAYING}) == '[true,false]'")
        page.wait_for_function("document.querySelector('video').currentTime > 0.1")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Pause m: a text"
        page.keyboard.press("Enter")
        page.wait_for_function(f"JSON.stringify({PLAYING}) == '[false,false]'")
        page.evaluate("scrollTo(0, 5000)")
        page.wait_for_function(f"JSON.stringify({PLAYING}) == '[false,true]'")
        page.evaluate("scrollTo(0, 0)")
        page.wait_for_function(f"JSON.stringify({PLAYING}) == '[false,false]'")  # it was stopped
        page.get_by_role("button", name="Play m: a text").first.click()
        page.wait_for_function(f"JSON.stringify({PLAYING}) == '[true,false]'")


def test_clips_rest_where_less_motion_is_wanted_and_have_controls_without_scripts(clip_page):
    with chromium() as browser:
        with page_of(browser, reduced_motion="reduce") as page:
            page.goto(file_url(clip_page))
            page.wait_for_timeout(300)
            assert page.evaluate(PLAYING) == [False, False]
            page.get_by_role("button", name="Play m: a text").first.click()
            page.wait_for_function(f"JSON.stringify({PLAYING}) == '[true,false]'")
        with page_of(browser, java_script_enabled=False) as page:
            page.goto(file_url(clip_page))
            assert page.locator("video[controls]").count() == 2


def test_the_head_of_a_page_with_clips():
    head = Elements(from_template('{% from "_clip.html" import clip_head %}{{ clip_head("../", "s") }}'))
    assert [link["href"] for link in head.all("link")] == ["../static/pages.css?s"]
    assert [script["src"] for script in head.all("script")] == ["../static/clips.js?s"]
