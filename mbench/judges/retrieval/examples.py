"""Training examples: which clip, which piece of it, on which skeleton, with which words; decided by the step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mbench.datasets.base import Clip, TextMotionDataset
from mbench.datasets.captions import captions_of, mirror_text
from mbench.datasets.truth import sides_of
from mbench.motion import BENCHMARK_FPS, Motion
from mbench.motion.kinematics import forward_kinematics
from mbench.motion.resample import resample
from mbench.motion.skeleton import FEET, MIRROR
from mbench.seeds import seed_of
from mbench.text import TextEncoder

Floats = NDArray[np.floating]
LONGEST = 200  # frames of a training example: 10 s, the longest a suite asks for
PARTS = 4  # of a batch, by length
NOISE = 0.02  # metres, the strongest: a shaking motion still shows what it shows
STILL = (
    "a person stands still", "someone does not move", "A person holds a pose without moving.", "a motionless figure",
    "A man stays frozen in place.", "a woman remains still", "The person keeps still.", "nothing moves",
    "he stands there", "Someone is frozen in one position.", "a person holding still",
    "The performer does not move at all.",
)  # fmt: skip
SHORTEST = 20  # frames of a piece that is cut out
SAME_TEXT = 0.85  # cosine from which two texts mean the same if their sides and directions agree


@dataclass(frozen=True)
class Example:
    """A clip ready for training.

    Attributes:
        clip: its row.
        joints: (T, 22, 3) at 20 fps, once for each skeleton it is carried over to.
        texts: what may be said of it.
        mirrored: the same of its mirror image, in the same order.
    """

    clip: Clip
    joints: tuple[Floats, ...]
    texts: tuple[str, ...]
    mirrored: tuple[str, ...]


def example_of(
    clip: Clip, motion: Motion, skeletons: Sequence[NDArray[np.floating]], captions: int, variants: int
) -> Example | None:
    """Return the example of a clip, None where it has no captions or is too short.

    Args:
        clip: the row.
        motion: its motion.
        skeletons: rest offsets (22, 3) that motions with rotations are carried over to, so that the judge does not
            learn whose body it is from how long its bones are.
        captions: texts a clip, at most.
        variants: skeletons a clip, its own among them.
    """
    texts = tuple(captions_of(clip, captions))
    motion = resample(motion, BENCHMARK_FPS)
    if not texts or len(motion) < SHORTEST:
        return None
    generator = np.random.default_rng(seed_of("skeletons", clip.id))
    joints = [np.asarray(motion.joints, np.float32)]
    if motion.pose is not None and len(skeletons):
        for index in generator.choice(len(skeletons), size=variants - 1):
            joints.append(_carried_over(motion, skeletons[index] * generator.uniform(0.92, 1.08)))
    return Example(clip, tuple(joints), texts, tuple(map(mirror_text, texts)))


def _carried_over(motion: Motion, offsets: NDArray[np.floating]) -> Floats:
    """Return the joints of the same rotations on another skeleton, its steps as much longer as its legs are."""
    assert motion.pose is not None
    own = motion.pose.offsets
    ratio = _leg(offsets) / _leg(own)
    root = motion.joints[:, 0].astype(np.float64) * ratio
    joints = forward_kinematics(motion.pose.rotations, root, offsets)
    feet = list(FEET)
    lowest = float(motion.joints[:, feet, 2].min()) * ratio
    joints[..., 2] += lowest - joints[:, feet, 2].min()
    return joints.astype(np.float32)


def _leg(offsets: NDArray[np.floating]) -> float:
    """Return hip to ankle, in metres: mean of the two."""
    return float(np.linalg.norm(np.asarray(offsets)[[4, 5, 7, 8]], axis=-1).sum() / 2)


def skeletons_of(motions: Iterable[Motion]) -> list[NDArray[np.float64]]:
    """Return the different skeletons of some motions with rotations."""
    found: dict[bytes, NDArray[np.float64]] = {}
    for motion in motions:
        if motion.pose is not None:
            offsets = np.asarray(motion.pose.offsets, np.float64)
            found.setdefault(np.round(offsets, 2).tobytes(), offsets)
    return list(found.values())


def examples_of(
    dataset: TextMotionDataset, clips: Sequence[Clip], captions: int = 24, variants: int = 3
) -> list[Example]:
    """Return the examples of some clips; see `example_of`."""
    motions = [dataset.motion(clip) for clip in clips]
    skeletons = skeletons_of(motions)
    made = (example_of(c, m, skeletons, captions, variants) for c, m in zip(clips, motions, strict=True))
    return [example for example in made if example is not None]


class Batches:
    """Batches of matching pairs, by step.

    Rare texts are drawn more often than their share (weights of the inverse square root), so that the ten gestures that
    fill half of a collection do not fill half of every batch.

    Args:
        examples: at least as many as a batch has pairs.
        encoder: of the texts.
        size: pairs a batch.
        seed: of the run.
        still: share of the pairs that are a pose held still and a text that says so. A pose often gives an action away;
            without these a judge takes the first frame of a walk for a walk.
    """

    def __init__(
        self, examples: Sequence[Example], encoder: TextEncoder, size: int, seed: int, still: float = 0.1
    ) -> None:
        self._still = still
        self._examples, self._size, self._seed = list(examples), min(size, len(examples)), seed
        texts = list(dict.fromkeys([t for e in examples for t in (*e.texts, *e.mirrored)] + list(STILL)))
        self._place = {text: index for index, text in enumerate(texts)}
        self._vectors = encoder.sentences(texts)
        self._sides = np.array([seed_of(*sorted(sides_of(text))) for text in texts])
        counts = Counter(group_of(example.clip) for example in examples)
        weight = np.array([counts[group_of(example.clip)] ** -0.5 for example in examples])
        self._weight = weight / weight.sum()

    def __call__(self, step: int) -> dict[str, Any]:
        """Return a batch, the shortest clip first.

        Returns:
            `joints`: parts (b, T, 22, 3) of clips of about one length, so that little is computed on padding; `frames`:
            their lengths (b,); `sentences` (B, d) and `ignored` (B, B) over all parts.
        """
        generator = np.random.default_rng([self._seed, step])
        chosen = generator.choice(len(self._examples), self._size, replace=False, p=self._weight)
        drawn = [self._pair(self._examples[index], generator) for index in chosen]
        drawn.sort(key=lambda item: len(item[0]))
        pieces = [piece for piece, _, _ in drawn]
        places = [self._place[text] for _, text, _ in drawn]
        sentences = self._vectors[places]
        cuts = np.array_split(np.arange(len(pieces)), min(PARTS, len(pieces)))
        parts = [padded([pieces[i] for i in cut]) for cut in cuts]
        ignored = false_negatives(sentences, self._sides[places], [name for _, _, name in drawn])
        return {
            "joints": [torch.from_numpy(joints) for joints, _ in parts],
            "frames": [torch.from_numpy(frames) for _, frames in parts],
            "sentences": torch.from_numpy(sentences), "ignored": torch.from_numpy(ignored),
        }  # fmt: skip

    def _pair(self, example: Example, generator: np.random.Generator) -> tuple[Floats, str, str]:
        """Return a piece, a text, and a name that pairs share which are no wrong pairs of each other."""
        piece, text = draw(example, generator)
        if generator.random() >= self._still:
            return piece, text, example.clip.id
        pose = piece[generator.integers(len(piece))]
        return np.repeat(pose[None], len(piece), axis=0), STILL[generator.integers(len(STILL))], "held still"


def group_of(clip: Clip) -> str:
    """Return what is counted when rare clips are drawn more often: label and style, or the first caption."""
    return "/".join(clip.labels.values()) or (clip.captions[0].text if clip.captions else clip.id)


def draw(example: Example, generator: np.random.Generator) -> tuple[Floats, str]:
    """Return a piece of a clip and a text: a skeleton, a speed, a cut, mirrored or not, a little noise."""
    joints = example.joints[generator.integers(len(example.joints))]
    joints = _at_speed(joints, generator.uniform(0.85, 1.15))
    joints = _cut(joints, generator)
    words = generator.integers(len(example.texts))
    text = example.texts[words]
    if generator.random() < 0.5:
        joints, text = mirrored(joints), example.mirrored[words]
    if generator.random() < 0.5:
        joints = joints + generator.normal(scale=NOISE * generator.random() ** 2, size=joints.shape)
    return joints.astype(np.float32), text


def mirrored(joints: Floats) -> Floats:
    """Return the mirror image, left and right exchanged."""
    return joints[:, list(MIRROR)] * np.array([-1, 1, 1], np.float32)


def _at_speed(joints: Floats, speed: float) -> Floats:
    """Return the same path at another speed, by linear interpolation."""
    times = np.arange(0, len(joints) - 1 + 1e-9, speed)
    before = np.minimum(times.astype(np.intp), len(joints) - 2)
    share = (times - before).astype(np.float32)[:, None, None]
    return joints[before] * (1 - share) + joints[before + 1] * share


def _cut(joints: Floats, generator: np.random.Generator) -> Floats:
    """Return a piece of at most `LONGEST` frames; short clips are mostly left whole."""
    longest = min(len(joints), LONGEST)
    if len(joints) <= LONGEST and (generator.random() < 0.5 or len(joints) <= 2 * SHORTEST):
        return joints
    length = int(generator.integers(max(SHORTEST, int(longest * 0.6)), longest + 1))
    start = int(generator.integers(len(joints) - length + 1))
    return joints[start : start + length]


def padded(pieces: Sequence[Floats], multiple: int = 4) -> tuple[Floats, NDArray[np.int64]]:
    """Return (B, T, 22, 3) with last frames repeated, T a multiple, and the lengths (B,)."""
    frames = np.array([len(piece) for piece in pieces])
    longest = -(-int(frames.max()) // multiple) * multiple
    repeat = [np.concatenate([p, np.repeat(p[-1:], longest - len(p), axis=0)]) for p in pieces]
    return np.stack(repeat), frames


def false_negatives(sentences: Floats, sides: NDArray[np.int64], clips: Sequence[str]) -> NDArray[np.bool_]:
    """Return (B, B): true where pair (i, j) is no wrong pair although i ≠ j: nearly the same text, or the same clip."""
    unit = sentences / np.linalg.norm(sentences, axis=1, keepdims=True)
    alike = (unit @ unit.T > SAME_TEXT) & (sides[:, None] == sides[None])
    same = np.array(clips)[:, None] == np.array(clips)[None]
    wrong = alike | same
    np.fill_diagonal(wrong, False)
    return wrong
