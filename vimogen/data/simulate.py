"""A clean clip as monocular video mesh recovery would have seen it: what the video branch learns to see through.

Nothing here is fitted to one recovery method. The defaults have the order of errors that are published for single
views: about 60 to 80 mm a joint with the pelvis aligned, a few decimetres along the view ray, far less across it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter
from scipy.spatial.transform import Rotation

from mbench.errors import MotionError
from mbench.motion import Motion, Pose
from mbench.motion.kinematics import forward_kinematics
from mbench.motion.resample import resample
from mbench.motion.skeleton import INDEX, JOINTS, N_JOINTS, PELVIS

Floats = NDArray[np.float64]
UP = np.array([0.0, 0.0, 1.0])

# How wrong a joint's rotation is against an elbow's: limbs are small and turn far, the trunk is large in the picture.
_SHARE = {"hip": 0.7, "knee": 0.8, "ankle": 1.2, "shoulder": 1.0, "elbow": 1.0, "wrist": 1.2, "collar": 0.4,
          "neck": 0.6, "head": 0.8, "foot": 0.5, "pelvis": 0.6}  # fmt: skip
SHARES = np.array([_SHARE.get(name.split("_")[-1], 0.3) for name in JOINTS])  # 0.3: the three of the spine

_ARM, _LEG = ("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle", "foot")


def _limb(side: str, parts: tuple[str, ...]) -> tuple[int, ...]:
    """Return the joints of a limb."""
    return tuple(INDEX[f"{side}_{part}"] for part in parts)


# What is hidden together. Both legs: the lower edge of the picture cuts them off.
HIDDEN: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "left arm": _limb("left", _ARM),
        "right arm": _limb("right", _ARM),
        "left leg": _limb("left", _LEG),
        "right leg": _limb("right", _LEG),
        "both legs": _limb("left", _LEG) + _limb("right", _LEG),
    }
)
# The pose that recovery falls back to where it sees nothing: legs straight, arms hanging.
_HANGING = {INDEX["left_shoulder"]: -1.2, INDEX["right_shoulder"]: 1.2}  # radians about y, from arms along x


@dataclass(frozen=True)
class Capture:
    """How a camera and a mesh recovery see a motion. Ranges are those from which each clip draws.

    Attributes:
        fps: of the video; the published pipeline has 16.
        severity: range of the factor of every rotation and position error of a clip: some films are good.
        degrees: standard deviation of an elbow's rotation error that lasts; other joints by `SHARES`. With 12 a joint
            is about 70 mm off with the pelvis aligned, as published methods are.
        lasts: time constant of that error in seconds: a mistaken view of a limb stays while the view stays.
        flicker: standard deviation in degrees of an elbow's error that is new in every frame: each is recovered alone.
        occlusions: spans a second in which a limb is hidden, on average: one in 5 s, as a person turns.
        hidden: range of such a span's seconds.
        forgets: seconds in which a hidden limb goes 1 - 1 / e of the way from its last pose to the standing one.
        distance: range of the camera's distance in metres: full-body framing by common lenses.
        height: range of the camera's height in metres: hand to head.
        depth: standard deviation of the slow depth error as a share of the distance: 4 % is 16 cm at 4 m, what an
            unknown focal length and body height leave open.
        depth_flicker: the same, new in every frame.
        across: standard deviation of the slow error across the view ray, as a share of the distance: about 5 pixels
            at a focal length of 1000.
        tilt: standard deviation of the camera's pitch and of its roll in degrees, which the fixed turn from camera
            space to z up takes for level.
    """

    fps: float = 16.0
    severity: tuple[float, float] = (0.4, 1.4)
    degrees: float = 12.0
    lasts: float = 0.4
    flicker: float = 0.8
    occlusions: float = 0.2
    hidden: tuple[float, float] = (0.3, 1.5)
    forgets: float = 0.5
    distance: tuple[float, float] = (2.5, 6.0)
    height: tuple[float, float] = (0.8, 1.8)
    depth: float = 0.04
    depth_flicker: float = 0.0008
    across: float = 0.005
    tilt: float = 3.0


def simulated(motion: Motion, generator: np.random.Generator, capture: Capture | None = None) -> Motion:
    """Return a motion as recovered from a video of it: z up, at the video's frame rate, its floor no longer level.

    Rotations get errors, hidden limbs go where recovery guesses them, and the pelvis wanders along the view ray; the
    joints follow by forward kinematics, so that bones keep their length and feet slide. `meta["simulated_capture"]`
    holds the camera, the severity and the hidden spans of the clip.

    Args:
        motion: z up, with a pose, at any frame rate.
        generator: decides everything.
        capture: None for the default.

    Raises:
        MotionError: the motion has no pose.
    """
    if motion.pose is None:
        raise MotionError("simulated capture needs joint rotations; this motion has joint positions only")
    capture = capture or Capture()
    film = resample(motion, capture.fps)
    assert film.pose is not None
    severity = generator.uniform(*capture.severity)
    rotations, spans = _with_hidden_limbs(film.pose.rotations.astype(np.float64), generator, capture)
    rotations = _with_errors(rotations, generator, capture, severity)
    camera = _camera(film, generator, capture)
    root = film.joints[:, PELVIS] + _wander(film, camera, generator, capture, severity)
    rotations, root = _tilted(rotations, root, camera, generator, capture)
    joints = forward_kinematics(rotations, root, film.pose.offsets)
    seen = {"severity": round(severity, 3), "camera": camera.round(3).tolist(), "hidden": spans}
    pose = Pose(rotations.astype(np.float32), film.pose.offsets)
    moved = film.replace(joints=joints.astype(np.float32), pose=pose)
    return moved.with_meta(simulated_capture={**seen, "settings": asdict(capture)})


def wandering(shape: tuple[int, ...], memory: float, generator: np.random.Generator) -> Floats:
    """Return noise of mean 0 and standard deviation 1 that wanders smoothly along the first axis.

    White noise through two equal first-order low passes: one alone would leave a path as rough as a random walk,
    whose acceleration is far above that of recovered motion.

    Args:
        shape: (T, ...).
        memory: time constant of each low pass, frames, above 0.
        generator: decides everything.
    """
    keep = np.exp(-1 / memory)
    settling = int(np.ceil(8 * memory))  # frames after which no start is remembered
    white = generator.standard_normal((settling + shape[0], *shape[1:]))
    spread = np.sqrt((1 + keep**2) / (1 - keep**2) ** 3)  # of the two in a row, from their impulse response
    noise: Floats = lfilter([1.0 / spread], [1.0, -2 * keep, keep**2], white, axis=0)[settling:]
    return noise


def _with_errors(rotations: Floats, generator: np.random.Generator, capture: Capture, severity: float) -> Floats:
    """Return local quaternions (T, 22, 4), each turned in its joint's own frame by lasting and by fleeting errors."""
    shape = (len(rotations), N_JOINTS, 3)
    lasting = capture.degrees * wandering(shape, capture.lasts * capture.fps, generator)
    fleeting = capture.flicker * generator.standard_normal(shape)
    # the settings are lengths of a turn; each of its three axes gets a third of the variance
    degrees = severity * (lasting + fleeting) * SHARES[:, None] / np.sqrt(3)
    errors = Rotation.from_rotvec(np.radians(degrees).reshape(-1, 3))
    return (Rotation.from_quat(rotations.reshape(-1, 4)) * errors).as_quat().reshape(rotations.shape)


def _with_hidden_limbs(
    rotations: Floats, generator: np.random.Generator, capture: Capture
) -> tuple[Floats, list[dict[str, object]]]:
    """Return quaternions whose hidden limbs hold and then drift to standing, and the spans in frames."""
    frames = len(rotations)
    guessed, spans = rotations.copy(), []
    for _ in range(generator.poisson(capture.occlusions * frames / capture.fps)):
        limb = list(HIDDEN)[generator.integers(len(HIDDEN))]
        start = int(generator.integers(frames))
        stop = min(frames, start + max(1, round(generator.uniform(*capture.hidden) * capture.fps)))
        forgotten = 1 - np.exp(-np.arange(stop - start) / (capture.forgets * capture.fps))
        for joint in HIDDEN[limb]:
            guessed[start:stop, joint] = _towards_standing(guessed[start, joint], joint, forgotten)
        spans.append({"limb": limb, "start": start, "stop": stop})
    return guessed, spans


def _towards_standing(held: Floats, joint: int, share: Floats) -> Floats:
    """Return quaternions (N, 4) on the way from the one held to that of standing, by shares (N,)."""
    standing = Rotation.from_rotvec([0.0, _HANGING.get(joint, 0.0), 0.0])
    last = Rotation.from_quat(held)
    way = (last.inv() * standing).as_rotvec()
    quaternions: Floats = (last * Rotation.from_rotvec(share[:, None] * way)).as_quat()
    return quaternions


def _camera(film: Motion, generator: np.random.Generator, capture: Capture) -> Floats:
    """Return where the camera stands (3,): around the middle of the person's path, at any side."""
    middle = film.joints[:, PELVIS].astype(np.float64).mean(axis=0)
    angle, distance = generator.uniform(-np.pi, np.pi), generator.uniform(*capture.distance)
    away = np.array([np.cos(angle), np.sin(angle), 0.0]) * distance
    floor = film.joints[..., 2].min()
    return np.array([*(middle + away)[:2], floor + generator.uniform(*capture.height)])


def _wander(film: Motion, camera: Floats, generator: np.random.Generator, capture: Capture, severity: float) -> Floats:
    """Return the error of the pelvis (T, 3) in metres: much along the view ray, little across it."""
    ray = film.joints[:, PELVIS] - camera
    distance = np.linalg.norm(ray, axis=-1, keepdims=True)
    memory = 2 * capture.lasts * capture.fps  # size and distance of a person are mistaken longer than a limb is
    along = capture.depth * wandering((len(film), 1), memory, generator)
    along += capture.depth_flicker * generator.standard_normal((len(film), 1))
    across = capture.across * wandering((len(film), 3), memory, generator)
    return severity * (along * ray + across * distance)


def _tilted(
    rotations: Floats, root: Floats, camera: Floats, generator: np.random.Generator, capture: Capture
) -> tuple[Floats, Floats]:
    """Return rotations and pelvis in a world that leans, about the camera, as the camera did."""
    pitch, roll = np.radians(capture.tilt) * generator.standard_normal(2)
    ray = root.mean(axis=0) - camera
    forward = ray / np.linalg.norm(ray)
    sideways = np.cross(forward, UP)
    lean = Rotation.from_rotvec(pitch * sideways / np.linalg.norm(sideways) + roll * forward)
    turned = rotations.copy()
    turned[:, PELVIS] = (lean * Rotation.from_quat(rotations[:, PELVIS])).as_quat()
    return turned, lean.apply(root - camera) + camera
