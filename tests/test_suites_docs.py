"""docs/suite.md: its tables are those of the data, its examples run."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from mbench.suites import load_suite
from mbench.suites.names import GROUPS, expand_dimensions

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/suite.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("suite_balance", ROOT / "scripts/suite_balance.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def example(language: str, marker: str) -> str:
    """Return the code block of a language that holds the marker."""
    blocks = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    [found] = [block for block in blocks if marker in block]
    return found


def test_the_tables_are_up_to_date(script):
    table = PAGE.partition(script.BEGIN)[2].partition(script.END)[0]
    assert table == script.tables(load_suite("mbench-open"), load_suite("mbench-mini"))


def test_the_columns_of_the_tables_add_up(script):
    rows = [
        [int(cell) for cell in row.split("|")[2:-1]]
        for row in script.tables(load_suite("mbench-open"), load_suite("mbench-mini")).splitlines()
        if re.match(r"\| (everyday|locomotion|sport|dance|work|gesture|emotion|multi-step|rare) \|", row)
    ]
    assert len(rows) == 9
    assert [sum(column) for column in zip(*rows, strict=True)] == [150, 100, 100, 100, 450, 45]


def test_the_page_shows_the_figure_that_the_script_makes(script):
    assert f"]({script.FIGURE.name})" in PAGE
    assert script.FIGURE.read_bytes().startswith(b"\x89PNG")


def test_the_example_suite_loads(tmp_path):
    path = tmp_path / "my-suite.yaml"
    path.write_text(example("yaml", "prompts:"))
    suite = load_suite(path)
    assert len(suite) == 4
    assert suite.by_id("yoga-01").dimensions == expand_dimensions(["quality", "pose"])
    assert suite.by_id("yoga-01").reference == tmp_path / "motions/lunge.npz"
    assert len(suite.by_id("wave-01").candidates) == 3


def test_the_error_that_the_page_shows_is_the_real_one(tmp_path):
    text = example("yaml", "prompts:").replace("seconds: 5 ", "seconds: 3s")
    path = tmp_path / "my-suite.yaml"
    path.write_text(text)
    with pytest.raises(ValueError) as caught:
        load_suite(path)
    shown = re.search(r"my-suite.yaml: prompts\[12\](.*)", PAGE).group(1)
    assert str(caught.value) == f"{path}: prompts[0]{shown}"


def test_the_python_example_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(example("python", "write_suite"), {})
    assert (tmp_path / "hops.yaml").is_file()


def test_the_table_of_groups_is_the_real_one():
    rows = re.findall(r"^\| `(\w+)` \| ([\w, ]+) \|$", PAGE, re.MULTILINE)
    assert {group: tuple(names.split(", ")) for group, names in rows} == GROUPS
