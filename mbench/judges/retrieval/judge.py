"""`retrieval`: the embedded judge. It runs offline, and its card says how often it is right."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mbench.card import Card
from mbench.errors import ConfigError, MBenchError, NotApplicable
from mbench.files import read_json, sha256_of
from mbench.judges.base import JUDGES
from mbench.motion import Motion
from mbench.seeds import seed_of

if TYPE_CHECKING:
    from mbench.judges.retrieval.model import RetrievalModel
    from mbench.text import TextEncoder

Floats = NDArray[np.float64]
SHIPPED = Path(__file__).parent / "weights"
VERSION = "1"  # raise it whenever the same weights give other answers
WEIGHTS, CARD = "judge.safetensors", "card.json"


class RetrievalJudge:
    """Motions and texts in one space: the nearest text is chosen, and nearness is turned into P(match).

    Args:
        weights: a folder that `mbench train-judge` wrote; None for the shipped judge.
        device: `cpu`, `cuda` or `auto`; decides no answer.

    Raises:
        ConfigError: no such folder, or not a judge's.
    """

    def __init__(self, weights: str | None = None, device: str = "auto") -> None:
        self.folder = Path(weights).expanduser() if weights else SHIPPED
        for name in (WEIGHTS, CARD):
            if not (self.folder / name).is_file():
                raise ConfigError(f"judge retrieval: {self.folder} has no {name}; expected a folder of train-judge")
        self.facts: dict[str, Any] = read_json(self.folder / CARD)
        for field in ("licence", "trained_on", "notes"):
            if field not in self.facts:
                raise ConfigError(
                    f"judge retrieval: {self.folder / CARD} has no {field!r}; expected a card of train-judge"
                )
        self.card = Card(
            "retrieval", VERSION, "learned", self.facts["licence"],
            weights=sha256_of(self.folder / WEIGHTS), trained_on=self.facts["trained_on"], notes=self.facts["notes"],
        )  # fmt: skip
        self._device = device
        self._seen: dict[bytes, Floats] = {}

    @staticmethod
    def described() -> dict[str, Any]:
        """Return what `mbench describe judge retrieval` prints beside the options: the shipped judge's card."""
        from mbench.judges.retrieval.table import lines

        if not (SHIPPED / CARD).is_file():
            return {}
        return {"card": "\n".join(lines(read_json(SHIPPED / CARD)))}

    def match(self, motions: Sequence[Motion], texts: Sequence[str]) -> list[float | Exception]:
        """Return P(match) of each pair, by the map for actions it was trained on or by that for others.

        The maps were fitted to as many matching pairs as others; where matches are rarer or more frequent than that,
        read the probabilities accordingly.
        """
        from mbench.judges.retrieval.measure import probability

        maps: dict[str, list[float]] = self._model.facts["calibration"]
        if not maps:
            return [NotApplicable("the judge's data had too few held-out clips to fit a probability")] * len(texts)
        vectors = self.embed_texts(texts)
        nearness = 2 * (self.embed_motions(motions) * vectors).sum(axis=1) - self._model.crowding(vectors)
        fitted = [maps.get("seen" if self.knows(text) else "unseen") or next(iter(maps.values())) for text in texts]
        return [round(float(probability(s, *m)), 9) for s, m in zip(nearness, fitted, strict=True)]

    def choose(self, motions: Sequence[Motion], candidates: Sequence[Sequence[str]]) -> list[int | Exception]:
        """Return the index of the nearest candidate of each motion; the first of equals.

        A body that does not move shows no action, though its pose may hint at one: only candidates that name nothing
        but a pose are compared then, and where there are none the choice is drawn by lot, the same in every run.
        """
        flat = list(dict.fromkeys(text for texts in candidates for text in texts))
        vectors = dict(zip(flat, self.embed_texts(flat), strict=True))
        own = [np.array([vectors[text] for text in texts]) for texts in candidates]
        asked = zip(motions, self.embed_motions(motions), candidates, own, strict=True)
        return [self._choice(*one) for one in asked]

    def _choice(self, motion: Motion, vector: Floats, texts: Sequence[str], vectors: Floats) -> int:
        from mbench.judges.retrieval.stillness import moves, poses_among

        nearness = self._model.nearness(vector[None], vectors)[0]
        if moves(motion):
            return int(np.argmax(nearness))
        poses = poses_among(texts)
        if poses:
            return poses[int(np.argmax(nearness[poses]))]
        lot = seed_of("lot", _key(motion).hex(), *sorted(texts)) % len(texts)
        return list(texts).index(sorted(texts)[lot])

    @property
    def actions(self) -> frozenset[str]:
        """Return the action classes that the judge was trained on."""
        return frozenset(self._model.facts["actions"])

    def knows(self, text: str) -> bool:
        """Return whether all actions that a text names are among those the judge was trained on."""
        from mbench.datasets.captions import actions_of

        named = actions_of(text)
        return bool(named) and named <= self.actions

    def embed_motions(self, motions: Sequence[Motion]) -> Floats:
        """Return (n, 256) vectors of norm 1; each motion is computed once in a process."""
        keys = [_key(motion) for motion in motions]
        new = {key: motion for key, motion in zip(keys, motions, strict=True) if key not in self._seen}
        if new:
            self._seen |= dict(zip(new, self._model.motions(list(new.values())), strict=True))
        return np.array([self._seen[key] for key in keys]).reshape(len(motions), self._model.network.shape.space)

    def embed_texts(self, texts: Sequence[str]) -> Floats:
        """Return (n, 256) vectors of norm 1."""
        if not texts:
            return np.zeros((0, self._model.network.shape.space))
        return self._model.texts(self._encoder.sentences(texts))

    @cached_property
    def _model(self) -> RetrievalModel:
        from mbench.judges.retrieval.model import load_model

        return load_model(self.folder / WEIGHTS, self._device)

    @cached_property
    def _encoder(self) -> TextEncoder:
        from mbench.text import TextEncoder

        try:
            encoder = TextEncoder(self._model.facts["encoder_name"])
        except MBenchError as error:
            raise ConfigError(f"judge retrieval: {self.folder}: {error}") from error
        if encoder.hash != self._model.facts["encoder"]:
            raise ConfigError(f"judge retrieval: {self.folder} was trained with another version of {encoder.name}")
        return encoder


def _key(motion: Motion) -> bytes:
    """Return what tells a motion from all others."""
    joints = np.ascontiguousarray(motion.joints, dtype="<f4")
    return hashlib.sha256(joints.tobytes() + repr((joints.shape, motion.fps)).encode()).digest()


JUDGES.add("retrieval", RetrievalJudge)
