"""Batches of a training: parts of clips with a caption or a spoilt copy of themselves as their reference.

The batch of a step depends on the step and the seed alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from mbench.datasets.caption_mirror import mirror_text
from mbench.errors import MBenchError
from mbench.motion.representations.vimogen276 import ORIENTATION, ROTATIONS, WIDTH
from vimogen import flow
from vimogen.augment import canonical, mirrored
from vimogen.codec import REFERENCE, Codec, Rows
from vimogen.corruption import Corruption
from vimogen.training.clips import TrainingClip
from vimogen.training.recipe import Recipe

POOL = 4  # batches' worth of clips that are drawn, then sorted by length: a batch's clips are of similar length


@dataclass(frozen=True)
class Sample:
    """One sample of a batch: normalised rows (T, 276), a text, a reference (T, 138) with its mask, and who is asked.

    `noise` (T, 276) is that of a paired sample.
    """

    rows: Rows
    text: str
    reference: Rows
    reference_mask: np.ndarray
    gate: float
    columns: np.ndarray = field(repr=False)
    noise: Tensor | None = field(default=None, repr=False)


class Batches:
    """The batches of a recipe.

    Args:
        clips: to train on.
        tokens: {text: its tokens (L, width)}, with the null text.
        codec: of the data.
        recipe: of the training.

    Raises:
        MBenchError: a subset has no clip, or none with a caption where the network reads nothing else, or a paired one
            has a clip without a seed.
    """

    def __init__(
        self, clips: Sequence[TrainingClip], tokens: dict[str, np.ndarray], codec: Codec, recipe: Recipe
    ) -> None:
        self.tokens, self.codec, self.recipe = tokens, codec, recipe
        self.corruption = Corruption()
        self.columns = {name: _column_weights(recipe, own.columns) for name, own in recipe.subsets.items()}
        self.columns[""] = _column_weights(recipe, "all")  # of the reference branch
        self.pools = {
            (name, branch): _pool(clips, name, branch) for name in recipe.subsets for branch in ("text", "reference")
        }
        self.paired = {name for name, own in recipe.subsets.items() if own.paired}
        self._check(clips)

    def _check(self, clips: Sequence[TrainingClip]) -> None:
        """Refuse subsets that can't be trained on as the recipe asks."""
        asked = [name for name, own in self.recipe.subsets.items() if own.share]
        if empty := [name for name in asked if not self.pools[name, "reference"]]:
            raise MBenchError(f"data: no training clip is of subset {', '.join(empty)}; leave it out of `subsets`")
        if not self.recipe.network.reference and (mute := [name for name in asked if not self.pools[name, "text"]]):
            raise MBenchError(
                f"data: no clip of subset {mute[0]} has a caption, and the network has no reference branch"
            )
        if unknown := [clip.id for clip in clips if clip.subset in self.paired and clip.seed is None]:
            raise MBenchError(f"data: row {unknown[0]} has no seed; paired subsets are those of `vimogen distil`")

    def __call__(self, step: int) -> dict[str, Tensor]:
        """Return the batch of a step."""
        generator = np.random.default_rng([self.recipe.settings.seed, step])
        drawn = [self._draw(generator) for _ in range(POOL * self.recipe.batch)]
        order = np.argsort([len(clip.rows) for clip, _ in drawn], kind="stable")
        start = int(generator.integers(POOL)) * self.recipe.batch
        own = [drawn[index] for index in order[start : start + self.recipe.batch]]
        return self.collate([self._sample(clip, by_text, generator) for clip, by_text in own])

    def _draw(self, generator: np.random.Generator) -> tuple[TrainingClip, bool]:
        """Return a clip, and whether the text branch is asked."""
        names = list(self.recipe.subsets)
        shares = np.array([self.recipe.subsets[name].share for name in names])
        name = names[generator.choice(len(names), p=shares / shares.sum())]
        share = self.recipe.subsets[name].text if self.recipe.network.reference else 1.0
        by_text = bool(generator.random() < share and self.pools[name, "text"])
        pool = self.pools[name, "text" if by_text else "reference"]
        return pool.clips[int(np.searchsorted(pool.edges, generator.random(), side="right"))], by_text

    def _sample(self, clip: TrainingClip, by_text: bool, generator: np.random.Generator) -> Sample:
        paired = clip.subset in self.paired
        rows, seen, turned = (clip.rows, clip.rows, False) if paired else self._part(clip, generator)
        rows = self.codec.normalised(rows)
        text = clip.texts[int(generator.integers(len(clip.texts)))] if by_text else ""
        if generator.random() < self.recipe.null_text:
            text = ""
        reference, left = self.corruption(self.codec.reference(seen), generator)
        columns = self.columns[clip.subset] if by_text else self.columns[""]
        noise = flow.noise_of(clip.seed, len(rows)) if paired and clip.seed is not None else None
        return Sample(rows, mirror_text(text) if turned else text, reference, left, float(by_text), columns, noise)

    def _part(self, clip: TrainingClip, generator: np.random.Generator) -> tuple[Rows, Rows, bool]:
        """Return a part of a clip and of what its reference is made of, both canonical, and whether it was mirrored."""
        longest = self.recipe.frames[1]
        start = int(generator.integers(max(1, len(clip.rows) - longest + 1)))
        turned = bool(generator.random() < self.recipe.mirror)

        def cut(rows: Rows) -> Rows:
            own = rows[start : start + longest]
            return canonical(mirrored(own) if turned else own)

        rows = cut(clip.rows)
        return rows, rows if clip.capture is None else cut(clip.capture), turned

    def collate(self, samples: Sequence[Sample]) -> dict[str, Tensor]:
        """Return samples as tensors, padded with zeros; see `vimogen.network.ViMoGen.forward` for their shapes."""
        texts = [self.tokens[sample.text] for sample in samples]
        longest, words = max(len(sample.rows) for sample in samples), max(map(len, texts))
        rows = np.zeros((len(samples), longest, WIDTH), np.float32)
        mask, left = (np.zeros((len(samples), longest), bool) for _ in range(2))
        reference = np.zeros((len(samples), longest, len(REFERENCE)), np.float32)
        text = np.zeros((len(samples), words, texts[0].shape[1]), np.float32)
        text_mask = np.zeros((len(samples), words), bool)
        for place, (sample, own) in enumerate(zip(samples, texts, strict=True)):
            frames = slice(0, len(sample.rows))
            rows[place, frames], reference[place, frames] = sample.rows, sample.reference
            mask[place, frames], left[place, frames] = True, sample.reference_mask
            text[place, : len(own)], text_mask[place, : len(own)] = own, True
        arrays = {
            "rows": rows, "mask": mask, "reference": reference, "reference_mask": left,
            "text": text, "text_mask": text_mask,
            "gate": np.array([sample.gate for sample in samples], np.float32),
            "columns": np.stack([sample.columns for sample in samples]),
        }  # fmt: skip
        batch = {name: torch.from_numpy(array) for name, array in arrays.items()}
        return batch | self._noise(samples, longest) if self.paired else batch

    def _noise(self, samples: Sequence[Sample], longest: int) -> dict[str, Tensor]:
        """Return which samples are paired (B,), and their noise (B, T, 276), zeros for the others."""
        noise = torch.zeros(len(samples), longest, WIDTH)
        for place, sample in zip(noise, samples, strict=True):
            if sample.noise is not None:
                place[: len(sample.noise)] = sample.noise
        return {"paired": torch.tensor([sample.noise is not None for sample in samples]), "noise": noise}


@dataclass(frozen=True)
class _Pool:
    """Clips, and the upper edge of each on a line of length 1, as long as its weight."""

    clips: list[TrainingClip]
    edges: np.ndarray

    def __bool__(self) -> bool:
        """Whether there is a clip."""
        return bool(self.clips)


def _pool(clips: Sequence[TrainingClip], subset: str, branch: str) -> _Pool:
    own = [c for c in clips if c.subset == subset and (branch == "reference" or (c.texts and not c.held_out))]
    edges = np.cumsum([clip.weight for clip in own])
    return _Pool(own, edges / edges[-1] if own else edges)


def _column_weights(recipe: Recipe, columns: str) -> np.ndarray:
    """Return the weight of each column (276,) in the loss."""
    weights = np.ones(WIDTH, np.float32)
    weights[ORIENTATION.start :] = recipe.root
    if columns == "rotations":
        weights[ROTATIONS.stop :] = 0
    return weights
