"""What `mbench arena create` made, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from leaderboard.arena.create import Created
from leaderboard.arena.media import file_name
from leaderboard.arena.study import MEDIA, VIEWS, Study

LEFT_OUT = 3  # prompts that are named


def summary(made: Created) -> list[tuple[str, str]]:
    """Return what a study is, as labels and texts of a line each."""
    study = made.study
    counted = [item for item in study.items if item.votes]
    checks, lessons = len(study.of_kind("attention")), len(study.of_kind("training"))
    votes = sum(item.votes for item in counted)
    asked = ", ".join(question.id for question in study.questions)
    prompts = {item.prompt for item in counted}
    return [
        ("study", f"{study.name} ({study.type}, asks {asked})"),
        ("models", f"{len(study.models)}: {', '.join(study.models)}"),
        ("prompts", f"{len(prompts)}{_left_out(made)}"),
        ("items", f"{len(counted)} to judge, {_count(checks, 'attention check')}, {lessons} for training"),
        ("votes", f"{votes} wanted, {counted[0].votes} on each item"),
        ("raters", f"{raters_needed(study)} at least; each has {_shares(study)}"),
        ("videos", _videos(made.folder / MEDIA, study, made.drawn)),
        ("next", f"mbench arena serve {made.folder}"),
    ]


def raters_needed(study: Study) -> int:
    """Return how many raters a study needs who do all their tasks: nobody votes twice on an item that counts."""
    counted = [item for item in study.items if item.votes]
    return max(counted[0].votes, math.ceil(sum(item.votes for item in counted) / study.shares["new"]))


def _left_out(made: Created) -> str:
    """Return which prompts are missing and why, the first of them."""
    if not made.left_out:
        return ""
    named = "; ".join(f"{prompt}: {why}" for prompt, why in list(made.left_out.items())[:LEFT_OUT])
    more = f"; and {len(made.left_out) - LEFT_OUT} more" if len(made.left_out) > LEFT_OUT else ""
    return f" (left out: {named}{more})"


def _shares(study: Study) -> str:
    """Return what a rater's tasks are."""
    new, again, checks = study.shares.values()
    return f"{_count(study.per_rater, 'task')}: {new} new, {_count(again, 'repeat')}, {_count(checks, 'check')}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _videos(folder: Path, study: Study, drawn: int) -> str:
    paths = [folder / file_name(clip, view) for clip in study.clips for view in VIEWS]
    seconds, megabytes = sum(_seconds(paths)), sum(path.stat().st_size for path in paths) / 1e6
    return f"{len(paths)} ({drawn} drawn now), {seconds / 60:.1f} min, {megabytes:.1f} MB"


def _seconds(paths: list[Path]) -> Iterator[float]:
    """Yield how long each video is."""
    import av

    for path in paths:
        with av.open(str(path)) as container:
            yield (container.duration or 0) / av.time_base
