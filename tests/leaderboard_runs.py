"""Small real result folders: a rule-based model and its controls on a few prompts, joint metrics only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mbench.runner import evaluate

TEXTS = (
    "a person walks forward", "a person waves with the right hand", "someone jumps up twice",
    "a man bows slowly", "a person walks in a circle", "a person kicks with the left leg",
)  # fmt: skip
TAGS = ("locomotion", "gesture", "jump", "gesture", "locomotion", "sport")
MODELS: dict[str, Any] = {
    "choreographer": "choreographer",
    "static": {"name": "static", "options": {"of": "choreographer"}},
    "jittered": {"name": "jittered", "options": {"of": "choreographer"}},
    "sliding": {"name": "sliding", "options": {"of": "choreographer"}},
}
METRICS = ["jitter_degree", "dynamic_degree", "foot_sliding", "foot_floating", "ground_penetration"]


def write_suite(path: Path, texts: tuple[str, ...] = TEXTS, tags: tuple[str, ...] = TAGS) -> Path:
    """Write a suite whose prompts score the dimensions of quality."""
    import json

    prompts = [
        {"id": f"p{i:02d}", "text": text, "seconds": 2.0, "dimensions": ["quality"], "tags": [tag]}
        for i, (text, tag) in enumerate(zip(texts, tags, strict=True))
    ]
    suite = {"name": "small", "version": "1", "description": "for tests", "licence": "Apache-2.0", "prompts": prompts}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(suite))  # JSON is YAML
    return path


def make_results(folder: Path, models: tuple[str, ...] = tuple(MODELS), **run: Any) -> dict[str, Path]:
    """Evaluate models into `folder/results`; return the run folder of each. About a second a model."""
    suite = write_suite(folder / "suite.yaml")
    found = {}
    for name in models:
        config = {
            "model": MODELS[name], "suite": str(suite), "metrics": METRICS, "run": run,
            "output": str(folder / "results"),
        }  # fmt: skip
        result = evaluate(config)
        found[name] = folder / "results" / result["model"] / result["run_id"]
    return found
