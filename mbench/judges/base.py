"""The protocol of a judge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from mbench.card import Card
from mbench.errors import MBenchError, PluginError, one_line
from mbench.motion import Motion
from mbench.registry import Registry


@runtime_checkable
class Judge(Protocol):
    """Answers whether motions match texts. A plugin is one class with `card` and `match`.

    The class is made without arguments. The answer for a (motion, text) pair never depends on what else is in the call.
    """

    card: Card

    def match(self, motions: Sequence[Motion], texts: Sequence[str]) -> Sequence[float | Exception]:
        """Return, for each pair, how sure the judge is that the motion shows the text.

        Args:
            motions: n motions, z up, in metres.
            texts: n texts.

        Returns:
            n probabilities in 0 … 1, or the exception that says why there is no answer.
        """
        ...


JUDGES: Registry[Any] = Registry("judge")


def build_judge(name: str) -> Judge:
    """Return the judge of a name, or of `module:object`.

    Raises:
        UnknownNameError: no such judge.
        PluginError: it fails to import or to start, or is no judge.
    """
    factory = JUDGES.get(name)
    try:
        judge = factory()
    except MBenchError:
        raise
    except Exception as error:
        raise PluginError(f"judge {name!r} could not be started: {one_line(error)}") from error
    if not isinstance(judge, Judge):
        raise PluginError(f"judge {name!r} is no judge; a judge has `card` and `match`")
    return judge
