"""A judge that asks a vision-language model, whatever protocol its server speaks."""

from __future__ import annotations

import importlib.util
import inspect
import os
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar

from mbench.card import Card
from mbench.errors import ConfigError
from mbench.judges.vision import media, parsing, prompts
from mbench.judges.vision.calls import Caller, Question
from mbench.judges.vision.media import Studio
from mbench.judges.vision.pacing import in_threads
from mbench.judges.vision.server import Media, Server
from mbench.judges.vision.settings import Settings, settings_of
from mbench.motion import Motion

T = TypeVar("T")
R = TypeVar("R")
DECIDES = (
    "model", "revision", "mode", "render", "size", "samples", "temperature", "seed", "max_tokens", "structured",
)  # fmt: skip


class ServerKind(Protocol):
    """A client, and the package that it needs."""

    package: str
    extra: str

    def __call__(self, settings: Settings, key: str) -> Server:
        """Make the client."""
        ...


class VisionJudge:
    """Asks a vision-language model what a motion shows, and then which text it shows or whether it shows one.

    Each sample is one description and one answer. Of several samples the majority counts: `match` returns the share
    of yes, so that one half is no majority, and `choose` the candidate named most often; of those named equally often,
    the one that the earliest sample names. If one sample has no answer, there is no answer.

    Attributes:
        card: its version holds every option that decides an answer, but not the server's address.

    Args:
        name: registered name.
        settings: of the judge.
        server: makes the client.

    Raises:
        ConfigError: a package or a key is missing.
        JudgeError: the cache of answers is damaged.
    """

    def __init__(self, name: str, settings: Settings, server: ServerKind) -> None:
        for package, extra in ((server.package, server.extra), *_needed(settings)):
            if not _installed(package):
                raise ConfigError(f"judge {name!r} needs {package}: pip install 'mbench[{extra}]'")
        key = _key(name, settings)
        self.card = _card(name, settings)
        self._settings, self._studio = settings, Studio(settings)
        self._caller = Caller(name, settings, server(settings, key), key)
        self._caller.cache.summary()  # a damaged file is told before the first call is paid
        self._turn = threading.Lock()

    def match(self, motions: Sequence[Motion], texts: Sequence[str]) -> list[float | Exception]:
        """Return, for each pair, the share of samples that say that the motion shows the text, or why there is none.

        Args:
            motions: n motions, z up, in metres.
            texts: n texts.

        Raises:
            JudgeError: no call can work: no server, no key, no such model, a damaged cache.
        """
        return self._each(self._match_one, list(zip(motions, texts, strict=True)))

    def choose(self, motions: Sequence[Motion], candidates: Sequence[Sequence[str]]) -> list[int | Exception]:
        """Return, for each motion, the index of the candidate that most samples name, or why there is none.

        Args:
            motions: n motions.
            candidates: n lists of texts, shown in this order.

        Raises:
            JudgeError: see `match`.
        """
        return self._each(self._choose_one, list(zip(motions, candidates, strict=True)))

    def describe(
        self, motions: Sequence[Motion], question: Callable[[Media], str] = prompts.describe
    ) -> list[str | Exception]:
        """Return, for each motion, what the model says of it, or why there is nothing.

        Args:
            motions: n motions.
            question: makes the question of what is shown.

        Raises:
            JudgeError: see `match`.
        """
        return self._each(lambda motion: self._described(self._studio.media(motion), 0, question), motions)

    def _each(self, function: Callable[[T], R], items: Sequence[T]) -> list[R | Exception]:
        """Return the answer of each item, several at a time."""
        with self._turn:
            stop = self._caller.pace.stop = threading.Event()
            return in_threads(function, items, self._settings.concurrency, stop)

    def _match_one(self, pair: tuple[Motion, str]) -> float:
        motion, text = pair
        shown = self._studio.media(motion)
        says = [self._verified(shown, text, sample) for sample in range(self._settings.samples)]
        return sum(says) / len(says)

    def _choose_one(self, pair: tuple[Motion, Sequence[str]]) -> int:
        motion, candidates = pair
        shown = self._studio.media(motion)
        named = [self._chosen(shown, candidates, sample) for sample in range(self._settings.samples)]
        return Counter(named).most_common(1)[0][0]  # of equals, the one that was counted first

    def _described(self, shown: Media, sample: int, ask: Callable[[Media], str] = prompts.describe) -> str:
        question = Question("describe", ask(shown), shown, None, sample)
        return self._caller.ask(question, parsing.description)

    def _verified(self, shown: Media, text: str, sample: int) -> bool:
        asked = prompts.verify(shown, self._described(shown, sample), text)
        question = Question("verify", asked, shown, prompts.schema_of(["yes", "no"]), sample)
        return self._caller.ask(question, partial(parsing.yes_or_no, text=text))

    def _chosen(self, shown: Media, candidates: Sequence[str], sample: int) -> int:
        asked = prompts.choose(shown, self._described(shown, sample), candidates)
        schema = prompts.schema_of(prompts.labels_of(len(candidates)))
        question = Question("choose", asked, shown, schema, sample)
        return self._caller.ask(question, partial(parsing.named_candidate, candidates=candidates))


def vision_judge(name: str, kind: type[Settings], server: ServerKind) -> Callable[..., VisionJudge]:
    """Return what makes a judge of its options, with their names and defaults as its signature.

    Args:
        name: registered name.
        kind: the options.
        server: makes the client.
    """

    def make(**options: Any) -> VisionJudge:
        return VisionJudge(name, settings_of(kind, options, name), server)

    options = inspect.getdoc(Settings) or ""
    make.__doc__ = f"{inspect.getdoc(kind)}\n\nOptions:{options.partition('Attributes:')[2]}"
    make.__module__, make.__name__ = kind.__module__, name
    make.__signature__ = inspect.signature(kind)  # type: ignore[attr-defined]
    return make


def _needed(settings: Settings) -> list[tuple[str, str]]:
    """Return the packages that draw the motion, each with its extra."""
    packages = ["warp", "PIL", *(["smplx"] if settings.render == "body" else [])]
    return [(package, "render") for package in [*packages, *(["av"] if settings.mode == "video" else [])]]


def _installed(package: str) -> bool:
    """Return whether a package is there, without importing it."""
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:  # of a package in a package
        return False


def _key(name: str, settings: Settings) -> str:
    """Return the API key, empty where none is needed.

    Raises:
        ConfigError: the server never answers without one, and there is none.
    """
    key = os.environ.get(settings.api_key_env, "").strip() if settings.api_key_env else ""
    if not key and settings.hosted:
        where = f"the environment variable {settings.api_key_env}" if settings.api_key_env else "`api_key_env`"
        raise ConfigError(f"judge {name!r}: {settings.base_url} needs a key; expected it in {where}")
    return key


def _card(name: str, settings: Settings) -> Card:
    """Return the card of a judge; its version holds what decides an answer."""
    shown = ("frames",) if settings.mode == "frames" else ("fps",)
    options = settings.model_dump()
    facts = [f"prompts={prompts.VERSION}", f"media={media.VERSION}"]
    facts += [f"{option}={options[option]}" for option in (*DECIDES, *shown)]
    if settings.render == "body":
        from mbench.body.registry import find_body

        facts.append(f"body={find_body('default').facts()['weights'][:10]}")
    notes = f"The vision-language model {settings.model}, shown {settings.mode} of a rendered {settings.render}."
    return Card(name, " ".join(facts), "learned", "that of the model", "MBench, arXiv 2510.26794", notes=notes)
