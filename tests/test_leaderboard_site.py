"""The site of a leaderboard in a real browser: sort, filter, columns, dark mode, addresses, accessibility."""

from __future__ import annotations

import functools
import http.server
import re
import shutil
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from browser import check_accessibility, chromium, file_url, page_of
from leaderboard.boards import boards_of
from leaderboard.entries import read_entries
from leaderboard.export import export
from leaderboard.published import KIND
from leaderboard.site.build import build_site
from leaderboard.table import columns_of
from leaderboard_runs import make_results

PAGES = ("index.html", "published.html", "dimensions/index.html", "dimensions/foot-sliding.html")
JITTER = "quality/jitter_degree"
LARGEST = 300_000  # bytes of a page


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    runs = make_results(folder)
    shutil.copytree(runs["static"], folder / "results" / "broken" / "run")
    (folder / "results" / "broken" / "run" / "result.json").write_text("{")
    return folder / "results"


@pytest.fixture(scope="module")
def site(results, tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "site"
    build_site(results, folder, videos=False)
    return folder


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture
def page(browser, site):
    with page_of(browser, viewport={"width": 1440, "height": 900}) as found:
        found.goto(file_url(site / "index.html"))
        yield found


def names(page, table="board-1"):
    """Return the names of the rows that are shown, from top to bottom."""
    return page.eval_on_selector_all(
        f"#{table}-table tbody tr:not([hidden]) th a", "found => found.map(a => a.textContent)"
    )


def expected(results, metric, reverse=False):
    """Return the names in the order of their values, from the files themselves."""
    entries, _ = read_entries(results)
    values = {entry.name: entry.value(metric) for entry in entries}
    assert len(set(values.values())) == len(values) == 4
    return sorted(values, key=values.__getitem__, reverse=reverse)


def heading(page, key, table="board-1"):
    return page.locator(f'#{table}-table th[data-key="{key}"]')


def test_first_order_is_by_the_quality_score(page, results):
    assert names(page) == expected(results, "quality", reverse=True)
    assert heading(page, "quality").get_attribute("aria-sort") == "descending"
    assert page.locator("[aria-sort]").count() == 1


def test_sort_by_click(page, results):
    heading(page, JITTER).get_by_role("button").click()
    assert names(page) == expected(results, JITTER)  # lower is better, so the best first
    assert heading(page, JITTER).get_attribute("aria-sort") == "ascending"
    assert heading(page, "quality").get_attribute("aria-sort") is None
    heading(page, JITTER).get_by_role("button").click()
    assert names(page) == expected(results, JITTER, reverse=True)
    assert heading(page, JITTER).get_attribute("aria-sort") == "descending"
    assert "Jitter degree, highest first" in page.get_by_role("status").text_content()


def test_sort_by_keyboard(page, results):
    button = heading(page, "model").get_by_role("button")
    button.focus()
    page.keyboard.press("Enter")
    assert names(page) == ["choreographer", "jittered", "sliding", "static"]
    page.keyboard.press("Space")
    assert names(page) == ["static", "sliding", "jittered", "choreographer"]
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Quality"
    page.keyboard.press("Enter")
    assert names(page) == expected(results, "quality", reverse=True)


def test_published_numbers_sort_among_themselves_only(page):
    heading(page, JITTER, "published-models").get_by_role("button").click()
    shown = page.eval_on_selector_all("#published-models-table tbody th", "all => all.map(th => th.textContent)")
    assert shown[0] == "ViMoGen" and len(shown) == 9
    assert not set(shown) & set(names(page))
    assert page.locator("#published-models-table .rank").count() == 0
    assert page.locator("#board-1-table .rank").count() > 0


def test_filter_by_kind(page):
    page.get_by_role("checkbox", name="control").uncheck()
    assert names(page) == ["choreographer"]
    page.get_by_role("checkbox", name="rule-based").uncheck()
    assert names(page) == []
    assert page.get_by_text("No result of the kinds that are shown.").is_visible()
    assert page.locator("#published").is_visible()
    page.get_by_role("checkbox", name=KIND).uncheck()
    assert not page.locator("#published").is_visible()
    page.get_by_role("button", name="Reset").click()
    assert len(names(page)) == 4 and page.locator("#published").is_visible()


def test_columns(page):
    cells = page.locator("#board-1-table tbody tr:first-child td:not([hidden])")
    before = cells.count()
    page.get_by_text("Columns", exact=True).first.click()
    page.get_by_role("checkbox", name="Jitter degree").uncheck()
    assert not heading(page, JITTER).is_visible()
    assert cells.count() == before - 1
    assert not heading(page, JITTER, "published-models").is_visible()
    page.get_by_role("checkbox", name="Jitter degree").check()
    assert heading(page, JITTER).is_visible() and cells.count() == before


def test_address_keeps_the_view(browser, page, site, results):
    page.get_by_role("checkbox", name=KIND).uncheck()
    page.get_by_text("Columns", exact=True).first.click()
    page.get_by_role("checkbox", name="Foot floating").uncheck()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.textContent") == "Columns"
    assert not page.get_by_role("checkbox", name="Foot floating").is_visible()
    heading(page, JITTER).get_by_role("button").click()
    address = page.url
    assert address.startswith(file_url(site / "index.html") + "#")
    with page_of(browser) as other:
        other.goto(address)
        assert names(other) == expected(results, JITTER)
        assert heading(other, JITTER).get_attribute("aria-sort") == "ascending"
        assert not other.locator("#published").is_visible()
        assert not heading(other, "quality/foot_floating").is_visible()
        assert not other.get_by_role("checkbox", name=KIND).is_checked()
    page.get_by_role("button", name="Reset").click()
    assert "#" not in page.url
    assert names(page) == expected(results, "quality", reverse=True)


@pytest.mark.parametrize(
    "state", ["sort=nothing:here:up", "sort=board-1-table:quality:sideways", "hide=<b>&sort=a", "="]
)
def test_nonsense_in_the_address_changes_nothing(browser, site, results, state):
    with page_of(browser) as page:
        page.goto(f"{file_url(site / 'index.html')}#{state}")
        assert names(page) == expected(results, "quality", reverse=True)


def test_anchor_in_the_address_is_left_alone(browser, site):
    with page_of(browser) as page:
        page.goto(f"{file_url(site / 'index.html')}#published")
        assert page.url.endswith("#published")
        assert len(names(page)) == 4


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessibility(browser, site, path, scheme):
    with page_of(browser, color_scheme=scheme) as page:
        page.goto(file_url(site / path))
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        check_accessibility(page)


@pytest.mark.parametrize("path", PAGES)
def test_phone(browser, site, path):
    with page_of(browser, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True) as page:
        page.goto(file_url(site / path))
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def background(page):
    """Return the colours of the page and its text, as the browser computes them: [r, g, b] each."""
    colours = page.evaluate("[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]")
    return [[int(part) for part in re.findall(r"\d+", colour)[:3]] for colour in colours]


def test_dark_mode(browser, site):
    with page_of(browser, color_scheme="light") as page:
        page.goto(file_url(site / "index.html"))
        button = page.get_by_role("button", name="Dark")
        light = background(page)
        assert min(light[0]) > 200 and max(light[1]) < 80
        assert button.get_attribute("aria-pressed") == "false"
        button.click()
        dark = background(page)
        assert max(dark[0]) < 60 and min(dark[1]) > 180
        assert button.get_attribute("aria-pressed") == "true"
        page.goto(file_url(site / "published.html"))
        assert background(page) == dark  # remembered
        page.get_by_role("button", name="Dark").click()
        assert background(page) == light
    with page_of(browser, color_scheme="dark") as page:
        page.goto(file_url(site / "index.html"))
        assert background(page) == dark
        assert page.get_by_role("button", name="Dark").get_attribute("aria-pressed") == "true"


def test_without_scripts(browser, site, results):
    with page_of(browser, java_script_enabled=False) as page:
        page.goto(file_url(site / "index.html"))
        assert page.locator("#board-1-table tbody tr").count() == 4
        assert not page.locator("#controls").is_visible()
        assert page.get_by_role("button").count() == 0


@contextmanager
def served(folder: Path):
    """Serve a folder on a free port of this machine."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    handler = functools.partial(Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_under_a_path_of_a_server(browser, site, results, tmp_path):
    shutil.copytree(site, tmp_path / "some" / "where")
    with served(tmp_path) as url, page_of(browser) as page:
        page.goto(f"{url}/some/where/index.html")
        heading(page, JITTER).get_by_role("button").click()
        assert names(page) == expected(results, JITTER)
        page.get_by_role("link", name="About Jitter degree").click()
        assert page.get_by_role("heading", level=1).text_content() == "Jitter degree"
        page.get_by_role("link", name="Overview").click()
        assert page.url == f"{url}/some/where/index.html"


def test_all_links_lead_somewhere(site):
    for path in site.rglob("*.html"):
        text = path.read_text()
        for target in re.findall(r'(?:href|src|poster)="([^"]*)"', text):
            if target.startswith(("https://", "data:")):
                continue
            name, _, anchor = target.partition("#")
            file = (path.parent / name.split("?")[0]).resolve() if name else path
            assert file.is_file(), f"{path}: {target}"
            if anchor and "=" not in anchor:
                assert f'id="{anchor}"' in file.read_text(), f"{path}: {target}"


def test_only_links_of_sources_leave(site):
    for path in site.rglob("*"):
        if path.suffix in {".html", ".css", ".js"}:
            text = path.read_text()
            assert not re.search(r"(src|poster)=\"?https?:|url\((?!#)|@import|//cdn", text), path
            if path.suffix == ".html":
                leaving = set(re.findall(r'href="(https?://[^"]*)"', text))
                assert all(link.startswith("https://arxiv.org/") for link in leaving), path


def test_size_of_pages(site):
    sizes = {path: path.stat().st_size for path in site.rglob("*.html")}
    assert len(sizes) > 10
    assert max(sizes.values()) < LARGEST


def test_downloads_are_the_export(site, results):
    boards = boards_of(read_entries(results)[0])
    for format in ("csv", "json"):
        assert (site / f"leaderboard.{format}").read_text() == export(boards, format, metrics=True)


def test_left_out_is_told(site, page):
    assert page.locator("#left-out li").all_text_contents() == [
        "broken/run: result.json: is not JSON: Expecting property name enclosed in double quotes in line 1"
    ]


def test_cells_are_those_of_the_board(site, results, page):
    [board] = boards_of(read_entries(results)[0])
    for column in columns_of(board):
        scored = [cell.value for cell in column.cells.values() if cell.value is not None]
        assert heading(page, column.name).count() == bool(scored)
        index = page.evaluate(
            "key => [...document.querySelectorAll('#board-1-table th')].findIndex(th => th.dataset.key === key)",
            column.name,
        )
        for entry in board.entries if scored else ():
            cell = page.locator("#board-1-table tbody tr", has=page.get_by_role("link", name=entry.name, exact=True))
            assert float(cell.locator("> *").nth(index).get_attribute("data-v")) == column.cells[entry.key].value
