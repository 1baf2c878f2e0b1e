"""Training a judge from end to end on a tiny dataset, the trained judge, and the command line."""

from __future__ import annotations

import json
import math
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from helpers import mbench as command  # noqa: E402
from helpers import one_line_error  # noqa: E402
from mbench.errors import ConfigError, MBenchError, NotApplicable  # noqa: E402
from mbench.files import sha256_of, write_json  # noqa: E402
from mbench.judges.base import Chooser, Embedder, Judge, build_judge, identity  # noqa: E402
from mbench.judges.retrieval import judge as judge_module  # noqa: E402
from mbench.judges.retrieval import measure  # noqa: E402
from mbench.judges.retrieval import train as train_module  # noqa: E402
from mbench.judges.retrieval.judge import VERSION, RetrievalJudge  # noqa: E402
from mbench.judges.retrieval.model import load_model  # noqa: E402
from mbench.judges.retrieval.recipe import load_recipe  # noqa: E402
from mbench.judges.retrieval.stillness import moves, poses_among  # noqa: E402
from mbench.judges.retrieval.train import train_judge  # noqa: E402
from mbench.motion import Motion, degrade  # noqa: E402
from motions import posed  # noqa: E402
from retrieval_judges import HELD_OUT, WORDINGS, performed, recipe_of, write_dataset, write_recipe  # noqa: E402

KEPT = ("judge.safetensors", "card.json", "log.jsonl")


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """One cache for the texts of this file; fewer resamples, which only make intervals coarser."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measure, "RESAMPLES", 100)
        patch.setenv("MBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder with the dataset, the recipe and, in `judge`, what training it wrote."""
    folder = tmp_path_factory.mktemp("training")
    write_dataset(folder / "data")
    config = write_recipe(folder / "recipe.yaml", recipe_of(Path("data"), folder / "judge"))
    said: list[str] = []
    train_judge(load_recipe(config), say=said.append)
    assert said[0] == "reading 36 clips" and said[-1] == "measuring on held-out clips"
    return folder


@pytest.fixture(scope="module")
def card(place):
    return json.loads((place / "judge" / "card.json").read_text())


@pytest.fixture(scope="module")
def judge(place) -> RetrievalJudge:
    return RetrievalJudge(str(place / "judge"))


@pytest.fixture(scope="module")
def motions() -> list[Motion]:
    return [performed(texts[0], 900) for texts in WORDINGS.values()]


# ---------------------------------------------------------------- training


def test_it_learns(place):
    rows = [json.loads(line) for line in (place / "judge" / "log.jsonl").read_text().splitlines()]
    losses = [row["loss"] for row in rows if "loss" in row]
    assert losses[-1] < losses[0] and losses[-1] < 0.5 * math.log(24)
    evaluation = [row["evaluation"] for row in rows if "evaluation" in row][-1]
    assert evaluation.keys() == {f"{group}_{name}" for group in ("seen", "unseen") for name in ("auc", "choice10")}
    assert evaluation["seen_choice10"] > 0.5 and evaluation["seen_auc"] > 0.8
    assert (place / "judge" / "loss.png").read_bytes()[:4] == b"\x89PNG"


def test_on_held_out_clips_it_beats_chance(card):
    figures = card["figures"]["seen"]
    assert figures["judge"]["clips"] == 12 and figures["judge"]["choice10"]["low"] > 0.3 > figures["chance"]["choice10"]
    assert figures["judge"]["auc"]["low"] > 0.7 > figures["chance"]["auc"]
    assert figures["judge"]["r3_all"]["value"] > figures["chance"]["r3_all"] == 3 / 12


def test_the_card_says_everything(card, place):
    assert set(card["figures"]) == {"seen", "unseen"} and card["held_out"] == sorted(HELD_OUT)
    for group, actions in (("seen", {"walk", "jump", "sit", "kick", "punch", "crawl"}), ("unseen", {"bow"})):
        found = card["figures"][group]
        assert set(found["actions"]) == actions
        for who in ("judge", "linear probe"):
            for name in ("auc", "r1_all", "r2_all", "r3_all", "choice10", "calibration_error"):
                figure = found[who][name]
                assert 0 <= figure["low"] <= figure["value"] <= figure["high"] <= 1, (group, who, name)
    assert card["licence"] == "Apache-2.0" and card["left_out"] == 0
    for word in ("36 clips", "humanml3d", "without the actions bow, wave", "60 steps of 24 pairs"):
        assert word in card["trained_on"]
    assert "picks the right one of ten texts" in card["notes"] and "chance 10 %" in card["notes"]
    assert card["recipe"]["train"]["steps"] == 60 and "output" not in card["recipe"]
    assert str(place) not in json.dumps(card), "no path of this machine"


def test_the_sentence_warns_where_unseen_actions_are_not_recognised(card):
    weak = card["figures"]["unseen"]["judge"]["auc"]["value"] < 0.8
    assert ("Do not rank models" in card["notes"]) == weak


def test_the_facts_are_in_the_weights(place, card):
    model = load_model(place / "judge" / "judge.safetensors")
    assert model.facts["calibration"] == card["calibration"] and set(card["calibration"]) == {"seen", "unseen"}
    assert set(model.facts["actions"]) == {"walk", "jump", "sit", "kick", "punch", "crawl"}
    assert (place / "judge" / "judge.safetensors").stat().st_size < 16 * 2**20


def test_the_same_again_changes_nothing_and_takes_no_step(place, monkeypatch):
    before = [sha256_of(place / "judge" / name) for name in KEPT]
    monkeypatch.setattr(train_module, "contrast", lambda *_: pytest.fail("a step was taken"))
    train_judge(load_recipe(place / "recipe.yaml"))
    assert [sha256_of(place / "judge" / name) for name in KEPT] == before


def test_stopped_and_carried_on_is_the_same_judge(place, tmp_path, monkeypatch):
    """Stopped in step 31, behind the checkpoint of step 20: another start ends at the same bytes."""
    recipe = load_recipe(place / "recipe.yaml").model_copy(update={"output": str(tmp_path / "judge")})
    taken, contrast = [], train_module.contrast

    def stops(*arguments):
        taken.append(1)
        if len(taken) == 31:
            raise RuntimeError("the machine went away")
        return contrast(*arguments)

    monkeypatch.setattr(train_module, "contrast", stops)
    with pytest.raises(RuntimeError, match="went away"):
        train_judge(recipe)
    assert not (tmp_path / "judge" / "card.json").exists()
    train_judge(recipe)
    assert len(taken) == 31 + 40, "carried on behind step 20"
    assert sha256_of(tmp_path / "judge" / "judge.safetensors") == sha256_of(place / "judge" / "judge.safetensors")
    cards = [(folder / "judge" / "card.json").read_text() for folder in (tmp_path, place)]
    carried_on, whole = (re.sub(r"\b\d+ min;", "", card) for card in cards)  # how long it took is the machine's
    assert carried_on == whole


def test_another_recipe_does_not_carry_on_the_old_training(place):
    recipe = load_recipe(place / "recipe.yaml")
    with pytest.raises(MBenchError, match=r"checkpoint\.pt"):
        train_judge(recipe.model_copy(update={"held_out": ["wave"]}))


def test_figures_on_unseen_actions_are_the_twins(place, card, tmp_path):
    """A judge of everything has no unseen actions of its own: figures and map come from the one that held them out."""
    everything = load_recipe(place / "recipe.yaml").model_copy(
        update={"output": str(tmp_path), "held_out": [], "calibrate_on": [], "unseen_from": str(place / "judge")}
    )
    found = train_judge(everything)
    theirs = card["figures"]["unseen"]
    assert found["figures"]["unseen"] == {**theirs, "measured_on": "a judge of the same recipe without bow, wave"}
    assert list(found["calibration"]["unseen"]) == card["calibration"]["unseen"]
    assert "48 clips" in found["trained_on"] and found["figures"]["seen"]["judge"]["clips"] == 16
    assert RetrievalJudge(str(tmp_path)).knows("a person bows")


# ---------------------------------------------------------------- the trained judge


def test_it_is_a_judge_that_chooses_and_embeds(judge, card, place):
    assert isinstance(judge, Judge) and isinstance(judge, Chooser) and isinstance(judge, Embedder)
    assert judge.card.name == "retrieval" and judge.card.notes == card["notes"] and judge.card.version == VERSION
    assert judge.card.weights == sha256_of(place / "judge" / "judge.safetensors")
    built = build_judge("retrieval", {"weights": str(place / "judge")}, device="cpu")
    assert identity(built) == identity(judge)


def test_it_tells_actions_apart(judge, motions):
    seen = [i for i, action in enumerate(WORDINGS) if action not in HELD_OUT]
    texts = [list(WORDINGS.values())[i][0] for i in seen]
    right = judge.choose([motions[i] for i in seen], [texts] * len(seen))
    assert np.mean([a == b for a, b in zip(right, range(len(seen)), strict=True)]) > 0.5


def nearness(judge, motions, texts, place):
    """By plain loops: twice the cosine, less the text's mean cosine with the ten nearest motions of the training."""
    from mbench.weights import load_weights

    bank = load_weights(place / "judge" / "judge.safetensors")["bank"].double().numpy()
    vectors = judge.embed_texts(texts)
    crowd = [np.mean(sorted((float(text @ other) for other in bank), reverse=True)[:10]) for text in vectors]
    return 2 * judge.embed_motions(motions) @ vectors.T - np.array(crowd)


def test_match_is_the_map_of_the_nearness(judge, motions, card, place):
    texts = [wordings[1] for wordings in WORDINGS.values()]
    found = judge.match(motions, texts)
    assert all(type(p) is float and 0 <= p <= 1 for p in found)
    cosines = np.diag(nearness(judge, motions, texts, place))
    for action, cosine, probability in zip(WORDINGS, cosines, found, strict=True):
        slope, offset = card["calibration"]["unseen" if action in HELD_OUT else "seen"]
        assert probability == pytest.approx(1 / (1 + math.exp(-(slope * cosine + offset))), abs=1e-8)


def test_choose_takes_the_nearest(judge, motions, place):
    texts = [wordings[2] for wordings in WORDINGS.values()]
    lists = [texts[i:] + texts[: i // 2] for i in range(len(texts))]
    similarity = nearness(judge, motions, texts, place)
    for row, asked, picked in zip(similarity, lists, judge.choose(motions, lists), strict=True):
        cosines = [row[texts.index(text)] for text in asked]
        assert cosines[picked] == max(cosines) and cosines.index(max(cosines)) == picked
    assert judge.choose(motions[:1], [[texts[0], texts[0]]]) == [0], "the first of equals"


def test_a_body_that_does_not_move_is_no_action(judge, motions):
    """By lot, the same in every order, about evenly; but a pose that is asked for may be seen."""
    texts = [wordings[2] for wordings in WORDINGS.values() if "sit" not in wordings[2]]
    held = [
        motion.replace(joints=np.repeat(motion.joints[n : n + 1], 30, axis=0)) for motion in motions for n in range(12)
    ]
    picked = judge.choose(held, [texts] * len(held))
    assert judge.choose(held, [texts[::-1]] * len(held)) == [len(texts) - 1 - place for place in picked]
    assert judge.choose(held[:3], [texts] * 3) == picked[:3]
    assert set(picked) == set(range(len(texts))) and max(map(picked.count, set(picked))) < len(held) / 2
    assert set(judge.choose(held, [[*texts, "a person stands still"]] * len(held))) == {len(texts)}


def test_what_moves():
    generator = np.random.default_rng(0)
    figure = posed(0, 1).joints[0]
    held = Motion(np.repeat(figure[None], 40, axis=0))
    assert not moves(held) and not moves(Motion(figure[None]))
    assert not moves(degrade.jitter(held, 0.02, generator)), "trembling is no movement"
    hand = held.joints.copy()
    hand[:, 20, 0] += np.linspace(0, 0.2, 40)
    assert moves(Motion(hand)) and moves(degrade.slide(held, 0.5))
    assert poses_among(["a person sits", "a person sits down and waves", "the blue one", "she stands"]) == [0, 3]


def test_it_knows_the_actions_that_it_was_trained_on(judge):
    for action, wordings in WORDINGS.items():
        assert judge.knows(wordings[0]) == (action not in HELD_OUT)
    assert judge.knows("a person walks, then sits down") and not judge.knows("a person walks, then bows")
    assert not judge.knows("the blue one") and not judge.knows("")


def test_nothing_in_nothing_out(judge):
    assert judge.match([], []) == [] and judge.choose([], []) == []
    assert judge.embed_motions([]).shape == (0, 16) and judge.embed_texts([]).shape == (0, 16)


def test_what_is_remembered_changes_nothing(place, motions):
    fresh, used = (RetrievalJudge(str(place / "judge")) for _ in range(2))
    for motion in motions[::-1]:
        used.embed_motions([motion])
    assert np.array_equal(used.embed_motions(motions), fresh.embed_motions(motions))
    used._model.motions = lambda motions: pytest.fail("computed again")
    assert np.array_equal(used.embed_motions([motions[2], motions[2]]), fresh.embed_motions([motions[2]] * 2))


def test_motions_that_differ_in_any_way_that_counts_are_not_mistaken(judge):
    one = posed(3, 40)
    others = [
        one, Motion(one.joints, 30.0), one.replace(joints=one.joints[::-1]), one.replace(joints=one.joints[:-1]),
        one.replace(joints=one.joints * np.float32(1.01)),
    ]  # fmt: skip
    assert len(np.unique(judge.embed_motions(others), axis=0)) == len(others)


def test_batch_and_order_change_no_answer(place, motions):
    texts = [wordings[0] for wordings in WORDINGS.values()]
    whole = RetrievalJudge(str(place / "judge")).match(motions, texts)
    alone = [RetrievalJudge(str(place / "judge"))]
    assert [alone[0].match([m], [t])[0] for m, t in zip(motions, texts, strict=True)] == whole
    assert RetrievalJudge(str(place / "judge")).match(motions[::-1], texts[::-1])[::-1] == whole


def copied(place: Path, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("judge.safetensors", "card.json"):
        shutil.copy(place / "judge" / name, folder / name)
    return folder


def test_other_weights_are_another_judge(place, judge, tmp_path):
    folder = copied(place, tmp_path / "a")
    assert identity(RetrievalJudge(str(folder))) == identity(judge)
    model = load_model(folder / "judge.safetensors")
    next(iter(model.network.text.parameters())).data += 0.01
    model.save(folder / "judge.safetensors")
    assert identity(RetrievalJudge(str(folder))) != identity(judge)
    model = load_model(copied(place, tmp_path / "b") / "judge.safetensors")
    model.facts["calibration"]["seen"] = [1.0, 0.0]
    model.save(tmp_path / "b" / "judge.safetensors")
    assert identity(RetrievalJudge(str(tmp_path / "b"))) != identity(judge), "another map gives other answers"


def test_a_judge_without_a_map_chooses_and_has_no_probability(place, motions, tmp_path):
    folder = copied(place, tmp_path)
    model = load_model(folder / "judge.safetensors")
    model.facts["calibration"] = {}
    model.save(folder / "judge.safetensors")
    unsure = RetrievalJudge(str(folder))
    assert all(isinstance(answer, NotApplicable) for answer in unsure.match(motions[:2], ["a", "b"]))
    assert unsure.choose(motions[:1], [["a person sits", "a person walks"]])[0] in (0, 1)


@pytest.mark.parametrize("gone", ["judge.safetensors", "card.json"])
def test_a_folder_that_lacks_something_is_one_line(place, tmp_path, gone):
    folder = copied(place, tmp_path)
    (folder / gone).unlink()
    with pytest.raises(ConfigError) as told:
        RetrievalJudge(str(folder))
    assert f"{folder} has no {gone}" in str(told.value) and "\n" not in str(told.value)


def test_no_folder_and_damaged_files_are_one_line(place, tmp_path, motions):
    with pytest.raises(ConfigError, match="nowhere has no judge.safetensors"):
        build_judge("retrieval", {"weights": str(tmp_path / "nowhere")})
    folder = copied(place, tmp_path)
    (folder / "judge.safetensors").write_bytes(b"rubbish")
    with pytest.raises(ConfigError, match="judge.safetensors"):
        RetrievalJudge(str(folder)).embed_motions(motions[:1])
    (folder / "card.json").write_text("{")
    with pytest.raises(MBenchError, match=r"card\.json: is not JSON"):
        RetrievalJudge(str(folder))


def test_another_text_encoder_is_refused(place, tmp_path):
    folder = copied(place, tmp_path)
    model = load_model(folder / "judge.safetensors")
    for change, words in (({"encoder": "0" * 64}, "another version of"), ({"encoder_name": "./nowhere"}, "no such")):
        changed = load_model(folder / "judge.safetensors")
        changed.facts = {**model.facts, **change}
        changed.save(folder / "judge.safetensors")
        with pytest.raises(ConfigError, match=words):
            RetrievalJudge(str(folder)).embed_texts(["a person walks"])


def test_without_a_shipped_judge_the_message_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(judge_module, "SHIPPED", tmp_path)
    with pytest.raises(ConfigError, match=r"has no judge\.safetensors"):
        build_judge("retrieval")
    assert RetrievalJudge.described() == {}


# ---------------------------------------------------------------- the command line


def test_train_judge_prints_the_card(place, card, tmp_path):
    """The training is finished: the command takes no step, measures again and prints."""
    folder = shutil.copytree(place / "judge", tmp_path / "judge")
    config = write_recipe(tmp_path / "recipe.yaml", recipe_of(place / "data", folder))
    config.write_text(config.read_text().replace(f"data: {place / 'data'}", "data: data"))
    (tmp_path / "data").symlink_to(place / "data")
    done = command("train-judge", config, "--quiet")
    assert done.returncode == 0, done.stderr
    for name in ("judge.safetensors", "log.jsonl"):
        assert sha256_of(folder / name) == sha256_of(place / "judge" / name)
    again = json.loads((folder / "card.json").read_text())
    for group, found in card["figures"].items():
        assert again["figures"][group]["judge"]["auc"]["value"] == found["judge"]["auc"]["value"]
    for word in ("right one of 10", "linear probe", "not trained on", "AUC", f"weights: {folder}"):
        assert word in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"stpes": 5}, ["recipe.yaml", "stpes"]),
        ({"held_out": ["wavee"]}, ["held_out", "'wavee'", "wave"]),
        ({"calibrate_on": ["nothing such"]}, ["nothing such"]),
        ({"train": {"steps": "many"}}, ["train.steps", "many"]),
        ({"train": {"batch": 1}}, ["train.batch"]),
        ({"data": "nowhere"}, ["nowhere", "no such file or folder"]),
        ({"train": {"batch": 500}}, ["36 clips to train on", "500"]),
        ({"unseen_from": "nowhere", "held_out": []}, ["unseen_from", "nowhere", "with held_out"]),
        ({"encoder": "./nowhere"}, ["text encoder", "nowhere"]),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_bad_recipes_are_one_line_and_exit_code_2(place, tmp_path, change, words):
    recipe = recipe_of(place / "data", tmp_path / "judge") | change
    one_line_error(command("train-judge", write_recipe(tmp_path / "recipe.yaml", recipe), "--quiet"), *words)
    assert not (tmp_path / "judge" / "card.json").exists() and not (tmp_path / "judge" / "checkpoint.pt").exists()


def test_a_recipe_that_is_no_recipe(tmp_path):
    (tmp_path / "recipe.yaml").write_text("- a\n")
    one_line_error(command("train-judge", tmp_path / "recipe.yaml"), "expected fields such as")
    one_line_error(command("train-judge", tmp_path / "gone.yaml"), "gone.yaml")


def test_evaluate_with_the_trained_judge(place, tmp_path):
    """The name and the options that training printed are what a configuration needs."""
    texts = [wordings[0] for wordings in WORDINGS.values()]
    prompts = [
        {"id": action, "text": text, "seconds": 2.0, "candidates": [t for t in texts if t != text],
         "dimensions": ["motion_condition_consistency", "motion_generalizability"]}
        for action, text in zip(WORDINGS, texts, strict=True) if action not in HELD_OUT
    ]  # fmt: skip
    write_json(tmp_path / "suite.json", {"name": "s", "prompts": prompts})
    write_json(
        tmp_path / "model.yaml",
        {"model": "choreographer", "suite": "suite.json", "output": str(tmp_path / "results"),
         "metrics": ["fidelity/motion_condition_consistency", "generalization/match_probability"],
         "judge": {"name": "retrieval", "options": {"weights": str(place / "judge")}}},
    )  # fmt: skip
    done = command("evaluate", tmp_path / "model.yaml")
    assert done.returncode == 0, done.stderr
    result = json.loads(next(tmp_path.rglob("result.json")).read_text())
    consistency = result["metrics"]["fidelity/motion_condition_consistency"]
    assert consistency["value"] >= 0.5 and consistency["chance"] == pytest.approx(1 / 8)
    assert consistency["judge_notes"] == RetrievalJudge(str(place / "judge")).card.notes
