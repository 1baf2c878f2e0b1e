"""Finished runs made by hand, for tests of the page that shows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mbench.metrics.anchors import load_anchors
from mbench.metrics.base import METRICS
from mbench.motion import Motion
from mbench.results import NO_MOTION, Generation, RunFolder, ScoreRow
from mbench.suites.prompt import DIMENSIONS, Prompt
from mbench.summary import summary_of

CONFIG = {
    "model": {"name": "motions", "options": {"folder": "clips"}, "weights": None, "captions": None},
    "suite": "suite.yaml",
    "metrics": ["quality"],
    "judge": {"name": "retrieval", "options": {}},
    "body": {"name": "default", "fit": "always", "max_collisions": None, "prior": None},
    "run": {
        "seed": 7, "replicates": 1, "limit": None, "batch_size": 16,
        "device": "auto", "workers": 1, "backend": "joblib", "scheduler": None,
    },
    "output": "results",
}  # fmt: skip
CARD = {
    "name": "example", "version": "1", "kind": "files", "licence": "CC0", "paper": "", "weights": "",
    "trained_on": "", "notes": "made for a test",
}  # fmt: skip
PROVENANCE = {
    "python": "3.11.2", "platform": "Linux", "packages": {"mbench": "0.1.0", "numpy": "2.0.0"},
    "commit": "0123456789ab", "command": ["/usr/bin/mbench", "evaluate", "my model.yaml"],
}  # fmt: skip


def prompts_of(texts: Sequence[str], tags: Sequence[tuple[str, ...]] | None = None) -> list[Prompt]:
    """Return one prompt of 3 s a text."""
    labels = tags or [()] * len(texts)
    quality = tuple(name for name, pillar in DIMENSIONS.items() if pillar == "quality")
    return [Prompt(f"p{i:03d}", text, 3.0, quality, (), labels[i]) for i, text in enumerate(texts)]


def make_run(
    path: Path,
    prompts: Sequence[Prompt],
    motions: Sequence[Motion | str],
    metrics: Sequence[str],
    value: Callable[[str, Motion], tuple[float | None, str | None]] | None = None,
    **result: Any,
) -> RunFolder:
    """Write a finished run.

    Args:
        path: the run's folder.
        prompts: of the run.
        motions: one a prompt, or the reason why there is none.
        metrics: names of what is scored.
        value: what a metric gives for a motion; the metric itself by default.
        result: fields of `result.json` to replace.
    """
    folder = RunFolder(path)
    for prompt, motion in zip(prompts, motions, strict=True):
        _generate(folder, prompt, motion)
    rows = [row for p, m in zip(prompts, motions, strict=True) for row in _rows(p, m, metrics, value)]
    folder.finish_scores(rows)
    summaries = {name: summary_of("1", METRICS.get(name), [r for r in rows if r.metric == name]) for name in metrics}
    folder.write_run({
        "run_id": "abcdef012345", "config": CONFIG, "base": "", "card": CARD, "provenance": PROVENANCE,
        "suite": {"name": "little", "version": "1", "hash": "00ff"},
        "start": "2026-01-02T03:04:05Z", "end": "2026-01-02T03:05:06Z",
    })  # fmt: skip
    folder.write_result({
        "model": CARD["name"], "kind": CARD["kind"], "run_id": "abcdef012345",
        "suite": {"name": "little", "version": "1", "hash": "00ff"}, "prompts": len(prompts), "replicates": 1,
        "motions": sum(isinstance(m, Motion) for m in motions), "metrics": summaries, "pillars": _pillars(summaries),
        "anchors": load_anchors().version, "notes": [], **result,
    })  # fmt: skip
    return folder


def _generate(folder: RunFolder, prompt: Prompt, motion: Motion | str) -> None:
    if isinstance(motion, str):
        folder.add_to_index([Generation(prompt.id, 0, 1, reason=motion)])
    else:
        folder.add_to_index([folder.add_motion(motion, prompt.id, 0, 1, 0.25)])


def _rows(
    prompt: Prompt, motion: Motion | str, metrics: Sequence[str], value: Callable[..., Any] | None
) -> list[ScoreRow]:
    rows = []
    for name in metrics:
        item = METRICS.get(name)
        if isinstance(motion, str):
            found = None, f"{NO_MOTION}{motion}"
        else:
            found = value(name, motion) if value else item.evaluate(motion)
        rows.append(ScoreRow(name, str(item.info.version), prompt.id, 0, *found))
    return rows


def _pillars(summaries: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Set the scores of dimensions, and return their mean as the pillar."""
    anchors = load_anchors().by_metric
    dimensions = [name for name, s in summaries.items() if s["is_dimension"] and s["value"] is not None]
    for name in dimensions:
        summaries[name]["score"] = anchors[name].score(summaries[name]["value"])
    if not dimensions:
        return {}
    score = float(np.mean([summaries[name]["score"] for name in dimensions]))
    most = max(summaries[name]["n"] for name in dimensions)
    interval = {"low": score - 0.05, "high": min(score + 0.05, 1.0)}
    return {"quality": {"value": score, **interval, "dimensions": dimensions, "n": most}}
