"""Harvesting prompts: many sentences, the benchmark's own left out, of the rest a set that covers them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from mbench.config import ModelConfig
from mbench.errors import ConfigError
from mbench.files import atomic_write
from mbench.models.build import build_model
from mbench.seeds import seed_of
from mbench.suites.load import load_suite
from mbench.suites.prompt import Prompt
from mbench.text import TextEncoder
from vimogen.data.prompts.clusters import DUPLICATE, Indices, Vectors, clustered, covering, nearest_similarity
from vimogen.data.prompts.lexicon import actions, is_held_out
from vimogen.data.prompts.templates import Candidate, candidates

BENCHMARKS = ("mbench-mini", "mbench-open")
TOO_ALIKE = 0.95  # cosine with a benchmark prompt from which on a sentence is left out
UNDERSTOOD_SHARE = 0.8  # of the prompts; the rest are for generators that know more than the rules
LEAST = 3  # sentences of an action on its own, where so many differ and half of the prompts are enough for them
CANDIDATES_EACH = 3.5  # sentences made for each prompt that is kept
SHIPPED = "harvested.jsonl"


@dataclass(frozen=True)
class HarvestedPrompt:
    """A prompt to train on.

    Attributes:
        id: p00001 and so on.
        text: a sentence.
        seconds: 2 to 10, fitting what is asked for.
        actions: names from the lexicon, in the order in which they are done.
        family: of the first action.
        held_out: whether it names an action that text training leaves out.
        understood: whether the rule-based source does all that is asked; None for a source that says nothing of it.
    """

    id: str
    text: str
    seconds: int
    actions: tuple[str, ...]
    family: str
    held_out: bool
    understood: bool | None


@dataclass(frozen=True)
class Harvest:
    """The prompts of a harvest, with what tells how well they cover.

    Attributes:
        prompts: those that were kept.
        vectors: of their texts (n, d).
        clusters: of them (n,).
        pool: vectors of all sentences that they were chosen from.
        left_out: how many sentences were too much like a benchmark's.
    """

    prompts: tuple[HarvestedPrompt, ...]
    vectors: Vectors
    clusters: Indices
    pool: Vectors
    left_out: int


def harvest(count: int = 3300, seed: int = 0, source: str = "choreographer") -> Harvest:
    """Return prompts that cover the lexicon's sentences.

    Args:
        count: how many at most; fewer where the lexicon has no more that are different.
        seed: of what is drawn.
        source: a registered model whose motions tell in `meta` what they did not understand.

    Raises:
        ConfigError: count below 1.
    """
    if count < 1:
        raise ConfigError(f"count is {count}; expected at least 1")
    encoder = TextEncoder()
    made = candidates(round(count * CANDIDATES_EACH), seed)
    vectors = encoder.sentences([candidate.text for candidate in made])
    free = _not_in_benchmarks([candidate.text for candidate in made], vectors, encoder)
    left_out = len(made) - len(free)
    made, vectors = [made[index] for index in free], vectors[free]
    known = understood(made, source)
    clusters = clustered(vectors, seed)
    kept = _kept(vectors, clusters, made, [bool(each) for each in known], count)
    prompts = [_prompt(number, made[index], known[index]) for number, index in enumerate(kept, 1)]
    return Harvest(tuple(prompts), vectors[kept], clusters[kept], vectors, left_out)


def _kept(
    vectors: Vectors, clusters: Indices, made: Sequence[Candidate], known: Sequence[bool], count: int
) -> list[int]:
    """Return the indices that are kept, in order: the understood ones fill their share, the others the rest."""
    is_known = np.array(known)
    chosen = _some_of_each(vectors, made, min(LEAST, count // (2 * len(actions()))))
    for members in (is_known, ~is_known):
        room = count - len(chosen)
        if members is is_known:
            room = min(room, round(count * UNDERSTOOD_SHARE) - int(is_known[chosen].sum()))
        index = np.setdiff1d(np.flatnonzero(members), chosen)
        chosen += index[covering(vectors[index], clusters[index], max(room, 0))].tolist()
    return _without_duplicates(vectors, sorted(chosen))


def _some_of_each(vectors: Vectors, made: Sequence[Candidate], many: int) -> list[int]:
    """Return indices of so many sentences of each action on its own, different ones, so that none is rare."""
    chosen: list[int] = []
    for action in actions():
        own = np.array([n for n, each in enumerate(made) if each.actions == (action.name,)], dtype=np.intp)
        few = covering(vectors[own], np.zeros(len(own), dtype=np.intp), many) if len(own) else own
        chosen += own[few].tolist()
    return chosen


def _without_duplicates(vectors: Vectors, order: Sequence[int]) -> list[int]:
    """Return indices without those that are near duplicates of one before them, across clusters."""
    similar = vectors[list(order)] @ vectors[list(order)].T
    keep: list[int] = []
    for row in range(len(order)):
        if not keep or similar[row, keep].max() <= DUPLICATE:
            keep.append(row)
    return [order[row] for row in keep]


def _not_in_benchmarks(texts: Sequence[str], vectors: Vectors, encoder: TextEncoder) -> Indices:
    """Return the indices of the texts that are neither a benchmark's prompt nor much like one."""
    own = benchmark_texts()
    alike = nearest_similarity(vectors, encoder.sentences(own))
    exact = np.isin([plain(text) for text in texts], [plain(text) for text in own])
    return np.flatnonzero((alike <= TOO_ALIKE) & ~exact)


def benchmark_texts() -> list[str]:
    """Return the texts of the built-in suites' prompts: nothing may be trained on them."""
    return [prompt.text for name in BENCHMARKS for prompt in load_suite(name).prompts]


def plain(text: str) -> str:
    """Return a text as it is compared: lower case, words only."""
    return " ".join("".join(c if c.isalnum() else " " for c in text.lower()).split())


def understood(asked: Sequence[Candidate], source: str) -> list[bool | None]:
    """Return of each sentence whether a model does what it asks for, no less and no more.

    The motions of such a model hold an account in `meta`, under the model's name: `actions`, of which those done at
    once are joined by `+`, and `unknown`, the words that it made nothing of.

    Args:
        asked: sentences with their actions.
        source: a registered model; None is returned for motions without account.
    """
    common = {action.name: action.common for action in actions()}
    may = [number for number, each in enumerate(asked) if all(common[name] for name in each.actions)]
    accounts = _accounts([asked[number].text for number in may], source)
    answers = [
        None if account is None else _does(account, [common[name] for name in asked[number].actions])
        for number, account in zip(may, accounts, strict=True)
    ]
    otherwise = None if None in answers else False  # what has no common name is not even asked
    found = dict(zip(may, answers, strict=True))
    return [found.get(number, otherwise) for number in range(len(asked))]


def _accounts(texts: Sequence[str], source: str) -> Iterator[Mapping[str, Any] | None]:
    """Yield what a model's motion of each text says of it, None where it says nothing."""
    model = build_model(ModelConfig(name=source))
    prompts = [Prompt(f"p{number}", text, 1.0) for number, text in enumerate(texts)]  # length changes no account
    for motion in model.generate(prompts, [seed_of(source, prompt.id) for prompt in prompts]):
        if isinstance(motion, Exception):
            raise motion
        yield motion.meta.get(source)


def _does(account: Mapping[str, Any], asked: Sequence[Sequence[str]]) -> bool:
    """Return whether an account names one of the names of each action asked for, and none besides."""
    done = [name for step in account["actions"] for name in step.split("+")]
    for names in asked:
        found = next((each for each in done if each in names), None)
        if found is None:
            return False
        done.remove(found)
    return not done and not account["unknown"]


def _prompt(number: int, candidate: Candidate, known: bool | None) -> HarvestedPrompt:
    """Return a sentence as a prompt."""
    return HarvestedPrompt(
        f"p{number:05d}", held_out=is_held_out(candidate.text), understood=known, **asdict(candidate)
    )


def write_prompts(prompts: Iterable[HarvestedPrompt], path: Path) -> None:
    """Write prompts as JSON lines, whole or not at all.

    Raises:
        MBenchError: the file can't be written.
    """
    with atomic_write(path, "w") as file:
        for prompt in prompts:
            file.write(json.dumps(asdict(prompt), ensure_ascii=False, separators=(",", ":")) + "\n")


def read_prompts(path: Path | None = None) -> list[HarvestedPrompt]:
    """Return the prompts of a file of JSON lines; of those shipped with the package where none is named.

    Raises:
        ConfigError: the file is not there, or a line is no prompt.
    """
    try:
        text = (path or files(__package__).joinpath(SHIPPED)).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: there is no such file; `vimogen data prompts --out {path}` makes one") from error
    return [_row(line, f"{path or SHIPPED}:{number}") for number, line in enumerate(text.splitlines(), 1)]


def _row(line: str, where: str) -> HarvestedPrompt:
    """Return the prompt of a line."""
    try:
        row: dict[str, Any] = json.loads(line)
        return HarvestedPrompt(**{**row, "actions": tuple(row["actions"])})
    except (json.JSONDecodeError, TypeError, KeyError) as error:
        fields = ", ".join(HarvestedPrompt.__dataclass_fields__)
        raise ConfigError(f"{where}: is no prompt ({error}); expected a JSON object of {fields}") from error
