"""The choreographer's motions: properties over all actions, sides, directions, speeds and seeds."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from baselines.choreographer import Choreographer, choreograph
from baselines.choreographer.moves import ACTIONS, Move
from baselines.choreographer.perform import perform
from baselines.choreographer.styles import STYLES
from mbench.errors import ConfigError
from mbench.models.base import MotionModel
from mbench.motion import Motion
from mbench.motion.kinematics import forward_kinematics
from mbench.motion.skeleton import BONES, INDEX, MIRROR, REST_OFFSETS
from mbench.suites.prompt import Prompt

WAYS = (("", "", 1.0), ("right", "left", 1.4), ("left", "backward", 0.7), ("both", "forward", 1.0), ("", "circle", 1.2))
FPS = 20
Clips = dict[str, Motion]


@pytest.fixture(scope="module")
def clips() -> Clips:
    """Return every action in five ways, each with a seed of its own, 4 s; and every mood walking and waving."""
    made = {}
    for number, (name, (side, direction, tempo)) in enumerate(itertools.product(ACTIONS, WAYS)):
        move = Move(name, side=side, direction=direction, tempo=tempo)
        made[f"{name} {side} {direction} {tempo}"] = perform([move], 4.0, seed=number)
    for mood in STYLES:
        made[f"mood {mood}"] = perform([Move("walk"), Move("wave")], 6.0, mood=mood)
    return made


@pytest.fixture(scope="module")
def sequences() -> Clips:
    """Return 60 random pairs of actions, 7 s each."""
    rng = np.random.default_rng(5)
    pairs = [tuple(str(name) for name in rng.choice(list(ACTIONS), 2)) for _ in range(60)]
    return {f"{a} then {b}": perform([Move(a), Move(b)], 7.0, seed=n) for n, (a, b) in enumerate(pairs)}


@pytest.fixture(scope="module")
def everything(clips: Clips, sequences: Clips) -> Clips:
    return {**clips, **sequences}


def worst(values: dict[str, float]) -> tuple[float, str]:
    """Return the largest value and whose it is."""
    name = max(values, key=lambda key: values[key])
    return values[name], name


def flexion(motion: Motion, joint: str, axis: int) -> np.ndarray:
    """Return the local rotation of a joint about one axis, degrees (T,)."""
    assert motion.pose is not None
    return np.degrees(Rotation.from_quat(motion.pose.rotations[:, INDEX[joint]]).as_rotvec()[:, axis])


def test_repertoire() -> None:
    asked = """walk run turn wave clap bow squat lunge jump hop kick punch reach pick_up throw sit kneel stretch march
    sidestep point look_around arm_circles toe_touch balance""".split()
    assert len(asked) == 25
    assert set(asked) <= set(ACTIONS)
    assert all(action.make.__doc__ for action in ACTIONS.values())


def test_start_at_the_origin_facing_ahead(everything: Clips) -> None:
    for name, motion in everything.items():
        pelvis, hips = motion.joints[0, 0], motion.joints[0, 2] - motion.joints[0, 1]
        assert np.abs(pelvis[:2]).max() < 1e-6, name
        assert hips[0] / np.linalg.norm(hips) > 0.99, name


def test_nothing_is_below_the_floor(everything: Clips) -> None:
    value, name = worst({name: -float(motion.joints[..., 2].min()) for name, motion in everything.items()})
    assert value < 0.005, name


def test_standing_toes_are_planted_where_the_contact_rule_sees_them(clips: Clips) -> None:
    for name, motion in clips.items():
        lower = motion.joints[:, [10, 11], 2].min(axis=1)
        assert lower.min() < 0.02 or "lie_down" in name, name
        assert lower.min() >= 0.0, name


def test_bones_keep_their_length(everything: Clips) -> None:
    rest = np.linalg.norm(REST_OFFSETS[[child for _, child in BONES]], axis=-1)
    for name, motion in everything.items():
        lengths = np.stack(
            [np.linalg.norm(motion.joints[:, c] - motion.joints[:, p], axis=-1) for p, c in BONES], axis=1
        )
        assert np.abs(lengths - rest).max() < 1e-4, name


def test_pose_and_joints_agree(clips: Clips) -> None:
    for name, motion in list(clips.items())[::20]:
        assert motion.pose is not None
        again = forward_kinematics(motion.pose.rotations, motion.joints[:, 0], motion.pose.offsets)
        assert np.abs(again - motion.joints).max() < 1e-4, name


def test_knees_bend_backward_only(everything: Clips) -> None:
    for name, motion in everything.items():
        for side in ("left", "right"):
            bend = -flexion(motion, f"{side}_knee", 0)
            assert bend.min() > -1 and bend.max() < 150, (name, side, bend.min(), bend.max())


def test_elbows_bend_forward_only(everything: Clips) -> None:
    for name, motion in everything.items():
        for side, sign in (("left", -1), ("right", 1)):
            bend = sign * flexion(motion, f"{side}_elbow", 2)
            assert bend.min() > -1 and bend.max() < 152, (name, side, bend.min(), bend.max())


def test_head_stays_within_reach_of_a_neck(everything: Clips) -> None:
    for name, motion in everything.items():
        assert motion.pose is not None
        turns = [Rotation.from_quat(motion.pose.rotations[:, INDEX[j]]).magnitude() for j in ("neck", "head")]
        assert np.degrees(np.add(*turns)).max() < 85, name


def acceleration(joints: np.ndarray) -> float:
    """Return the largest acceleration in m/s^2."""
    return float(np.linalg.norm(np.diff(joints, 2, axis=0), axis=-1).max()) * FPS**2


def test_no_pops(everything: Clips) -> None:
    """A hard throw: 250 m/s^2 at the hand; a hasty landing: 60 at the pelvis. A pop of 20 cm in a frame would be 80."""
    value, name = worst({name: acceleration(motion.joints) for name, motion in everything.items()})
    assert value < 330, name
    value, name = worst({name: acceleration(motion.joints[:, 0]) for name, motion in everything.items()})
    assert value < 66, name


def test_feet_that_stand_do_not_slide(everything: Clips) -> None:
    from mbench.metrics.base import METRICS

    slides = {name: METRICS.get("quality/foot_sliding")(motion) or 0.0 for name, motion in everything.items()}
    value, name = worst(slides)
    assert value < 0.02, name
    assert np.median(list(slides.values())) < 0.001


def test_the_end_is_the_end(clips: Clips) -> None:
    """What does not stay down stands at the end, arms hanging."""
    for name in ("wave", "jump", "squat", "throw", "walk", "dance"):
        joints = perform([Move(name)], 6.0).joints[-1]
        assert joints[0, 2] == pytest.approx(0.95, abs=0.02), name
        assert joints[20, 2] < joints[0, 2] + 0.1, name
        assert joints[21, 2] < joints[0, 2] + 0.1, name


@pytest.mark.parametrize(
    "text",
    [
        "A person waves with the {} hand.",
        "A person kicks with the {} leg, then hops on the {} foot.",
        "A person turns {}.",
        "A person walks to the {} while waving with the {} hand.",
        "A person sidesteps to the {} and punches with the {} hand.",
        "A sad person points to the {}.",
        "A person kneels on the {} knee and salutes.",
    ],
)
@pytest.mark.parametrize("seed", [0, 1])
def test_left_is_the_mirror_image_of_right(text: str, seed: int) -> None:
    left = choreograph(text.replace("{}", "left"), 5.0, seed).joints
    right = choreograph(text.replace("{}", "right"), 5.0, seed).joints
    assert np.abs(left[:, list(MIRROR)] * (-1, 1, 1) - right).max() < 1e-5
    assert np.abs(left - right).max() > 0.05


def prompts(*texts: str, seconds: float = 3.0) -> list[Prompt]:
    return [Prompt(f"p{n}", text, seconds) for n, text in enumerate(texts)]


def test_it_is_a_model() -> None:
    model = Choreographer()
    assert isinstance(model, MotionModel)
    assert model.card.kind == "rule-based"
    assert model.card.licence == "Apache-2.0"


def test_prompt_and_seed_alone_decide() -> None:
    model, texts = Choreographer(), ("A person walks.", "A person waves.", "A person jumps.")
    batch = list(model.generate(prompts(*texts), [3, 4, 5]))
    again = list(Choreographer().generate(prompts(*reversed(texts)), [5, 4, 3]))
    alone = list(model.generate(prompts(texts[1]), [4]))
    assert batch == again[::-1]
    assert batch[1] == alone[0]


def test_seeds_vary() -> None:
    one, two = (choreograph("A person walks.", 4.0, seed) for seed in (0, 1))
    assert 0.005 < np.abs(one.joints - two.joints).mean() < 0.5


@pytest.mark.parametrize("seconds", [0.1, 0.5, 1.0, 2.33, 9.99, 30.0])
def test_length_and_rate(seconds: float) -> None:
    for text in ("A person walks then sits down, claps and stands up.", "A person waves.", "Nonsense."):
        motion = choreograph(text, seconds)
        assert len(motion) == round(seconds * FPS)
        assert motion.fps == FPS
        assert np.isfinite(motion.joints).all()


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), 1e6])
def test_a_duration_out_of_range_is_an_error_of_that_prompt_only(seconds: float) -> None:
    with pytest.raises(ConfigError, match="seconds is"):
        choreograph("A person walks.", seconds)
    good, bad = Prompt("a", "A person walks.", 2.0), Prompt("b", "A person walks.", seconds)
    first, second, third = Choreographer().generate([good, bad, good], [0, 0, 0])
    assert isinstance(first, Motion) and first == third
    assert isinstance(second, ConfigError)


def test_what_was_understood_travels_with_the_motion() -> None:
    meta = choreograph("A sad person walks while waving, then floccinaucinihilipilificates.", 4.0).meta["choreographer"]
    assert meta == {
        "actions": ["walk+wave"],
        "mood": "sad",
        "unknown": "floccinaucinihilipilificates",
        "note": "not understood: floccinaucinihilipilificates",
    }
    assert "note" not in choreograph("A person walks.", 4.0).meta["choreographer"]


def test_what_is_not_understood_is_a_neutral_idle() -> None:
    motion = choreograph("Colourless green ideas furiate.", 5.0)
    assert motion.meta["choreographer"]["actions"] == ["stand"]
    assert np.abs(motion.joints[:, 0] - motion.joints[0, 0]).max() < 0.08
    assert 0.001 < np.abs(motion.joints - motion.joints[0]).max() < 0.2


def flights(motion: Motion, height: float = 0.035) -> Iterator[slice]:
    """Yield the runs of frames in which both toes are in the air."""
    up = np.concatenate([[False], (motion.joints[:, [10, 11], 2] > height).all(axis=1), [False]])
    edges = np.flatnonzero(np.diff(up.astype(int)))
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        yield slice(int(start), int(stop))


def dips(values: np.ndarray, depth: float) -> int:
    """Return how often a curve goes below a depth."""
    return int((np.diff((values < depth).astype(int)) == 1).sum())


@pytest.mark.parametrize(
    ("text", "count"), [("jumps three times", 3), ("jumps", 1), ("hops on the left foot 4 times", 4)]
)
def test_counted_jumps(text: str, count: int) -> None:
    assert len(list(flights(choreograph(f"A person {text}.", 7.0)))) == count


@pytest.mark.parametrize("count", [1, 2, 4])
def test_counted_squats_and_claps(count: int) -> None:
    words = {1: "once", 2: "twice", 4: "four times"}[count]
    assert dips(choreograph(f"A person squats {words}.", 8.0).joints[:, 0, 2], 0.65) == count
    joints = choreograph(f"A person claps {words}.", 4.0).joints
    assert dips(np.linalg.norm(joints[:, 20] - joints[:, 21], axis=1), 0.12) == count


@pytest.mark.parametrize("count", [2, 3, 5])
def test_counted_steps(count: int) -> None:
    toes = choreograph(f"A person walks {count} steps forward.", 6.0).joints[:, [10, 11], 2]
    landings = sum(dips(toes[:, side], 0.02) for side in (0, 1))
    assert landings == count + 1  # the last one brings the feet together


def test_a_jump_is_ballistic() -> None:
    motion = choreograph("A person jumps.", 3.0)
    (flight,) = flights(motion)
    inside = motion.joints[flight, 0, 2].astype(float)
    gravity = np.diff(inside, 2) * FPS**2
    assert len(gravity) >= 4
    assert gravity == pytest.approx(np.full(len(gravity), -9.81), rel=0.02)


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ("walks forward", (0, 1)),
        ("walks backward", (0, -1)),
        ("sidesteps to the left", (-1, 0)),
        ("sidesteps to the right", (1, 0)),
        ("jumps forward three times", (0, 1)),
        ("crawls forward", (0, 1)),
        ("runs", (0, 1)),
    ],
)
def test_directions(text: str, way: tuple[int, int]) -> None:
    end = choreograph(f"A person {text}.", 6.0).joints[-1, 0, :2]
    assert end @ way > 0.5
    assert abs(end @ (way[1], -way[0])) < 0.1


@pytest.mark.parametrize(
    ("text", "heading"),
    [
        ("turns left", 90),
        ("turns right", -90),
        ("turns around", 180),
        ("turns 45 degrees to the left", 45),
        ("spins", 0),
    ],
)
def test_headings(text: str, heading: float) -> None:
    hips = choreograph(f"A person {text}.", 5.0).joints[-1, [1, 2], :2]
    x, y = hips[1] - hips[0]
    error = (np.degrees(np.arctan2(y, x)) - heading + 180) % 360 - 180
    assert abs(error) < 3


def test_speed() -> None:
    def speed(how: str) -> float:
        return float(np.linalg.norm(choreograph(f"A person walks {how}.", 8.0).joints[-1, 0, :2])) / 8

    assert speed("slowly") < 0.75 * speed("") < speed("") < 0.85 * speed("quickly")
    assert 0.8 < speed("") < 1.6  # metres per second that people walk at
    assert choreograph("A person runs.", 6.0).joints[-1, 0, 1] / 6 > 1.8


def test_arms_swing_against_the_legs() -> None:
    joints = choreograph("A person walks.", 6.0).joints[20:-20]
    leg = joints[:, 11, 1] - joints[:, 10, 1]
    arm = joints[:, 21, 1] - joints[:, 20, 1]
    assert np.corrcoef(leg, arm)[0, 1] < -0.8


def test_overlays_keep_the_legs_walking() -> None:
    plain, waving = choreograph("A person walks.", 5.0), choreograph("A person walks while waving.", 5.0)
    legs = [INDEX[f"{side}_{part}"] for side in ("left", "right") for part in ("hip", "knee", "ankle", "foot")]
    assert np.abs(plain.joints[:, legs] - waving.joints[:, legs]).max() < 0.05
    assert waving.joints[30:70, [20, 21], 2].max() > 1.4 > plain.joints[:, [20, 21], 2].max()


def test_gestures_are_done_sitting() -> None:
    joints = choreograph("A person sits down, claps three times and stands up.", 9.0).joints
    together = np.linalg.norm(joints[:, 20] - joints[:, 21], axis=1) < 0.1
    assert together.any()
    assert joints[together, 0, 2].max() < 0.6
    assert joints[-1, 0, 2] > 0.9


def test_moods_show() -> None:
    def head(mood: str) -> float:
        return float(choreograph(f"A {mood} person walks.", 5.0).joints[20:-20, 15, 2].mean())

    assert head("sad") < head("happy") - 0.01
    assert head("tired") < head("proud") - 0.02


def test_only_numpy_and_scipy_are_needed() -> None:
    code = (
        "import sys; from baselines.choreographer import choreograph; choreograph('A person walks.', 2.0);"
        "print([m for m in ('torch', 'pandas', 'matplotlib', 'sklearn') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
