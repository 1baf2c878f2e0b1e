"""Scores of several models by prompt: from results folders, or from a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mbench.agreement.table import read_table
from mbench.errors import ConfigError
from mbench.metrics.base import METRICS, canonical_name
from mbench.results import RunFolder
from mbench.summary import prompt_means

if TYPE_CHECKING:
    import pandas

COLUMNS = {"model", "metric", "prompt", "value", "version", "better"}
DIRECTIONS = ("lower", "higher")


@dataclass
class Scores:
    """Scores of one version a metric.

    Attributes:
        values: {metric: {(model, prompt): value}}.
        better: {metric: lower or higher}.
        models: all that were scored, sorted.
        suite: name of the suite, empty for tables.
        left_out: {metric: why it can't be compared with votes}.
    """

    values: dict[str, dict[tuple[str, str], float]]
    better: dict[str, str]
    models: list[str]
    suite: str = ""
    left_out: dict[str, str] = field(default_factory=dict)


def read_scores(paths: Sequence[Path]) -> Scores:
    """Return the scores of run folders, of folders that hold run folders, and of CSV tables.

    A table has the columns model, metric, prompt, value, and may have version and better (lower or higher, needed for
    metrics that are not registered here); an empty value is a missing one.

    Args:
        paths: any of these.

    Raises:
        ConfigError: nothing is found, runs are on different suites, or two runs score the same model; for tables the
            line, what was found and what was expected.
    """
    import pandas

    parts, suites = [], {}
    for path in paths:
        if not path.is_dir():
            parts.append(_of_table(path))
            continue
        for folder in _runs(path):
            part, suite = _of_run(folder)
            parts.append(part)
            suites[suite["hash"]] = (suite["name"], folder)
    if len(suites) > 1:
        (one, first), (other, second), *_ = suites.values()
        raise ConfigError(f"{first} ran on suite {one!r}, {second} on {other!r}: expected runs on one suite")
    rows = pandas.concat(parts, ignore_index=True)
    _check_repeats(rows)
    return _scores(rows, next((name for name, _ in suites.values()), ""))


def _runs(path: Path) -> list[Path]:
    """Return the finished runs in a folder."""
    found = sorted(file.parent for file in path.rglob("result.json"))
    if not found:
        raise ConfigError(f"{path}: holds no result.json; expected the folder of a finished run, or of several")
    return found


def _of_run(path: Path) -> tuple[pandas.DataFrame, dict[str, Any]]:
    """Return the rows of a run, of the versions that its result summarises, NaN where missing, and its suite."""
    import pandas

    run = RunFolder(path)
    result = run.read_result()
    by_metric: dict[tuple[str, str], list[Any]] = {}
    for row in run.read_scores().values():
        by_metric.setdefault((row.metric, row.version), []).append(row)
    rows = []
    for metric, facts in result["metrics"].items():
        own = by_metric.get((metric, facts["version"]), [])
        means = prompt_means(own)
        for prompt in dict.fromkeys(row.prompt for row in own):
            value = means.get(prompt, math.nan)
            rows.append((result["model"], metric, prompt, value, facts["version"], facts["better"]))
    table = pandas.DataFrame(rows, columns=["model", "metric", "prompt", "value", "version", "better"])
    return table.assign(where=str(path)), result["suite"]


def _of_table(path: Path) -> pandas.DataFrame:
    """Return the rows of a CSV file, NaN where the value is empty."""
    table = read_table(path, COLUMNS)
    for name in ("model", "metric", "prompt", "value"):
        if name not in table:
            found = ", ".join(c for c in table.columns if c != "line")
            raise ConfigError(f"{path}: line 1: columns are {found}; expected model, metric, prompt, value")
    for name in {"version", "better"} - set(table.columns):
        table[name] = ""
    where = [f"{path}: line {line}" for line in table["line"]]
    table["better"] = list(map(_direction, where, table["metric"], table["better"]))
    table["value"] = list(map(_number, where, table["value"]))
    return table.assign(where=where).drop(columns="line")


def _direction(where: str, metric: str, better: str) -> str:
    """Return the direction of a row: its own, else that of the registered metric."""
    if not better and canonical_name(metric) in METRICS.names():
        return METRICS.get(metric).info.better
    if not better:
        raise ConfigError(
            f"{where}: metric {metric!r} is not registered here; expected a column `better` with lower or higher"
        )
    if better not in DIRECTIONS:
        raise ConfigError(f"{where}: better is {better!r}; expected lower or higher")
    return better


def _number(where: str, text: str) -> float:
    """Return the value of a row, NaN where it is empty."""
    if not text:
        return math.nan
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ConfigError(f"{where}: value is {text!r}; expected a number, or nothing where it is missing")
    return value


def _check_repeats(rows: pandas.DataFrame) -> None:
    """Refuse two values of one metric, version, model and prompt: which of them counts would be a guess."""
    keys = ["model", "metric", "version", "prompt"]
    again = rows[rows.duplicated(keys) & (rows["prompt"] != "")]
    if again.empty:
        return
    row = again.iloc[0]
    before = rows[(rows[keys] == row[keys]).all(axis=1)].iloc[0]["where"]
    raise ConfigError(
        f"{row['where']}: model {row['model']!r} has a second value of {row['metric']} for prompt {row['prompt']!r} "
        f"(first in {before}); expected one run a model"
    )


def _scores(rows: pandas.DataFrame, suite: str) -> Scores:
    """Return the scores of metrics that can be compared, and why the others can't."""
    scores = Scores({}, {}, sorted(set(rows["model"])), suite)
    for metric, own in rows.groupby("metric", sort=True):
        name, versions, directions = str(metric), sorted(set(own["version"])), set(own["better"])
        by_prompt = own[(own["prompt"] != "") & own["value"].notna()]
        if len(versions) > 1 or len(directions) > 1:
            found = " and ".join(versions if len(versions) > 1 else sorted(directions))
            scores.left_out[name] = f"versions or directions differ between models: {found}; score with one version"
        elif by_prompt.empty:
            whole = (own["prompt"] == "").all()
            scores.left_out[name] = "one value for the whole set, none for a prompt" if whole else "no value at all"
        else:
            keys = zip(by_prompt["model"], by_prompt["prompt"], strict=True)
            scores.values[name] = dict(zip(keys, map(float, by_prompt["value"]), strict=True))
            scores.better[name] = directions.pop()
    return scores
