"""Result files in the layout of the official release, for scripts that read them (`mbench evaluate --official`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mbench.files import write_json
from mbench.metrics.base import METRICS
from mbench.motion import BENCHMARK_FPS
from mbench.results import RunFolder, ScoreRow
from mbench.suites.prompt import Prompt


def write_official(folder: RunFolder, prompts: Sequence[Prompt]) -> list[Path]:
    """Write `official/<model>_eval_results.json` and `official/<model>_per_motion_results.json`.

    A dimension without any value is left out (the official writer gives it the mean 0.0); a motion without a value is
    left out of `per_motion` as there, and counted as `num_missing`, which is ours. `motion_duration` is in frames at
    20 fps. Replicates other than the first are left out: the layout knows none.

    Args:
        folder: of a finished run.
        prompts: of its suite.

    Returns:
        the files.
    """
    result = folder.read_result()
    rows = [row for row in folder.read_scores().values() if row.replicate == 0 and row.prompt]
    by_id = {prompt.id: prompt for prompt in prompts}
    dimensions: dict[str, Any] = {}
    motions: dict[str, dict[str, Any]] = {}
    for name, facts in result["metrics"].items():
        mine = [r for r in rows if r.metric == name and r.version == facts["version"] and r.prompt in by_id]
        there = [row for row in mine if row.value is not None]
        if not facts["is_dimension"] or not there:
            continue
        title = official_name(METRICS.get(name).info.dimension)
        dimensions[title] = {
            "aggregate": {**_aggregate(there), "num_missing": len(mine) - len(there)},
            "per_motion": [_row(folder, by_id[row.prompt], row) for row in there],
        }
        for row in there:
            entry = motions.setdefault(row.prompt, {**_facts(by_id[row.prompt]), "dimensions": {}})
            entry["dimensions"][title] = {"value": row.value}
    base = folder.path / "official"
    evaluation = result["model"]
    files = [base / f"{evaluation}_eval_results.json", base / f"{evaluation}_per_motion_results.json"]
    write_json(files[0], dimensions)
    listing = [motions[prompt.id] for prompt in prompts if prompt.id in motions]
    write_json(files[1], {"evaluation_name": evaluation, "dimensions": list(dimensions), "motions": listing})
    return files


def official_name(dimension: str) -> str:
    """Return `Jitter_Degree` of `jitter_degree`."""
    return "_".join(word.capitalize() for word in dimension.split("_"))


def _aggregate(rows: Sequence[ScoreRow]) -> dict[str, Any]:
    values = np.array([row.value for row in rows], dtype=np.float64)
    return {"mean": float(values.mean()), "std": float(values.std()), "num_samples": len(values)}


def _facts(prompt: Prompt) -> dict[str, Any]:
    number = int(prompt.id) if prompt.id.isdigit() else prompt.id
    return {"id": number, "prompt": prompt.text, "motion_duration": round(prompt.seconds * BENCHMARK_FPS)}


def _row(folder: RunFolder, prompt: Prompt, row: ScoreRow) -> dict[str, Any]:
    facts = _facts(prompt)
    file = str(folder.motions / f"{prompt.id}-{row.replicate}.npz")
    return {"id": facts["id"], "prompt": facts["prompt"], "value": row.value, "evaluation_file": file,
            "motion_duration": facts["motion_duration"]}  # fmt: skip
