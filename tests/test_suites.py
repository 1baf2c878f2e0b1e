"""The suite format: reading, writing, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mbench.errors import ConfigError, MBenchError, PluginError, UnknownNameError
from mbench.suites import SUITES, Prompt, Suite, load_suite, suite_from_rows, suite_names, validate, write_suite
from mbench.suites.names import GROUPS, expand_dimensions, shorten_dimensions
from mbench.suites.prompt import DIMENSIONS

WALK = {"id": "w1", "text": "A person walks.", "seconds": 4, "dimensions": ["quality"]}
WAVE = {
    "id": "w2",
    "text": "A person waves.",
    "seconds": 3.5,
    "dimensions": ["consistency"],
    "candidates": ["She bows."],
}


def write(folder: Path, *prompts: object, name: str = "s.yaml", **fields: object) -> Path:
    path = folder / name
    document = {"name": "mine", "prompts": list(prompts), **fields}
    path.write_text(json.dumps(document) if name.endswith("json") else yaml.safe_dump(document, sort_keys=False))
    return path


def refusal(path: Path | str) -> str:
    """Return the message of the ConfigError that loading raises; it is one line and names the file."""
    with pytest.raises(ConfigError) as caught:
        load_suite(path)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


@pytest.mark.parametrize("name", ["s.yaml", "s.yml", "s.json"])
def test_a_file_becomes_a_suite(tmp_path, name):
    path = write(tmp_path, WALK, {**WAVE, "tags": ["x"], "reference": "ref/w.npz"}, name=name, version="2")
    suite = load_suite(path)
    assert (suite.name, suite.version, suite.source, len(suite), suite.notes) == ("mine", "2", str(path), 2, ())
    assert suite.by_id("w1") == Prompt("w1", "A person walks.", 4.0, GROUPS["quality"])
    assert suite.by_id("w2").candidates == ("She bows.",)
    assert suite.by_id("w2").tags == ("x",)
    assert suite.by_id("w2").reference == tmp_path / "ref/w.npz"
    assert load_suite(str(path)).hash == suite.hash


def test_names_of_dimensions_expand_in_any_spelling():
    assert expand_dimensions(["Jitter_Degree", "quality/foot_sliding", "jitter degree"]) == (
        "jitter_degree",
        "foot_sliding",
    )
    assert expand_dimensions(["generalization", "quality", "consistency", "pose"]) == tuple(DIMENSIONS)
    with pytest.raises(ConfigError, match="did you mean 'foot_sliding'"):
        expand_dimensions(["foot_slidng"])


@given(st.lists(st.sampled_from(list(DIMENSIONS)), unique=True))
def test_shortening_dimensions_loses_nothing(names):
    wanted = expand_dimensions(names)
    short = shorten_dimensions(wanted)
    assert expand_dimensions(short) == wanted
    assert len(short) <= len(wanted)


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ({**WALK, "seconds": "3s"}, "prompts[1].seconds: found '3s'; expected a number of seconds"),
        ({**WALK, "seconds": True}, "prompts[1].seconds: found True; expected a number of seconds"),
        ({**WALK, "id": 7}, "prompts[1].id: found 7; expected text (put it in quotes)"),
        ({**WALK, "txt": "x"}, "unknown field 'prompts[1].txt'; did you mean 'text'?"),
        ({k: v for k, v in WALK.items() if k != "text"}, "field 'prompts[1].text' is missing"),
        ({k: v for k, v in WALK.items() if k != "dimensions"}, "field 'prompts[1].dimensions' is missing"),
        ({**WALK, "dimensions": ["qualty"]}, "'qualty' is no dimension; did you mean 'quality'"),
        ({**WALK, "dimensions": "quality"}, "prompts[1].dimensions: found 'quality'; expected a list"),
        ({**WALK, "candidates": "a, b"}, "prompts[1].candidates: found 'a, b'; expected a valid list"),
        ({**WALK, "candidates": [1]}, "prompts[1].candidates[0]: found 1; expected text"),
        ("A person walks.", "prompts[1]: found 'A person walks.'"),
    ],
)
def test_a_wrong_field_is_named_with_what_was_found_and_expected(tmp_path, prompt, expected):
    assert expected in refusal(write(tmp_path, WAVE, prompt))


@pytest.mark.parametrize(
    ("prompts", "expected"),
    [
        ([], "prompts: found none"),
        ([WALK, {**WAVE, "id": "W1"}], "prompts[1].id: 'W1' is the id of prompts[0] too"),
        ([WALK, {**WALK, "id": "x", "text": "a person, walks"}], "is the text of prompts[0] (w1) too"),
        ([{**WALK, "id": "a/b"}], "expected a safe file name"),
        ([{**WALK, "id": "..\\b"}], "expected a safe file name"),
        ([{**WALK, "id": ".b"}], "expected a safe file name"),
        ([{**WALK, "id": "-b"}], "expected a safe file name"),
        ([{**WALK, "id": "b."}], "expected a safe file name"),
        ([{**WALK, "id": ""}], "expected a safe file name"),
        ([{**WALK, "id": "x" * 101}], "expected a safe file name"),
        ([{**WALK, "text": " .. "}], "expected a description of a motion"),
        ([{**WALK, "seconds": 0.5}], "found 0.5; expected more than 0.5 and at most 60"),
        ([{**WALK, "seconds": 80}], "found 80; expected more than 0.5 and at most 60 (is it in frames?)"),
        ([{**WALK, "seconds": float("nan")}], "found nan; expected"),
        ([{**WALK, "dimensions": []}], "dimensions: found none"),
        ([{**WAVE, "candidates": []}], "candidates: found none; expected distractors"),
        ([{**WAVE, "candidates": ["She bows.", "she bows"]}], "candidates[1]: 'she bows' is candidates[0] too"),
        ([{**WAVE, "candidates": ["She bows.", "a person waves"]}], "candidates[1]: is the prompt itself"),
        ([{**WAVE, "candidates": ["She bows.", ""]}], "candidates[1]: found ''; expected a description"),
    ],
)
def test_the_validator_refuses(tmp_path, prompts, expected):
    assert expected in refusal(write(tmp_path, *prompts))


def test_the_first_problem_is_told_and_the_others_are_counted(tmp_path):
    message = refusal(write(tmp_path, {**WALK, "id": "a/b", "seconds": 99, "dimensions": []}))
    assert "prompts[0].id" in message
    assert message.endswith("(and 2 more)")


def test_validate_lists_all_problems_and_none_of_a_sound_suite():
    sound = suite_from_rows("s", [WALK, WAVE])
    assert validate(sound) == []
    broken = replace(sound, prompts=(*sound.prompts, replace(sound.prompts[0], seconds=0.0, dimensions=("nope",))))
    assert len(validate(broken)) == 4  # id, text, seconds, dimension


def test_a_category_is_asked_of_built_in_suites_alone():
    mine = suite_from_rows("s", [WALK])
    assert validate(mine) == []
    [problem] = validate(replace(mine, source="built-in"))
    assert "found 0 categories" in problem
    [problem] = validate(replace(mine, source="built-in", prompts=(replace(mine.prompts[0], tags=("sport", "work")),)))
    assert "found 2 categories" in problem


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.yaml", "name: a\nname: b\nprompts: []", "field 'name' is written twice"),
        ("a.json", '{"name": "a", "name": "b", "prompts": []}', "field 'name' is written twice"),
        ("a.yaml", "name: [", "is not valid YAML in line 2"),
        ("a.json", '{"name": \n', "is not valid JSON in line 2"),
        ("a.json", '{"name": "a", "prompts": NaN}', "NaN is no JSON number"),
        ("a.json", "[" * 200_000, "is nested too deeply"),
        ("a.yaml", "!!python/object/apply:os.system ['true']", "is not valid YAML"),
        ("a.yaml", "just text", "expected a suite with the fields name and prompts; found str"),
        ("a.yaml", "", "found NoneType"),
        ("a.json", "[1, 2]", "expected a suite"),
        ("a.json", "[]", "expected a suite"),
    ],
)
def test_a_broken_file_is_one_line(tmp_path, name, content, expected):
    path = tmp_path / name
    path.write_text(content)
    assert expected in refusal(path)


def test_files_that_cannot_be_read(tmp_path):
    assert "there is no such suite file" in refusal(tmp_path / "absent.yaml")
    assert "is a folder" in refusal(tmp_path)
    (tmp_path / "b.json").mkdir()
    assert "can't be read: Is a directory" in refusal(tmp_path / "b.json")
    assert "can't be read: File name too long" in refusal(tmp_path / ("x" * 300 + ".yaml"))
    (tmp_path / "a.json").write_bytes(b"\xff\xfe\x00")
    assert "is not text" in refusal(tmp_path / "a.json")


def test_names(tmp_path, monkeypatch):
    assert {"mbench-mini", "mbench-open"} <= set(suite_names())
    monkeypatch.chdir(tmp_path)
    Path("mbench-mini").mkdir()  # a folder of that name does not hide the suite
    assert load_suite("mbench-mini").source == "built-in"
    with pytest.raises(UnknownNameError, match="did you mean 'mbench-mini'"):
        load_suite("mbench-mimi")
    with pytest.raises(ConfigError, match="did you mean 'mbench-mini'"):
        load_suite("./mbench-mimi")


def test_a_plugin_is_a_suite_or_a_function(tmp_path, monkeypatch):
    (tmp_path / "suites_of_mine.py").write_text(
        "from mbench.suites import suite_from_rows\n"
        f"SUITE = suite_from_rows('one', [{WALK!r}])\n"
        "def function():\n    return SUITE\n"
        "def broken():\n    return 1 / 0\n"
        "NUMBER = 3\n"
    )
    monkeypatch.chdir(tmp_path)
    assert load_suite("suites_of_mine:SUITE").name == "one"
    assert load_suite("suites_of_mine:function").name == "one"
    with pytest.raises(PluginError, match="could not be made: ZeroDivisionError"):
        load_suite("suites_of_mine:broken")
    with pytest.raises(PluginError, match="is a int; expected a Suite"):
        load_suite("suites_of_mine:NUMBER")


def test_a_registered_suite_is_checked_too():
    name = "test-suite-with-a-problem"
    SUITES.add(name, lambda: Suite(name, "1", "", ()))
    with pytest.raises(ConfigError, match="prompts: found none"):
        load_suite(name)


def test_rows_with_a_wrong_field_are_named():
    with pytest.raises(ConfigError, match=r"suite 'x': prompts\[0\].seconds: found '3'"):
        suite_from_rows("x", [{**WALK, "seconds": "3"}])


def test_by_id_suggests():
    with pytest.raises(UnknownNameError, match="no prompt 'w3'; did you mean"):
        suite_from_rows("x", [WALK, WAVE]).by_id("w3")


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"id": "other"}, False),
        ({"text": "A person runs."}, False),
        ({"seconds": 5.0}, False),
        ({"dimensions": ("jitter_degree",)}, False),
        ({"candidates": ("A person sits.",)}, False),
        ({"tags": ("x",)}, True),
        ({"reference": Path("x.npz")}, True),
    ],
)
def test_the_hash_is_over_what_can_change_a_score(change, same):
    suite = suite_from_rows("x", [WALK, WAVE])
    other = replace(suite, prompts=(replace(suite.prompts[0], **change), suite.prompts[1]), name="y", version="9")
    assert (suite.hash == other.hash) is same


def test_the_hash_knows_the_order_because_a_limit_takes_the_first():
    suite = suite_from_rows("x", [WALK, WAVE])
    assert suite.hash != replace(suite, prompts=suite.prompts[::-1]).hash


texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=20).map(
    "a {}".format
)
rows = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.from_regex(r"[a-z0-9_]{1,8}", fullmatch=True),
            "text": texts,
            "seconds": st.floats(0.6, 60),
            "dimensions": st.lists(st.sampled_from([*GROUPS, *DIMENSIONS]), min_size=1),
            "candidates": st.just(["zz one", "zz two"]),
            "tags": st.lists(texts, max_size=2),
        }
    ),
    min_size=1,
    max_size=4,
    unique_by=(lambda row: row["id"], lambda row: "".join(filter(str.isalnum, row["text"])).casefold()),
)


@pytest.mark.parametrize("suffix", [".yaml", ".json"])
@given(rows=rows)
@settings(max_examples=40, deadline=None)
def test_writing_and_reading_gives_the_same_suite(tmp_path_factory, suffix, rows):
    suite = suite_from_rows("x", rows, version="1.10", description="d: é", licence="CC0")
    path = tmp_path_factory.mktemp("suite") / f"s{suffix}"
    write_suite(suite, path)
    back = load_suite(path)
    assert back.prompts == suite.prompts
    assert back.hash == suite.hash
    assert (back.name, back.version, back.description, back.licence) == ("x", "1.10", "d: é", "CC0")


@pytest.mark.parametrize("suffix", [".yaml", ".json"])
def test_references_are_written_relative_to_the_file(tmp_path, suffix):
    suite = suite_from_rows("x", [{**WALK, "reference": "motions/w.npz"}], folder=tmp_path)
    path = tmp_path / "deep" / f"s{suffix}"
    write_suite(suite, path)
    assert "../motions/w.npz" in path.read_text()
    assert load_suite(path).prompts[0].reference.resolve() == (tmp_path / "motions/w.npz").resolve()


def test_writing_refuses_other_suffixes_and_leaves_the_old_file_when_it_fails(tmp_path, monkeypatch):
    suite = suite_from_rows("x", [WALK])
    with pytest.raises(ConfigError, match="found suffix '.txt'"):
        write_suite(suite, tmp_path / "s.txt")
    path = tmp_path / "s.json"
    path.write_text("before")
    with pytest.raises(ConfigError, match="found nan"):
        write_suite(replace(suite, prompts=(replace(suite.prompts[0], seconds=float("nan")),)), path)
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(MBenchError, match="No space left"):
        write_suite(suite, path)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_suites_load_without_pandas_and_torch():
    code = "import sys; from mbench.suites import load_suite; load_suite('mbench-open'); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "mbench.suites.load" in modules
    assert not {"torch", "pandas", "scipy"} & set(modules)
