"""study.yaml: what it may say, and one line for whatever is wrong."""

from __future__ import annotations

import json

import pytest

from leaderboard.arena.config import StudyConfig, load_study_config
from leaderboard.arena.questions import BUILT_IN, IDS, INSTRUCTIONS
from mbench.errors import ConfigError
from mbench.suites.prompt import DIMENSIONS


def config(**fields):
    return load_study_config({"name": "A study", **fields})


def test_a_name_is_enough():
    found = config()
    assert (found.type, found.prompts, found.pairs, found.votes) == ("pairs", "all", "all", 5)
    assert [question.id for question in found.asked] == ["overall"]
    assert found.told == INSTRUCTIONS["pairs"]


@pytest.mark.parametrize("type", ["pairs", "ratings"])
def test_built_in_questions_are_whole(type):
    asked = config(type=type, questions=list(IDS)).asked
    assert asked == tuple(BUILT_IN[type].values())
    assert all(question.text.endswith("?") and question.help for question in asked)
    named = [name for question in asked for name in question.dimensions]
    assert sorted(named) == sorted(DIMENSIONS)  # each dimension of the benchmark has one question, `overall` has all
    assert asked[0].dimensions == ()


def test_one_question_needs_no_list():
    assert [question.id for question in config(questions="feet").asked] == ["feet"]


def test_own_questions_and_own_words_for_built_in_ones():
    own = {"id": "style", "text": "Which has more style?", "dimensions": ["pose_quality"]}
    asked = config(questions=["text", own, {"id": "feet", "help": "Look down."}]).asked
    assert (asked[1].id, asked[1].text, asked[1].help) == ("style", "Which has more style?", "")
    assert asked[1].dimensions == ("pose_quality",)
    assert (asked[2].text, asked[2].help) == (BUILT_IN["pairs"]["feet"].text, "Look down.")
    assert asked[2].dimensions == BUILT_IN["pairs"]["feet"].dimensions


def test_own_instructions():
    assert config(instructions=" Please look.\n\nThen say. ").told == "Please look.\n\nThen say."


def test_examples_are_read(request):
    folder = request.config.rootpath / "examples"
    assert load_study_config(folder / "study.yaml").type == "pairs"
    assert load_study_config(folder / "study_ratings.yaml").type == "ratings"


def test_the_page_has_every_field_and_its_default(request):
    page = (request.config.rootpath / "docs" / "arena_create.md").read_text()
    rows = {cells[1].strip(): cells[2].strip() for line in page.splitlines() if len(cells := line.split("|")) == 5}
    fields = {name: field for name, field in StudyConfig.model_fields.items() if name != "base"}
    assert {f"`{name}`" for name in fields} <= set(rows)
    for name in ("type", "together", "prompts", "pairs", "votes", "repeats", "attention", "style", "size", "seed"):
        assert rows[f"`{name}`"] == f"`{json.dumps(fields[name].default).strip(chr(34))}`"
    assert {f"`{id}`" for id in IDS} <= set(rows)


WRONG = [
    ({"typ": "pairs"}, "unknown field 'typ'; did you mean 'type'"),
    ({"type": "pair"}, "type: found 'pair'; expected 'pairs' or 'ratings'"),
    ({"name": ""}, "name: found ''; expected at least 1 character"),
    ({"name": "  "}, "name: found '  '; expected a name that raters can read"),
    ({"name": "x" * 121}, "expected at most 120 characters"),
    ({"questions": ["overal"]}, "did you mean 'overall'?"),
    ({"questions": ["zzz"]}, "expected built-in questions, or mappings with id and text; one of overall, text"),
    ({"questions": []}, "questions: found []; expected at least one"),
    ({"questions": [3]}, "questions[0]: found 3"),
    ({"questions": ["text", "text"]}, "expected each id once; 'text' is there twice"),
    ({"questions": [{"id": "own"}]}, "questions[0]: found {'id': 'own'}; expected a built-in id, or a `text`"),
    ({"questions": [{"id": "own", "txt": "Which?"}]}, "unknown field 'questions[0].txt'; did you mean 'text'?"),
    ({"questions": [{"id": "O wn", "text": "Which?"}]}, "questions[0].id: found 'O wn'"),
    ({"questions": [{"id": "feet", "dimensions": ["foot_slide"]}]}, "did you mean 'foot_sliding'"),
    ({"prompts": 0}, "prompts: found 0; expected `all`, how many, or a list of ids"),
    ({"prompts": True}, "prompts: found True; expected `all`, how many, or a list of ids"),
    ({"prompts": "some"}, "prompts: found 'some'; expected `all`"),
    ({"prompts": []}, "prompts: found []; expected `all`"),
    ({"prompts": [1, 2]}, "ids that are numbers need quotes: '1'"),
    ({"prompts": ["a", "a"]}, "each id once; 'a' is there twice"),
    ({"pairs": "few"}, "pairs: found 'few'; expected `all`, or how many pairs of motions"),
    ({"pairs": -1}, "pairs: found -1; expected `all`, or how many pairs of motions"),
    ({"type": "ratings", "pairs": 4}, "expected no `pairs`: a study of type ratings shows one motion at a time"),
    ({"votes": 0}, "votes: found 0; expected greater than or equal to 1"),
    ({"votes": "5"}, "votes: found '5'; expected a valid integer"),
    ({"per_rater": 0}, "per_rater: found 0"),
    ({"repeats": 0.6}, "repeats: found 0.6; expected less than or equal to 0.5"),
    ({"repeats": 0.3, "attention": 0.3}, "`repeats` and `attention` to be at most 0.5 together"),
    ({"attention_runs": {"real": "a"}}, "field 'attention_runs.control' is missing"),
    ({"attention_runs": {"real": "a", "control": "b", "fake": "c"}}, "unknown field 'attention_runs.fake'"),
    ({"style": "mesch"}, "style: found 'mesch'; expected 'mesh' or 'skeleton'"),
    ({"size": 321}, "size: found 321; expected a multiple of 2"),
    ({"size": 2048}, "size: found 2048; expected less than or equal to 1024"),
    ({"lease_minutes": 0}, "lease_minutes: found 0"),
    ({"seed": 1.5}, "seed: found 1.5; expected a valid integer"),
    ({"together": "yes"}, "together: found 'yes'; expected a valid boolean"),
    ({"base": "/tmp"}, "unknown field 'base'"),
]


@pytest.mark.parametrize(("fields", "message"), WRONG, ids=[message[:40] for _, message in WRONG])
def test_wrong_fields_are_told_in_one_line(fields, message):
    with pytest.raises(ConfigError) as caught:
        config(**fields)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds nothing; expected fields such as `name: Our study`"),
        ("- a\n", "holds a list"),
        ("name: a\nname: b\n", "field 'name' is written twice"),
        ("type: pairs\n", "field 'name' is missing"),
        ("name: [\n", "is not valid YAML"),
    ],
)
def test_files_that_are_no_study(tmp_path, text, message):
    path = tmp_path / "study.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_study_config(path)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)


def test_no_such_file(tmp_path):
    with pytest.raises(ConfigError, match="there is no such file"):
        load_study_config(tmp_path / "study.yaml")
