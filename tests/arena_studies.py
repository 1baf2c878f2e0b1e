"""Small studies for tests, made at once: real study files, tiny videos of plain colours."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from leaderboard.arena.study import MEDIA, Item, Question, Study, StudyClip, write_study

QUESTIONS = (
    Question("overall", "Which motion do you prefer?", "Everything counts."),
    Question(
        "text", "Which motion fits the text better?", "Only what is done counts.", ("motion_condition_consistency",)
    ),
    Question("feet", "Whose feet are better on the ground?", "Look at the feet.", ("foot_sliding",)),
)
COLOURS = ((200, 60, 60), (60, 120, 200), (70, 160, 90))
KINDS = {"pairs": "pair", "ratings": "rating"}


@cache
def tiny_video(number: int = 0) -> bytes:
    """Return an mp4 of a plain colour: 64 x 64, 10 frames, half a second."""
    from mbench.render import write_video

    picture = np.full((64, 64, 3), COLOURS[number % len(COLOURS)], dtype=np.uint8)
    with TemporaryDirectory() as folder:
        write_video([picture] * 10, Path(folder, "v.mp4"), 20.0)
        return Path(folder, "v.mp4").read_bytes()


def make_study(
    folder: Path,
    models: int | Sequence[str] = 3,
    prompts: int | Sequence[str] = 4,
    type: str = "pairs",
    questions: Sequence[Question] = QUESTIONS[:1],
    together: bool = True,
    votes: int = 2,
    attention: int = 2,
    training: int = 2,
    **fields: Any,
) -> tuple[Path, Study]:
    """Write a study of every pair (or clip) of some models on some prompts; return its folder and the study.

    Args:
        folder: becomes the study's folder.
        models: how many, or their names.
        prompts: how many, or their texts.
        type: `pairs` or `ratings`.
        questions: what is asked.
        together: all questions at once, or an item a question.
        votes: wanted of each item.
        attention: how many checks there are.
        training: how many training items there are.
        fields: other fields of `Study`, e.g. per_rater, repeats, attention_share, lease_seconds, name.
    """
    names = [f"model-{number}" for number in range(models)] if isinstance(models, int) else list(models)
    texts = [f"a person does thing {number}" for number in range(prompts)] if isinstance(prompts, int) else prompts
    shown = {f"p{number}": {"text": text, "seconds": 0.5} for number, text in enumerate(texts)}
    clips = [_clip(prompt, name) for prompt in shown for name in names]
    groups = [(q.id,) for q in questions] if not together else [tuple(q.id for q in questions)]
    items = [
        Item(secrets.token_hex(8), KINDS[type], prompt, ids, group, votes)  # type: ignore[arg-type]
        for prompt, ids in _shown_at_once(clips, type)
        for group in groups
    ]
    for kind, count in (("attention", attention), ("training", training)):
        for number, prompt in zip(range(count), itertools.cycle(shown)):  # noqa: B905 - the cycle has no end
            pair = (_clip(prompt, "check:real"), _clip(prompt, "check:spoilt"))
            clips += pair
            items.append(_check(kind, type, pair, groups[number % len(groups)], number))
    study = Study(**(_plain(names, shown, clips, items, type, questions) | _renamed(fields)))
    write_media(folder, study.clips)
    write_study(study, folder)
    return folder, study


def write_media(folder: Path, clips: Iterable[str]) -> None:
    """Write the videos of clips, both views."""
    (folder / MEDIA).mkdir(parents=True, exist_ok=True)
    for number, clip in enumerate(clips):
        (folder / MEDIA / f"{clip}.mp4").write_bytes(tiny_video(number))
        (folder / MEDIA / f"{clip}-side.mp4").write_bytes(tiny_video(number + 1))


def _clip(prompt: str, model: str) -> StudyClip:
    return StudyClip(secrets.token_hex(8), prompt, model, 0, secrets.token_hex(32))


def _shown_at_once(clips: Sequence[StudyClip], type: str) -> Iterable[tuple[str, tuple[str, ...]]]:
    if type == "ratings":
        return [(clip.prompt, (clip.id,)) for clip in clips]
    return [(a.prompt, (a.id, b.id)) for a, b in itertools.combinations(clips, 2) if a.prompt == b.prompt]


def _check(kind: Any, type: str, pair: tuple[StudyClip, StudyClip], questions: tuple[str, ...], number: int) -> Item:
    """Return an attention or training item: of ratings the good clip and the bad one take turns."""
    real, bad = pair
    why = f"Because of reason {number}." if kind == "training" else ""
    id = secrets.token_hex(8)
    if type == "pairs":
        ids = (real.id, bad.id) if number % 2 else (bad.id, real.id)
        return Item(id, kind, real.prompt, ids, questions, 0, better=real.id, why=why)
    if number % 2:
        return Item(id, kind, real.prompt, (real.id,), questions, 0, better=real.id, why=why)
    return Item(id, kind, bad.prompt, (bad.id,), questions, 0, worse=bad.id, why=why)


def _plain(names: Any, shown: Any, clips: Any, items: Any, type: str, questions: Sequence[Question]) -> dict[str, Any]:
    """Return the fields of a study, all of them."""
    suite = {"name": "tiny", "version": "1", "hash": "0" * 64}
    card = {"version": "1", "kind": "control", "licence": "Apache-2.0"}
    runs = {n: {"run_id": f"run-{i}", "suite": suite, "card": {"name": n, **card}} for i, n in enumerate(names)}
    return {
        "id": secrets.token_hex(8), "name": "A small study", "type": type, "created": "2026-01-01T00:00:00+00:00",
        "instructions": "Two videos show the same text.\n\nSay which one you prefer.",
        "questions": tuple(questions), "prompts": shown,
        "models": runs,
        "clips": {clip.id: clip for clip in sorted(clips, key=lambda clip: clip.id)}, "items": tuple(items),
        "per_rater": 8, "repeats": 0.125, "attention": 0.125, "lease_seconds": 600.0,
        "secret": secrets.token_hex(32), "suite": suite,
    }  # fmt: skip


def _renamed(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a study: `attention` is already taken by how many checks there are."""
    return {("attention" if key == "attention_share" else key): value for key, value in fields.items()}
