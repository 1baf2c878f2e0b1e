"""What a rater is told: the task, how far they are, that a vote is stored. Nothing of models and kinds of items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Why = Literal["limit", "complete", "leased"]


@dataclass(frozen=True)
class Progress:
    """How far a rater is.

    Attributes:
        done: tasks voted or skipped.
        total: tasks the rater gets at most.
        training_done: of training.
        training_total: of training.
        undo: the task that can be taken back, if any.
    """

    done: int
    total: int
    training_done: int
    training_total: int
    undo: str | None


@dataclass(frozen=True)
class Shown:
    """An open task, as far as the rater may know it.

    Attributes:
        id: random, of this rater alone.
        phase: `training` or `study`; repeats and attention checks are of the study.
        number: in its phase, from 1.
        prompt: id; only its text and seconds go to the browser.
        questions: ids.
        clips: ids, left and right; of ratings, one.
    """

    id: str
    phase: Literal["training", "study"]
    number: int
    prompt: str
    questions: tuple[str, ...]
    clips: tuple[str, ...]


@dataclass(frozen=True)
class Receipt:
    """The acknowledgement of a vote, the same whenever the same vote comes again.

    Attributes:
        task: id.
        time: when it was stored, milliseconds since 1970.
        feedback: of training: whether it was right, and what the study says about it.
        side: of training with pairs: the one that must win, `left` or `right`.
    """

    task: str
    time: int
    feedback: tuple[bool, str] | None = None
    side: str | None = None


@dataclass(frozen=True)
class Turn:
    """What comes next for a rater.

    Attributes:
        task: the open task, if there is one.
        reason: why there is none: `limit`, the rater has had all theirs; `complete`, no votes are wanted on what is
            left; `leased`, what is left is with others just now, and may come back.
        progress: how far the rater is.
    """

    task: Shown | None
    reason: Why | None
    progress: Progress
