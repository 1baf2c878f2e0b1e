"""Time for each action of a plan: what is squeezed, what stretches, what is done on top of what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from baselines.choreographer.journey import Journey
from baselines.choreographer.moves import ACTIONS, Move, Score
from baselines.choreographer.phrase import FPS, Phrase, Span
from baselines.choreographer.styles import Style

Floats = NDArray[np.float64]
FASTEST = 1.7  # how much faster than natural actions may get to fit; beyond it the clip ends in the middle of one
OVERLAP = 0.35  # seconds by which one gesture starts before the last has ended


@dataclass(frozen=True)
class Part:
    """An action on the clock.

    Attributes:
        move: what is done.
        score: how.
        frames: how many it takes, first and last included.
        start: its first frame; of a part on top, counted from the start of the part below.
        on_top: what is done at the same time.
    """

    move: Move
    score: Score
    frames: int
    start: int = 0
    on_top: tuple[Part, ...] = ()


def scored(move: Move, style: Style) -> Score:
    """Return how a move goes in a mood."""
    score = ACTIONS[move.action].make(move)
    return replace(score, gait=style.gaited(score.gait)) if isinstance(score, Journey) else score


def schedule(moves: Sequence[Move], style: Style, frames: int) -> list[Part]:
    """Return the parts of a clip in order; gestures that follow sitting down are done sitting.

    Args:
        moves: at least one.
        style: the mood, which sets tempo.
        frames: of the clip, at 20 fps.
    """
    groups = _grouped(moves, style)
    spans = [_group_span(head, gestures, style) for head, gestures in groups]
    overlaps = _overlaps(groups, style)
    seconds = shared_out(spans, (frames - 1) / FPS + sum(overlaps))
    parts, clock = [], 0
    for (head, gestures), time, overlap in zip(groups, seconds, [*overlaps[1:], 0.0], strict=True):
        part = _part(head, gestures, style, time)
        parts.append(replace(part, start=clock))
        clock += part.frames - 1 - round(overlap * FPS)
    return parts


def _grouped(moves: Sequence[Move], style: Style) -> list[tuple[Move, list[Move]]]:
    """Return each move with the gestures that follow it in the same posture; getting up ends a posture."""
    groups: list[tuple[Move, list[Move]]] = []
    low = False
    for move in moves:
        score = scored(move, style)
        if low and move.action == "stand_up":
            groups[-1] = (replace(groups[-1][0], direction="up"), groups[-1][1])
            low = False
        elif low and score.in_place and not move.during:
            groups[-1][1].append(move)
        else:
            groups.append((move, []))
            low = isinstance(score, Phrase) and score.stays
    return groups


def _span(move: Move, style: Style) -> Span:
    """Return how long a move may take at its own tempo, seconds."""
    span, tempo = scored(move, style).span(move.count), move.tempo * style.tempo
    return Span(span.least / tempo, span.natural / tempo, span.most / tempo)


def _group_span(head: Move, gestures: Sequence[Move], style: Style) -> Span:
    """Return how long a posture with its gestures may take."""
    spans = [_span(m, style) for m in (head, *gestures)]
    return Span(*(sum(getattr(s, name) for s in spans) for name in ("least", "natural", "most")))


def _overlaps(groups: Sequence[tuple[Move, list[Move]]], style: Style) -> list[float]:
    """Return by how many seconds each group starts before the one in front of it has ended."""
    gestures = [scored(head, style).in_place and not head.during for head, _ in groups]
    return [0.0] + [OVERLAP * (now and before) for before, now in zip(gestures, gestures[1:], strict=False)]


def shared_out(spans: Sequence[Span], seconds: float) -> list[float]:
    """Return seconds for each action: natural where that fits, else squeezed; time to spare goes to those that stretch.

    Args:
        spans: how long each may take.
        seconds: in all.
    """
    natural, least = np.array([s.natural for s in spans]), np.array([s.least for s in spans])
    if natural.sum() <= seconds:
        return list(_stretched(natural, np.array([s.most for s in spans]), seconds))
    give = natural - least
    share = min((natural.sum() - seconds) / give.sum(), 1.0) if give.sum() > 0 else 0.0
    squeezed = natural - share * give
    return list(squeezed * np.clip(seconds / squeezed.sum(), 1 / FASTEST, 1.0))


def _stretched(natural: Floats, most: Floats, seconds: float) -> Floats:
    """Return times lengthened by one factor, none beyond its most, to fill the seconds as far as possible."""
    times = natural.copy()
    for _ in range(len(times)):
        growing = times < most - 1e-6
        spare = seconds - times.sum()
        if spare < 1e-6 or not growing.any():
            break
        times = np.where(growing, np.minimum(times * (1 + spare / times[growing].sum()), most), times)
    return times


def _part(head: Move, gestures: Sequence[Move], style: Style, seconds: float) -> Part:
    """Return a part with what is done on top of it: all the time (`while`), or in turn once a posture is taken."""
    score, frames = scored(head, style), max(round(seconds * FPS), 4) + 1
    tops = [Part(m, scored(m, style), frames) for m in head.during]
    if gestures and isinstance(score, Phrase):
        tempo = style.tempo * head.tempo
        start = round(FPS * sum(k.dt for k in score.intro) / tempo)
        rises = sum(k.dt for k in score.outro) / tempo if head.direction == "up" else 0.0
        room = frames - start - round(FPS * rises)
        natural = np.array([_span(g, style).natural for g in gestures])
        for gesture, share in zip(gestures, natural / natural.sum(), strict=True):
            length = max(round(share * room), 6)
            tops.append(Part(gesture, scored(gesture, style), length, start))
            start += length - 1
    return Part(head, score, frames, on_top=tuple(tops))
