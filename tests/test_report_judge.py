"""Who judged, and how far to trust it, stands beside every score that a judge decided, in the report and the table."""

from __future__ import annotations

import re

import pytest

import mbench
from helpers import mbench as command
from mbench.suites import suite_from_rows, write_suite

NOTES = "Knows nothing of motion."  # of the toy judge's card
JUDGED = ("Motion condition consistency", "Motion generalizability", "Match probability", "R-Precision@1", "MM-Dist")


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    folder = tmp_path_factory.mktemp("judged")
    texts = ("a person walks", "a person waves", "a person jumps")
    rows = [
        {"id": f"p{i}", "text": text, "seconds": 1.0, "dimensions": ["quality", "consistency", "generalization"],
         "candidates": [other for other in texts if other != text] + [f"a person does {n}" for n in range(7)]}
        for i, text in enumerate(texts)
    ]  # fmt: skip
    write_suite(suite_from_rows("three", rows), folder / "suite.yaml")
    (folder / "model.yaml").write_text(
        "model: 'judges_for_tests:Writer'\njudge: 'judges_for_tests:Toy'\nsuite: suite.yaml\n"
        f"metrics: [fidelity, generalization, quality/jitter_degree]\noutput: {folder / 'results'}\n"
    )
    return folder / "model.yaml"


def test_report(config):
    result = mbench.evaluate(config)
    [page] = (config.parent / "results").rglob("report.html")
    rows = re.findall(r"<tr><th[^>]*scope=\"row\".*?</tr>", page.read_text(), re.DOTALL)
    by_title = {t: next(row for row in rows if re.search(f">{t}[ <]", row)) for t in (*JUDGED, "Jitter degree")}
    for title in JUDGED:
        assert NOTES in by_title[title] and "Judge toy." in by_title[title]
    assert NOTES not in by_title["Jitter degree"]
    assert "guessing scores 0.1" in by_title["Motion condition consistency"]
    assert result["metrics"]["fidelity/motion_condition_consistency"]["chance"] == pytest.approx(0.1)


def test_table(config):
    done = command("evaluate", config)
    assert "chance: fidelity/motion_condition_consistency: 0.1" in done.stdout
    assert len(re.findall(rf"judge toy\.[0-9a-f]{{10}}: {NOTES}", done.stdout)) == 1
