"""Harvested prompts: the lexicon, the grammar, what is chosen, what is left out, and the file that is shipped."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from baselines.choreographer import parse
from baselines.choreographer.moves import ACTIONS
from mbench.errors import ConfigError
from mbench.suites.load import load_suite
from mbench.text import TextEncoder
from vimogen.cli import app
from vimogen.data.prompts import harvest as harvesting
from vimogen.data.prompts import lexicon, templates
from vimogen.data.prompts.clusters import clustered, covering, nearest_similarity
from vimogen.data.prompts.harvest import benchmark_texts, harvest, plain, read_prompts, understood
from vimogen.data.prompts.templates import Candidate, candidates


@pytest.fixture(scope="module")
def sentences() -> list[Candidate]:
    """Return a few thousand sentences of the grammar."""
    return candidates(4000)


def test_the_lexicon_has_hundreds_of_actions_and_all_that_the_rules_know() -> None:
    """Names are unique; each of the choreographer's actions is said, in two ways or more."""
    actions = lexicon.actions()
    assert len({action.name for action in actions}) == len(actions) >= 300
    assert sum(len(action.phrases) for action in actions) >= 1200
    by_name = {action.name: action for action in actions}
    assert set(ACTIONS) <= set(by_name)
    assert all(len(by_name[name].phrases) >= 2 for name in ACTIONS)
    assert {name for action in actions for name in action.common} == set(ACTIONS)


def test_a_phrase_of_a_common_action_means_it_to_the_rules() -> None:
    """At least one wording of each is parsed as that action and nothing else."""
    for action in (action for action in lexicon.actions() if action.common):
        said = [f"a person {templates.finite(phrase, templates.SUBJECTS[0])}" for phrase in action.phrases]
        done = [[move.action for move in parse(text).moves] for text in said]
        assert any(len(moves) == 1 and moves[0] in action.common for moves in done), (action.name, done)


@pytest.mark.parametrize(
    ("line", "said"),
    [("wave | wave | hand | 2", "has 4 cells; expected 5"), ("wave | wave | tail | 2 |", "takes tail; expected names")],
)
def test_a_broken_table_is_told(monkeypatch: pytest.MonkeyPatch, line: str, said: str) -> None:
    """The line and what is wrong with it."""
    rows = {"actions.txt": [(7, line)], "modifiers.txt": [(1, "hand | with the left hand")]}
    monkeypatch.setattr(lexicon, "_lines", lambda name: iter(rows[name]))
    lexicon.modifiers.cache_clear()
    try:
        with pytest.raises(ConfigError, match=rf"actions.txt:7: {said}"):
            lexicon.actions.__wrapped__()
    finally:
        lexicon.modifiers.cache_clear()


@pytest.mark.parametrize(
    ("text", "held_out"),
    [
        ("A man kicks a ball.", True),
        ("Someone is hopping along.", True),
        ("She leapt over a puddle.", True),
        ("Play soccer.", True),
        ("A woman bows and waves.", True),
        ("He jumps, then rests.", True),
        ("A person strikes with an elbow.", False),
        ("Someone shops for shoes.", False),
        ("A person plays hopscotch.", False),
        ("A person skips along.", False),
    ],
)
def test_held_out_words(text: str, held_out: bool) -> None:
    """Inflections count, words that only contain one do not."""
    assert lexicon.is_held_out(text) is held_out


def test_sentences_are_sentences(sentences: list[Candidate]) -> None:
    """A capital, a full stop, no marks of the tables left, no text twice, whole seconds of 2 to 10."""
    assert len(sentences) >= 4000
    assert len({each.text for each in sentences}) == len(sentences)
    for each in sentences:
        assert re.fullmatch(r"[A-Z][^<>*|;~]*\.", each.text), each.text
        assert "  " not in each.text
        assert 2 <= each.seconds <= 10
        assert 1 <= len(each.actions) <= 3


def test_every_action_is_said_alone_and_sentences_vary(sentences: list[Candidate]) -> None:
    """All actions on their own; one, two and three at once; orders, gerunds, many subjects."""
    alone = {each.actions[0] for each in sentences if len(each.actions) == 1}
    assert alone == {action.name for action in lexicon.actions()}
    assert {len(each.actions) for each in sentences} == {1, 2, 3}
    openings = {" ".join(each.text.split()[:2]) for each in sentences}
    assert {"A person", "Someone is", "The man", "After walking"} & openings
    assert len(openings) > 300


def test_seed_decides() -> None:
    """The same seed gives the same sentences, whatever the count; another seed others."""
    few, many = candidates(1500, seed=3), candidates(1600, seed=3)
    assert many[: len(few)] == few
    assert candidates(1500, seed=4) != few


def test_time_follows_count_and_pace() -> None:
    """Three times takes twice as long as once, by half for each more; slowly longer, fast shorter."""
    assert templates._times("with the left hand three times") == 2
    assert templates._times("twice") == 1.5
    assert templates._times("") == 1
    assert templates._pace("very slowly") > 1 > templates._pace("very fast")


def test_modifiers_do_not_contradict_the_phrase(sentences: list[Candidate]) -> None:
    """Nobody raises the left arm with the right hand, and no place is given twice."""
    assert not [each.text for each in sentences if re.search(r"raises? the left arm (?:with|using)", each.text)]
    assert not [each.text for each in sentences if re.search(r"back and forth (?:forward|backward|to the)", each.text)]


def test_while_walking_only_arms_and_head_do_something(sentences: list[Candidate]) -> None:
    """What is done on top of going somewhere is of families that leave the legs alone."""
    families = {action.name: action.family for action in lexicon.actions()}
    both = [each for each in sentences if re.search(r"\b[Ww]hile (?!running in place)", each.text)]
    assert both
    for each in both:
        assert families[each.actions[0]] in templates.MOVING
        assert families[each.actions[1]] in templates.ON_TOP


def _blobs() -> np.ndarray:
    """Return 90 unit vectors near three axes."""
    rng = np.random.default_rng(0)
    points = np.repeat(np.eye(3, 8), 30, axis=0) + 0.15 * rng.standard_normal((90, 8))
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)


def test_clusters_are_the_blobs() -> None:
    """Three far groups of points are told apart, in any order."""
    groups = clustered(_blobs(), seed=0, count=3)
    assert [len(set(groups[at : at + 30])) for at in (0, 30, 60)] == [1, 1, 1]
    assert len(set(groups)) == 3


def test_covering_takes_clusters_in_turn_and_the_farthest_first() -> None:
    """Against a plain re-implementation of one cluster's order."""
    vectors, groups = _blobs(), np.repeat([0, 1, 2], 30)
    chosen = covering(vectors, groups, 12, duplicate=1.1)
    assert [groups[index] for index in chosen] == [0, 1, 2] * 4
    own = vectors[:30].astype(np.float64)
    order = [max(range(30), key=lambda i: own[i] @ own.mean(axis=0))]
    while len(order) < 4:
        order.append(min(set(range(30)) - set(order), key=lambda i: max(own[i] @ own[j] for j in order)))
    assert [index for index in chosen if index < 30] == order


def test_near_duplicates_are_taken_once() -> None:
    """Each of ten vectors three times: ten are left."""
    vectors = np.tile(np.linalg.qr(np.random.default_rng(1).standard_normal((10, 10)))[0], (3, 1)).astype(np.float32)
    assert len(covering(vectors, np.zeros(30, dtype=int), 30)) == 10


def test_nearest_similarity_is_the_largest_cosine() -> None:
    """In chunks as at once; against nothing it is -1."""
    a, b = _blobs()[::2], _blobs()[1::2]
    expected = [max(float(np.dot(x, y)) for y in b) for x in a]
    np.testing.assert_allclose(nearest_similarity(a, b, at_once=7), expected, atol=1e-6)
    assert nearest_similarity(a, b[:0]).tolist() == [-1] * len(a)


def test_shares_and_rare_actions_when_prompts_are_chosen(sentences: list[Candidate]) -> None:
    """Four fifths are understood where so many are; without any the others fill up; no action is rare."""
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((len(sentences), 24)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    clusters = rng.integers(0, 200, len(sentences))
    most = [number % 4 != 0 for number in range(len(sentences))]
    kept = harvesting._kept(vectors, clusters, sentences, most, 2500)
    assert len(kept) == len(set(kept)) == 2500
    assert sum(most[index] for index in kept) == 2000
    alone = Counter(sentences[index].actions for index in kept)
    assert min(alone[action.name,] for action in lexicon.actions()) >= 3
    assert len(harvesting._kept(vectors, clusters, sentences, [False] * len(sentences), 500)) == 500


def _asked(text: str, *actions: str) -> Candidate:
    return Candidate(text, 4, actions, "arms")


def test_understood_is_all_that_is_asked_and_nothing_else() -> None:
    """An action that is missing, one too many, or a word that is unknown: not understood."""
    asked = [
        _asked("A person waves and then claps.", "wave", "clap"),
        _asked("After waving, a person claps.", "wave", "clap"),
        _asked("A person walks while waving.", "walk", "wave"),
        _asked("A person waves and then claps.", "wave", "clap", "bow"),
        _asked("A person waves and then claps.", "wave"),
        _asked("A person floats in space.", "astronaut"),
        _asked("A person hikes.", "hike"),  # which walking does for
    ]
    assert understood(asked, "choreographer") == [True, True, True, False, False, False, True]


def test_a_source_without_account_says_nothing() -> None:
    """None is not False."""
    assert understood([_asked("A person waves.", "wave")], "static") == [None]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, sentences: list[Candidate]) -> list[Candidate]:
    """Make a harvest take seconds: 120 sentences, of which two are the benchmark's, and the smaller benchmark."""
    prompts = load_suite("mbench-mini").prompts
    own = next(prompt.text for prompt in prompts if "jumping jacks" in prompt.text)
    few = [*sentences[:60], *sentences[-57:], _asked(own.upper(), "wave"), _asked(own.rstrip(".") + "!", "wave")]
    few.append(_asked(own.replace("four", "4"), "wave"))
    monkeypatch.setattr(harvesting, "BENCHMARKS", ("mbench-mini",))
    monkeypatch.setattr(harvesting, "candidates", lambda count, seed: few)
    return few


def test_the_benchmarks_prompts_are_left_out(small: list[Candidate]) -> None:
    """Exact ones whatever their capitals and stops, and those that say nearly the same."""
    found = harvest(100)
    texts = {prompt.text for prompt in found.prompts}
    assert not texts & {each.text for each in small[-3:]}
    assert found.left_out == 3
    assert len(found.pool) == len(small) - 3
    near = nearest_similarity(found.vectors, TextEncoder().sentences(benchmark_texts()))
    assert near.max() <= 0.95


def test_the_command_writes_prompts_numbers_and_a_figure(small: list[Candidate], tmp_path: Path) -> None:
    """What a user gets; a second run writes the same."""
    out = tmp_path / "prompts.jsonl"
    result = CliRunner().invoke(app, ["data", "prompts", "--out", str(out), "--count", "80"])
    assert result.exit_code == 0, result.output
    prompts = read_prompts(out)
    assert f"{len(prompts)} prompts of {len(small) - 3} sentences" in result.output
    numbers = json.loads((tmp_path / "prompts.coverage.json").read_text())
    assert numbers["prompts"] == len(prompts) <= 80
    assert numbers["understood"] == sum(bool(prompt.understood) for prompt in prompts) > 0
    assert numbers["pool"]["mean"] > numbers["pool_random"]["mean"] - 0.02
    assert (tmp_path / "prompts.coverage.png").read_bytes().startswith(b"\x89PNG")
    first = out.read_bytes()
    CliRunner().invoke(app, ["data", "prompts", "--out", str(out), "--count", "80"])
    assert out.read_bytes() == first


@pytest.mark.parametrize(
    ("content", "said"),
    [("{", "p.jsonl:1: is no prompt"), ('{"id": "a", "actions": []}', "expected a JSON object of id, text, seconds")],
)
def test_a_broken_file_of_prompts_is_told(tmp_path: Path, content: str, said: str) -> None:
    """File and line, and what a line has to be."""
    (tmp_path / "p.jsonl").write_text(content)
    with pytest.raises(ConfigError, match=re.escape(said)):
        read_prompts(tmp_path / "p.jsonl")
    with pytest.raises(ConfigError, match="no such file"):
        read_prompts(tmp_path / "absent.jsonl")
    with pytest.raises(ConfigError, match="count is 0"):
        harvest(0)


def test_the_shipped_prompts_are_many_and_no_benchmarks() -> None:
    """3,000 or more, 2,500 understood, no text twice; those that share words with a benchmark prompt differ from it."""
    prompts = read_prompts()
    assert len(prompts) >= 3000
    assert sum(bool(prompt.understood) for prompt in prompts) >= 2500
    assert len({plain(prompt.text) for prompt in prompts}) == len(prompts)
    own = {plain(text): set(plain(text).split()) for text in benchmark_texts()}
    said = {plain(prompt.text): set(plain(prompt.text).split()) for prompt in prompts}
    assert not own.keys() & said.keys()
    alike = [(text, other) for text, words in said.items() for other, theirs in own.items()
             if len(words & theirs) >= 0.65 * len(words | theirs)]  # fmt: skip
    assert alike
    texts, others = (TextEncoder().sentences(side) for side in zip(*alike, strict=True))
    assert (texts * others).sum(axis=1).max() <= 0.96  # 0.95 as they are written; here without capitals and stops


def test_the_shipped_prompts_say_what_the_source_does() -> None:
    """Every twentieth row is asked again; held-out marks are those of the words; all actions of the rules occur."""
    prompts = read_prompts()
    some = prompts[::20]
    asked = [Candidate(each.text, each.seconds, each.actions, each.family) for each in some]
    assert understood(asked, "choreographer") == [each.understood for each in some]
    assert all(each.held_out == lexicon.is_held_out(each.text) for each in prompts)
    assert set(ACTIONS) <= {name for each in prompts if each.understood for name in each.actions}
    alone = Counter(each.actions[0] for each in prompts if len(each.actions) == 1)
    assert min(alone[action.name] for action in lexicon.actions()) >= 2
