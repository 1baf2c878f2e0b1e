"""Which clips a judge is trained on, and which it is measured on: actors and whole actions that it never saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mbench.datasets.base import Clip, TextMotionDataset
from mbench.datasets.captions import captions_of
from mbench.datasets.truth import claim_of, claim_of_all, claim_of_clip
from mbench.judges.retrieval.examples import SAME_TEXT
from mbench.judges.retrieval.measure import Trial
from mbench.motion import Motion
from mbench.seeds import seed_of
from mbench.text import TextEncoder

Floats = NDArray[np.float64]
OTHER_WORDING = 1  # seed of the wordings that clips are measured with; training uses 0


@dataclass(frozen=True)
class Division:
    """The clips of a dataset by what they serve.

    Attributes:
        train: trained on.
        seen_fit: of the validation split, actions that are trained on: they fit the map to probabilities.
        seen_test: of the test split, actions that are trained on.
        unseen_fit: of actions that are not trained on, for the map.
        unseen_test: of other actions that are not trained on.
        left_out: {clip: why} of those that serve nothing.
    """

    train: list[Clip] = field(default_factory=list)
    seen_fit: list[Clip] = field(default_factory=list)
    seen_test: list[Clip] = field(default_factory=list)
    unseen_fit: list[Clip] = field(default_factory=list)
    unseen_test: list[Clip] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)


def divide(clips: Sequence[Clip], held_out: Sequence[str], calibrate_on: Sequence[str], captions: int = 24) -> Division:
    """Return what each clip serves.

    Clips with a defect, and clips whose labels name no known action, serve nothing but training (the latter). An action
    counts as trained on if a training clip names it, so that one that only ever occurs in the other splits is unseen.

    Args:
        clips: all of a dataset.
        held_out: action classes of which no clip is trained on.
        calibrate_on: those of them that fit the map for unseen actions.
        captions: wordings a clip that training reads; a clip that one of them says a held-out action of ("leaps" of a
            jeté) is not trained on either.
    """
    division = Division()
    named = {clip.id: claim_of_clip(clip).actions for clip in clips}
    sound = [clip for clip in clips if not clip.notes]
    division.left_out.update({clip.id: ", ".join(clip.notes) for clip in clips if clip.notes})
    for clip in sound:
        if clip.split != "train" or named[clip.id] & set(held_out):
            continue
        if held_out and claim_of_all(captions_of(clip, captions)).actions & set(held_out):
            division.left_out[clip.id] = "a wording of it names an action that is held out"
        else:
            division.train.append(clip)
    trained = frozenset().union(*(named[clip.id] for clip in division.train))
    for clip in sound:
        if clip.id in division.left_out:
            continue
        actions = named[clip.id]
        if not actions and clip.split != "train":
            division.left_out[clip.id] = "its labels name no known action"
        elif actions - trained:
            (division.unseen_fit if actions - trained <= set(calibrate_on) else division.unseen_test).append(clip)
        elif clip.split in ("val", "test"):
            (division.seen_fit if clip.split == "val" else division.seen_test).append(clip)
    return division


def spoken(clip: Clip) -> str | None:
    """Return the text that a clip is measured with: one of its captions in wordings of another seed than training's."""
    texts = captions_of(clip, 12, OTHER_WORDING)
    return texts[seed_of("measured", clip.id) % len(texts)] if texts else None


@dataclass(frozen=True)
class Questions:
    """Clips with their own texts, and further texts to be wrong about.

    Attributes:
        motions: n.
        clips: n.
        texts: m, different ones; each clip's own among them.
        own: (n,) index of each clip's own text.
    """

    motions: list[Motion]
    clips: list[Clip]
    texts: list[str]
    own: NDArray[np.intp]


def questions(dataset: TextMotionDataset, clips: Sequence[Clip], others: Sequence[Clip]) -> Questions:
    """Return what a judge is asked about some clips.

    Args:
        dataset: of the clips.
        clips: asked about.
        others: whose texts serve as further wrong answers.
    """
    pairs = [(clip, text) for clip in clips if (text := spoken(clip))]
    texts = list(dict.fromkeys([text for _, text in pairs] + [text for c in others if (text := spoken(c))]))
    place = {text: index for index, text in enumerate(texts)}
    motions = [dataset.motion(clip) for clip, _ in pairs]
    return Questions(motions, [c for c, _ in pairs], texts, np.array([place[text] for _, text in pairs], np.intp))


def trial(asked: Questions, similarity: Floats, encoder: TextEncoder) -> Trial:
    """Return the answers of a judge as what `mbench.judges.retrieval.measure` works on.

    Args:
        asked: n clips and m texts.
        similarity: (n, m) by the judge.
        encoder: of the texts.
    """
    vectors = encoder.sentences(asked.texts).astype(np.float64)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    likeness = vectors[asked.own] @ vectors.T
    said = [claim_of(text) for text in asked.texts]
    true_of = np.array([[claim.may_hold_for(claim_of_clip(clip)) for claim in said] for clip in asked.clips])
    alike_sides = np.array([[claim.sides == said[own].sides for claim in said] for own in asked.own])
    same = (likeness > SAME_TEXT) & alike_sides
    rows = np.arange(len(asked.own))
    same[rows, asked.own] = true_of[rows, asked.own] = True
    return Trial(similarity, asked.own, same, true_of | same, likeness)
