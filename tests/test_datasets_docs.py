"""docs/datasets.md: its example runs, its output is that of the command."""

from __future__ import annotations

import re
from pathlib import Path

from dataset_files import write_shards
from helpers import mbench
from motions import posed

PAGE = (Path(__file__).parents[1] / "docs/datasets.md").read_text(encoding="utf-8")


def test_the_example_in_python_runs(tmp_path, capsys):
    write_shards(tmp_path / "lab", {"a": posed(0, 40)}, split="train", template_caption="a person waves")
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(code.replace("DATASET", str(tmp_path / "lab")), {})
    assert capsys.readouterr().out == "1 shards {} {}\na 2.0 ['a person waves'] (40, 22, 3)\n"


def test_the_output_is_that_of_the_command(shared):
    (shown,) = re.findall(r"```\n(mocap: .*?)```", PAGE, re.DOTALL)
    printed = mbench("data", "info", shared / "mocap").stdout.splitlines()
    for line in shown.splitlines():
        assert line in [*printed, "..."], line
