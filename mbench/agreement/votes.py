"""`human.csv`: which of two motions people prefer, a row a vote."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from mbench.agreement.table import read_table
from mbench.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    import pandas

SIDES = (("model_a", "model_b", "a", "b"), ("left", "right", "left", "right"))  # column, column, winner, winner
TIES = ("tie", "both_bad")
KNOWN = {"prompt", "model_a", "model_b", "left", "right", "winner", "rater", "question"}


def read_votes(path: Path, models: Collection[str]) -> pandas.DataFrame:
    """Return the votes of a CSV file with the columns prompt, model_a, model_b, winner[, rater][, question].

    The winner is `a`, `b`, `tie` or `both_bad` (a tie as far as preference goes). Columns may be called `left` and
    `right` instead of `model_a` and `model_b`; then the winner is `left`, `right`, `tie` or `both_bad`.

    Args:
        path: the file.
        models: those that have scores.

    Returns:
        a row a vote: `prompt`, `first` and `second` (the two models, in alphabetical order), `vote` (1 the first, 0 a
        tie, -1 the second), `both_bad`, `rater`, `question` (empty without that column), `line`. A vote without a
        rater is somebody else's each time.

    Raises:
        ConfigError: the file, the line, what was found and what was expected.
    """
    table = read_table(path, KNOWN)
    columns = next((sides for sides in SIDES if set(sides[:2]) <= set(table.columns)), None)
    if columns is None or not {"prompt", "winner"} <= set(table.columns):
        found = ", ".join(c for c in table.columns if c != "line")
        raise ConfigError(f"{path}: line 1: columns are {found}; expected prompt, model_a, model_b, winner")
    one, other, *winners = columns
    for line, prompt, *pair, winner in table[["line", "prompt", one, other, "winner"]].itertuples(index=False):
        _check(f"{path}: line {line}", prompt, pair, winner, (*winners, *TIES), models)
    votes = _oriented(table.rename(columns={one: "model_a", other: "model_b"}), winners[0])
    _check_repeats(path, votes)
    return votes


def _check(
    where: str, prompt: str, pair: list[str], winner: str, answers: tuple[str, ...], models: Collection[str]
) -> None:
    """Refuse a row that is no vote on two models that have scores."""
    if not prompt:
        raise ConfigError(f"{where}: prompt is empty; expected the id of a prompt")
    for model in pair:
        if model not in models:
            hint = did_you_mean(model, models) or f"; expected one of {', '.join(sorted(models))}"
            raise ConfigError(f"{where}: model {model!r} has no scores{hint}")
    if pair[0] == pair[1]:
        raise ConfigError(f"{where}: model {pair[0]!r} stands on both sides; expected two models")
    if winner not in answers:
        raise ConfigError(f"{where}: winner is {winner!r}; expected {', '.join(answers)}")


def _oriented(table: pandas.DataFrame, first_wins: str) -> pandas.DataFrame:
    """Return the votes with the models of each pair in alphabetical order."""
    import numpy as np

    tied = table["winner"].isin(TIES)
    vote = np.where(tied, 0, np.where(table["winner"] == first_wins, 1, -1))
    turned = table["model_a"] > table["model_b"]
    votes = table[["prompt", "line"]].copy()
    votes["first"] = table["model_b"].where(turned, table["model_a"])
    votes["second"] = table["model_a"].where(turned, table["model_b"])
    votes["vote"] = np.where(turned, -vote, vote)
    votes["both_bad"] = table["winner"] == "both_bad"
    votes["question"] = table["question"] if "question" in table else ""
    nobody = "line " + table["line"].astype(str)
    votes["rater"] = table["rater"].where(table["rater"] != "", nobody) if "rater" in table else nobody
    votes.attrs["raters"] = "rater" in table and bool((table["rater"] != "").any())
    return votes


def _check_repeats(path: Path, votes: pandas.DataFrame) -> None:
    """Refuse a rater who votes twice on the same thing: agreement with oneself is no agreement between people."""
    keys = ["rater", "question", "prompt", "first", "second"]
    again = votes[votes.duplicated(keys)]
    if again.empty:
        return
    row = again.iloc[0]
    before = votes[(votes[keys] == row[keys]).all(axis=1)].iloc[0]["line"]
    raise ConfigError(
        f"{path}: line {row['line']}: rater {row['rater']!r} votes again on prompt {row['prompt']!r}, {row['first']} "
        f"against {row['second']} (first in line {before}); expected one vote a rater, prompt and pair"
    )
