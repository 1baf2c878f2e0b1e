"""A trained judge on disk and in memory: weights, what decides its answers, and the vectors it gives."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mbench.errors import ConfigError, FormatError, one_line
from mbench.judges.retrieval.examples import LONGEST, padded
from mbench.judges.retrieval.network import RetrievalNetwork, Shape
from mbench.motion import BENCHMARK_FPS, Motion
from mbench.motion.resample import resample
from mbench.weights import load_weights, save_weights, weights_metadata

Floats = NDArray[np.float64]
BANK = "bank"  # name of the training motions' vectors among the weights
NEAREST = 10  # of them, that a text is compared with
BATCH = 32  # clips of one length computed together
PLACES = 6  # decimals that are kept: 1e10 times the noise of float64, so that a batch's size decides none of them


class RetrievalModel:
    """The network and the facts stored with its weights.

    Args:
        network: trained.
        facts: `calibration` ({"seen": [slope, offset], "unseen": …}), `actions` (trained on), `encoder` (hash of the
            text encoder) and `encoder_name`.
        device: `cpu`, `cuda` or `auto`.
        bank: (n, space) vectors of the motions it was trained on, which `nearness` needs; None for none.
    """

    def __init__(
        self, network: RetrievalNetwork, facts: dict[str, Any], device: str = "cpu", bank: Floats | None = None
    ) -> None:
        self.facts = facts
        self.bank = np.zeros((0, network.shape.space)) if bank is None else bank
        self._device = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device)
        self.network = network.to(self._device, torch.float64).eval()

    def save(self, path: Path) -> None:
        """Write the weights (fp16) with everything that decides an answer."""
        metadata = {"shape": json.dumps(asdict(self.network.shape)), "facts": json.dumps(self.facts)}
        save_weights(path, {**self.network.state_dict(), BANK: torch.from_numpy(self.bank)}, metadata=metadata)

    def motions(self, motions: Sequence[Motion]) -> Floats:
        """Return (n, space) vectors of norm 1; computed in float64, so that a vector never depends on the others."""
        if not motions:
            return np.zeros((0, self.network.shape.space))
        pieces = [pieces_of(motion) for motion in motions]
        flat = [piece for own in pieces for piece in own]
        vectors = np.zeros((len(flat), self.network.shape.space))
        for group in groups_of([len(piece) for piece in flat], self.network.shape.patch):
            joints, frames = padded([flat[i] for i in group], self.network.shape.patch)
            vectors[group] = self._encode(joints, frames)
        ends = np.cumsum([len(own) for own in pieces])
        starts = [0, *ends[:-1]]
        means = np.array([vectors[start:end].mean(axis=0) for start, end in zip(starts, ends, strict=True)])
        return unit(means)

    def texts(self, sentences: NDArray[np.floating]) -> Floats:
        """Return (n, space) vectors of norm 1 of (n, d) sentence vectors."""
        with torch.inference_mode():
            values = torch.from_numpy(np.asarray(sentences, np.float64)).to(self._device)
            return unit(self.network.text(values).cpu().numpy())

    def nearness(self, motions: Floats, texts: Floats) -> Floats:
        """Return (n, m): how near motions and texts are, whatever else the texts are near to.

        It is the cosine's excess over what the text has with the ten motions of the training that are nearest to it, by
        half (cross-domain similarity local scaling, Conneau et al. 2018, arXiv 1710.04087, without the motions' part):
        a text that is near to many motions says less by being near to one more.

        Args:
            motions: (n, space), norm 1.
            texts: (m, space), norm 1.
        """
        return 2 * motions @ texts.T - self.crowding(texts)

    def crowding(self, texts: Floats) -> Floats:
        """Return (m,): the mean cosine of each text and the ten motions of the training that are nearest to it."""
        if not len(self.bank):
            return np.zeros(len(texts))
        return np.sort(texts @ self.bank.T, axis=1)[:, -NEAREST:].mean(axis=1)

    def _encode(self, joints: NDArray[np.floating], frames: NDArray[np.int64]) -> Floats:
        with torch.inference_mode():
            values = torch.from_numpy(joints.astype(np.float64)).to(self._device)
            encoded: Floats = self.network.motion(values, torch.from_numpy(frames).to(self._device)).cpu().numpy()
            return encoded


def unit(vectors: Floats) -> Floats:
    """Return vectors of norm 1, rounded."""
    return np.round(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True).clip(1e-12), PLACES)


def pieces_of(motion: Motion) -> list[NDArray[np.float64]]:
    """Return the joints at 20 fps in equal pieces of at most 10 s, the longest that the network has seen."""
    joints = np.asarray(resample(motion, BENCHMARK_FPS).joints, np.float64)
    return np.array_split(joints, -(-len(joints) // LONGEST))


def groups_of(lengths: Sequence[int], multiple: int) -> list[list[int]]:
    """Return indices in groups of at most 32 clips of about one length, so that little is computed on padding."""
    order = sorted(range(len(lengths)), key=lambda i: lengths[i])
    groups: list[list[int]] = []
    for index in order:
        longest = -(-lengths[index] // multiple)
        fits = groups and len(groups[-1]) < BATCH and longest <= 1.25 * -(-lengths[groups[-1][0]] // multiple)
        if fits:
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups


def load_model(path: Path, device: str = "cpu") -> RetrievalModel:
    """Return the judge in a weights file.

    Raises:
        ConfigError: there is no such file, or it is no retrieval judge.
    """
    if not path.is_file():
        raise ConfigError(f"{path}: there is no such file; expected the weights that `mbench train-judge` wrote")
    try:
        state, metadata = load_weights(path), weights_metadata(path)
        network = RetrievalNetwork(Shape(**json.loads(metadata["shape"])))
        bank = state.pop(BANK).double().numpy()
        network.load_state_dict(state)
        facts = json.loads(metadata["facts"])
    except FormatError as error:
        raise ConfigError(one_line(error)) from error
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        what = re.sub(r"\s+", " ", str(error))[:120]
        raise ConfigError(f"{path}: is no retrieval judge of this version: {what}") from error
    return RetrievalModel(network, facts, device, bank)
