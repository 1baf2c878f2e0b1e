"""What a reply says. It must name exactly one answer; whatever is ambiguous is none.

JSON comes first: the whole reply, what stands in a code fence, or an object among prose. Without JSON these forms
count: `B`, `**B**`, `(B)`, `B) waves`, `Answer: C`, `the answer is C`, the text of one candidate, `yes`, `No, he sits`.
Thinking (`<think>`) is left out, and so is what a reply only quotes from the texts: they may hold anything, such as
"Answer: yes".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence

from mbench.judges.vision.prompts import labels_of

_THINKING = re.compile(r"^.*</think(?:ing)?>|<think(?:ing)?>.*$", re.DOTALL | re.IGNORECASE)
_QUOTED = re.compile(r'"([^"\n]*)"|“([^”\n]*)”|‘([^’\n]*)’|«([^»\n]*)»|`([^`\n]*)`')
_STATED = r"\b(?:answer|choice)\b(?:\s+(?:is|would\s+be|must\s+be))?\s*[:=]?\s*(?:(?:option|candidate|letter|text)\s+)?"
_STARTED = re.compile(
    r"\W*(yes|no)(?:\s*[,.:;!]|\s+[—–-]\s|\s+(?=the\b|it\b|this\b|because\b))"
    r"(?!\s*(?:yes|no|not|but|and|or)\b)",
    re.IGNORECASE,
)
_NEGATED = re.compile(r"\b(?:not|neither|nor|never|none|no|nothing|rather|cannot)\b|n['’]t\b", re.IGNORECASE)
_WORDS = 3  # texts of fewer words are too likely to stand in a reply by chance


def description(reply: str) -> str | None:
    """Return the description in a reply, None where there is none."""
    return " ".join(_without_thinking(reply).split()) or None


def _without_thinking(reply: str, texts: Sequence[str] = ()) -> str:
    """Return a reply without what was thought before it, nor the brackets that `_plain` needs for itself.

    Where a text holds the mark of thinking, the mark in the reply may be a quotation, and nothing is left out.
    """
    if not any("<" in text and "think" in text.lower() for text in texts):
        reply = _THINKING.sub("", reply)
    return re.sub("[⟦⟧]", "", reply)


def yes_or_no(reply: str, text: str) -> bool | None:
    """Return whether a reply says yes or no; None where it says neither, or both.

    Args:
        reply: as the model wrote it.
        text: what it was asked about.
    """
    reply = _without_thinking(reply, [text])
    said = _json_answers(reply, [text])
    if said is not None:
        return _agreed({_word(value) for value in said})
    plain = _plain(reply, [text])
    stated = re.findall(_STATED + r"[\"'(]*(yes|no)\b(?![-'’]|\s*(?:/|or\b|and\b))", plain, re.IGNORECASE)
    if stated:
        return _agreed({_word(value) for value in stated})
    lines = [line for line in plain.splitlines() if line.strip()]
    opening = [_word(line) for line in lines if re.fullmatch(r"\W*(?:yes|no)\W*", line, re.IGNORECASE)]
    if opening:
        return _agreed(set(opening))
    found = _STARTED.match(plain)
    return None if found is None else _word(found[1])


def _word(value: object) -> bool | None:
    """Return what a single word says."""
    if isinstance(value, bool):
        return value
    return {"yes": True, "no": False}.get(str(value).strip(" \t\n.!*_\"'").lower())


def _agreed(answers: Iterable[bool | None]) -> bool | None:
    answers = set(answers)
    return answers.pop() if len(answers) == 1 else None


def named_candidate(reply: str, candidates: Sequence[str]) -> int | None:
    """Return the index of the one candidate that a reply names; None where it names none, or several.

    Args:
        reply: as the model wrote it.
        candidates: the texts, in the order in which they were shown.
    """
    reply = _without_thinking(reply, candidates)
    said = _json_answers(reply, candidates)
    if said is not None:
        found = {_candidate(str(value), candidates) if isinstance(value, str | int) else None for value in said}
        return found.pop() if len(found) == 1 else None
    whole = _candidate(_without_marks(reply).strip(), candidates)
    return _in_prose(_plain(reply, candidates), candidates) if whole is None else whole


def _candidate(said: str, candidates: Sequence[str]) -> int | None:
    """Return the candidate that a short answer is: its label, its text, or its label and anything but another one."""
    labels = labels_of(len(candidates))
    if said.strip() in labels:
        return labels.index(said.strip())
    text = re.sub(rf"^\W*(?:{_STATED})?", "", said.strip(), flags=re.IGNORECASE)
    found = {_verbatim(said, candidates), _verbatim(text, candidates), _labelled(text, candidates)} - {None}
    return found.pop() if len(found) == 1 else None


def _labelled(said: str, candidates: Sequence[str]) -> int | None:
    """Return the candidate whose label starts a short answer; `B) waves` too, unless `waves` is another one's text."""
    labels = labels_of(len(candidates))
    one = "|".join(map(re.escape, reversed(labels)))
    found = re.fullmatch(rf"[\s\"'(\[]*({one})(?:[\s\"')\]]*|[\"')\]]*\s*[).:,;—–-]+\s+(.+))\.?\s*", said)
    if found is None:
        return None
    index, rest = labels.index(found[1]), found[2] or ""
    if _verbatim(rest, candidates) not in (None, index) or "\n" in rest or _other_labels(rest, labels, index):
        return None
    return index


def _verbatim(said: str, candidates: Sequence[str]) -> int | None:
    """Return the candidate whose text this is, but for case, white space and what surrounds it."""
    if (mark := re.fullmatch(r"\W*⟦(\d+)⟧\W*", said)) is not None:
        return int(mark[1])
    texts = [_squeezed(text) for text in candidates]
    said = _squeezed(said)
    return texts.index(said) if said and texts.count(said) == 1 else None


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip(" .!\"'“”`*").casefold()


def _other_labels(text: str, labels: Sequence[str], own: int) -> bool:
    """Return whether a text names another label: a capital by itself that is no word, or a number in brackets."""
    words = re.findall(r"(?<![\w'’])([A-Z])(?![\w'’])(?!\s+[a-z])", text)
    return any(word in labels and word != labels[own] for word in words)


def _in_prose(plain: str, candidates: Sequence[str]) -> int | None:
    """Return the candidate that a longer reply names: after `Answer:`, in a line of its own, or in quotes."""
    stated = [line[match.end() :] for line in plain.splitlines() for match in re.finditer(_STATED, line, re.I)]
    for said in ([_clause(text) for text in stated], plain.splitlines()):
        if found := {_candidate(text, candidates) for text in said} - {None}:
            return found.pop() if len(found) == 1 else None
    quoted = {_verbatim(text, candidates) for text in _quotations(plain)} - {None}
    return quoted.pop() if len(quoted) == 1 and not _NEGATED.search(plain) else None


def _clause(text: str) -> str:
    """Return what is stated: up to the end of the sentence, but for the point of `B.`."""
    return re.split(r"(?<=[^\s.])[.;]\s+|(?<=[^\s.])\.$", text.strip(), maxsplit=1)[0]


def _json_answers(reply: str, texts: Sequence[str]) -> list[object] | None:
    """Return what the JSON objects in a reply hold as answer; None where it holds no such object.

    Objects that only repeat a part of the texts don't count.
    """
    found = [
        value
        for source, value in _objects(reply)
        if "answer" in value and not any(source in text for text in texts)
    ]  # fmt: skip
    return [value["answer"] for value in found] or None


def _objects(text: str) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield the outermost JSON objects in a text, each with its source; what a JSON string holds is no object."""
    decoder, start = json.JSONDecoder(), text.find("{")
    while start >= 0:
        try:
            value, end = decoder.raw_decode(text, start)
        except (json.JSONDecodeError, RecursionError):
            end = start + 1
        else:
            if isinstance(value, dict):
                yield text[start:end], {str(key).lower(): item for key, item in value.items()}
        start = text.find("{", end)


def _plain(reply: str, texts: Sequence[str]) -> str:
    """Return a reply without marks of emphasis, `⟦2⟧` where it repeats the text of index 2.

    Other things in quotes that are a part of the texts are left out.
    """
    plain = _without_marks(reply)
    for index, text in sorted(enumerate(texts), key=lambda item: -len(item[1])):
        if len(text.split()) >= _WORDS:
            plain = re.sub(rf"(?<!\w){_loosely(text)}(?!\w)", f"⟦{index}⟧", plain, flags=re.IGNORECASE)
    whole = " ".join(map(_squeezed, texts))

    def kept(found: re.Match[str]) -> str:
        repeated = re.search(rf"(?<!\w){re.escape(_squeezed(found[0]))}(?!\w)", whole)
        return " … " if repeated else found[0]

    return _QUOTED.sub(kept, plain)


def _loosely(text: str) -> str:
    """Return a pattern for a text with any white space between its words."""
    return r"\s+".join(map(re.escape, _without_marks(text).split()))


def _quotations(text: str) -> list[str]:
    return ["".join(groups) for groups in _QUOTED.findall(text)]


def _without_marks(text: str) -> str:
    """Return a text without Markdown's emphasis, code fences and LaTeX's box."""
    text = re.sub(r"\\boxed\{([^{}]*)\}", r"answer: \1", text)
    return re.sub(r"^```\w*$|\*+|__+|^#+\s", "", text, flags=re.MULTILINE)
