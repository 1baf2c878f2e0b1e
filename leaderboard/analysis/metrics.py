"""Metrics against raters: `mbench agreement` on the votes that count, a question at a time."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leaderboard.analysis.votes import type_of
from mbench.agreement import agreement
from mbench.agreement.scores import read_scores
from mbench.errors import ConfigError
from mbench.metrics.base import METRICS
from mbench.results import RunFolder

if TYPE_CHECKING:
    import pandas

    from leaderboard.arena.study import Study

Result = dict[str, Any]

COLUMNS = ("prompt", "model_a", "model_b", "winner", "rater", "question")


def compared_runs(study: Study, folders: Sequence[Path]) -> list[Path]:
    """Return the run folders of exactly the motions that raters saw, among folders of runs.

    Args:
        study: names the runs.
        folders: run folders, or folders that hold some.

    Raises:
        ConfigError: none of the study's runs is among them, or one of its models is there with another run only.
    """
    found: dict[str, dict[str, Path]] = {}
    for file in sorted({file for folder in folders for file in folder.rglob("result.json")}):
        result = RunFolder(file.parent).read_result()
        found.setdefault(result["model"], {})[result["run_id"]] = file.parent
    runs = []
    for model, facts in study.models.items():
        own = found.get(model, {})
        if facts["run_id"] in own:
            runs.append(own[facts["run_id"]])
        elif own:
            run, folder = next(iter(own.items()))
            raise ConfigError(
                f"{folder}: is run {run} of {model}; raters saw run {facts['run_id']}: give the results of that run"
            )
    if not runs:
        where = ", ".join(map(str, folders))
        raise ConfigError(f"{where}: holds no run of the study's models; expected one of {', '.join(study.models)}")
    return runs


def metric_agreement(scores: Sequence[Path], table: pandas.DataFrame) -> Result:
    """Return how far metrics agree with raters; see `mbench.agreement.agreement`.

    Ratings are turned into preferences: of two models on a prompt, the one with the higher mean rating.

    Args:
        scores: run folders, folders of them, or CSV tables.
        table: votes that count.

    Returns:
        what `agreement` returns, each metric with its `dimension` (None of an unregistered one) and `is_dimension`;
        `unscored_models`, those without scores, whose votes are left out.

    Raises:
        ConfigError: scores that can't be read, or no two models of the votes have some.
    """
    known = set(read_scores(scores).models)
    rows = _preferences(table) if type_of(table) == "ratings" else _votes(table)
    models = {row[side] for row in rows for side in ("model_a", "model_b")}
    kept = [row for row in rows if {row["model_a"], row["model_b"]} <= known]
    if not kept:
        have = ", ".join(sorted(known & models)) or "none"
        raise ConfigError(f"no vote is on two models with scores; models of the votes with scores: {have}")
    with tempfile.TemporaryDirectory() as folder:
        human = Path(folder) / "votes.csv"
        _write(human, kept)
        found = agreement(scores, human)
    for question in found["questions"]:
        for name, metric in question["metrics"].items():
            metric.update(_facts(name))
    return {**found, "unscored_models": sorted(models - known)}


def _votes(table: pandas.DataFrame) -> list[dict[str, str]]:
    """Return votes on pairs as `mbench agreement` reads them: the first of each rater, question, prompt and pair."""
    first: dict[Any, dict[str, str]] = {}
    for row in table.loc[table["kind"] == "pair", list(COLUMNS)].to_dict("records"):
        key = (row["rater"], row["question"], row["prompt"], frozenset((row["model_a"], row["model_b"])))
        first.setdefault(key, {str(name): str(value) for name, value in row.items()})
    return list(first.values())


def _preferences(table: pandas.DataFrame) -> list[dict[str, str]]:
    """Return a row a question, prompt and pair of models that were rated on it."""
    rows = []
    counted = table[table["kind"] == "rating"]
    for (question, prompt), own in counted.groupby(["question", "prompt"], sort=True):
        means = {str(model): float(mean) for model, mean in own.groupby("model")["value"].mean().items()}
        for one, other in combinations(sorted(means), 2):
            winner = "tie" if means[one] == means[other] else "a" if means[one] > means[other] else "b"
            values = (str(prompt), one, other, winner, "", str(question))
            rows.append(dict(zip(COLUMNS, values, strict=True)))
    return rows


def _write(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def _facts(name: str) -> Result:
    """Return the dimension that a metric informs, and whether it is how that is scored."""
    if name not in METRICS.names():
        return {"dimension": None, "is_dimension": False}
    info = METRICS.get(name).info
    return {"dimension": info.dimension, "is_dimension": info.is_dimension}
