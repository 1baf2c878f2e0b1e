"""What is wrong with a suite, in words."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator

from mbench.errors import ConfigError, did_you_mean
from mbench.suites.names import CATEGORIES, CONSISTENCY
from mbench.suites.prompt import DIMENSIONS, Prompt
from mbench.suites.suite import BUILT_IN, Suite

SHORTEST, LONGEST = 0.5, 60.0  # seconds; a longer "second" is a frame, as a rule
SAFE_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}")


def text_key(text: str) -> str:
    """Return a text as texts are compared: words only, without case and punctuation."""
    return " ".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())


def validate(suite: Suite) -> list[str]:
    """Return what is wrong with a suite, one line a problem, none if it is sound.

    Args:
        suite: any suite; one that is built in must also bear exactly one category tag a prompt.
    """
    return problems_of(suite, CHECKS)


def problems_of(suite: Suite, checks: Iterable[Check]) -> list[str]:
    """Return the problems that some of the checks find, in the order of the checks."""
    return [problem for check in checks for problem in check(suite)]


def checked(suite: Suite, where: str, checks: Iterable[Check] | None = None) -> Suite:
    """Return the suite unchanged.

    Args:
        suite: any suite.
        where: begins the message of an error.
        checks: all of them where none are given.

    Raises:
        ConfigError: it has a problem; the first is told, the others are counted.
    """
    problems = problems_of(suite, CHECKS if checks is None else checks)
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise ConfigError(f"{where}: {problems[0]}{more}")
    return suite


def _where(index: int, prompt: Prompt) -> str:
    return f"prompts[{index}] ({prompt.id})"


def _repeats(keys: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Yield (place, first place) of every key that was there before."""
    first: dict[str, int] = {}
    for index, key in enumerate(keys):
        if first.setdefault(key, index) != index:
            yield index, first[key]


def check_prompts(suite: Suite) -> Iterator[str]:
    """Refuse a suite without prompts."""
    if not suite.prompts:
        yield "prompts: found none; expected at least one"


def check_ids(suite: Suite) -> Iterator[str]:
    """Refuse ids that are no safe file names, or are the same but for case: they name files."""
    for index, prompt in enumerate(suite.prompts):
        if not SAFE_ID.fullmatch(prompt.id) or prompt.id.endswith("."):
            yield (
                f"prompts[{index}].id: found {prompt.id!r}; expected a safe file name: "
                "at most 100 letters, digits, '_', '-', '+' and '.', not starting or ending with a dot"
            )
    for index, before in _repeats(prompt.id.casefold() for prompt in suite.prompts):
        yield f"prompts[{index}].id: {suite.prompts[index].id!r} is the id of prompts[{before}] too"


def check_texts(suite: Suite) -> Iterator[str]:
    """Refuse a text without words, and one that no file can hold."""
    for index, prompt in enumerate(suite.prompts):
        if any("\ud800" <= letter <= "\udfff" for text in (prompt.text, *prompt.candidates) for letter in text):
            yield f"{_where(index, prompt)}.text: holds half a surrogate pair; expected Unicode text (was it cut?)"
        if not text_key(prompt.text):
            yield f"{_where(index, prompt)}.text: found {prompt.text!r}; expected a description of a motion"


def check_repeated_texts(suite: Suite) -> Iterator[str]:
    """Refuse two prompts that say the same but for case and punctuation."""
    for index, before in _repeats(text_key(prompt.text) for prompt in suite.prompts):
        prompt, other = suite.prompts[index], suite.prompts[before]
        yield f"{_where(index, prompt)}.text: {prompt.text!r} is the text of {_where(before, other)} too"


def check_seconds(suite: Suite) -> Iterator[str]:
    """Refuse a length that no motion has."""
    for index, prompt in enumerate(suite.prompts):
        if not (math.isfinite(prompt.seconds) and SHORTEST < prompt.seconds <= LONGEST):
            hint = " (is it in frames?)" if prompt.seconds > LONGEST else ""
            yield (
                f"{_where(index, prompt)}.seconds: found {prompt.seconds:g}; "
                f"expected more than {SHORTEST:g} and at most {LONGEST:g}{hint}"
            )


def check_dimensions(suite: Suite) -> Iterator[str]:
    """Refuse a prompt that scores nothing, or something unknown."""
    for index, prompt in enumerate(suite.prompts):
        if not prompt.dimensions:
            yield f"{_where(index, prompt)}.dimensions: found none; expected at least one, e.g. quality"
        for name in prompt.dimensions:
            if name not in DIMENSIONS:
                yield f"{_where(index, prompt)}.dimensions: {name!r} is no dimension{did_you_mean(name, DIMENSIONS)}"


def check_candidates(suite: Suite) -> Iterator[str]:
    """Refuse missing, empty and repeated distractors, and the prompt among its own."""
    for index, prompt in enumerate(suite.prompts):
        where = f"{_where(index, prompt)}.candidates"
        if CONSISTENCY in prompt.dimensions and not prompt.candidates:
            yield f"{where}: found none; expected distractors, because the prompt scores {CONSISTENCY}"
        keys = [text_key(text) for text in prompt.candidates]
        for place, before in _repeats(keys):
            yield f"{where}[{place}]: {prompt.candidates[place]!r} is candidates[{before}] too"
        for place, key in enumerate(keys):
            if not key:
                yield f"{where}[{place}]: found {prompt.candidates[place]!r}; expected a description of a motion"
            elif key == text_key(prompt.text):
                yield f"{where}[{place}]: is the prompt itself; expected distractors only"


def check_category(suite: Suite) -> Iterator[str]:
    """Refuse a built-in prompt without exactly one category among its tags."""
    if suite.source != BUILT_IN:
        return
    for index, prompt in enumerate(suite.prompts):
        found = [tag for tag in prompt.tags if tag in CATEGORIES]
        if len(found) != 1:
            yield (
                f"{_where(index, prompt)}.tags: found {len(found)} categories in {list(prompt.tags)}; "
                f"expected exactly one of {', '.join(CATEGORIES)}"
            )


Check = Callable[[Suite], Iterator[str]]
LENIENT_CHECKS: tuple[Check, ...] = (
    check_prompts,
    check_ids,
    check_texts,
    check_seconds,
    check_dimensions,
    check_candidates,
    check_category,
)  # for official files: what their authors repeated stays repeated
CHECKS: tuple[Check, ...] = (*LENIENT_CHECKS, check_repeated_texts)
