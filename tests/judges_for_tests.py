"""Judges with known answers, and a model whose motions carry what they were made for.

The subprocesses of the tests import this file by name; the environment variable `CALLS` names a log of all questions.
"""

from __future__ import annotations

import numpy as np

from mbench import Card, Motion
from mbench.errors import ConfigError, JudgeError
from mbench.seeds import seed_of
from plugins_for_tests import figure, note

CONSISTENCY = "fidelity/motion_condition_consistency"
GENERALIZABILITY = "generalization/motion_generalizability"
PROBABILITY = "generalization/match_probability"


def mark(text: str) -> float:
    """What tells a text in a motion: a place in whole metres, which survives the file."""
    return float(seed_of("mark", text) % 10_000)


def marked(text: str, seconds: float = 1.0, seed: int = 0) -> Motion:
    motion = figure(seed, seconds)
    return motion.replace(joints=motion.joints + np.float32([mark(text), 0, 0]) - motion.joints[:1, :1] * [1, 0, 0])


class Writer:
    """Makes a figure that carries its text; `silent` prompts have none."""

    def __init__(self, silent: str = "") -> None:
        self.card, self.silent = Card("writer", "1", "control", "Apache-2.0"), silent.split()

    def generate(self, prompts, seeds):
        for prompt, seed in zip(prompts, seeds, strict=True):
            quiet = prompt.id in self.silent
            yield LookupError("never heard of it") if quiet else marked(prompt.text, prompt.seconds, seed)


class Toy:
    """Knows what a motion was made for, or always the opposite, or says what it is told to say.

    Args:
        knows: whether it is right, always.
        says: what it answers to every question instead.
        unsure: words of texts whose questions get an exception for an answer.
        breaks: words of texts whose questions make the whole call raise.
        silent: words of texts whose questions get no answer at all.
        stops: whether it can answer nothing.
        version: of its card.
    """

    def __init__(self, knows=True, says=None, unsure="", breaks="", silent="", stops="", version="1", weights=""):
        self.card = Card("toy", version, "control", "Apache-2.0", weights=weights, notes="Knows nothing of motion.")
        self.knows, self.says, self.stops = knows, says, stops
        self.unsure, self.breaks, self.silent = unsure.split(), breaks.split(), silent.split()

    def match(self, motions, texts):
        if self.stops:
            raise {"judge": JudgeError, "config": ConfigError}[self.stops]("the server is gone")
        for motion, text in zip(motions, texts, strict=True):
            if self.has(text, self.breaks):
                raise ZeroDivisionError(f"by {text}")
            if not self.has(text, self.silent):
                yield self.answer(motion, text)

    def answer(self, motion, text):
        note(f"match {text}")
        if self.has(text, self.unsure):
            return LookupError(f"can't see {text}")
        if self.says is not None:
            return self.says
        return float((motion.joints[0, 0, 0] == mark(text)) == self.knows)

    @staticmethod
    def has(text, words):
        return any(word in text.split() for word in words)


class Chooses:
    """Answers every choice in the same way: the first, or whatever it is told."""

    def __init__(self, says=0, version="1"):
        self.card, self.says = Card("chooses", version, "control", "Apache-2.0"), says

    def match(self, motions, texts):
        return [0.5] * len(texts)

    def choose(self, motions, candidates):
        for texts in candidates:
            note(f"choose {'|'.join(texts)}")
            yield self.says


class Knower(Toy):
    """Knows, and is asked in one question."""

    def choose(self, motions, candidates):
        for motion, texts in zip(motions, candidates, strict=True):
            if any(self.has(text, self.breaks) for text in texts):
                raise ZeroDivisionError("by a choice")
            yield [motion.joints[0, 0, 0] == mark(text) for text in texts].index(True)


class NoMatch:
    """Has a card and nothing else."""

    card = Card("nothing", "1", "control", "Apache-2.0")


class Explodes:
    """Can't be made."""

    def __init__(self) -> None:
        raise OSError("no such weights")


class Placed:
    """Notes where it is to run."""

    def __init__(self, device: str) -> None:
        self.card, self.device = Card("placed", "1", "control", "Apache-2.0"), device

    def match(self, motions, texts):
        return [1.0] * len(texts)
