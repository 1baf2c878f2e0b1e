"""docs/metrics.md says what the registry says."""

from __future__ import annotations

import runpy
from pathlib import Path

from mbench.metrics.anchors import load_anchors

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")


def test_the_table_is_that_of_the_registry() -> None:
    table = runpy.run_path(str(ROOT / "scripts" / "metrics_page.py"))["registry_table"]()
    assert table in PAGE, "run `python scripts/metrics_page.py`"


def test_the_anchors_are_those_of_the_file() -> None:
    for name, anchor in load_anchors().by_metric.items():
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| {name.split('/')[1]} |"))
        reference, control = (float(cell) for cell in row.split("|")[2:4])
        assert abs(reference - anchor.reference) < 1e-4 and abs(control - anchor.control) < 1e-4
