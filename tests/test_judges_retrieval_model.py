"""The network of the retrieval judge, and the trained judge on disk."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from mbench.errors import ConfigError, MBenchError  # noqa: E402
from mbench.judges.retrieval.examples import LONGEST, padded  # noqa: E402
from mbench.judges.retrieval.model import (  # noqa: E402
    BATCH,
    RetrievalModel,
    groups_of,
    load_model,
    pieces_of,
    unit,
)
from mbench.judges.retrieval.network import RetrievalNetwork, Shape, contrast, positions  # noqa: E402
from mbench.motion import Motion  # noqa: E402
from mbench.motion.canonical import translate, yaw  # noqa: E402
from mbench.motion.resample import resample  # noqa: E402
from mbench.weights import save_weights  # noqa: E402
from motions import posed  # noqa: E402

TINY = Shape(width=32, layers=2, heads=4, patch=4, space=16, text=24, dropout=0.3)
FACTS = {"calibration": {"seen": [7.5, -2.25], "unseen": [3.0, -1.0]}, "actions": ["walk"], "encoder": "e",
         "encoder_name": None}  # fmt: skip
LENGTHS = (1, 2, 3, 4, 5, 19, 20, 21, 60, 80, 81, 100, 140, 199, 200, 201, 405)


def network(seed: int = 0, shape: Shape = TINY) -> RetrievalNetwork:
    torch.manual_seed(seed)
    made = RetrievalNetwork(shape)
    made.motion.mean.copy_(torch.randn(len(made.motion.mean)) * 0.3)
    made.motion.scale.copy_(torch.rand(len(made.motion.scale)) + 0.5)
    return made


@pytest.fixture(scope="module")
def model() -> RetrievalModel:
    return RetrievalModel(network(), FACTS)


@pytest.fixture(scope="module")
def motions() -> list[Motion]:
    return [posed(seed, frames) for seed, frames in enumerate(LENGTHS)]


@pytest.fixture(scope="module")
def vectors(model, motions):
    return model.motions(motions)


# ---------------------------------------------------------------- vectors


def test_vectors_have_norm_1_and_differ(model, vectors):
    texts = model.texts(np.random.default_rng(0).normal(size=(9, 24)))
    for rows in (vectors, texts):
        assert rows.dtype == np.float64 and rows.shape[1] == 16
        assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
        assert len(np.unique(rows, axis=0)) == len(rows)


def test_nothing_in_nothing_out(model):
    assert model.motions([]).shape == (0, 16) and model.texts(np.zeros((0, 24))).shape == (0, 16)


def test_a_vector_is_the_same_bits_whatever_is_beside_it(model, motions, vectors):
    """Alone, with others of any length, in any order, and among more than a batch of its own length."""
    for index, motion in enumerate(motions):
        assert np.array_equal(model.motions([motion])[0], vectors[index]), LENGTHS[index]
    generator = np.random.default_rng(0)
    for size in (2, 5, len(motions)):
        chosen = generator.permutation(len(motions))[:size]
        assert np.array_equal(model.motions([motions[i] for i in chosen]), vectors[chosen])
    crowd = [posed(100 + seed, 80 + seed % 5) for seed in range(2 * BATCH + 3)]
    together = model.motions([*crowd, motions[9]])
    assert np.array_equal(together[-1], vectors[9])
    assert np.array_equal(model.motions(crowd[::-1])[::-1], together[:-1])


def test_a_text_is_the_same_bits_whatever_is_beside_it(model):
    sentences = np.random.default_rng(1).normal(size=(70, 24)).astype(np.float32)
    together = model.texts(sentences)
    assert np.array_equal(model.texts(sentences[::-1])[::-1], together)
    assert all(np.array_equal(model.texts(sentences[i : i + 1])[0], together[i]) for i in range(0, 70, 7))


def test_threads_change_no_bit(model, motions, vectors):
    before = torch.get_num_threads()
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            assert np.array_equal(model.motions(motions), vectors)
    finally:
        torch.set_num_threads(before)


def test_rounding_keeps_far_more_than_the_noise_decides(model, motions):
    """What makes the equalities above hold: unrounded vectors differ by 1e-14 at most, the step that is kept is 1e-6.

    A value is rounded differently with a chance of noise / step: here 1e-8, below 1 % in a million numbers.
    """
    pieces = [pieces_of(motion)[0] for motion in motions]
    together = model._encode(*padded(pieces))
    alone = np.concatenate([model._encode(*padded([piece])) for piece in pieces])
    assert 0 < np.abs(together - alone).max() < 1e-14
    rows = np.random.default_rng(0).normal(size=(50, 16))
    kept = np.abs(unit(rows) - rows / np.linalg.norm(rows, axis=1, keepdims=True)).max()
    assert 4e-7 < kept <= 5e-7


def test_the_encoder_does_not_see_the_padding(model):
    """However long the clips beside it are; nor does the number of padded frames count in the mean."""
    piece = pieces_of(posed(3, 50))[0]
    joints, frames = padded([piece])
    longer = np.concatenate([joints, np.repeat(joints[:, -1:], 120, axis=1)], axis=1)
    assert np.allclose(model._encode(longer, frames), model._encode(joints, frames), rtol=0, atol=1e-12)
    assert not np.allclose(model._encode(longer, frames + 100), model._encode(joints, frames), atol=1e-3)


def test_dropout_is_off(model, motions, vectors):
    assert np.array_equal(model.motions(motions), vectors)
    assert not model.network.training


def test_the_vector_does_not_see_place_and_direction_but_the_movement(model, motions, vectors):
    moved = [translate(yaw(motion, 2.1), [3.0, -4.0, 0.0]) for motion in motions]
    assert np.allclose(model.motions(moved), vectors, atol=1e-4)  # joints are float32
    backwards = [motion.replace(joints=motion.joints[::-1]) for motion in motions[6:]]
    assert np.abs(model.motions(backwards) - vectors[6:]).max() > 1e-2


def test_order_in_time_counts(model, motions):
    """Not only what the frames are, as a bag of features would see, but when."""
    motion = motions[9]
    halves = np.concatenate([motion.joints[40:], motion.joints[:40]])
    assert np.abs(model.motions([motion.replace(joints=halves)]) - model.motions([motion])).max() > 1e-3


@pytest.mark.parametrize("frames", [201, 400, 405, 1000])
def test_long_motions_are_the_mean_of_equal_pieces(model, frames):
    motion = posed(7, frames)
    pieces = pieces_of(motion)
    lengths = [len(piece) for piece in pieces]
    assert sum(lengths) == frames and max(lengths) <= LONGEST and max(lengths) - min(lengths) <= 1
    assert len(pieces) == math.ceil(frames / LONGEST)
    assert np.array_equal(np.concatenate(pieces), motion.joints)
    each = np.concatenate([model._encode(*padded([piece])) for piece in pieces])
    mean = each.mean(axis=0)
    assert np.allclose(model.motions([motion])[0], mean / np.linalg.norm(mean), atol=1e-6)


@pytest.mark.parametrize("fps", [10.0, 30.0, 60.0])
def test_motions_at_other_rates_are_brought_to_20(model, fps):
    motion = posed(5, round(4 * fps), fps=fps, highest_hz=1.0)
    assert np.array_equal(model.motions([motion]), model.motions([resample(motion, 20.0)]))
    slow = model.motions([posed(5, 80, fps=20.0, highest_hz=1.0)])
    assert np.linalg.norm(model.motions([motion]) - slow) < 0.1
    misread = Motion(motion.joints, 20.0)
    assert np.linalg.norm(model.motions([misread]) - slow) > np.linalg.norm(model.motions([motion]) - slow)


# ---------------------------------------------------------------- groups and padding


def test_groups_hold_every_clip_once_and_clips_of_about_one_length():
    generator = np.random.default_rng(0)
    lengths = [int(n) for n in generator.integers(1, 200, 300)]
    groups = groups_of(lengths, 4)
    assert sorted(i for group in groups for i in group) == list(range(300))
    assert all(len(group) <= BATCH for group in groups)
    for group in groups:
        patches = [math.ceil(lengths[i] / 4) for i in group]
        assert max(patches) <= 1.25 * min(patches)
    assert groups_of([], 4) == []


def test_padding_repeats_the_last_frame():
    pieces = [np.random.default_rng(n).normal(size=(n, 22, 3)) for n in (5, 8, 1)]
    joints, frames = padded(pieces, 4)
    assert joints.shape == (3, 8, 22, 3) and frames.tolist() == [5, 8, 1]
    for row, piece in zip(joints, pieces, strict=True):
        assert np.array_equal(row[: len(piece)], piece)
        assert all(np.array_equal(frame, piece[-1]) for frame in row[len(piece) :])
    assert padded([pieces[0]], 3)[0].shape[1] == 6


# ---------------------------------------------------------------- the loss


def random_unit(count: int, seed: int, width: int = 16):
    values = np.random.default_rng(seed).normal(size=(count, width))
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def test_nearness_equals_plain_loops():
    """Twice the cosine less the mean of the text's ten largest cosines with the motions of the training."""
    bank, motions, texts = random_unit(40, 0), random_unit(5, 1), random_unit(7, 2)
    found = RetrievalModel(network(), {}, bank=bank).nearness(motions, texts)
    for i, motion in enumerate(motions):
        for j, text in enumerate(texts):
            crowd = sorted((float(text @ other) for other in bank), reverse=True)[:10]
            assert found[i, j] == pytest.approx(2 * float(motion @ text) - sum(crowd) / 10, abs=1e-12)


def test_a_text_near_to_everything_says_less():
    motion = random_unit(1, 3)
    bank = np.repeat(random_unit(1, 4), 20, axis=0)
    crowded, lonely = (motion + 1.001 * bank[:1])[0], (motion + random_unit(1, 5))[0]
    texts = np.stack([v / np.linalg.norm(v) for v in (crowded, lonely)])
    plain, corrected = (RetrievalModel(network(), {}, bank=b).nearness(motion, texts)[0] for b in (None, bank))
    assert corrected[1] - corrected[0] > plain[1] - plain[0] + 0.3


def test_the_bank_comes_back_from_the_file(tmp_path):
    bank = random_unit(12, 6).astype(np.float16).astype(np.float64)
    RetrievalModel(network(), {"actions": []}, bank=bank).save(tmp_path / "judge.safetensors")
    assert (load_model(tmp_path / "judge.safetensors").bank == bank).all()


def naive_contrast(motions, texts, scale, ignored) -> float:
    """Symmetric InfoNCE by loops: of each row and each column, minus the log share of its own pair."""
    count = len(motions)
    loss = 0.0
    for own in range(count):
        rows = columns = 0.0
        for other in range(count):
            if not ignored[own][other]:
                rows += math.exp(scale * float(motions[own] @ texts[other]))
            if not ignored[other][own]:
                columns += math.exp(scale * float(motions[other] @ texts[own]))
        right = scale * float(motions[own] @ texts[own])
        loss += math.log(rows) - right + math.log(columns) - right
    return loss / (2 * count)


def batch(count: int, seed: int = 0):
    generator = np.random.default_rng(seed)
    rows = [torch.from_numpy(unit(generator.normal(size=(count, 6))).astype(np.float32)) for _ in range(2)]
    return (*rows, torch.tensor(5.0))


@pytest.mark.parametrize("masked", [False, True])
def test_contrast_equals_plain_loops(masked):
    motions, texts, scale = batch(7)
    ignored = np.random.default_rng(1).random((7, 7)) < 0.4 if masked else np.zeros((7, 7), bool)
    np.fill_diagonal(ignored, False)  # not symmetric on purpose: rows and columns are masked each by their own entry
    found = contrast(motions, texts, scale, torch.from_numpy(ignored))
    assert float(found) == pytest.approx(naive_contrast(motions.numpy(), texts.numpy(), 5.0, ignored), rel=1e-5)


def test_contrast_of_known_batches():
    """A perfect batch at a high scale costs nothing; one that tells nothing apart costs ln(B); the wrong way, more."""
    none = torch.zeros(4, 4, dtype=torch.bool)
    eye = torch.eye(4)
    assert float(contrast(eye, eye, torch.tensor(50.0), none)) == pytest.approx(0, abs=1e-6)
    same = torch.ones(4, 4) / 2
    assert float(contrast(same, same, torch.tensor(9.0), none)) == pytest.approx(math.log(4))
    assert float(contrast(eye, eye.roll(1, 0), torch.tensor(5.0), none)) > 4


def test_a_false_negative_is_neither_pushed_away_nor_counted():
    """Two motions with the same text: without the mask no vectors are good enough, with it they are."""
    texts = torch.eye(4)[[0, 0, 1, 2]]
    ignored = torch.zeros(4, 4, dtype=torch.bool)
    ignored[0, 1] = ignored[1, 0] = True
    scale = torch.tensor(50.0)
    assert float(contrast(texts, texts, scale, ignored)) == pytest.approx(0, abs=1e-6)
    assert float(contrast(texts, texts, scale, torch.zeros_like(ignored))) == pytest.approx(math.log(2) / 2, abs=1e-6)
    free = torch.randn(4, 4, requires_grad=True)
    similarity = torch.autograd.grad(contrast(free, torch.eye(4), torch.tensor(1.0), ignored), free)[0]
    assert similarity[0, 1] == 0 and similarity[1, 0] == 0 and (similarity[0, 2:] != 0).all()


def test_a_batch_in_parts_is_the_batch(model):
    """The network takes parts of one length each; how it is cut decides nothing."""
    made = network().double().eval()
    pieces = [pieces_of(posed(seed, 20 + 4 * seed))[0] for seed in range(6)]
    sentences = torch.from_numpy(np.random.default_rng(0).normal(size=(6, 24)))
    whole = [torch.from_numpy(values) for values in padded(pieces)]
    cut = [[torch.from_numpy(values) for values in padded(pieces[a:b])] for a, b in ((0, 1), (1, 4), (4, 6))]
    together = made([whole[0]], [whole[1]], sentences)
    parts = made([joints for joints, _ in cut], [frames for _, frames in cut], sentences)
    for one, other in zip(together, parts, strict=True):
        assert torch.allclose(one, other, rtol=0, atol=1e-12)
    assert float(together[2].detach()) == pytest.approx(1 / 0.07)
    made.log_scale.data.fill_(99.0)
    assert float(made([whole[0]], [whole[1]], sentences)[2].detach()) == 100


def test_positions_are_those_of_the_paper():
    table = positions(5, 8)
    for place in range(5):
        for pair in range(4):
            angle = place / 10000 ** (2 * pair / 8)
            assert float(table[place, 2 * pair]) == pytest.approx(math.sin(angle))
            assert float(table[place, 2 * pair + 1]) == pytest.approx(math.cos(angle))


def test_every_weight_learns():
    made = network().train()
    joints, frames = (torch.from_numpy(v) for v in padded([pieces_of(posed(s, 24))[0] for s in range(5)]))
    sentences = torch.randn(5, 24, generator=torch.Generator().manual_seed(0))
    out = made([joints.float()], [frames], sentences)
    contrast(*out, torch.zeros(5, 5, dtype=torch.bool)).backward()
    still = [name for name, p in made.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert still == []


# ---------------------------------------------------------------- on disk


def test_what_is_saved_reads_back(tmp_path, motions):
    path, again = tmp_path / "judge.safetensors", tmp_path / "again.safetensors"
    made = RetrievalModel(network(), FACTS)
    made.save(path)
    read = load_model(path)
    assert read.facts == FACTS and read.network.shape == TINY
    assert np.allclose(read.motions(motions), made.motions(motions), atol=5e-3)  # fp16
    sentences = np.random.default_rng(0).normal(size=(4, 24))
    assert np.allclose(read.texts(sentences), made.texts(sentences), atol=5e-3)
    read.save(again)
    assert again.read_bytes() == path.read_bytes()
    assert np.array_equal(load_model(again).motions(motions), read.motions(motions))


def spoilt(path, how: str) -> None:
    RetrievalModel(network(), FACTS).save(path)
    state = network().state_dict()
    shape = {"shape": json.dumps({**TINY.__dict__}), "facts": json.dumps(FACTS)}
    if how == "cut off":
        path.write_bytes(path.read_bytes()[:-100])
    elif how == "cut in the header":
        path.write_bytes(path.read_bytes()[:50])
    elif how == "rubbish":
        path.write_bytes(b"rubbish" * 100)
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "another model":
        save_weights(path, {"a": torch.zeros(3)})
    elif how == "no facts":
        save_weights(path, state, metadata={"shape": shape["shape"]})
    elif how == "another shape":
        save_weights(path, state, metadata={**shape, "shape": json.dumps({**TINY.__dict__, "width": 64})})
    elif how == "unknown size":
        save_weights(path, state, metadata={**shape, "shape": json.dumps({**TINY.__dict__, "depth": 4})})
    elif how == "weights missing":
        save_weights(path, {k: v for k, v in state.items() if "out" not in k}, metadata=shape)
    elif how == "gone":
        path.unlink()


@pytest.mark.parametrize(
    "how",
    ["cut off", "cut in the header", "rubbish", "empty", "another model", "no facts", "another shape", "unknown size",
     "weights missing", "gone"],
)  # fmt: skip
def test_other_and_damaged_files_are_refused_in_one_line(tmp_path, how):
    path = tmp_path / "judge.safetensors"
    spoilt(path, how)
    with pytest.raises(MBenchError) as told:
        load_model(path)
    message = str(told.value)
    assert isinstance(told.value, ConfigError) and str(path) in message and "\n" not in message and len(message) < 500


def test_weights_that_are_not_finite_are_not_written(tmp_path):
    made = RetrievalModel(network(), FACTS)
    made.network.motion.out.weight.data[0, 0] = math.nan
    with pytest.raises(MBenchError, match="not finite"):
        made.save(tmp_path / "judge.safetensors")
    assert not (tmp_path / "judge.safetensors").exists()
