"""An original rule-based text-to-motion generator: keyed actions, foot-step plans, inverse kinematics, no data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from baselines.choreographer.perform import perform
from baselines.choreographer.plan import Plan, parse
from mbench.errors import ConfigError
from mbench.models.base import Card
from mbench.motion import Motion
from mbench.suites.prompt import Prompt

__all__ = ["Choreographer", "choreograph", "parse"]
SHORTEST, LONGEST = 0.1, 600.0  # seconds


class Choreographer:
    """A text-to-motion model that needs no weights: it does what it understands and stands where it does not."""

    card = Card(
        name="choreographer",
        version="1",
        kind="rule-based",
        licence="Apache-2.0",
        notes="Written by hand, trained on nothing. It answers what its rules know, says what they do not, and stands.",
    )

    def generate(self, prompts: Sequence[Prompt], seeds: Sequence[int]) -> Iterable[Motion | Exception]:
        """Yield one motion a prompt, in order; see `mbench.models.base.MotionModel`.

        Args:
            prompts: a batch.
            seeds: one a prompt; (text, seconds, seed) alone decides the motion.

        Yields:
            the motion at 20 fps, or the error of a prompt whose duration makes no sense.
        """
        for prompt, seed in zip(prompts, seeds, strict=True):
            try:
                yield choreograph(prompt.text, prompt.seconds, seed)
            except ConfigError as error:
                yield error


def choreograph(text: str, seconds: float, seed: int = 0) -> Motion:
    """Return a motion (20 fps, with pose) of a prompt.

    The person starts at the origin, facing +y, z up, and stands on toes 0.012 m above the floor z = 0. What was
    understood is in `meta["choreographer"]`: `actions`, `mood`, `unknown`, and a `note` where something was not.

    Args:
        text: what to do, in English.
        seconds: how long, 0.1 to 600.
        seed: variation of amplitude, tempo, sway, and of the hand where none is named.

    Raises:
        ConfigError: a duration out of range.
    """
    if not SHORTEST <= seconds <= LONGEST:
        raise ConfigError(f"seconds is {seconds}; expected {SHORTEST} to {LONGEST:.0f}")
    plan = parse(text)
    return perform(plan.moves, seconds, seed, plan.mood, {"choreographer": _account(plan)})


def _account(plan: Plan) -> dict[str, object]:
    """Return what was understood as JSON values, with a note on what was not."""
    account = plan.to_dict()
    if plan.unknown:
        account["note"] = f"not understood: {plan.unknown}"
    return account
