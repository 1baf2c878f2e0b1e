"""`mbench agreement`: what votes and scores say of each other, with intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mbench.agreement import measures
from mbench.agreement.scores import Scores, read_scores
from mbench.agreement.votes import read_votes
from mbench.errors import ConfigError
from mbench.stats import bootstrap_weights, interval, spearman

if TYPE_CHECKING:
    import pandas

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Result = dict[str, Any]


def agreement(scores: Sequence[Path], human: Path) -> Result:
    """Measure how far metrics agree with people, and people with each other.

    A metric prefers the motion with the better value. Every vote counts once, and is compared with what the metric
    prefers, and with what the other raters of the same pair say: both guess the same kind of thing, a single vote, so
    the second is the ceiling of the first. Intervals are 95 % percentile bootstraps over prompts, which are drawn with
    all their votes. The threshold of ties is calibrated once, on all votes, and kept in the resamples.

    Args:
        scores: run folders, folders of them, or CSV tables.
        human: CSV file of votes.

    Returns:
        `models`, `left_out` (metrics that can't be compared, with the reason), `unscored` (votes that no metric has
        scores for) and a list `questions`, each with the counts of its votes, `human`, and `metrics` by name; a measure
        is a mapping with `value`, `low`, `high`, None where it is undefined.

    Raises:
        ConfigError: a file that is wrong, with its line, or votes on prompts that nothing has scores for.
    """
    table = read_scores(scores)
    votes = read_votes(human, table.models)
    _check_overlap(human, votes, table)
    differences = {name: _differences(votes, table, name) for name in table.values}
    scored = ~np.isnan(np.stack(list(differences.values()))).all(axis=0)
    questions = []
    for question in sorted(set(votes["question"])):
        own = (votes["question"] == question).to_numpy()
        one = _Votes.of(votes[own], table.models)
        questions.append({
            "question": question, **_counts(votes[own]), "human": _human(one, votes.attrs["raters"]),
            "metrics": {name: _metric(one, d[own], table.better[name]) for name, d in differences.items()},
        })  # fmt: skip
    return {
        "schema": 1, "suite": table.suite, "models": table.models, "questions": questions,
        "left_out": table.left_out, "unscored": int((~scored).sum()),
    }  # fmt: skip


def _check_overlap(human: Path, votes: pandas.DataFrame, table: Scores) -> None:
    if not table.values:
        why = next(iter(table.left_out.items()), ("scores", "none was found"))
        raise ConfigError(f"no metric can be compared with votes; {why[0]}: {why[1]}")
    prompts = {prompt for column in table.values.values() for _, prompt in column}
    if prompts.isdisjoint(votes["prompt"]):
        row = votes.iloc[0]
        raise ConfigError(
            f"{human}: line {row['line']}: prompt {row['prompt']!r}, like all others, has no scores; expected ids such "
            f"as {min(prompts)!r}: are these votes on another suite?"
        )


def _differences(votes: pandas.DataFrame, table: Scores, name: str) -> Floats:
    """Return how much better the first motion of each vote is: (votes,), NaN where either has no score."""
    column, prompts = table.values[name], votes["prompt"].tolist()
    first, second = (
        np.array([column.get(key, np.nan) for key in zip(votes[side].tolist(), prompts, strict=True)], dtype=np.float64)
        for side in ("first", "second")
    )
    difference = first - second
    return -difference if table.better[name] == "lower" else difference


@dataclass(frozen=True)
class _Votes:
    """Votes on one question as arrays (n,): indices into prompts, models, pairs and raters."""

    vote: Ints
    prompt: Ints
    first: Ints
    second: Ints
    pair: Ints
    rater: Ints
    prompts: int
    models: tuple[str, ...]

    @classmethod
    def of(cls, votes: pandas.DataFrame, models: Sequence[str]) -> _Votes:
        """Return the arrays of a table of votes."""
        place = {model: index for index, model in enumerate(models)}
        prompt, names = votes["prompt"].factorize(sort=True)
        return cls(
            vote=np.asarray(votes["vote"], dtype=np.int64),
            prompt=prompt.astype(np.int64),
            first=np.array([place[name] for name in votes["first"]], dtype=np.int64),
            second=np.array([place[name] for name in votes["second"]], dtype=np.int64),
            pair=np.asarray(votes.groupby(["prompt", "first", "second"]).ngroup(), dtype=np.int64),
            rater=votes["rater"].factorize()[0].astype(np.int64),
            prompts=len(names),
            models=tuple(models),
        )

    def only(self, keep: NDArray[np.bool_]) -> _Votes:
        """Return some of the votes, with their prompts and pairs numbered anew."""
        prompt, pair = (np.unique(column[keep], return_inverse=True) for column in (self.prompt, self.pair))
        return _Votes(
            self.vote[keep], prompt[1], self.first[keep], self.second[keep], pair[1], self.rater[keep],
            len(prompt[0]), self.models,
        )  # fmt: skip


def _counts(votes: pandas.DataFrame) -> dict[str, int]:
    return {
        "votes": len(votes),
        "ties": int((votes["vote"] == 0).sum()),
        "both_bad": int(votes["both_bad"].sum()),
        "prompts": votes["prompt"].nunique(),
        "pairs": len(votes[["prompt", "first", "second"]].drop_duplicates()),
    }


def with_interval(function: Callable[[Floats], Floats], by_prompt: Floats) -> Result:
    """Return a measure of counts summed over prompts, with its interval, which needs two prompts.

    Args:
        function: of (..., counts).
        by_prompt: (prompts, ...counts).
    """
    value = float(function(by_prompt.sum(axis=0, keepdims=True))[0])
    if np.isnan(value):
        return {"value": None, "low": None, "high": None}
    low, high = None, None
    if len(by_prompt) > 1:
        flat = bootstrap_weights(len(by_prompt)) @ by_prompt.reshape(len(by_prompt), -1)
        low, high = interval(function(flat.reshape(-1, *by_prompt.shape[1:])))
    return {"value": value, "low": low, "high": high}


def _accuracies(exact: Floats, with_ties: Floats) -> Result:
    """Return the measures of counts where only equality is a tie, and of those where small differences are ties too."""
    return {
        "accuracy": with_interval(measures.accuracy, exact),
        "accuracy_with_ties": with_interval(measures.accuracy_with_ties, with_ties),
        "tau_b": with_interval(measures.tau_b, exact),
    }


def _human(votes: _Votes, raters: bool) -> Result:
    """Return how far raters agree: each vote against the others' on the same pair, and Krippendorff's alpha."""
    if not raters:
        return {"reason": "the votes have no column `rater`", "votes": 0}
    said, others = measures.others_preference(votes.vote, votes.pair)
    if not others.any():
        return {"reason": "no pair has votes of two raters", "votes": 0}
    both = votes.only(others)
    counts = measures.tally(both.vote, said[others], both.prompt, both.prompts)
    matrix = measures.coincidences(both.vote, both.pair, both.prompt, both.prompts)
    alpha = with_interval(measures.krippendorff_alpha, matrix)
    raters_of_both = len(np.unique(both.rater))
    return {
        "votes": len(both.vote),
        "raters": raters_of_both,
        **_accuracies(counts, counts),
        "krippendorff_alpha": alpha,
    }


def _metric(votes: _Votes, difference: Floats, better: str) -> Result:
    """Return how far a metric agrees with the votes on pairs that it has scores for."""
    there = ~np.isnan(difference)
    own, difference = votes.only(there), difference[there]
    tie = measures.calibrated_tie(own.vote, difference)
    exact, with_ties = (
        measures.tally(own.vote, measures.preferences(difference, size), own.prompt, own.prompts) for size in (0, tie)
    )
    accuracies = _accuracies(exact, with_ties)
    accuracies["accuracy_with_ties"]["tie"] = tie
    return {
        "better": better,
        "votes": len(own.vote),
        "without_score": int((~there).sum()),
        **accuracies,
        **_win_ratios(own, measures.preferences(difference)),
    }


def _win_ratios(votes: _Votes, preference: Ints) -> Result:
    """Return Spearman's correlation of the win ratios that votes and a metric give the models, and these ratios."""
    shape = (votes.prompts, len(votes.models))
    where = (votes.first, votes.second, votes.prompt, shape)
    counts = np.stack([
        measures.win_counts(votes.vote, *where),
        measures.win_counts(preference, *where),
        measures.appearances(*where),
    ], axis=1)  # fmt: skip
    total = counts.sum(axis=0)
    human, metric = (measures.win_ratios(total[index], total[2]) for index in (0, 1))
    ratios = {
        model: {"human": float(human[i]), "metric": float(metric[i]), "votes": int(total[2, i])}
        for i, model in enumerate(votes.models)
        if total[2, i] > 0
    }
    return {"spearman": with_interval(_spearman_of_wins, counts), "win_ratios": ratios}


def _spearman_of_wins(counts: Floats) -> Floats:
    """Return Spearman's correlation of (resamples, [human wins, metric wins, appearances], models)."""
    ratios = [measures.win_ratios(counts[:, index], counts[:, 2]) for index in (0, 1)]
    return spearman(*ratios)
