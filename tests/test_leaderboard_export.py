"""What `mbench leaderboard export` writes reads back to the same numbers, and holds nothing but text of strangers."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from leaderboard.boards import boards_of
from leaderboard.entries import Problem
from leaderboard.export import export
from leaderboard.table import columns_of
from leaderboard.text import plain
from leaderboard_entries import NASTY, SUITE, entry, summary

SLIDING, JERK = "quality/foot_sliding", "quality/jerk"
FIELDS = ("value", "low", "high", "rank", "worst")


def pillar(value, low, high):
    return {"value": value, "low": low, "high": high, "dimensions": [SLIDING], "n": 5}


def made():
    """Two boards; on the first a clear best, two that can't be told apart, and one with nothing."""
    values = {"best": (0.1, 0.05, 0.15), NASTY: (1 / 3, 0.2, 0.6), "c": (0.5, 0.4, 1e-9 + 0.6), "nothing": (None,) * 3}
    entries = []
    for index, (name, value) in enumerate(values.items()):
        metrics = {SLIDING: summary(*value, score=0.5 if value[0] else None), JERK: summary(7.0, 6.0, 8.0)}
        pillars = {"quality": pillar(0.5, 0.25, 0.75)} if value[0] else {}
        entries.append(entry(name, f"r{index}", metrics, pillars=pillars, kind="control" if index else "learned"))
    other = entry("other", "r9", {SLIDING: summary(0.0, 0.0, 0.0)}, suite={**SUITE, "hash": "b" * 64, "name": "a|b_c"})
    return boards_of([*entries, other])


def expected(metrics=False):
    """Return {(board, label): {column: (value, low, high, rank, worst)}}, None where there is nothing."""
    return {
        (board.title, board.label(e)): {c.name: numbers_of(c.cells[e.key]) for c in columns_of(board, metrics)}
        for board in made()
        for e in board.entries
    }


def numbers_of(cell):
    return (cell.value, cell.low, cell.high, cell.rank or None, cell.worst or None)


def read(text):
    return float(text) if text else None


@pytest.mark.parametrize("metrics", [False, True])
def test_csv_reads_back(metrics):
    rows = list(csv.DictReader(io.StringIO(export(made(), "csv", metrics=metrics))))
    names = [column.name for column in columns_of(made()[0], metrics)]
    found = {
        (row["board"], row["label"]): {
            name: tuple(read(row[name if field == "value" else f"{name} {field}"]) for field in FIELDS)
            for name in names
        }
        for row in rows
    }
    wanted = {(plain(board), text(label)): cells for (board, label), cells in expected(metrics).items()}
    for cells in wanted.values():
        cells.update({name: (None,) * 5 for name in names if name not in cells})
    assert found == wanted
    assert (JERK in names) == metrics
    assert {row["model"]: row["kind"] for row in rows} | {"best": "learned", "c": "control"} == {
        row["model"]: row["kind"] for row in rows
    }


def text(label):
    """A label as a spreadsheet gets it."""
    return f"'{plain(label)}" if label.startswith("=") else plain(label)


def test_csv_never_begins_a_cell_like_a_formula():
    for row in csv.reader(io.StringIO(export(made(), "csv"))):
        assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@"))]


def test_json_reads_back():
    problems = [Problem(Path("x/y"), "is broken")]
    document = json.loads(export(made(), "json", problems))
    found = {
        (model["board"], model["label"]): {
            name: tuple(cell[field] for field in FIELDS) for name, cell in model["cells"].items()
        }
        for board in document["boards"]
        for model in board["models"]
    }
    assert found == expected()
    assert document["schema"] == 1
    assert document["left_out"] == [{"path": "x/y", "reason": "is broken"}]
    first, second = document["boards"]
    assert first["why"] == [] and second["why"] == ["another suite: a|b_c 1 (bbbbbbbb) instead of little 1 (aaaaaaaa)"]
    assert first["versions"] == {JERK: "1", SLIDING: "1"}
    assert first["columns"][0] == {
        "name": "quality", "title": "Quality", "unit": "score", "better": "higher", "kind": "pillar",
    }  # fmt: skip
    assert next(m for m in first["models"] if m["model"] == "nothing")["cells"][SLIDING]["note"]


def unescaped(cell):
    return html.unescape(re.sub(r"\\([\\`*_\[\]|~$])", r"\1", cell.strip()))


def tables_of(markdown):
    """Return {heading: rows of cells} of the tables of a Markdown text; cells are split at bars that are no text."""
    tables = {}
    for part in re.split(r"^## ", markdown, flags=re.MULTILINE)[1:]:
        heading, *lines = part.splitlines()
        rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines if line.startswith("|")]
        assert set(rows[1]) <= {" --- ", " ---: "}
        tables[unescaped(heading)] = [rows[0], *rows[2:]]
    return tables


CELL = re.compile(r"(\*\*)?([^ *]+)(\*\*)?(?: \\\[(.+), (.+)\\\])?(?: #(\d+)(?:–(\d+))?)?$")


def cell_of(text):
    """Return value, low, high, rank, worst of a Markdown cell, and whether it is bold."""
    bold, value, _, low, high, rank, worst = CELL.match(text.strip()).groups()
    if value == "—":
        return (None,) * 5, False
    ends = [None if end is None else float(end) for end in (low, high)]
    ranks = [None if r is None else int(r) for r in (rank, worst or rank)]
    return (float(value), *ends, *ranks), bool(bold)


def test_markdown_reads_back():
    found = tables_of(export(made(), "markdown"))
    assert list(found) == [board.title for board in made()]
    wanted = expected()
    for board in made():
        head, *rows = found[board.title]
        assert len(head) == 13
        assert {len(row) for row in rows} == {13}
        for e, row in zip(board.entries, rows, strict=True):
            assert unescaped(row[0]) == plain(e.name)
            for cell, column in zip(row[1:], columns_of(board), strict=True):
                numbers, bold = cell_of(cell)
                told = wanted[board.title, e.name][column.name]
                assert [n is None for n in numbers] == [n is None for n in told]
                assert numbers[:3] == tuple(None if n is None else pytest.approx(n, rel=5e-3) for n in told[:3])
                assert numbers[3:] == told[3:]
                assert bold == (told[3] == 1)


def test_markdown_says_why_a_board_is_by_itself():
    first, second = export(made(), "markdown").split("\n## a")
    assert "Not ranked" not in first
    assert "- another suite: a\\|b\\_c 1 (bbbbbbbb) instead of little 1 (aaaaaaaa)" in second


def test_markup_of_strangers_is_text_in_markdown():
    text = export(made(), "markdown")
    assert "<" not in text.replace("&lt;", "")
    assert "http://" not in text and "\x1b" not in text and "\u202e" not in text
    assert "[h](" not in text.replace("\\[", "").replace("\\]", "")


SPECIAL = re.compile(r"(?<!\\)[&%$#_{}~^]")


def test_latex_is_a_table_a_board():
    text = export(made(), "latex")
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") == 2
    body = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("%"))
    assert len(re.findall(r"(?<!\\)\{", body)) == len(re.findall(r"(?<!\\)\}", body))
    for board, part in zip(made(), text.split(r"\begin{table}")[1:], strict=True):
        rows = [line for line in part.splitlines() if line.endswith(r"\\")]
        assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {12}
        assert len(rows) == 1 + len(board.entries)
        for e, row in zip(board.entries, rows[1:], strict=True):
            cells = re.split(r"(?<!\\)&", row)[1:]
            for cell, column in zip(cells, columns_of(board), strict=True):
                assert (r"\textbf" in cell) == (column.cells[e.key].rank == 1)
                assert ("---" in cell) == (column.cells[e.key].value is None)


def test_markup_of_strangers_is_text_in_latex():
    (line,) = [line for line in export(made(), "latex").splitlines() if "script" in line]
    name = re.split(r"(?<!\\)&", line)[0]
    for known in (r"\textbackslash{}", r"\textasciitilde{}", r"\textasciicircum{}", r"\textbar{}", r"\textless{}",
                  r"\textgreater{}", "{''}"):  # fmt: skip
        assert known in name
        name = name.replace(known, "")
    assert not SPECIAL.search(name)
    assert not re.search(r"\\[a-zA-Z]", name)


def test_latex_compiles(tmp_path):
    compiler = shutil.which("lualatex") or shutil.which("xelatex") or shutil.which("pdflatex")
    if compiler is None:
        pytest.skip("no LaTeX here")
    boards = boards_of([entry("a_b & c", metrics={SLIDING: summary(0.1, 0.0, 0.2)}), entry("d")])
    packages = r"\usepackage[T1]{fontenc}\usepackage{booktabs,graphicx}"
    document = rf"\documentclass{{article}}{packages}\begin{{document}}{export(boards, 'latex')}\end{{document}}"
    (tmp_path / "t.tex").write_text(document)
    subprocess.run([compiler, "-halt-on-error", "t.tex"], cwd=tmp_path, check=True, capture_output=True)


@pytest.mark.parametrize("format", ["csv", "markdown", "latex"])
def test_missing_is_never_zero(format):
    boards = boards_of([entry("nobody", metrics={SLIDING: summary(None)})])
    (line,) = [line for line in export(boards, format).splitlines() if "nobody" in line]
    told = line.split("nobody")[-1].replace("r1", "").replace("2026-01-01T00:00:00Z,", "").replace(",1,", ",")
    assert not re.search(r"\d", told)


def test_the_first_line_of_csv_names_board_and_columns():
    head = export(made(), "csv").splitlines()[0].split(",")
    assert head[:8] == ["board", "suite", "label", "model", "run_id", "kind", "version", "date"]
    assert head[8:13] == ["quality", "quality low", "quality high", "quality rank", "quality worst"]
    assert len(head) == 8 + 12 * 5
