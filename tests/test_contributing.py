"""The examples of CONTRIBUTING.md are run as they stand there, through `mbench evaluate`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

import mbench
from mbench.judges.base import build_judge
from mbench.metrics.base import METRICS
from mbench.suites import suite_from_rows, write_suite

PAGE = Path(__file__).parents[1] / "CONTRIBUTING.md"


@pytest.fixture
def examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Write every Python example into its own file, and go there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    found = {}
    for code in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL):
        name = re.match(r"# (\w+)\.py", code).group(1)
        found[name] = code
        (tmp_path / f"{name}.py").write_text(code)
    yield found
    for name in found:
        sys.modules.pop(name, None)
    for metric in ("quality/foot_lift", "quality/spread", "generalization/surprise"):
        METRICS._items.pop(metric, None)


def test_every_example_is_about_fifteen_lines(examples):
    assert set(examples) == {"foot_lift", "spread", "my_model", "my_judge", "surprise", "my_suite"}
    lengths = {name: len(code.strip().splitlines()) for name, code in examples.items()}
    assert max(lengths.values()) <= 22, lengths


def test_model_metrics_and_suite_work_together(examples, tmp_path):
    from my_suite import two_steps

    write_suite(two_steps(), tmp_path / "suite.yaml")
    (tmp_path / "model.yaml").write_text(
        "model: {name: 'my_model:Glide', options: {speed: 0.5}}\n"
        "suite: suite.yaml\n"
        "metrics: [quality, 'foot_lift:foot_lift', 'spread:spread']\n"
    )
    metrics = mbench.evaluate(tmp_path / "model.yaml")["metrics"]
    assert metrics["quality/foot_lift"]["value"] == 0
    # 4 s and 3 s at 0.5 m/s are 79 and 59 frame steps of 0.025 m: 1.975 m and 1.475 m, standard deviation 0.25 m
    assert metrics["quality/spread"]["value"] == pytest.approx(0.25, abs=1e-4)
    # the whole figure glides at 0.025 m/frame, pelvis-relative joints stand still
    assert metrics["quality/dynamic_degree"]["value"] == pytest.approx(0.025, rel=1e-4)


def test_metric_asks_the_judge(examples, tmp_path):
    (tmp_path / "model.yaml").write_text(
        "model: {name: 'my_model:Glide', options: {speed: 0.5}}\n"
        "suite: suite.yaml\njudge: 'my_judge:Mover'\nmetrics: ['surprise:surprise']\n"
    )
    rows = [
        {"id": "a", "text": "a person walks", "seconds": 2, "dimensions": ["generalization"]},
        {"id": "b", "text": "a person waves", "seconds": 2, "dimensions": ["generalization"]},
    ]
    write_suite(suite_from_rows("two", rows), tmp_path / "suite.yaml")
    surprise = mbench.evaluate(tmp_path / "model.yaml")["metrics"]["generalization/surprise"]
    # gliding 1 m looks like moving: 1 - 0.9 for the walk, 1 - 0.1 for the wave
    assert surprise["value"] == pytest.approx(0.5)
    assert surprise["version"].startswith("1+mover.")


def test_judge_answers(examples, walk):
    judge = build_judge("my_judge:Mover")
    assert list(judge.match([walk, walk], ["a person walks", "a person waves"])) == [0.9, 0.1]
