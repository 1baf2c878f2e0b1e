"""Batch size, the order of the prompts and the number of workers change no number of any metric."""

from __future__ import annotations

import pytest

from mbench import evaluate
from mbench.metrics.base import METRICS
from mbench.results import RunFolder
from mbench.suites import load_suite, suite_from_rows, write_suite

# Metrics of the skinned body take seconds a clip and have a contract of their own (tests/test_fit.py).
NAMES = [name for name in METRICS.names() if "mesh" not in METRICS.get(name).info.needs]
PROMPTS = 36  # pools of R-Precision hold 32


@pytest.fixture(scope="module")
def rows_of(tmp_path_factory):
    """Return a function that evaluates every metric and returns all rows, in the order of their keys."""
    prompts = [
        {
            "id": prompt.id, "text": prompt.text, "seconds": min(prompt.seconds, 3.0),
            "candidates": list(prompt.candidates), "dimensions": sorted({*prompt.dimensions, "generalization"}),
        }
        for prompt in load_suite("mbench-mini").prompts[-PROMPTS:]
    ]  # fmt: skip

    def run(name, reverse=False, **settings):
        folder = tmp_path_factory.mktemp(name)
        suite = suite_from_rows("some", prompts[::-1] if reverse else prompts)
        write_suite(suite, folder / "suite.yaml")
        config = {
            "model": "choreographer", "suite": str(folder / "suite.yaml"), "metrics": NAMES,
            "run": {"replicates": 2, **settings}, "output": str(folder),
        }  # fmt: skip
        evaluate(config)
        [found] = (folder / "choreographer").iterdir()
        return dict(sorted(RunFolder(found).read_scores().items()))

    return run


@pytest.fixture(scope="module")
def plain(rows_of):
    return rows_of("plain")


def test_every_metric_has_rows(plain):
    assert {key[0] for key in plain} == set(NAMES)
    judged = [key for key in plain if METRICS.get(key[0]).info.judged]
    assert len(judged) > PROMPTS


def test_batch_size_and_workers(rows_of, plain):
    assert rows_of("batches", batch_size=5, workers=2) == plain


def test_order_of_prompts(rows_of, plain):
    assert rows_of("order", reverse=True, batch_size=7) == plain
