"""The judge's features: what they must not see, what they must, and their values by plain loops."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from mbench.judges.retrieval.features import HEIGHT, N_FEATURES, SPEED, STEADY, TOUCHING, features  # noqa: E402
from mbench.motion.kinematics import forward_kinematics  # noqa: E402
from mbench.motion.skeleton import INDEX, MIRROR, REST_OFFSETS  # noqa: E402
from motions import posed  # noqa: E402

FPS = 20.0
POSITIONS, VELOCITIES = slice(0, 66), slice(66, 132)
ROOT, TURN, PATH, HEADING, CONTACTS = (
    slice(132, 134), slice(134, 135), slice(135, 137), slice(137, 139), slice(139, 143)
)  # fmt: skip


def joints_of(seed: int, frames: int = 40) -> np.ndarray:
    """Joints (T, 22, 3) in float64 of a figure that walks about, turning by up to half a turn."""
    joints = np.array(posed(seed, frames).joints, np.float64)
    angle = np.linspace(0, np.random.default_rng(seed).uniform(-3, 3), frames)
    return np.stack([turned(frame, a) for frame, a in zip(joints, angle, strict=True)])


def turned(points: np.ndarray, angle: float) -> np.ndarray:
    """Points turned about z."""
    c, s = math.cos(angle), math.sin(angle)
    return points @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]).T


def of(joints: np.ndarray, fps: float = FPS) -> np.ndarray:
    return features(torch.from_numpy(np.ascontiguousarray(joints))[None], fps)[0].numpy()


def naive(joints: np.ndarray, fps: float) -> np.ndarray:
    """The same by loops over frames and joints, with angles instead of vectors. The clip holds still after its end."""
    count = len(joints)
    held = [*joints, *[joints[-1]] * (STEADY + 1)]

    def ahead(frame: int) -> tuple[float, float]:
        body = held[max(frame, 0)]
        x = y = 0.0
        for part in ("hip", "shoulder"):
            x += body[INDEX[f"right_{part}"]][0] - body[INDEX[f"left_{part}"]][0]
            y += body[INDEX[f"right_{part}"]][1] - body[INDEX[f"left_{part}"]][1]
        return -y, x

    def angle(frame: int) -> float:
        """From +y to where the body faces, counter-clockwise, as the mean of five frames."""
        around = [ahead(frame + step) for step in (-2, -1, 0, 1, 2)]
        return math.atan2(-sum(a[0] for a in around), sum(a[1] for a in around))

    rows = []
    for frame in range(count):
        back = -angle(frame)
        pelvis, start = joints[frame][0], joints[0][0]
        row = []
        for joint in joints[frame]:
            row += list(turned(joint - [pelvis[0], pelvis[1], 0], back))
        speeds = [turned((after - now) * fps, back) for now, after in zip(held[frame], held[frame + 1], strict=True)]
        row += [value for speed in speeds for value in speed]
        row += list(speeds[0][:2])
        change = angle(frame + 1) - angle(frame)
        row.append(math.remainder(change, 2 * math.pi) * fps)
        row += list(turned(pelvis - start, -angle(0))[:2])
        away = angle(frame) - angle(0)
        row += [math.cos(away), math.sin(away)]
        for joint in TOUCHING:
            row.append(float(np.linalg.norm(speeds[joint]) < SPEED and joints[frame][joint][2] < HEIGHT))
        rows.append(row)
    return np.array(rows)


@pytest.mark.parametrize("frames", [1, 2, 3, 40])
@pytest.mark.parametrize("fps", [20.0, 30.0])
def test_equal_plain_loops(frames, fps):
    for seed in range(4):
        joints = joints_of(seed, 40)[:frames]
        joints[..., 2] -= joints[..., 2].min()
        found = of(joints, fps)
        assert found.shape == (frames, N_FEATURES) and found.dtype == np.float64
        assert np.allclose(found, naive(joints, fps), atol=1e-9)


def test_some_feet_touch_and_some_do_not():
    """The comparison of contacts above is not between zeros."""
    joints = joints_of(0)
    joints[..., 2] -= joints[..., 2].min()
    joints[20:] = joints[20]
    touching = of(joints)[:, CONTACTS]
    assert 0 < touching.mean() < 1


@pytest.mark.parametrize("seed", range(3))
def test_do_not_see_where_the_whole_motion_stands_and_faces(seed):
    joints = joints_of(seed)
    expected = of(joints)
    for angle, shift in ((0.7, (0, 0, 0)), (0.0, (30.0, -7.0, 0)), (math.pi, (-2, 5, 0)), (-2.4, (1, 1, 0))):
        assert np.allclose(of(turned(joints, angle) + shift), expected, atol=1e-9)


def test_see_height_and_turning_within_the_motion():
    """What must not be invisible: how high the body is, that it turns on its way, and how fast it goes."""
    joints = joints_of(1)
    assert np.abs(of(joints + [0, 0, 0.3]) - of(joints)).max() > 0.29
    spun = np.stack([turned(frame, 0.05 * i) for i, frame in enumerate(joints)])
    assert np.median(of(spun)[:-3, TURN] - of(joints)[:-3, TURN]) == pytest.approx(0.05 * FPS, abs=0.02)
    assert not np.allclose(of(joints[::2]), of(joints)[::2], atol=1e-2)


@pytest.mark.parametrize("frames", [1, 2, 5, 38, 40])
@pytest.mark.parametrize("more", [1, 2, 3, 17])
def test_padding_changes_nothing(frames, more):
    """A clip in a batch repeats its last frame; its own frames must have the features of the clip alone."""
    joints = joints_of(2)[:frames]
    longer = np.concatenate([joints, np.repeat(joints[-1:], more, axis=0)])
    assert np.allclose(of(longer)[:frames], of(joints), rtol=0, atol=1e-12)
    further = np.concatenate([longer, np.repeat(joints[-1:], 9, axis=0)])
    assert np.allclose(of(further)[: len(longer)], of(longer), rtol=0, atol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_of_the_mirror_image_are_the_mirrored_features(seed):
    joints = joints_of(seed)
    image = joints[:, MIRROR] * [-1, 1, 1]
    expected = of(joints).copy()
    for part in (POSITIONS, VELOCITIES):
        values = expected[:, part].reshape(-1, 22, 3)
        expected[:, part] = (values[:, MIRROR] * [-1, 1, 1]).reshape(-1, 66)
    expected[:, [132, 135]] *= -1  # to the side
    expected[:, TURN] *= -1
    expected[:, 138] *= -1  # sine of the heading
    expected[:, CONTACTS] = expected[:, CONTACTS][:, [2, 3, 0, 1]]
    assert np.allclose(of(image), expected, atol=1e-9)


def test_known_values_of_a_figure_that_walks_backwards_and_sideways():
    """T-pose facing +y, then turned to face +x: going to +x is forwards, to +y is to its left, a negative x."""
    still = np.tile([0.0, 0, 0, 1], (10, 22, 1))
    times = np.arange(10)[:, None] / FPS
    rest = forward_kinematics(still, np.array([0.0, 0, 1.0]) + times * [0.0, -1.5, 0], REST_OFFSETS)
    found = of(rest)
    assert np.allclose(found[:-1, ROOT], [0, -1.5]) and np.allclose(found[-1, ROOT], 0)
    assert np.allclose(found[:, PATH], np.arange(10)[:, None] / FPS * [0, -1.5])
    assert np.allclose(found[:, HEADING], [1, 0]) and np.allclose(found[:, TURN], 0)
    left = turned(forward_kinematics(still, np.array([0, 0, 1.0]) + times * [-0.4, 0, 0], REST_OFFSETS), -math.pi / 2)
    assert np.allclose(of(left)[:-1, ROOT], [-0.4, 0])
    wrist = 3 * INDEX["right_wrist"]
    assert of(left)[0, wrist] > 0.5 and abs(of(left)[0, wrist + 1]) < 0.1  # the right hand is on the right


def degenerate() -> dict[str, np.ndarray]:
    joints = joints_of(0)
    above = joints.copy()
    for side in ("hip", "shoulder"):
        above[:, INDEX[f"left_{side}"]] = above[:, INDEX[f"right_{side}"]] + [0, 0, 0.2]
    lying = joints[..., [0, 2, 1]]
    return {
        "lying": lying, "on its side": joints[..., [2, 1, 0]], "hips above each other": above,
        "static": np.repeat(joints[:1], 30, axis=0), "one point": np.zeros((8, 22, 3)), "one frame": joints[:1],
        "far away": joints + [1e6, -1e6, 0],
    }  # fmt: skip


@pytest.mark.parametrize("what", degenerate())
def test_are_finite_whatever_the_pose(what):
    for kind in (np.float64, np.float32):
        assert np.isfinite(of(degenerate()[what].astype(kind))).all()


def test_a_motion_that_stands_still_has_no_speed():
    found = of(degenerate()["static"])
    assert not found[:, VELOCITIES].any() and not found[:, ROOT].any() and not found[:, TURN].any()


def test_can_be_differentiated():
    joints = torch.from_numpy(joints_of(0)).requires_grad_()
    features(joints[None]).square().sum().backward()
    assert torch.isfinite(joints.grad).all() and joints.grad.abs().max() > 0


def test_a_clip_does_not_depend_on_the_others():
    clips = torch.from_numpy(np.stack([joints_of(seed) for seed in range(3)]))
    together = features(clips)
    for index in range(3):
        assert torch.allclose(together[index], features(clips[index : index + 1])[0], rtol=0, atol=1e-12)
