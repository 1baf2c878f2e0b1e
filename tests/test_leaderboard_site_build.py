"""Building a site: what is written, what is left alone, what a kill leaves, what is refused, and hostile results."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from browser import check_accessibility, chromium, file_url, page_of
from helpers import environment, mbench, one_line_error
from leaderboard.site import build
from leaderboard.site.build import build_site
from leaderboard.site.folder import NAME, SiteFolder
from leaderboard_entries import edit
from leaderboard_runs import make_results
from mbench.errors import ConfigError, MBenchError

EVIL = "<script>window.hacked=1</script>"
LARGEST = 300_000


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    make_results(folder, ("choreographer", "static", "jittered"))
    return folder / "results"


@pytest.fixture
def results(made, tmp_path):
    """A copy of the results that a test may change."""
    shutil.copytree(made, tmp_path / "results")
    return tmp_path / "results"


@pytest.fixture
def light(monkeypatch):
    """Build without the pages that draw figures, which take most of the time and are written like all others."""
    monkeypatch.setattr(build, "MODULES", ("site.overview", "site.dimension", "site.published_page"))


def run_of(results, model):
    [run] = (results / model).iterdir()
    return run


def files(site):
    """Return (inode, time of change) of every file of a site, by its path."""
    return {
        path.relative_to(site).as_posix(): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in site.rglob("*")
        if path.is_file()
    }


def changed(before, after):
    return {path for path in before.keys() & after.keys() if before[path] != after[path]}


def test_nothing_is_written_without_change(results, tmp_path, light):
    site = tmp_path / "site"
    first = build_site(results, site, videos=False)
    assert first.made == len(first.pages) > 10 and first.written > first.made and not first.problems
    before = files(site)
    second = build_site(results, site, videos=False)
    assert (second.made, second.written, second.removed) == (0, 0, 0)
    assert second.pages == first.pages and second.size == first.size
    assert files(site) == before


def test_same_bytes_wherever_and_whenever_it_is_built(results, tmp_path):
    sites = [tmp_path / "one", tmp_path / "two" / "deep"]
    for site in sites:
        build_site(results, site, videos=False)
    one, two = ({path: (site / path).read_bytes() for path in files(site)} for site in sites)
    assert one == two
    assert not any(str(tmp_path).encode() in data for data in one.values())


def test_a_new_result_changes_what_shows_it(results, tmp_path):
    site, away = tmp_path / "site", tmp_path / "away"
    shutil.move(results / "jittered", away)
    build_site(results, site, videos=False)
    before = files(site)
    shutil.move(away, results / "jittered")
    built = build_site(results, site, videos=False)
    after = files(site)
    new = {path for path in after.keys() - before.keys() if path.endswith(".html")}
    assert {path for path in new if path.startswith("models/")} == {
        f"models/jittered-{run_of(results, 'jittered').name}.html"
    }
    rewritten = changed(before, after)
    assert {"index.html", "dimensions/foot-sliding.html"} <= rewritten
    assert "published.html" not in rewritten and "static/style.css" not in rewritten
    assert not any(path.startswith("models/") for path in rewritten)
    assert built.removed == 0


def test_pages_of_a_removed_result_vanish(results, tmp_path):
    site = tmp_path / "site"
    build_site(results, site, videos=False)
    run = run_of(results, "jittered")
    page = site / "models" / f"jittered-{run.name}.html"
    assert page.exists()
    (site / "CNAME").write_text("example.org")
    shutil.rmtree(run)
    built = build_site(results, site, videos=False)
    assert not page.exists() and built.removed >= 1
    assert (site / "CNAME").read_text() == "example.org"  # not ours
    assert "jittered" not in (site / "index.html").read_text()
    fresh = tmp_path / "fresh"
    build_site(results, fresh, videos=False)
    assert files(site).keys() - {"CNAME"} == files(fresh).keys()
    assert all((site / path).read_bytes() == (fresh / path).read_bytes() for path in files(fresh))


def test_a_page_that_somebody_changed_is_made_again(results, tmp_path, light):
    site = tmp_path / "site"
    build_site(results, site, videos=False)
    right = (site / "index.html").read_bytes()
    (site / "index.html").write_text("mine")
    (site / "published.html").unlink()
    assert build_site(results, site, videos=False).made == 2
    assert (site / "index.html").read_bytes() == right and (site / "published.html").exists()


def test_other_code_makes_all_pages_again_and_writes_those_that_differ(results, tmp_path, monkeypatch, light):
    site = tmp_path / "site"
    first = build_site(results, site, videos=False)
    before = files(site)
    monkeypatch.setattr(build, "_code", lambda: "other")
    second = build_site(results, site, videos=False)
    assert second.made == len(first.pages) and second.written == 0
    assert changed(before, files(site)) == {NAME}


@pytest.mark.parametrize("at", [0, 1, 5, 9, 14, 17])
def test_a_kill_leaves_what_the_next_build_puts_right(results, tmp_path, at, monkeypatch, light):
    """Stop before the nth file is written, change the results, and build again: the site is that of a new folder."""
    site, fresh = tmp_path / "site", tmp_path / "fresh"
    count = 0
    write = SiteFolder.write

    def stops(folder, path, *arguments, **more):
        nonlocal count
        count += 1
        if count > at:
            (folder.path / path).parent.mkdir(exist_ok=True)
            (folder.path / path).parent.joinpath(f".{Path(path).name}.abc123").write_text("half of it")
            raise KeyboardInterrupt
        write(folder, path, *arguments, **more)

    with monkeypatch.context() as patch:
        patch.setattr(SiteFolder, "write", stops)
        with pytest.raises(KeyboardInterrupt):
            build_site(results, site, videos=False)
    shutil.rmtree(results / "jittered")
    for folder in (site, fresh):
        build_site(results, folder, videos=False)
    assert {path: (site / path).read_bytes() for path in files(site)} == {
        path: (fresh / path).read_bytes() for path in files(fresh)
    }


def test_a_real_kill(results, tmp_path):
    """A process that is killed while it builds holds nothing up."""
    site = tmp_path / "site"
    loop = (
        "import sys; from pathlib import Path; from leaderboard.site.build import build_site\n"
        "while True:\n    build_site(Path(sys.argv[1]), Path(sys.argv[2]), videos=False)\n"
        "    (Path(sys.argv[2]) / 'index.html').unlink()"
    )
    process = subprocess.Popen([sys.executable, "-c", loop, str(results), str(site)], env=environment())
    deadline = time.monotonic() + 60
    while not (site / "index.html").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    build_site(results, site, videos=False)
    build_site(results, tmp_path / "fresh", videos=False)
    assert files(site).keys() == files(tmp_path / "fresh").keys()


def test_two_builds_at_once_are_told(results, tmp_path, light):
    folder = SiteFolder(tmp_path / "site")
    with folder.locked(), pytest.raises(MBenchError, match="another build of this site is under way"):
        build_site(results, tmp_path / "site", videos=False)
    build_site(results, tmp_path / "site", videos=False)


def test_a_folder_of_others_is_refused(results, tmp_path):
    mine = tmp_path / "thesis"
    mine.mkdir()
    (mine / "index.html").write_text("my page")
    one_line_error(mbench("leaderboard", "build", results, "--out", mine, "--no-videos"), str(mine), NAME, "not a site")
    assert [path.name for path in mine.iterdir()] == ["index.html"]
    assert (mine / "index.html").read_text() == "my page"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is not JSON"),
        ("[]", "is not the list of a site's files"),
        ('{"schema": 99, "files": {}}', "schema 99"),
        ('{"schema": 1, "files": {"../../x": {}}}', "is not the list"),
        ('{"schema": 1, "files": {"/etc/x": {}}}', "is not the list"),
        ('{"schema": 1, "files": {"index.html": 3}}', "is not the list"),
    ],
)
def test_a_list_of_files_that_is_none(results, tmp_path, content, words, light):
    site = tmp_path / "site"
    site.mkdir()
    (site / NAME).write_text(content)
    with pytest.raises(MBenchError, match=re.escape(words)) as told:
        build_site(results, site, videos=False)
    assert str(site / NAME) in str(told.value) and "\n" not in str(told.value)
    assert (site / NAME).read_text() == content


def test_out_is_a_file(results, tmp_path):
    (tmp_path / "site").write_text("")
    with pytest.raises(ConfigError, match="is a file; expected a folder"):
        build_site(results, tmp_path / "site")


def test_no_results(tmp_path):
    (tmp_path / "results").mkdir()
    with pytest.raises(ConfigError, match="holds no finished run"):
        build_site(tmp_path / "results", tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_only_broken_results_leave_the_site_as_it_is(results, tmp_path, light):
    site = tmp_path / "site"
    build_site(results, site, videos=False)
    before = files(site)
    for path in results.rglob("result.json"):
        path.write_text("{")
    with pytest.raises(ConfigError, match="holds no finished run that can be shown.*is not JSON"):
        build_site(results, site, videos=False)
    assert files(site) == before


def spoil(run, how):
    if how == "newer":
        edit(run / "result.json", lambda result: result.update(schema=99))
    elif how == "torn":
        (run / "scores.csv").write_text("metric,version\nhalf")
    elif how == "unfinished":
        (run / "result.json").unlink()
    else:
        (run / "result.json").write_text('{"schema": 1}')


@pytest.mark.parametrize("how", ["newer", "torn", "unfinished", "empty"])
def test_broken_results_are_told_and_left_out(results, tmp_path, light, how):
    run = run_of(results, "jittered")
    spoil(run, how)
    built = build_site(results, tmp_path / "site", videos=False)
    [problem] = built.problems
    assert problem.path == run and problem.reason and "\n" not in problem.reason and built.entries == 2
    before, left_out = (tmp_path / "site" / "index.html").read_text().split('id="left-out"')
    assert f"jittered/{run.name}" in left_out and "jittered" not in before and "choreographer" in before
    assert str(tmp_path) not in before + left_out


def test_a_link_to_nowhere_among_the_motions(results, tmp_path, light):
    (run_of(results, "jittered") / "motions" / "loose.npz").symlink_to("/nowhere")
    assert build_site(results, tmp_path / "site", videos=False).entries == 3


def test_command(results, tmp_path):
    spoil(run_of(results, "jittered"), "newer")
    done = mbench("leaderboard", "build", results, "--out", tmp_path / "site", "--no-videos")
    assert done.returncode == 1, done.stderr
    [line] = [line for line in done.stderr.splitlines() if line.startswith("left out: ")]
    assert str(run_of(results, "jittered")) in line and "update mbench" in line
    assert (tmp_path / "site" / "index.html").exists()


def test_incomparable_results_are_apart(results, tmp_path, light):
    for name in ("run.json", "result.json"):
        edit(run_of(results, "static") / name, lambda value: value["suite"].update(hash="f" * 64, name="another"))
    built = build_site(results, tmp_path / "site", videos=False)
    text = (tmp_path / "site" / "index.html").read_text()
    first, second = text.split('id="board-2"')
    second = second.split('id="published"')[0]
    assert built.entries == 3 and 'id="board-3"' not in text
    assert "jittered" in first and "static" not in first.split('id="board-1"')[1]
    assert "static" in second and "jittered" not in second
    assert "another suite: another 1 (ffffffff) instead of small 1" in second
    assert second.count("#1<") > 0  # ranked alone


def poison(value, field=""):
    """Return a JSON value with markup in every text that may hold any."""
    if isinstance(value, dict):
        return {key: poison(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [poison(item, field) for item in value]
    fixed = ("run_id", "hash", "start", "end", "better", "version", "id", "dimensions", "output", "unit")
    return EVIL if isinstance(value, str) and field not in fixed else value


def poison_run(run):
    """Put markup into every text of a run: model, kind, card, suite, prompts, tags, notes, reasons, judge, command."""

    def change_result(result):
        suite = {**result["suite"], "name": EVIL, "version": EVIL}
        result.update(model=EVIL, kind=EVIL, suite=suite, notes=[EVIL, f"two {EVIL}"])
        for summary in result["metrics"].values():
            summary.update(
                unit=EVIL, judge=EVIL, judge_notes=EVIL, missing=1, failed=1, reasons={EVIL: 1}, flags=[EVIL]
            )

    def change_run(whole):
        suite = {**whole["suite"], "name": EVIL, "version": EVIL}
        for field in ("card", "config", "provenance", "prompts", "base"):
            whole[field] = poison(whole[field])
        whole["card"]["version"] = EVIL
        whole["suite"] = suite

    edit(run / "result.json", change_result)
    edit(run / "run.json", change_run)


@pytest.fixture(scope="module")
def evil(made, tmp_path_factory):
    folder = tmp_path_factory.mktemp("evil")
    shutil.copytree(made, folder / "results")
    for model in ("choreographer", "jittered"):
        poison_run(run_of(folder / "results", model))
    (folder / "results" / EVIL.replace("/", "")).mkdir()
    (folder / "results" / EVIL.replace("/", "") / "result.json").write_text("{")
    built = build_site(folder / "results", folder / "site", videos=False)
    assert built.entries == 3 and len(built.problems) == 1, built.problems
    return folder / "site"


def test_markup_is_never_written_as_it_is(evil):
    for path in (path for path in evil.rglob("*") if path.suffix in {".html", ".js"}):
        text = path.read_text()
        assert EVIL not in text and "<script>" not in text, path


def test_markup_is_read_as_text(evil):
    """Name, kind, suite, unit, judge, its notes and the run's notes stand on the overview as the text they are."""
    with chromium() as browser, page_of(browser) as page:
        page.goto(file_url(evil / "index.html"))
        row = page.locator("#board-1-table tbody tr").first
        texts = {
            "title": page.locator("#board-1-title"), "name": row.locator("th a"), "kind": row.locator("th small"),
            "chip": page.locator(".kinds label", has_text="hacked"), "judge": page.locator("#board-1-judges p").first,
            "note": page.locator(".notes li").first, "unit": page.locator("#board-1-table th.dimension small").first,
            "left out": page.locator("#left-out li").first,
        }  # fmt: skip
        for what, place in texts.items():
            expected = EVIL.replace("/", "") if what == "left out" else EVIL
            assert expected in place.text_content(), what


@pytest.mark.parametrize("path", ["index.html", "dimensions/foot-sliding.html", "models/*.html", "compare.html"])
def test_markup_does_nothing(evil, path):
    with chromium() as browser:
        for file in sorted(evil.glob(path))[:1]:
            with page_of(browser) as page:
                page.goto(file_url(file))
                page.wait_for_timeout(100)
                assert page.evaluate("typeof window.hacked") == "undefined", file
                check_accessibility(page)


def test_markup_in_the_address(evil):
    with chromium() as browser, page_of(browser) as page:
        page.goto(file_url(evil / "index.html"))
        page.get_by_role("checkbox", name=EVIL).uncheck()
        address = page.url
        page.goto("about:blank")
        page.goto(address)
        assert not page.get_by_role("checkbox", name=EVIL).is_checked()
        assert page.evaluate("typeof window.hacked") == "undefined"


def test_manifest_lists_the_site(results, tmp_path, light):
    build_site(results, tmp_path / "site", videos=False)
    manifest = json.loads((tmp_path / "site" / NAME).read_text())
    assert manifest["schema"] == 1
    assert set(manifest["files"]) == files(tmp_path / "site").keys() - {NAME}


@pytest.fixture(scope="module")
def with_videos(made, tmp_path_factory):
    folder = tmp_path_factory.mktemp("videos")
    shutil.copytree(made / "choreographer", folder / "results" / "choreographer")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MBENCH_CACHE", str(folder / "cache"))
        build_site(folder / "results", folder / "site", videos=True)
        yield folder / "site"


def test_videos(with_videos):
    text = (with_videos / "dimensions" / "dynamic-degree.html").read_text()
    shown = set(re.findall(r'<video data-clip src="\.\./(media/[0-9a-f]{20}\.mp4)"', text))
    assert shown
    for path in shown:
        assert (with_videos / path).read_bytes()[4:8] == b"ftyp"
    every = {
        path
        for page in with_videos.rglob("*")
        if page.suffix in {".html", ".js"}
        for path in re.findall(r"media/[0-9a-f]{20}\.\w+", page.read_text())
    }
    assert every == {path for path in files(with_videos) if path.startswith("media/")}
    assert max(page.stat().st_size for page in with_videos.rglob("*.html")) < LARGEST
    before = files(with_videos)
    (with_videos / sorted(shown)[0]).unlink()
    again = build_site(with_videos.parent / "results", with_videos)
    assert again.made >= 1 and files(with_videos).keys() == before.keys()


def test_videos_vanish_when_they_are_not_wanted(with_videos, tmp_path):
    shutil.copytree(with_videos, tmp_path / "site")
    built = build_site(with_videos.parent / "results", tmp_path / "site", videos=False)
    assert built.videos == 0 and not list((tmp_path / "site").rglob("*.mp4"))


def test_videos_play_and_nothing_leaves(with_videos):
    with chromium() as browser, page_of(browser, viewport={"width": 1000, "height": 900}) as page:
        page.goto(file_url(with_videos / "dimensions" / "dynamic-degree.html"))
        video = page.locator("video").first
        video.scroll_into_view_if_needed()
        video.evaluate("v => new Promise(done => { v.ontimeupdate = () => v.currentTime > 0 && done(); })")
        assert video.evaluate("v => [v.loop, v.muted]") == [True, True]
        check_accessibility(page)
