"""What the tests of reference motions share: prompts, a generator of known motions, judges of known answers."""

from __future__ import annotations

import numpy as np

from mbench import Card, Motion
from mbench.motion import Pose
from mbench.motion.kinematics import forward_kinematics
from mbench.motion.skeleton import REST_OFFSETS
from mbench.suites.prompt import Prompt
from motions import posed


def prompt(name: str = "p0", text: str = "a person walks", seconds: float = 3.0, **fields) -> Prompt:
    return Prompt(name, text, seconds, **fields)


def gliding(speed: float, seconds: float, fps: float) -> Motion:
    """A T-pose that faces +y and moves that way at a speed in m/s."""
    frames = round(seconds * fps) + 1
    rotations = np.zeros((frames, 22, 4), np.float32)
    rotations[..., 3] = 1
    root = np.outer(np.arange(frames) / fps, [0, speed, 0]) + [0, 0, 0.95]
    joints = forward_kinematics(rotations, root, REST_OFFSETS)
    return Motion(joints.astype(np.float32), fps, Pose(rotations, REST_OFFSETS))


class Dancer:
    """Moves as the seed says at 30 fps; has nothing for prompts of `silence`, and notes what it did not understand."""

    def __init__(self, posing: bool = True, fewer: int = 0) -> None:
        self.card, self.posing, self.fewer = Card("dancer", "3", "control", "Apache-2.0"), posing, fewer
        self.prepared: list[str] = []

    def prepare(self, prompts):
        self.prepared = [p.id for p in prompts]

    def generate(self, prompts, seeds):
        for p, seed in list(zip(prompts, seeds, strict=True))[self.fewer :]:
            if p.text == "silence":
                yield LookupError("never heard of it")
                continue
            motion = posed(seed, frames=round(p.seconds * 30), fps=30, highest_hz=1.0)
            motion = motion if self.posing else motion.replace(joints=motion.joints)
            account = {
                "actions": ["dance"],
                **({"note": "not understood: gracefully"} if "gracefully" in p.text else {}),
            }
            yield motion.with_meta(dancer=account)


class Says:
    """Answers with the number that stands in the text; `?` gets an exception, and it counts its calls."""

    calls = 0

    def __init__(self, version: str = "1") -> None:
        self.card = Card("says", version, "control", "Apache-2.0")

    def match(self, motions, texts):
        type(self).calls += 1
        return [LookupError("can't see it") if text == "?" else float(text) for text in texts]
