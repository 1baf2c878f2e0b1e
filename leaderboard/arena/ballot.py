"""What a vote must look like, before anything is stored."""

from __future__ import annotations

from collections.abc import Mapping

from leaderboard.arena.errors import Malformed
from leaderboard.arena.study import Item, Study

COMMENT = 2000  # characters
SECONDS = 24 * 3600.0  # a longer time on one task is no time of looking at it
HIGH, LOW = 4, 2  # the least rating of a motion that is known to be good, the highest of one known to be bad
SKIPS = {
    "video": "A video does not play",
    "unclear": "I don't understand the text",
    "unsure": "I can't judge this",
    "other": "Another reason",
}


def checked(study: Study, item: Item, answers: Mapping[str, str | int]) -> dict[str, str]:
    """Return the answers as they are stored.

    Args:
        study: the study.
        item: what was judged.
        answers: of each question of the item, one of the study's choices.

    Raises:
        Malformed: an answer that is no choice, a question too many or missing.
    """
    if set(answers) != set(item.questions):
        raise Malformed("Please answer each question once.")
    if any(isinstance(answer, bool) or answer not in study.choices for answer in answers.values()):
        raise Malformed("An answer is none of the choices.")
    return {question: str(answers[question]) for question in item.questions}


def check_comment(comment: str) -> None:
    """Refuse a comment that is too long, or holds what no keyboard types and no database keeps.

    Raises:
        Malformed: says which.
    """
    if len(comment) > COMMENT:
        raise Malformed(f"The comment has {len(comment):,} characters; at most {COMMENT:,} fit.")
    if any(ord(c) < 32 and c not in "\t\r\n" or 0xD800 <= ord(c) < 0xE000 for c in comment):
        raise Malformed("The comment holds control characters.")


def check_seconds(seconds: float) -> None:
    """Refuse a time that nobody can take.

    Raises:
        Malformed: it is negative, longer than a day, or no number.
    """
    if not 0 <= seconds <= SECONDS:
        raise Malformed("The time taken is not possible.")


def is_right(study: Study, item: Item, left: str, answer: str) -> bool:
    """Return whether an answer to a training or attention item is the known one.

    Args:
        study: the study.
        item: the item.
        left: the clip that was on the left.
        answer: as it is stored.
    """
    if study.type == "ratings":
        return int(answer) >= HIGH if item.better else int(answer) <= LOW
    return answer == ("left" if left == item.better else "right")
