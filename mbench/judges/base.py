"""The protocol of a judge, and what is asked of one."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import islice
from operator import index
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from mbench.card import Card
from mbench.config import check_options
from mbench.errors import MBenchError, PluginError, one_line
from mbench.files import hash_of
from mbench.motion import Motion
from mbench.registry import Registry

Floats = NDArray[np.float64]


@runtime_checkable
class Judge(Protocol):
    """Answers whether motions match texts. A plugin is one class with `card` and `match`.

    The class is made with the options of the YAML (`judge: {name: …, options: {…}}`). The answer for a (motion, text)
    pair never depends on what else is in the call.
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


@runtime_checkable
class Chooser(Protocol):
    """A judge that can be asked which of several texts a motion shows, all in one question."""

    def choose(self, motions: Sequence[Motion], candidates: Sequence[Sequence[str]]) -> Sequence[int | Exception]:
        """Return, for each motion, the index of the candidate it shows, or the exception that says why there is none.

        Args:
            motions: n motions.
            candidates: n lists of texts, in the order in which they are to be shown.
        """
        ...


@runtime_checkable
class Embedder(Protocol):
    """A judge that has motions and texts in one space, as the retrieval metrics need."""

    def embed_motions(self, motions: Sequence[Motion]) -> Floats:
        """Return (n, d) float64 vectors of norm 1; a motion's vector never depends on the others."""
        ...

    def embed_texts(self, texts: Sequence[str]) -> Floats:
        """Return (n, d) float64 vectors of norm 1; a text's vector never depends on the others."""
        ...


JUDGES: Registry[Any] = Registry("judge", ("mbench.judges.all",))


def build_judge(name: str, options: dict[str, Any] | None = None, device: str = "auto") -> Judge:
    """Return the judge of a name, or of `module:object`.

    Args:
        name: of the judge.
        options: what its class is made with.
        device: handed to judges that take a `device` and were not given one.

    Raises:
        UnknownNameError: no such judge.
        ConfigError: an option that it does not take, or one that it needs and lacks.
        PluginError: it fails to import or to start, or is no judge.
    """
    factory = JUDGES.get(name)
    options = dict(options or {})
    if "device" in inspect.signature(factory).parameters:
        options.setdefault("device", device)
    check_options(factory, options, f"judge {name!r}")
    try:
        judge = factory(**options)
    except MBenchError:
        raise
    except Exception as error:
        raise PluginError(f"judge {name!r} could not be started: {one_line(error)}") from error
    if not isinstance(judge, Judge):
        raise PluginError(f"judge {name!r} is no judge; a judge has `card` and `match`")
    return judge


def identity(judge: Judge) -> str:
    """Return `name.hash`: what tells answers of this judge from those of all others; by weights and version."""
    card = judge.card
    decides = [card.name, card.version, *filter(None, [card.weights])]
    return f"{card.name}.{hash_of(decides)[:10]}"


def match(judge: Judge, motions: Sequence[Motion], texts: Sequence[str]) -> list[float | Exception]:
    """Return, for each pair, how sure the judge is, from 0 to 1, or the exception that says why there is no answer.

    Raises:
        PluginError: the judge gave another number of answers.
    """
    answers = _counted(judge.match(motions, texts), len(texts), judge)
    return [_probability(answer, judge) for answer in answers]


def choose(judge: Judge, motions: Sequence[Motion], candidates: Sequence[Sequence[str]]) -> list[int | Exception]:
    """Return, for each motion, the index of the candidate that the judge picks.

    A judge without `choose` is asked about each candidate, and the surest answer counts (the first of equals). If it
    has no answer for one of them, there is no choice.

    Raises:
        PluginError: the judge gave another number of answers.
    """
    if isinstance(judge, Chooser):
        answers = _counted(judge.choose(motions, candidates), len(candidates), judge)
        return [_index(answer, len(texts), judge) for answer, texts in zip(answers, candidates, strict=True)]
    pairs = [(motion, text) for motion, texts in zip(motions, candidates, strict=True) for text in texts]
    sure = iter(match(judge, [motion for motion, _ in pairs], [text for _, text in pairs]))
    return [_surest(list(islice(sure, len(texts)))) for texts in candidates]


def _surest(answers: Sequence[float | Exception]) -> int | Exception:
    fault = next((answer for answer in answers if isinstance(answer, Exception)), None)
    return int(np.argmax(answers)) if fault is None else fault  # type: ignore[arg-type]


def _counted(answers: Iterable[Any], count: int, judge: Judge) -> list[Any]:
    found = list(answers)
    if len(found) != count:
        raise PluginError(f"judge {judge.card.name!r} gave {len(found)} answers to {count} questions")
    return found


def _probability(answer: Any, judge: Judge) -> float | Exception:
    """Return an answer as a number, or what is wrong with it: what is no probability must not become a yes or a no."""
    if isinstance(answer, Exception):
        return answer
    with suppress(TypeError, ValueError):
        if not isinstance(answer, str) and 0 <= (value := float(answer)) <= 1:
            return value
    return PluginError(f"judge {judge.card.name!r} said {answer!r:.60}; expected a probability from 0 to 1")


def _index(answer: Any, count: int, judge: Judge) -> int | Exception:
    """Return an answer as an index, or what is wrong with it."""
    if isinstance(answer, Exception):
        return answer
    with suppress(TypeError):
        if not isinstance(answer, bool) and 0 <= (value := index(answer)) < count:
            return value
    return PluginError(f"judge {judge.card.name!r} chose {answer!r:.60}; expected the index of one of {count} texts")
