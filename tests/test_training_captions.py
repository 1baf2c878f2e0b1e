"""Distance of prompts from training data: the distances, the run that reports by them, the page that shows them."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

import mbench
from helpers import environment, one_line_error
from helpers import mbench as command
from mbench import Card, MBenchError
from mbench.distance_stage import by_distance, read_distances
from mbench.errors import ConfigError
from mbench.files import hash_of, sha256_of
from mbench.models.controls import Static
from mbench.plan import plan_of
from mbench.provenance import code_hash
from mbench.suites import load_suite
from mbench.text import SHA256, TextEncoder
from mbench.training_captions import (
    SHIPPED,
    TrainingCaptions,
    locate,
    nearest_distances,
    read_captions,
    shipped_captions,
)
from plugins_for_tests import figure

HERE = "test_training_captions"
TEXTS = [
    "a person walks forward", "someone waves with both hands", "a dancer spins on one foot", "he crawls under a table",
    "a robot pours tea for the queen", "she jumps over a puddle", "a man kicks a ball",
]  # fmt: skip


class Graded:
    """A judge that is the surer, the later in `TEXTS` the text stands."""

    card = Card("graded", "1", "control", "Apache-2.0")

    def match(self, motions, texts):
        return [TEXTS.index(text) / len(TEXTS) for text in texts]


class Trained:
    """A model whose card lists captions; `own` names them."""

    listed = ""

    def __init__(self, own: str = "") -> None:
        self.card = Card("trained", "1", "control", "Apache-2.0", captions=own or self.listed)

    def generate(self, prompts, seeds):
        for prompt, seed in zip(prompts, seeds, strict=True):
            yield figure(seed, prompt.seconds)


class ByHand:
    """An encoder with known vectors."""

    def __init__(self, vectors: dict[str, list[float]]) -> None:
        self.vectors = vectors

    def sentences(self, texts):
        return np.array([self.vectors[text] for text in texts], dtype=np.float32)


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """Share one cache of vectors, so that the encoder is loaded for new texts only."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("MBENCH_CACHE", str(folder))
        yield folder


def write_yaml(folder: Path, model: str, metrics: str = "[generalization/match_probability]", **more: object) -> Path:
    """Write a model.yaml with a suite of `TEXTS` that a judge reads."""
    rows = "".join(
        f"- {{id: p{i}, text: {text}, seconds: 1.0, dimensions: [motion_generalizability, jitter_degree]}}\n"
        for i, text in enumerate(TEXTS)
    )
    head = "name: texts\nversion: '1'\ndescription: for tests\nlicence: Apache-2.0\nprompts:\n"
    (folder / "suite.yaml").write_text(head + rows)
    fields = {
        "model": model, "suite": "suite.yaml", "metrics": metrics, "judge": f"'{HERE}:Graded'",
        "output": folder / "results", **more,
    }  # fmt: skip
    path = folder / "model.yaml"
    path.write_text("".join(f"{key}: {value}\n" for key, value in fields.items()))
    return path


def block_of(path: Path) -> dict:
    return mbench.evaluate(path)["generalization_by_distance"]


# distances


def test_distances_of_known_angles():
    angles = {"same": 0, "near": 30, "far": 90, "opposite": 180}
    encoder = ByHand({name: [math.cos(math.radians(a)), math.sin(math.radians(a))] for name, a in angles.items()})
    only = TrainingCaptions("one", "", 1, vectors=np.array([[2.0, 0.0]], np.float32))  # of any length
    found = nearest_distances(list(angles), only, encoder)
    np.testing.assert_allclose(found, [0, 1 - math.sqrt(3) / 2, 1, 2], atol=1e-6)
    # with a second caption at 45 degrees: 30 is 15 away, 90 is 45 away, 180 is 135 away
    texts = TrainingCaptions("two", "", 2, ("same", "between"))
    encoder.vectors["between"] = [1.0, 1.0]
    expected = [0, 1 - math.cos(math.radians(15)), 1 - math.sqrt(0.5), 1 + math.sqrt(0.5)]
    np.testing.assert_allclose(nearest_distances(list(angles), texts, encoder), expected, atol=1e-6)


def test_distances_equal_the_loops_and_never_depend_on_the_others():
    rng = np.random.default_rng(0)
    names = [f"t{i}" for i in range(600)]  # more than are compared at once
    vectors = {name: rng.normal(size=24).tolist() for name in names}
    captions = rng.normal(size=(50, 24)).astype(np.float32)
    encoder, reference = ByHand(vectors), TrainingCaptions("r", "", 50, vectors=captions)
    found = nearest_distances(names, reference, encoder)

    def naive(name):
        v = [float(np.float32(x)) for x in vectors[name]]
        cosines = []
        for caption in captions.tolist():
            dot = sum(a * b for a, b in zip(v, caption, strict=True))
            cosines.append(dot / math.hypot(*v) / math.hypot(*caption))
        return round(1 - max(cosines), 6)

    assert found[:40].tolist() == pytest.approx([naive(name) for name in names[:40]], abs=1e-6)
    assert nearest_distances(names[::-1], reference, encoder).tolist() == found[::-1].tolist()
    assert [nearest_distances([name], reference, encoder)[0] for name in names[:20]] == found[:20].tolist()
    assert nearest_distances([], reference, ByHand({})).shape == (0,)


# the shipped vectors


def test_shipped_vectors_are_what_their_card_says_and_hold_no_text():
    path = locate(SHIPPED)
    card = json.loads(path.with_suffix(".json").read_text())
    with np.load(path, allow_pickle=False) as file:
        assert set(file.files) == {"vectors", "encoder"} and file["vectors"].dtype == np.float16
        norms = np.linalg.norm(file["vectors"].astype(float), axis=1)
    captions = shipped_captions()
    assert (captions.name, captions.count, captions.hash) == (card["name"], card["captions"], card["sha256"])
    assert card["encoder_sha256"] == SHA256 and sum(card["by_source"].values()) == captions.count > 300
    np.testing.assert_allclose(norms, 1, atol=2e-3)
    assert path.stat().st_size < 500_000


def test_what_was_trained_on_is_at_zero_and_what_was_not_is_far(shared):
    rows = [json.loads(line) for line in (shared / "mocap/metadata.jsonl").read_text().splitlines()]
    train = [row for row in rows if row["split"] == "train"]
    seen = sorted({row["template_caption"] for row in train if row["template_caption"]})[::10]
    seen += sorted({caption["text"] for row in train for caption in row["captions"]})[::10]
    unseen = ["a robot pours tea for the queen", "the theorem follows by induction"]
    distances = nearest_distances([*seen, *unseen], shipped_captions(), TextEncoder())
    assert distances[: len(seen)].max() < 1e-3  # what float16 leaves
    assert distances[len(seen) :].min() > 0.3


def test_prompts_of_generalization_lie_farther_than_those_of_consistency():
    prompts = load_suite("mbench-mini").prompts
    distances = nearest_distances([prompt.text for prompt in prompts], shipped_captions(), TextEncoder())
    median = {
        dimension: np.median([d for p, d in zip(prompts, distances, strict=True) if dimension in p.dimensions])
        for dimension in ("motion_condition_consistency", "motion_generalizability")
    }
    assert median["motion_generalizability"] > median["motion_condition_consistency"] + 0.05


# scores by distance


def test_scores_by_distance_are_those_of_the_prompts():
    rng = np.random.default_rng(1)
    distances = {f"p{i}": float(d) for i, d in enumerate(rng.random(31))}
    scores = {p: 1 - d + float(rng.normal(0, 0.2)) for p, d in distances.items() if p != "p3"} | {"elsewhere": 9.0}
    found = by_distance(distances, scores)
    both = [p for p in distances if p in scores]
    pairs = sorted((distances[p], scores[p]) for p in both)
    assert found["n"] == 30 and [g["n"] for g in found["groups"]] == [10, 10, 10]
    assert found["spearman"]["value"] == pytest.approx(spearmanr(*zip(*pairs, strict=True)).statistic)
    assert found["spearman"]["low"] < found["spearman"]["value"] < found["spearman"]["high"] < 0
    for group, part in zip(found["groups"], (pairs[:10], pairs[10:20], pairs[20:]), strict=True):
        assert (group["from"], group["to"]) == (part[0][0], part[-1][0])
        assert group["value"] == pytest.approx(sum(score for _, score in part) / 10)
        assert group["low"] < group["value"] < group["high"]


def test_prompts_at_one_distance_stay_together():
    found = by_distance({"a": 0.2, "b": 0.2, "c": 0.2, "d": 0.5}, {"a": 1.0, "b": 0.0, "c": 1.0, "d": 0.0})
    assert [(g["from"], g["to"], g["n"]) for g in found["groups"]] == [(0.2, 0.2, 3), (0.5, 0.5, 1)]
    assert found["groups"][1]["low"] is None
    same = by_distance({"a": 0.2, "b": 0.2, "c": 0.2}, {"a": 1.0, "b": 0.0, "c": 1.0})
    assert same["spearman"] == {"value": None, "low": None, "high": None} and len(same["groups"]) == 1
    assert by_distance({"a": 0.2}, {"b": 1.0}) == {
        "n": 0, "spearman": {"value": None, "low": None, "high": None}, "groups": []
    }  # fmt: skip


# a run


@pytest.fixture(scope="module")
def run(tmp_path_factory, cache):
    """A finished run with a judge, of a model that lists no captions."""
    folder = tmp_path_factory.mktemp("run")
    path = write_yaml(folder, f"'{HERE}:Trained'", "[quality/jitter_degree, generalization]")
    return plan_of(path), mbench.evaluate(path)


def test_a_run_reports_by_distance_from_our_data(run):
    plan, result = run
    block = result["generalization_by_distance"]
    shipped = shipped_captions()
    assert block["reference"] == {
        "name": shipped.name, "hash": shipped.hash, "captions": shipped.count, "own": False
    }  # fmt: skip
    distances = read_distances(plan.folder.path)
    expected = nearest_distances(TEXTS, shipped, TextEncoder())
    assert distances == {f"p{i}": d for i, d in enumerate(expected.tolist())}
    assert set(block["metrics"]) == {"generalization/motion_generalizability", "generalization/match_probability"}
    found = block["metrics"]["generalization/match_probability"]
    assert found["n"] == block["prompts"] == len(TEXTS)
    assert found["spearman"]["value"] == pytest.approx(spearmanr(expected, range(len(TEXTS))).statistic)
    header, row = (plan.folder.path / "distance.csv").read_text().splitlines()[:2]
    assert header == "prompt,distance,reference" and row.endswith(shipped.identity)
    assert json.loads(plan.folder.result.read_text())["generalization_by_distance"] == block


def test_the_page_shows_it(run):
    plan, result = run
    page = (plan.folder.path / "report.html").read_text()
    section = page.split('id="by-distance-from-training-data"')[1].split("</section>")[0]
    assert section.count("<svg") == 2 and section.count("<table") == 1
    assert "does not list its own" in section and f"{shipped_captions().count} captions" in section
    for metric in result["generalization_by_distance"]["metrics"].values():
        for group in metric["groups"]:
            assert f"<td>{group['n']}</td><td>{group['value']:.3g}</td>" in section
    assert 'href="distance.csv"' in page


def test_distances_are_kept_and_made_again_where_they_are_not_those_asked_for(run, monkeypatch, tmp_path):
    plan, result = run
    path = plan.folder.path / "distance.csv"
    before = path.read_text()

    def broken(*_):
        raise MBenchError("the encoder was asked")

    with monkeypatch.context() as patch:
        patch.setattr(TextEncoder, "sentences", broken)
        again = mbench.evaluate(plan.folder.path, stage="summarise")
        assert again["generalization_by_distance"] == result["generalization_by_distance"]
        path.write_text(before.replace(shipped_captions().identity, "others.0"))
        reason = mbench.evaluate(plan.folder.path, stage="summarise")["generalization_by_distance"]["reason"]
        assert reason == "the encoder was asked"
        assert "could not be computed: the encoder was asked" in (plan.folder.path / "report.html").read_text()
    for spoilt in (before.replace(shipped_captions().identity, "others.0"), "prompt,distance\np0,x\n"):
        path.write_text(spoilt)
        mbench.evaluate(plan.folder.path, stage="summarise")
        assert path.read_text() == before


def test_captions_of_the_card_are_used_and_those_of_the_yaml_come_first(tmp_path):
    (tmp_path / "own.txt").write_text(f"{TEXTS[4]}\n\n  {TEXTS[5]} \n{TEXTS[4]}\n")
    (tmp_path / "other.txt").write_text(f"{TEXTS[0]}\n")
    path = write_yaml(tmp_path, f"{{name: '{HERE}:Trained', options: {{own: {tmp_path / 'own.txt'}}}}}")
    block = block_of(path)
    assert block["reference"]["name"] == "own.txt" and block["reference"]["own"] and block["reference"]["captions"] == 2
    distances = read_distances(plan_of(path).folder.path)
    assert [prompt for prompt, distance in distances.items() if distance < 1e-6] == ["p4", "p5"]
    assert "as its card or the configuration says" in (plan_of(path).folder.path / "report.html").read_text()
    # a path of the YAML starts from its folder; the run is the same one
    override = write_yaml(
        tmp_path, f"{{name: '{HERE}:Trained', options: {{own: {tmp_path / 'own.txt'}}}, captions: other.txt}}"
    )
    assert block_of(override)["reference"]["name"] == "other.txt"
    distances = read_distances(plan_of(path).folder.path)
    assert [prompt for prompt, distance in distances.items() if distance < 1e-6] == ["p0"]
    # and a run that exists is summarised again with them
    assert mbench.evaluate(plan_of(path).folder.path, stage="summarise")["generalization_by_distance"]["reference"][
        "own"
    ]


def test_a_control_keeps_the_captions_of_what_it_spoils():
    assert Static(of=f"{HERE}:WithCaptions").card.captions == SHIPPED


class WithCaptions(Trained):
    """A model that names a file of a package."""

    def __init__(self) -> None:
        super().__init__(SHIPPED)


def test_captions_of_a_package(tmp_path):
    block = block_of(write_yaml(tmp_path, f"'{HERE}:WithCaptions'"))
    assert block["reference"]["own"] and block["reference"]["hash"] == shipped_captions().hash


def test_captions_never_decide_the_run(tmp_path, monkeypatch):
    (tmp_path / "own.txt").write_text("a person walks\n")
    plain = plan_of(write_yaml(tmp_path, f"{{name: '{HERE}:Trained'}}"))
    listed = plan_of(write_yaml(tmp_path, f"{{name: '{HERE}:Trained', captions: own.txt}}"))
    monkeypatch.setattr(Trained, "listed", SHIPPED)
    carded = plan_of(write_yaml(tmp_path, f"{{name: '{HERE}:Trained'}}"))
    assert carded.card["captions"] == SHIPPED and "captions" not in plain.card
    assert plain.run_id == listed.run_id == carded.run_id
    # what was hashed before there were captions
    card = {"name": "trained", "version": "1", "kind": "control", "licence": "Apache-2.0", "paper": "", "weights": "",
            "trained_on": "", "notes": ""}  # fmt: skip
    decides = {
        "model": {"name": f"{HERE}:Trained", "options": {}, "weights": None}, "card": card,
        "code": code_hash(plain.model), "suite": plain.suite.hash, "seed": 0, "replicates": 1, "limit": None,
    }  # fmt: skip
    assert plain.run_id == hash_of(decides)[:12]


def test_without_a_judge_nothing_of_this_is_done_and_no_encoder_is_loaded(tmp_path):
    path = write_yaml(tmp_path, f"'{HERE}:Trained'", "[quality/jitter_degree]")
    code = f"import mbench, sys; r = mbench.evaluate({str(path)!r}); print(*r, *sys.modules)"
    words = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True
    ).stdout.split()  # fmt: skip
    assert "metrics" in words and "generalization_by_distance" not in words
    assert not {"torch", "sentence_transformers"} & set(words)
    folder = plan_of(path).folder.path
    assert not (folder / "distance.csv").exists()
    assert "By distance" not in (folder / "report.html").read_text()


def test_captions_that_go_while_a_run_goes_take_no_score_away(tmp_path):
    (tmp_path / "own.txt").write_text("a person walks\n")
    plan = plan_of(write_yaml(tmp_path, f"{{name: '{HERE}:Trained', captions: own.txt}}"))
    (tmp_path / "own.txt").unlink()
    result = mbench.evaluate(plan)
    assert result["metrics"]["generalization/match_probability"]["n"] == len(TEXTS)
    assert "own.txt: there is no such file" in result["generalization_by_distance"]["reason"]


# files that are not what they should be


def test_wrong_captions_are_told_before_anything_runs(tmp_path):
    path = write_yaml(tmp_path, f"{{name: '{HERE}:Trained', captions: gone.txt}}", "[quality/jitter_degree]")
    one_line_error(command("validate", path), f"{tmp_path / 'gone.txt'}", "no such file", "expected")
    one_line_error(command("evaluate", path), f"{tmp_path / 'gone.txt'}", "no such file", "expected")
    assert not (tmp_path / "results").exists()
    carded = write_yaml(tmp_path, f"{{name: '{HERE}:Trained', options: {{own: '/nowhere/gone.npz'}}}}")
    with pytest.raises(ConfigError, match=r"/nowhere/gone.npz: there is no such file"):
        plan_of(carded)


def write_npz(path: Path, **arrays: object) -> Path:
    np.savez(path, **{name: np.asarray(value) for name, value in arrays.items()})
    return path


def test_bad_files_of_captions(tmp_path):
    vectors = np.eye(3, 384, dtype=np.float16)
    empty, latin, text = tmp_path / "empty.txt", tmp_path / "latin.txt", tmp_path / "text.npz"
    empty.write_text(" \n\n")
    latin.write_bytes("caf\xe9".encode("latin-1"))
    text.write_text("no archive")
    cases = [
        (empty, "holds no text; expected a caption a line"),
        (latin, "is no UTF-8 text"),
        (text, "can't be read as vectors"),
        (tmp_path, "there is no such file"),
        (write_npz(tmp_path / "keys.npz", vectors=vectors), "can't be read as vectors"),
        (write_npz(tmp_path / "other.npz", vectors=vectors, encoder="0" * 64), "of the text encoder 0000000000…"),
        (write_npz(tmp_path / "flat.npz", vectors=vectors[0], encoder=SHA256), "have shape (384,)"),
        (write_npz(tmp_path / "thin.npz", vectors=vectors[:, :7], encoder=SHA256), "have shape (3, 7); expected"),
        (write_npz(tmp_path / "nan.npz", vectors=vectors * np.nan, encoder=SHA256), "zero or not finite"),
        (write_npz(tmp_path / "zero.npz", vectors=vectors[:, :] * [[1], [0], [1]], encoder=SHA256), "zero or not"),
    ]
    for path, words in cases:
        with pytest.raises(ConfigError) as caught:
            read_captions(path)
        assert words in str(caught.value) and str(path) in str(caught.value) and "\n" not in str(caught.value)
    with pytest.raises(ConfigError, match="package 'no_such' can't be imported"):
        locate("no_such:captions.txt")


def test_vectors_of_a_file_are_those_of_its_texts(tmp_path):
    # what scripts/build_training_captions.py writes of a list of captions stands for the list
    captions = tmp_path / "captions.txt"
    captions.write_text("\n".join(TEXTS[:4]) + "\n")
    script = Path(__file__).parents[1] / "scripts/build_training_captions.py"
    out = tmp_path / "captions.npz"
    made = subprocess.run(
        [sys.executable, str(script), str(captions), "--out", str(out), "--name", "four"],
        env=environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert made.stdout.startswith("4 captions")
    card = json.loads(out.with_suffix(".json").read_text())
    assert (card["name"], card["captions"], card["sha256"]) == ("four", 4, sha256_of(out))
    encoder = TextEncoder()
    distances = [nearest_distances(TEXTS, read_captions(path), encoder) for path in (captions, out)]
    np.testing.assert_allclose(*distances, atol=1e-3)
    assert distances[0][:4].max() == 0 and distances[0][4:].min() > 0.05
