"""Simulated raters who vote through a study that `mbench arena create` made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from leaderboard.analysis.simulate import People, World, balanced
from leaderboard.analysis.simulate_tables import CAREFUL, START
from leaderboard.analysis.votes import table_of_rows
from leaderboard.arena.study import Item, Study

if TYPE_CHECKING:
    import pandas

Row = dict[str, Any]

WINNERS = ("a", "tie", "b")


def vote_on_study(study: Study, strengths: Mapping[str, float], raters: int, seed: int) -> pandas.DataFrame:
    """Return votes of simulated raters on a study of pairs, as the table of votes.

    Each question has its own effects of raters and prompts (`World`). A rater gets `per_rater` tasks, those pairs first
    that have the fewest votes, with the study's shares of repeats and attention checks.

    Args:
        study: of pairs.
        strengths: {model: log odds}, of all models of the study.
        raters: how many.
        seed: the same seed gives the same votes.
    """
    return table_of_rows(_Simulation(study, strengths, raters, seed).rows(), study.type)


class _Simulation:
    def __init__(self, study: Study, strengths: Mapping[str, float], raters: int, seed: int) -> None:
        self.study, self.raters, self.generator = study, raters, np.random.default_rng(seed)
        self.models, self.prompts = list(strengths), list(study.prompts)
        world = World(tuple(strengths.values()))
        self.people = {q.id: People(world, len(self.prompts), raters, self.generator) for q in study.questions}

    def rows(self) -> list[Row]:
        """Return all answers, a rater after the other."""
        pairs, checks = self.study.of_kind("pair"), self.study.of_kind("attention")
        repeats, attention = (
            round(share * self.study.per_rater) for share in (self.study.repeats, self.study.attention)
        )
        new = min(self.study.per_rater - repeats - attention, len(pairs))
        given = np.split(balanced(self.generator, len(pairs), self.raters, new)[1], self.raters)
        found: list[Row] = []
        for rater, own in enumerate(given):
            first = [self.generator.random() < 0.5 for _ in own]
            for place, turned in zip(own, first, strict=True):
                found += self._answers(rater, pairs[place], turned, "pair")
            for place, turned in list(zip(own, first, strict=True))[:repeats]:
                found += self._answers(rater, pairs[place], not turned, "repeat")
            for item in checks[:attention]:
                found += self._check(rater, item)
        return found

    def _answers(self, rater: int, item: Item, turned: bool, kind: str) -> list[Row]:
        left, right = (self.study.clips[clip].model for clip in (item.clips[::-1] if turned else item.clips))
        who, prompt, one, other = (
            np.array([index])
            for index in (rater, self.prompts.index(item.prompt), self.models.index(left), self.models.index(right))
        )
        answers = [self.people[q].vote(who, prompt, one, other, self.generator).outcome[0] for q in item.questions]
        return self._rows(rater, item, kind, (left, right), [WINNERS[answer] for answer in answers], "")

    def _check(self, rater: int, item: Item) -> list[Row]:
        """Return the answers to an attention check, wrong now and then."""
        clips = item.clips[:: 1 if self.generator.random() < 0.5 else -1]
        better = "a" if clips[0] == item.better else "b"
        right = self.generator.random(len(item.questions)) < CAREFUL
        winners = [better if correct else "tie" for correct in right]
        left, other = (self.study.clips[clip].model for clip in clips)
        return self._rows(rater, item, "attention", (left, other), winners, better)

    def _rows(
        self, rater: int, item: Item, kind: str, models: tuple[str, str], winners: list[str], better: str
    ) -> list[Row]:  # fmt: skip
        seconds = round(float(self.generator.lognormal(np.log(14), 0.5)), 1)
        time = START + np.timedelta64(3600 * rater, "s") + np.timedelta64(round(20 * self.generator.random()), "s")
        common = {
            "rater": f"r{rater:03d}", "item": item.id, "kind": kind, "prompt": item.prompt, "model_a": models[0],
            "model_b": models[1], "better": better, "seconds": seconds, "time": f"{time}Z", "comment": "",
        }  # fmt: skip
        return [{**common, "question": q, "winner": w} for q, w in zip(item.questions, winners, strict=True)]
