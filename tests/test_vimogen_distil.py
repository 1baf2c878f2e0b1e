"""`vimogen distil`: a tiny generator of random weights, real references, a judge that says what it is told."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from typer.testing import CliRunner

from mbench import load_dataset, score
from mbench.cli import run as run_cli
from mbench.errors import ConfigError, FormatError, MBenchError
from mbench.metrics.anchors import load_anchors
from mbench.motion.canonical import canonicalise
from mbench.motion.representations.vimogen276 import encode
from mbench.seeds import seed_of
from mbench.suites.prompt import Prompt
from motions import posed
from vimogen import flow
from vimogen.checkpoint import load_generator, save_generator
from vimogen.cli import app
from vimogen.codec import Codec
from vimogen.conditioning import SentenceTokens
from vimogen.decode import motion_of
from vimogen.distil.candidates import candidates_of
from vimogen.distil.choose import Critic, Marks, best
from vimogen.distil.prompts import Wanted, read_captions, read_prompts
from vimogen.distil.recipe import ChooseRecipe, DistilRecipe, load_distil
from vimogen.distil.run import Maker, run_distil, wanted_of
from vimogen.distil.summary import best_of, kind_of
from vimogen.gate import Decision
from vimogen.generator import Request, Sampling
from vimogen.network import NetworkConfig, ViMoGen
from vimogen.reference.base import Reference
from vimogen.training.batches import Batches
from vimogen.training.clips import read_data
from vimogen.training.recipe import Recipe

TEXTS = {
    "walk": "a person walks forward",
    "wave": "a person waves with the right hand",
    "kick": "a person kicks the ball",
    "squat": "a person squats",
    "clap": "a person claps",
}
SAYS = {"name": "judges_for_tests:Toy", "options": {"says": 0.5, "unsure": "kicks"}}


def clip(seed: int, frames: int = 40) -> np.ndarray:
    return encode(canonicalise(posed(seed, frames + 1), floor=True))


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    """Return the folder of a tiny generator."""
    folder = tmp_path_factory.mktemp("weights")
    text = SentenceTokens()
    torch.manual_seed(0)
    sizes = {"dim": 16, "ffn_dim": 16, "num_layers": 2, "num_heads": 2, "frames_per_token": 4, "predicts": "motion"}
    network = ViMoGen(NetworkConfig(**sizes, text_dim=text.width, ref_motion_dim=138))
    codec = Codec.of([clip(seed) for seed in range(4)])
    facts = {"name": "tiny", "version": "1", "licence": "Apache-2.0", "trained_on": "nothing"}
    save_generator(folder, network, codec, text, Sampling(steps=2), facts)
    return folder


@pytest.fixture
def config(tmp_path, weights):
    """Return a function that writes the configuration, with other values where they are given."""
    rows = [
        {"id": name, "text": text, "seconds": 2 + number % 2, "family": name[0], "held_out": name == "squat"}
        for number, (name, text) in enumerate(TEXTS.items())
    ]
    (tmp_path / "prompts.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))

    def write(**others) -> Path:
        values = {
            "model": str(weights), "prompts": "prompts.jsonl", "output": str(tmp_path / "out"), "candidates": 2,
            "choose": {"judge": SAYS, "least_match": 0.4, "least_quality": 0.0}, "batch": 4, "val": 0.3,
        }  # fmt: skip
        path = tmp_path / "distil.yaml"
        path.write_text(yaml.safe_dump(values | others))
        return path

    return write


def rows_in(folder: Path) -> list[dict]:
    return json.loads((folder / "ViMoGen-228K.json").read_text())


def test_every_motion_comes_again_from_the_seed_of_its_row(config, weights):
    out = run_distil(load_distil(config()), quiet=True)
    generator = load_generator(weights, "cpu")
    rows = rows_in(out)
    assert [row["prompt_id"] for row in rows] == [name for name in TEXTS if name != "kick"]
    for row in rows:
        request = Request(row["motion_text_annot"][0], row["frames"], row["seed"])
        stored = torch.load(out / row["motion_path"], weights_only=True).numpy()
        assert stored.dtype == np.float32
        np.testing.assert_allclose(stored, generator.sample([request])[0], atol=1e-5)
        assert row["seed"] == seed_of(0, row["prompt_id"], int(row["id"].rsplit("-", 1)[1]))
        assert row["held_out"] is False
        assert row["held_out_action"] == (row["prompt_id"] == "squat")


def test_the_folder_is_training_data_with_the_generators_codec(config, weights):
    out = run_distil(load_distil(config(sampling={"smooth": False, "steps": 1})), quiet=True)
    data = read_data(out, ["distilled"], 20)
    codec = load_generator(weights, "cpu").codec
    np.testing.assert_array_equal(data.codec.mean, codec.mean)
    np.testing.assert_array_equal(data.codec.std, codec.std)
    assert {split: len(own) for split, own in data.clips.items()} == json.loads((out / "card.json").read_text())[
        "splits"
    ]
    assert len(load_dataset(out)) == len(rows_in(out)) == 4
    recipe = Recipe.model_validate(
        {"data": "", "output": "", "subsets": {"distilled": {"text": 1.0, "paired": True}}, "batch": 4}
    )
    batch = Batches(data.clips["train"], dict.fromkeys([*TEXTS.values(), ""], np.ones((1, 4))), data.codec, recipe)(0)
    by_length = {(len(own.rows), flow.noise_of(own.seed, len(own.rows))[0, 0].item()) for own in data.clips["train"]}
    drawn = {(int(m.sum()), n[0, 0].item()) for m, n in zip(batch["mask"], batch["noise"], strict=True)}
    assert drawn <= by_length


def test_the_card_counts_what_the_index_says(config):
    out = run_distil(load_distil(config()), quiet=True)
    card = json.loads((out / "card.json").read_text())
    index = [json.loads(line) for line in (out / "index.jsonl").read_text().splitlines()]
    assert (card["prompts"], card["prompts_kept"], card["motions"], card["made"]) == (5, 4, 4, 10)
    assert card["rejected"] == {"the judge gave no answer": 1}
    assert card["hours"] == pytest.approx(sum(row["seconds"] for row in rows_in(out)) / 3600, abs=1e-3)
    first = [c["quality"] for line in index for c in line["candidates"] if c["number"] == 0 and c["score"] is not None]
    most = [max(c["quality"] for c in line["candidates"]) for line in index if line["kept"]]
    assert card["best_of"][0]["quality"]["mean"] == pytest.approx(np.mean(first))
    assert card["best_of"][1]["quality"]["mean"] == pytest.approx(np.mean(most))
    assert card["kept"]["quality"]["mean"] == pytest.approx(np.mean(most))
    rejected = [json.loads(line) for line in (out / "rejected.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rejected] == ["kick"]
    assert rejected[0]["reason"].startswith("the judge gave no answer: ")
    assert "license: Apache-2.0" in (out / "README.md").read_text()
    assert (out / "distilled.png").stat().st_size > 10_000


def test_a_second_run_does_nothing_and_another_configuration_is_refused(config):
    out = run_distil(load_distil(config()), quiet=True)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    said: list[str] = []
    assert run_distil(load_distil(config(batch=2)), quiet=True, say=said.append) == out
    assert said == [f"{out} is complete already; nothing is done"]
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before
    with pytest.raises(ConfigError, match="out: was made with another seed: 0, now 1; name another `output`"):
        run_distil(load_distil(config(seed=1)), quiet=True)


def test_an_output_of_something_else_is_refused(config, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").touch()
    with pytest.raises(ConfigError, match=r"out: is there, but holds no card.json"):
        run_distil(load_distil(config()), quiet=True)
    assert (tmp_path / "out" / "thesis.tex").is_file()


def test_a_killed_run_goes_on_where_it_was(config, tmp_path, monkeypatch):
    whole = run_distil(load_distil(config()), quiet=True)
    other = load_distil(config(output=str(tmp_path / "again")))
    finish, calls = Maker.finish, []

    def finish_one(maker, group, store):
        if calls:
            store.write_motion("walk-7", np.zeros((2, 276), np.float32))  # of the batch that the kill hits
            raise KeyboardInterrupt
        calls.append(group)
        return finish(maker, group, store)

    with monkeypatch.context() as patched:
        patched.setattr(Maker, "finish", finish_one)
        with pytest.raises(KeyboardInterrupt):
            run_distil(other, quiet=True)
    work = tmp_path / "again.work"
    assert not (tmp_path / "again").exists()
    with (work / "index.jsonl").open("a") as file:
        file.write('{"prompt": "sq')
    with pytest.raises(ConfigError, match=r"again.work: was made with another seed"):
        run_distil(other.model_copy(update={"seed": 1}), quiet=True)
    said: list[str] = []
    out = run_distil(other, quiet=True, say=said.append)
    assert said[0] == "2 of 5 prompts are finished already"
    assert rows_in(out) == rows_in(whole)
    assert not work.exists()
    assert sorted(p.name for p in (out / "motions").iterdir()) == sorted(p.name for p in (whole / "motions").iterdir())


def test_motions_of_which_none_may_be_kept_are_told(config):
    choose = {"judge": SAYS, "least_match": 0.6}
    with pytest.raises(
        MBenchError, match=r"no prompt has a motion that may be kept; .* match is 0.500; expected at least 0.6"
    ):
        run_distil(load_distil(config(choose=choose)), quiet=True)


def test_both_branches_are_asked_where_the_reference_passes(config, weights):
    recipe = load_distil(config(reference={"model": "choreographer"}, gate="always", branches="both", keep=2))
    out = run_distil(recipe, quiet=True)
    index = {own["prompt"]: own for own in map(json.loads, (out / "index.jsonl").read_text().splitlines())}
    assert [c["branch"] for c in index["walk"]["candidates"]] == ["text", "text", "reference", "reference"]
    assert json.loads((out / "card.json").read_text())["gate"] == {"used": 5, "refused": {}}
    assert len(rows_in(out)) == 8
    row = next(own for own in rows_in(out) if own["branch"] == "reference")
    assert row["gate"]["reference"]["model"] == "choreographer"
    maker = Maker(recipe)
    wanted = next(own for own in read_prompts(recipe.base / "prompts.jsonl") if own.prompt.id == row["prompt_id"])
    [reference] = maker.source.references([wanted.prompt], [seed_of(0, wanted.prompt.id, "reference")])
    request = Request(wanted.prompt.text, row["frames"], row["seed"], reference.rows, 0.0)
    stored = torch.load(out / row["motion_path"], weights_only=True).numpy()
    np.testing.assert_allclose(stored, maker.generator.sample([request])[0], atol=1e-5)


@pytest.mark.parametrize(("used", "branches", "expected"), [
    (False, "both", ["text"] * 3),
    (True, "gated", ["reference"] * 3),
    (True, "both", ["text"] * 3 + ["reference"] * 3),
])  # fmt: skip
def test_candidates_of_a_prompt(used, branches, expected):
    wanted = Wanted(prompt("walk"))
    decision = Decision("auto", Reference(clip(1), "files") if used else None, 0.0 if used else 1.0)
    recipe = DistilRecipe(model="", prompts="", output="", branches=branches, candidates=3, seed=5)
    found = candidates_of(wanted, decision, recipe)
    assert [own.branch for own in found] == expected
    assert [own.request.seed for own in found] == [seed_of(5, "walk", n) for n in range(len(expected))]
    assert [own.request.weight for own in found] == [0.0 if branch == "reference" else 1.0 for branch in expected]


def prompt(name: str) -> Prompt:
    return Prompt(name, TEXTS[name], 2.0)


def test_the_best_is_that_of_match_times_quality_among_those_above_the_thresholds():
    marks = [
        Marks(0.9, 0.2),
        Marks(0.5, 0.8),
        Marks(0.99, None, reason="no quality: x"),
        Marks(0.4, 1.0),
        Marks(0.4, 1.0),
    ]
    # products: 0.18, 0.4, none, 0.4, 0.4; of equals the first
    assert best(marks, ChooseRecipe(least_match=0, least_quality=0), 3) == ([1, 3, 4], "")
    assert best(marks, ChooseRecipe(least_match=0.6, least_quality=0.1), 3) == ([0], "")
    assert best(marks, ChooseRecipe(least_match=0.6, least_quality=0.5), 3) == (
        [], "match is 0.500; expected at least 0.6",
    )  # fmt: skip
    assert best(marks[2:3], ChooseRecipe(), 1) == ([], "no quality: x")


def test_marks_are_the_judges_word_and_anchored_metrics():
    choose = ChooseRecipe.model_validate(
        {"judge": SAYS, "quality": {"jitter_degree": 3.0, "quality/dynamic_degree": 1.0}}
    )
    rows = [clip(0), clip(1, 60), np.full((40, 276), np.nan, np.float32), clip(2)]
    texts = [TEXTS["walk"], TEXTS["squat"], TEXTS["walk"], TEXTS["kick"]]
    found = Critic(choose, device="cpu").marks(rows, texts)
    anchors = load_anchors().by_metric
    table = score([motion_of(rows[n]) for n in (0, 1)], ["quality/jitter_degree", "quality/dynamic_degree"])
    for n in (0, 1):
        on_scale = {name: float(anchors[name].score(table[name].iloc[n])) for name in table}
        expected = (3 * on_scale["quality/jitter_degree"] + on_scale["quality/dynamic_degree"]) / 4
        assert found[n].match == 0.5
        assert found[n].quality == pytest.approx(expected)
    assert found[2].score is None
    assert found[2].reason.startswith("no motion: ")
    assert found[3].match is None
    assert found[3].fault(choose).startswith("the judge gave no answer: ")


def test_the_best_of_k_looks_at_the_first_k_of_each_branch():
    marks = [(0.1, 1.0), (0.6, 1.0), (0.3, 1.0), (0.2, 1.0)]
    own = [{"number": n, "match": m, "quality": q, "score": m * q} for n, (m, q) in enumerate(marks)]
    records = [{"candidates": own}, {"candidates": [{"number": 0, "match": None, "quality": None, "score": None}]}]
    assert best_of(records, 1, 2)["match"]["mean"] == 0.3  # numbers 0 and 2
    assert best_of(records, 2, 2)["match"]["mean"] == 0.6


def test_reasons_are_counted_without_their_numbers():
    assert kind_of("match is 0.1; expected at least 0.2") == "match"
    assert kind_of("the judge gave no answer: ValueError: 3") == "the judge gave no answer"


@pytest.mark.parametrize(("change", "message"), [
    ({"candidate": 3}, "unknown field 'candidate'; did you mean 'candidates'"),
    ({"candidates": 0}, "candidates: found 0; expected greater than or equal to 1"),
    ({"keep": 3}, "keep to be at most candidates, 2; keep is 3"),
    ({"branches": "all"}, "branches: found 'all'"),
    ({"choose": {"least_match": 2}}, "choose.least_match: found 2"),
    ({"choose": {"quality": {"jitter": 1.0}}}, "metrics of jitter_degree, .*; did you mean 'jitter_degree'"),
    ({"choose": {"quality": {"motion_condition_consistency": 1.0}}}, "metrics of jitter_degree"),
    ({"sampling": {"step": 3}}, "distil.yaml: sampling: unknown field 'step'"),
    ({"sampling": {"steps": 0}}, "steps is 0; expected 1 to 1000"),
])  # fmt: skip
def test_wrong_values_are_told_before_anything_is_loaded(config, change, message):
    with pytest.raises(ConfigError, match=message):
        load_distil(config(**change))


@pytest.mark.parametrize(("line", "message"), [
    ("{", "line 2: is not JSON"),
    ("[]", "line 2: is a list; expected an object"),
    ('{"text": "a", "seconds": 2}', "line 2: id is None"),
    ('{"id": "../a", "text": "a", "seconds": 2}', "line 2: id is '../a'; expected letters"),
    ('{"id": "a", "text": " ", "seconds": 2}', "line 2: text is ' '"),
    ('{"id": "a", "text": "a", "seconds": "2"}', "line 2: seconds is '2'; expected a number above 0, at most 10"),
    ('{"id": "a", "text": "a", "seconds": 2000}', "line 2: seconds is 2000"),
    ('{"id": "first", "text": "a", "seconds": 2}', "line 2: id 'first' came before"),
])  # fmt: skip
def test_wrong_prompts_are_told(tmp_path, line, message):
    path = tmp_path / "prompts.jsonl"
    path.write_text(f'{{"id": "first", "text": "a", "seconds": 2}}\n{line}\n')
    with pytest.raises(FormatError, match=message):
        read_prompts(path)


def listing(folder: Path) -> Path:
    """Write a listing of training data, without the motions; return the folder."""
    texts = {"a": ["a man walks", "he walks"], "b": ["a person walks", "a man walks"], "c": ["a person kicks"]}
    rows = [
        {"id": f"optical/{name}", "subset": "optical", "split": "train", "motion_path": "x.pt", "seconds": 11.0}
        | {"motion_text_annot": own, **({"held_out": True} if name == "c" else {})}
        for name, own in texts.items()
    ]
    others = [
        {**rows[0], "id": "optical/d", "split": "val", "motion_text_annot": ["never seen"]},
        {**rows[0], "id": "video/a", "subset": "video", "motion_text_annot": ["of another subset"]},
        {**rows[0], "id": "optical/e", "motion_text_annot": []},
        {**rows[0], "id": "optical/f", "motion_text_annot": ["a person claps"]},  # a prompt of the file too
    ]
    folder.mkdir()
    (folder / "ViMoGen-228K.json").write_text(json.dumps([*rows, *others]))
    return folder


def test_captions_of_training_clips_are_prompts_once_each(config, tmp_path):
    folder = listing(tmp_path / "data")
    found = read_captions(folder, ["optical"])
    ids = [own.prompt.id for own in found]
    assert len(found) == len({own.prompt.text for own in found})
    assert ids[0] == "caption-optical-a"
    assert set(ids) <= {"caption-optical-a", "caption-optical-b", "caption-optical-f"}
    assert {own.prompt.text for own in found} <= {"a man walks", "he walks", "a person walks", "a person claps"}
    assert {own.prompt.seconds for own in found} == {10.0}
    recipe = load_distil(config(captions={"data": str(folder)}))
    wanted = [own.prompt.text for own in wanted_of(recipe)]
    assert wanted[: len(TEXTS)] == list(TEXTS.values())
    assert sorted(wanted) == sorted({*TEXTS.values(), *(own.prompt.text for own in found)})
    with pytest.raises(FormatError, match="holds no training caption of synthetic that is not held out"):
        read_captions(folder, ["synthetic"])
    with pytest.raises(MBenchError, match="holds no ViMoGen-228K.json"):
        read_captions(tmp_path, ["optical"])


def test_captions_are_part_of_what_decides_the_motions(config, tmp_path):
    folder = listing(tmp_path / "data")
    without, told = (Maker(load_distil(config(**own))).made_by for own in ({}, {"captions": {"data": str(folder)}}))
    assert without["captions"] is None
    assert told["captions"]


def test_a_file_without_prompts_is_told(tmp_path):
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(FormatError, match="holds no prompt"):
        read_prompts(tmp_path / "empty.jsonl")
    with pytest.raises(FormatError, match=r"none.jsonl: can't be read"):
        read_prompts(tmp_path / "none.jsonl")


def test_the_command_prints_the_folder(config, tmp_path):
    result = CliRunner().invoke(app, ["distil", str(config()), "--quiet"])
    assert result.exit_code == 0, result.output
    assert result.stdout == f"{tmp_path / 'out'}\n"
    assert result.stderr == ""


def test_the_command_tells_what_is_wrong_in_a_line(config, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["vimogen", "distil", str(config(model="nowhere"))])
    with pytest.raises(SystemExit) as stopped:
        run_cli(app, "vimogen")
    assert stopped.value.code == 2
    assert "nowhere/config.json: there is no such file" in capsys.readouterr().err


def test_the_example_and_the_documented_fields_are_those_of_the_recipe():
    root = Path(__file__).parents[1]
    recipe = load_distil(root / "examples" / "vimogen_distil.yaml")
    assert recipe.prompts_file.is_file()
    assert recipe.weights.name == "vimogen-base"
    pairs = load_distil(root / "examples" / "vimogen_pairs.yaml").weights
    assert pairs.resolve() == (root / "runs" / "vimogen-light" / "weights").resolve()
    page = (root / "docs" / "vimogen_light.md").read_text().split("## The configuration")[1].split("## Which")[0]
    named = {
        name.split(".")[0] for name in re.findall(r"`([a-z_.]+)`", "".join(re.findall(r"(?m)^\| ([^|]+) \|", page)))
    }
    assert named == set(DistilRecipe.model_fields) - {"base"}
