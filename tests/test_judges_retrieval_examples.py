"""Training examples: decided by the step, mirrored with their words, on other skeletons; what is no wrong pair."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from mbench.datasets.base import Caption, Clip, TextMotionDataset  # noqa: E402
from mbench.datasets.captions import captions_of, mirror_text  # noqa: E402
from mbench.judges.retrieval import examples  # noqa: E402
from mbench.judges.retrieval.examples import (  # noqa: E402
    LONGEST,
    PARTS,
    SAME_TEXT,
    SHORTEST,
    STILL,
    Batches,
    Example,
    draw,
    example_of,
    examples_of,
    false_negatives,
    group_of,
    mirrored,
    skeletons_of,
)
from mbench.motion import Motion, Pose  # noqa: E402
from mbench.motion.kinematics import forward_kinematics, world_rotations  # noqa: E402
from mbench.motion.skeleton import FEET, MIRROR, PARENTS, REST_OFFSETS  # noqa: E402
from mbench.seeds import seed_of  # noqa: E402
from motions import posed  # noqa: E402

LABELS = ("walk", "kick-left", "jump", "turn-right", "sit", "wave-left")
TALL = REST_OFFSETS * np.array([1, 1, 1.3], np.float32)


class Words:
    """An encoder of texts into drawn directions."""

    def sentences(self, texts):
        return np.stack([np.random.default_rng(seed_of("words", text)).normal(size=12) for text in texts]).astype("f4")


def clip_of(number: int, frames: int = 50) -> Clip:
    return Clip(f"c{number:02d}", 20.0, frames, labels={"content": LABELS[number % len(LABELS)]}, split="train")


@pytest.fixture(scope="module")
def made() -> list[Example]:
    found = [example_of(clip_of(i), posed(i, 30 + 9 * i), [REST_OFFSETS, TALL], 6, 3) for i in range(24)]
    assert all(found)
    return found


# ---------------------------------------------------------------- examples


def test_an_example_holds_the_motion_its_texts_and_their_mirror_images(made):
    for number, example in enumerate(made):
        motion = posed(number, 30 + 9 * number)
        assert np.array_equal(example.joints[0], motion.joints) and len(example.joints) == 3
        assert example.texts == tuple(captions_of(example.clip, 6)) and len(example.texts) >= 6
        assert example.mirrored == tuple(mirror_text(text) for text in example.texts)
    assert any("left" in t and "right" in m for t, m in zip(made[1].texts, made[1].mirrored, strict=True))


def test_clips_that_can_not_be_learnt_from_are_none():
    assert example_of(clip_of(0), posed(0, SHORTEST - 1), [], 6, 3) is None
    assert example_of(clip_of(0), posed(0, SHORTEST), [], 6, 3) is not None
    assert example_of(Clip("x", 20.0, 50), posed(0, 50), [], 6, 3) is None
    slow = example_of(clip_of(0), posed(0, 60, fps=60.0), [REST_OFFSETS], 6, 3)
    assert [len(joints) for joints in slow.joints] == [20, 20, 20], "at 20 fps"
    bare = Motion(posed(0, 50).joints)
    assert len(example_of(clip_of(0), bare, [REST_OFFSETS], 6, 3).joints) == 1, "no rotations to carry over"


def lengths(joints):
    return np.array([np.linalg.norm(joints[:, j] - joints[:, p], axis=-1) for j, p in enumerate(PARENTS) if p >= 0])


def test_a_motion_on_another_skeleton_has_its_bones_and_its_own_rotations():
    """And toes as low, in legs, as before; steps as long, in legs; nothing else is changed."""
    motion = posed(4, 60)
    for offsets in (TALL, REST_OFFSETS * np.float32(0.8)):
        carried = examples._carried_over(motion, offsets)
        bones = np.linalg.norm(offsets[1:], axis=-1)
        assert np.allclose(lengths(carried), bones[:, None], atol=1e-5)
        ratio = (bones[3] + bones[6]) / np.linalg.norm(REST_OFFSETS[[4, 7]], axis=-1).sum()
        assert carried[:, FEET, 2].min() == pytest.approx(motion.joints[:, FEET, 2].min() * ratio, abs=1e-5)
        steps, own = np.diff(carried[:, 0], axis=0), np.diff(motion.joints[:, 0], axis=0)
        assert np.allclose(steps, own * ratio, atol=1e-5)
        world = world_rotations(motion.pose.rotations)
        for joint, parent in enumerate(PARENTS):
            if parent >= 0:
                bone = carried[:, joint] - carried[:, parent]
                assert np.allclose(bone, world[:, parent] @ offsets[joint], atol=1e-5)
    assert np.allclose(examples._carried_over(motion, REST_OFFSETS), motion.joints, atol=1e-5)


def test_skeletons_are_told_apart_and_found_once():
    def on(offsets, seed):
        motion = posed(seed, 30)
        joints = forward_kinematics(motion.pose.rotations, motion.joints[:, 0], offsets)
        return Motion(joints, 20, Pose(motion.pose.rotations, offsets))

    found = skeletons_of([on(REST_OFFSETS, 0), on(TALL, 1), on(REST_OFFSETS, 2), Motion(posed(3).joints)])
    assert len(found) == 2 and np.allclose(found[0], REST_OFFSETS) and np.allclose(found[1], TALL)


def test_examples_of_a_dataset_leave_out_what_has_no_words():
    clips = (clip_of(0), Clip("mute", 20.0, 50), clip_of(1))
    dataset = TextMotionDataset("d", "shards", None, clips, {}, lambda clip: posed(len(clip.id), 50))
    found = examples_of(dataset, clips, captions=4, variants=2)
    assert [e.clip.id for e in found] == ["c00", "c01"] and all(len(e.joints) == 2 for e in found)
    again = examples_of(dataset, clips[::-1], captions=4, variants=2)
    assert np.array_equal(again[-1].joints[1], found[0].joints[1]), "the skeleton does not depend on the order"


# ---------------------------------------------------------------- draws


def test_mirroring_swaps_sides_and_twice_is_nothing():
    joints = posed(0, 30).joints
    image = mirrored(joints)
    for joint in range(22):
        assert np.array_equal(image[:, joint], joints[:, MIRROR[joint]] * [-1, 1, 1])
    assert np.array_equal(mirrored(image), joints)


def test_mirrored_words_go_with_mirrored_motion(made):
    """The example walks to +x, its mirror image to -x; cut, speed and noise leave the sign."""
    path = np.zeros((60, 22, 3), np.float32)
    path[..., 0] = np.arange(60)[:, None] * 0.1
    example = Example(clip_of(1), (path,), ("to the left", "left again"), ("to the right", "right again"))
    seen = set()
    for seed in range(80):
        joints, text = draw(example, np.random.default_rng(seed))
        forward = joints[-1, 0, 0] > joints[0, 0, 0]
        assert forward == ("left" in text)
        seen.add(text)
        assert joints.dtype == np.float32 and SHORTEST <= len(joints) <= LONGEST
    assert seen == {"to the left", "left again", "to the right", "right again"}


def test_speed_cut_and_skeleton_vary_within_their_bounds(made):
    long = Example(clip_of(0), (posed(0, 420).joints,), ("a",), ("a",))
    sizes = [len(draw(long, np.random.default_rng(seed))[0]) for seed in range(200)]
    assert max(sizes) <= LONGEST and min(sizes) >= 0.6 * LONGEST - 1 and len(set(sizes)) > 20
    steady = np.zeros((100, 22, 3), np.float32)
    steady[..., 1] = np.arange(100)[:, None] * 0.05
    speeds = []
    for seed in range(200):
        joints, _ = draw(Example(clip_of(0), (steady,), ("a",), ("a",)), np.random.default_rng(seed))
        speeds.append(np.diff(joints[:, :, 1], axis=0).mean() / 0.05)
    assert 0.84 < min(speeds) < 0.9 and 1.1 < max(speeds) < 1.16
    short = Example(clip_of(0), (posed(0, 20).joints,), ("a",), ("a",))
    assert all(len(draw(short, np.random.default_rng(seed))[0]) >= 17 for seed in range(20)), "left whole"


# ---------------------------------------------------------------- batches


def same(one, other) -> bool:
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return torch.equal(one, other)


def test_a_batch_is_decided_by_the_step_and_the_seed_alone(made):
    first, second = (Batches(made, Words(), 12, 7) for _ in range(2))
    steps = [first(step) for step in (0, 1, 2, 500)]
    for step, batch in zip((500, 2, 1, 0), reversed(steps), strict=True):
        again = second(step)
        assert batch.keys() == again.keys() and all(same(batch[key], again[key]) for key in batch)
    assert not same(steps[0]["sentences"], steps[1]["sentences"])
    assert not same(Batches(made, Words(), 12, 8)(0)["sentences"], steps[0]["sentences"])


def test_a_batch_holds_matching_pairs_in_parts_of_about_one_length(made):
    encoder, batches = Words(), Batches(made, Words(), 12, 0, still=0)
    known = {text: example for example in made for text in (*example.texts, *example.mirrored)}
    vectors = {encoder.sentences([text])[0].tobytes(): text for text in known}
    for step in range(5):
        batch = batches(step)
        frames = torch.cat(batch["frames"]).tolist()
        assert len(batch["joints"]) == PARTS and frames == sorted(frames) and len(frames) == 12
        for joints, own in zip(batch["joints"], batch["frames"], strict=True):
            assert joints.dtype == torch.float32 and joints.shape[1] % 4 == 0
            assert joints.shape[1] == -(-int(own.max()) // 4) * 4
            for row, count in zip(joints, own, strict=True):
                assert torch.equal(row[count:], row[count - 1 : count].expand(len(row) - count, -1, -1))
        assert all(row.numpy().tobytes() in vectors for row in batch["sentences"])
        assert batch["ignored"].shape == (12, 12) and not batch["ignored"].diagonal().any()
    texts = [vectors[row.numpy().tobytes()] for row in batch["sentences"]]
    alike = [[a == b for b in texts] for a in texts]
    expected = torch.tensor(alike) & ~torch.eye(12, dtype=torch.bool)
    assert torch.equal(batch["ignored"] | expected, batch["ignored"]), "the same wording is no wrong pair"


def test_some_pairs_are_held_still_and_called_so(made):
    """No two of them are a wrong pair of each other, and nothing else stands still."""
    called = {row.tobytes() for row in Words().sentences(list(STILL))}
    counts = []
    for step in range(40):
        batch = Batches(made, Words(), 12, 0, still=0.3)(step)
        pieces = [joints for part in batch["joints"] for joints in part]
        still = [bool((piece == piece[:1]).all()) for piece in pieces]
        assert still == [row.numpy().tobytes() in called for row in batch["sentences"]]
        both = torch.tensor(still)[:, None] & torch.tensor(still)[None] & ~torch.eye(12, dtype=torch.bool)
        assert batch["ignored"][both].all()
        counts.append(sum(still))
    assert 0.2 < np.mean(counts) / 12 < 0.4


@pytest.mark.parametrize("size", [2, 3, 5])
def test_small_batches_have_no_empty_part(made, size):
    batch = Batches(made, Words(), size, 0)(0)
    assert sum(len(part) for part in batch["joints"]) == size and all(len(part) for part in batch["joints"])


def test_rare_texts_are_drawn_more_often_than_their_share():
    """16 clips of one label and 4 of others: weights 16 ** -0.5 and 1, so that the others are half of the draws."""
    clips = [Clip(f"w{i}", 20.0, 30, labels={"content": "walk"}) for i in range(16)]
    clips += [Clip(f"o{i}", 20.0, 30, labels={"content": label}) for i, label in enumerate(LABELS[1:5])]
    some = [example_of(clip, posed(0, 30), [], 2, 1) for clip in clips]
    batches = Batches(some, Words(), 2, 0, still=0)
    words = {encoded.tobytes() for e in some[:16] for encoded in Words().sentences([*e.texts, *e.mirrored])}
    drawn = [row.numpy().tobytes() in words for step in range(300) for row in batches(step)["sentences"]]
    assert 0.4 < np.mean(drawn) < 0.6


def test_clips_are_counted_by_label_or_first_caption():
    assert group_of(Clip("a", 20, 9, labels={"content": "walk", "style": "sad"})) == "walk/sad"
    assert group_of(Clip("a", 20, 9, (Caption("he walks"),))) == "he walks" and group_of(Clip("a", 20, 9)) == "a"


# ---------------------------------------------------------------- false negatives


def texts_near(cosine: float) -> np.ndarray:
    return np.array([[1.0, 0.0], [cosine, np.sqrt(1 - cosine**2)]]) * [[3.0], [0.5]]


@pytest.mark.parametrize(
    ("cosine", "sides", "clips", "masked"),
    [
        (1.0, (1, 1), ("a", "b"), True),
        (SAME_TEXT + 0.01, (1, 1), ("a", "b"), True),
        (SAME_TEXT - 0.01, (1, 1), ("a", "b"), False),
        (1.0, (1, 2), ("a", "b"), False),
        (-1.0, (1, 2), ("a", "a"), True),
    ],
    ids=["same wording", "alike", "not alike", "left and right", "same clip"],
)
def test_what_is_no_wrong_pair(cosine, sides, clips, masked):
    found = false_negatives(texts_near(cosine), np.array(sides), clips)
    assert found.tolist() == [[False, masked], [masked, False]]


def test_left_and_right_are_wrong_pairs_and_paraphrases_are_not(monkeypatch, tmp_path):
    """With the real encoder, which hardly tells left from right."""
    from mbench.text import TextEncoder

    monkeypatch.setenv("MBENCH_CACHE", str(tmp_path))
    clip = Clip("k", 20.0, 50, (Caption("A person kicks with the left leg."),))
    other = Clip("l", 20.0, 50, (Caption("A person is kicking with the left leg."),))
    third = Clip("m", 20.0, 50, (Caption("A person kicks with the right leg."),))
    fourth = Clip("n", 20.0, 50, (Caption("Someone sits down on a chair."),))
    texts = [c.captions[0].text for c in (clip, other, third, fourth)]
    vectors = TextEncoder().sentences(texts)
    assert vectors[0] @ vectors[2] > SAME_TEXT, "to the encoder they are the same"
    sides = np.array([seed_of(*sorted(examples.sides_of(text))) for text in texts])
    found = false_negatives(vectors, sides, list("klmn"))
    assert found[0, 1] and found[1, 0] and found.sum() == 2
