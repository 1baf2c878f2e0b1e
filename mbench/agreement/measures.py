"""Measures of agreement, as pure functions on arrays. Anything that can't be computed is NaN.

Preferences are 1 (the first of the pair is better), 0 (a tie) and -1 (the second is better). Measures read counts that
are summed by prompt, so that a bootstrap over prompts is one product of matrices: `weights @ counts`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ANSWERS = 3  # first, tie, second


def tally(vote: Ints, preference: Ints, prompt: Ints, prompts: int) -> Floats:
    """Count how preferences meet votes: (prompts, 5), in the notation of Deutsch et al. 2023 (arXiv 2305.14324).

    Args:
        vote: (n,) what a rater said.
        preference: (n,) what a metric, or other raters, say of the same pair.
        prompt: (n,) index of each vote's prompt.
        prompts: how many there are.

    Returns:
        columns: concordant C, discordant D, tied in the vote only T_h, tied in the preference only T_m, tied in both
        T_hm.
    """
    kinds = (
        vote * preference > 0,
        vote * preference < 0,
        (vote == 0) & (preference != 0),
        (vote != 0) & (preference == 0),
        (vote == 0) & (preference == 0),
    )
    return np.stack([np.bincount(prompt[kind], minlength=prompts) for kind in kinds], axis=1).astype(np.float64)


def accuracy(counts: Floats) -> Floats:
    """Return the share of votes for one side that the preference agrees with; its ties count half, so chance is 0.5.

    Args:
        counts: (..., 5) of `tally`.
    """
    agree, against, _, undecided, _ = np.moveaxis(counts, -1, 0)
    return _ratio(agree + 0.5 * undecided, agree + against + undecided)


def accuracy_with_ties(counts: Floats) -> Floats:
    """Return the share of all votes that the preference predicts, ties being an answer: acc_eq of Deutsch et al. 2023.

    Args:
        counts: (..., 5) of `tally`.
    """
    return _ratio(counts[..., 0] + counts[..., 4], counts.sum(axis=-1))


def tau_b(counts: Floats) -> Floats:
    """Return Kendall's tau-b (Kendall 1945) over the pairs that were voted on.

    Args:
        counts: (..., 5) of `tally`.
    """
    agree, against, vote_ties, undecided, _ = np.moveaxis(counts, -1, 0)
    untied = agree + against
    return _ratio(agree - against, np.sqrt((untied + vote_ties) * (untied + undecided)))


def _ratio(above: Floats, below: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(below > 0, above / below, np.nan)


def preferences(difference: Floats, tie: float = 0.0) -> Ints:
    """Return what differences of scores prefer; differences up to `tie` are ties."""
    return (np.sign(difference) * (np.abs(difference) > tie)).astype(np.int64)


def calibrated_tie(vote: Ints, difference: Floats) -> float:
    """Return the largest difference of scores to call a tie, so that `accuracy_with_ties` is highest.

    That is tie calibration (Deutsch et al. 2023, algorithm 1); of equally good thresholds it is the smallest.

    Args:
        vote: (n,).
        difference: (n,) score of the first minus score of the second, none missing.
    """
    if not len(vote):
        return 0.0
    size = np.abs(difference)
    order = np.argsort(size, kind="stable")
    gain = (vote == 0).astype(np.int64) - (vote * np.sign(difference) > 0)
    total = np.concatenate([[0], np.cumsum(gain[order])])
    sizes = size[order]
    thresholds = np.unique(np.concatenate([[0.0], sizes]))
    below = np.searchsorted(sizes, thresholds, side="right")  # how many differences each threshold makes ties
    return float(thresholds[np.argmax(total[below])])


def win_counts(preference: Ints, first: Ints, second: Ints, prompt: Ints, shape: tuple[int, int]) -> Floats:
    """Return the wins of each model by prompt, a tie being half a win for both.

    Args:
        preference: (n,).
        first: (n,) index of the first model.
        second: (n,) index of the second.
        prompt: (n,) index of the prompt.
        shape: (prompts, models) of the result.
    """
    wins = np.zeros(shape)
    np.add.at(wins, (prompt, first), (1 + preference) / 2)
    np.add.at(wins, (prompt, second), (1 - preference) / 2)
    return wins


def appearances(first: Ints, second: Ints, prompt: Ints, shape: tuple[int, int]) -> Floats:
    """Return in how many votes each model appears, by prompt; arguments as for `win_counts`."""
    counts = np.zeros(shape)
    np.add.at(counts, (prompt, first), 1.0)
    np.add.at(counts, (prompt, second), 1.0)
    return counts


def win_ratios(wins: Floats, counts: Floats) -> Floats:
    """Return wins over appearances, NaN for a model that does not appear."""
    return _ratio(wins, counts)


def others_preference(vote: Ints, pair: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    """Return what the other raters of each vote's pair say: the majority of their votes for a side, else a tie.

    Args:
        vote: (n,), at most one a rater and pair.
        pair: (n,) index of the prompt and pair that the vote is about.

    Returns:
        preferences (n,), and whether there was another rater at all (n,).
    """
    total, many = np.bincount(pair, weights=vote), np.bincount(pair)
    return np.sign(total[pair] - vote).astype(np.int64), many[pair] > 1


def coincidences(vote: Ints, pair: Ints, prompt: Ints, prompts: int, answers: int = ANSWERS) -> Floats:
    """Return Krippendorff's matrices of coincidences, summed by prompt: (prompts, answers, answers).

    Args:
        vote: (n,) about 0, e.g. -1, 0 and 1; at most one a rater and pair.
        pair: (n,) index of the unit: prompt and pair.
        prompt: (n,) index of the prompt.
        prompts: how many there are.
        answers: how many different votes there can be, an odd number.

    Returns:
        ordered pairs of answers of different raters to one unit, each unit weighted by 1 / (raters - 1); units with
        one rater add nothing.
    """
    matrices = np.zeros((prompts, answers, answers))
    if not len(vote):
        return matrices
    units, unit = np.unique(pair, return_inverse=True)
    given = np.zeros((len(units), answers))
    np.add.at(given, (unit, vote + answers // 2), 1.0)
    raters = given.sum(axis=1)
    ordered = given[:, :, None] * given[:, None, :] - given[:, :, None] * np.eye(answers)
    ordered *= np.where(raters > 1, 1 / np.maximum(raters - 1, 1), 0.0)[:, None, None]
    prompt_of_unit = np.zeros(len(units), dtype=np.int64)
    prompt_of_unit[unit] = prompt
    np.add.at(matrices, prompt_of_unit, ordered)
    return matrices


def krippendorff_alpha(matrix: Floats) -> Floats:
    """Return Krippendorff's alpha for nominal answers (Krippendorff 2011): 1 is agreement, 0 is chance.

    Args:
        matrix: (..., 3, 3) coincidences.

    Returns:
        (...); NaN where no unit has two raters, or where all answers are the same.
    """
    margins = matrix.sum(axis=-1)
    n = margins.sum(axis=-1)
    observed = n - np.trace(matrix, axis1=-2, axis2=-1)
    expected = n**2 - (margins**2).sum(axis=-1)
    return 1 - _ratio((n - 1) * observed, expected)
