"""Everything that is reported of a study, as one JSON value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leaderboard.analysis import raters
from leaderboard.analysis.consistency import pair_consistency, rating_consistency
from leaderboard.analysis.metrics import compared_runs, metric_agreement
from leaderboard.analysis.opinions import analyse_ratings
from leaderboard.analysis.pairs import PairVotes, analyse_pairs
from leaderboard.analysis.raters import Rule
from leaderboard.analysis.source import Source
from leaderboard.analysis.votes import type_of
from leaderboard.arena.study import Question

if TYPE_CHECKING:
    import pandas

Result = dict[str, Any]

SCHEMA = 1
FAST = 2.0  # seconds, in which nobody watches two motions
COUNTED = ("pair", "rating")
RULE = Rule()


def analyse(source: Source, rule: Rule = RULE, fast: float = FAST, results: Sequence[Path] = ()) -> Result:
    """Return what votes say of models, raters and metrics; docs/arena_report.md says what every number means.

    Raters are left out by the rule on attention checks, then all else is computed. Attention checks and repeats never
    enter ratings, win ratios and agreement.

    Args:
        source: the votes.
        rule: which raters are left out.
        fast: seconds below which a task counts as too fast; that is reported, nobody is left out for it.
        results: run folders, folders of them, or tables of scores, for the agreement of metrics; may be none.

    Raises:
        ConfigError: results that can't be read or do not fit the study.
    """
    checks = raters.attention(source.table, rule)
    excluded = [row["rater"] for row in checks if row["excluded"]]
    kept = source.table[~source.table["rater"].isin(excluded)]
    counted = kept[kept["kind"].isin(COUNTED)]
    return {
        "schema": SCHEMA,
        "name": source.name,
        "type": type_of(source.table),
        "study": _study(source),
        "rule": {**asdict(rule), "fast": fast},
        "counts": _counts(source, kept, counted),
        "attention": checks,
        "excluded": excluded,
        "raters": raters.by_rater(source.table),
        "times": raters.times(kept, fast),
        "skips": dict(source.skips),
        "side": raters.side_bias(kept) if type_of(kept) == "pairs" else None,
        "questions": [_question(question, kept) for question in questions_of(source)],
        "metrics": _metrics(source, counted, results) if results else None,
        "comments": _comments(source.table),
    }


def questions_of(source: Source) -> list[Question]:
    """Return the questions of the study in its order, of a CSV file on its own those that it names."""
    if source.study is not None:
        return list(source.study.questions)
    return [Question(str(name), str(name)) for name in sorted(source.table["question"].unique())]


def _study(source: Source) -> Result | None:
    """Return the facts of the study that a reader needs."""
    if source.study is None:
        return None
    study = source.study
    return {
        "id": study.id, "created": study.created, "suite": dict(study.suite), "prompts": len(study.prompts),
        "models": {name: facts["run_id"] for name, facts in study.models.items()},
        "wanted": sum(item.votes * len(item.questions) for item in study.items),
    }  # fmt: skip


def _counts(source: Source, kept: pandas.DataFrame, counted: pandas.DataFrame) -> Result:
    """Return how many answers there are, and of how many raters and prompts those are that count."""
    return {
        "answers": len(source.table),
        "of_excluded": len(source.table) - len(kept),
        "attention": int((kept["kind"] == "attention").sum()),
        "repeats": int((kept["kind"] == "repeat").sum()),
        "counted": len(counted),
        "raters": int(counted["rater"].nunique()),
        "prompts": int(counted["prompt"].nunique()),
        "first": str(source.table["time"].min()) if len(source.table) else "",
        "last": str(source.table["time"].max()) if len(source.table) else "",
    }


def _question(question: Question, kept: pandas.DataFrame) -> Result:
    """Return what the answers to a question say; without any, only that there are none."""
    about = {"id": question.id, "text": question.text, "help": question.help, "dimensions": list(question.dimensions)}
    own = kept[kept["question"] == question.id]
    counted = own[own["kind"].isin(COUNTED)]
    if counted.empty:
        return {**about, "votes": 0}
    if type_of(own) == "pairs":
        found, consistency = analyse_pairs(PairVotes.of(counted)), pair_consistency(counted)
    else:
        found, consistency = analyse_ratings(counted), rating_consistency(counted)
    return {**about, **found, "consistency": consistency, "self_agreement": raters.self_agreement(own)}


def _metrics(source: Source, counted: pandas.DataFrame, results: Sequence[Path]) -> Result | None:
    """Return how far metrics agree with the votes, of the runs that raters saw."""
    if counted.empty:
        return None
    tables = [path for path in results if path.is_file()]
    folders = [path for path in results if not path.is_file()]
    if source.study is not None and folders:
        folders = compared_runs(source.study, folders)
    return metric_agreement([*folders, *tables], counted)


def _comments(table: pandas.DataFrame) -> list[Result]:
    """Return what raters wrote, a mapping a task, by time."""
    shown = [column for column in ("model_a", "model_b", "winner", "model", "value") if column in table]
    written = table[table["comment"].fillna("") != ""].drop_duplicates(raters.TASK).sort_values("time", kind="stable")
    return [
        {str(key): value for key, value in row.items()}
        for row in written[["rater", "kind", "prompt", "comment", *shown]].to_dict("records")
    ]
