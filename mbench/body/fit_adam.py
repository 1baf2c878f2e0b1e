"""Adam on 6D rotations through forward kinematics: the frames of many clips in one tensor.

The 6D numbers are the first two columns of *world* rotations (Zhou et al., "On the Continuity of Rotation
Representations in Neural Networks", CVPR 2019), so positions are sums of turned bones, and no joint's error is hidden
behind its parents'. No clip sees another: the loss is a sum over frames, frames are tied to their neighbours of the
same clip only, and the number of steps is fixed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mbench.errors import ConfigError
from mbench.motion.motion import BENCHMARK_FPS
from mbench.motion.skeleton import INDEX, N_JOINTS, PARENTS

if TYPE_CHECKING:
    import torch

Floats = NDArray[np.floating]

# Joints that have children, in an order in which joints that are compared lie in one slice beside each other.
INNER = [
    INDEX[name]
    for name in (
        "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
        "left_shoulder", "right_shoulder", "left_elbow", "right_elbow",
        "pelvis", "spine1", "spine2", "spine3", "left_collar", "right_collar", "neck",
    )
]  # fmt: skip
HIPS_KNEES, KNEES_ANKLES, SHOULDERS, ELBOWS = slice(0, 4), slice(2, 6), slice(6, 8), slice(8, 10)
TRUNK, SPINE, PELVIS, CHEST, NECK_COLLARS = slice(10, 13), slice(11, 14), slice(10, 11), slice(13, 14), slice(14, 17)
# The bone ends: one child of each inner joint, then what pelvis and chest have besides.
TIPS = [
    INDEX[name]
    for name in (
        "left_knee", "right_knee", "left_ankle", "right_ankle", "left_foot", "right_foot",
        "left_elbow", "right_elbow", "left_wrist", "right_wrist",
        "spine1", "spine2", "spine3", "neck", "left_shoulder", "right_shoulder", "head",
        "left_hip", "right_hip", "left_collar", "right_collar",
    )
]  # fmt: skip
FPS_FELT = 30.0  # above it, smoothness does not grow any more, or it would cost millimetres where motion is fast


@dataclass(frozen=True)
class FitSettings:
    """What decides a fitted pose. Weights are costs of squared errors at human size; change them only with care.

    Attributes:
        steps: steps of Adam.
        rate: its learning rate at the start; it falls to zero as a cosine.
        position: of a joint 1 m off.
        hinge: of knees, ankles and elbows that turn about another axis than their hinge, by 1 rad.
        neighbour: of spine, neck and collars turned by 1 rad against their parents.
        start: of world rotations turned by 1 rad away from the closed form, which settles what nothing else does.
        smooth: of rotations that accelerate by 1 rad / (1/20 s)^2.

    Raises:
        ConfigError: a value below zero.
    """

    steps: int = 40
    rate: float = 0.01
    position: float = 1e4
    hinge: float = 0.2
    neighbour: float = 0.2
    start: float = 0.05
    smooth: float = 1.0

    def __post_init__(self) -> None:
        """Check the values."""
        for name, value in vars(self).items():
            if not value >= 0:
                raise ConfigError(f"fit: {name} is {value!r}; expected 0 or more")


@dataclass(frozen=True)
class Clip:
    """A clip made ready: of human size, its pelvis in the origin.

    Attributes:
        joints: (T, 22, 3).
        offsets: T-pose bone vectors (22, 3).
        start: world rotations (T, 22, 3, 3) to begin with.
        fps: frames per second.
    """

    joints: Floats
    offsets: Floats
    start: Floats
    fps: float


def torch_device(device: str) -> torch.device:
    """Return the torch device of `auto` (CUDA where there is a GPU, else the CPU), `cpu`, `cuda` or `cuda:N`.

    Raises:
        ConfigError: another name, or a GPU that is not there.
    """
    import torch

    name = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    kind, _, number = name.partition(":")
    if kind not in ("cpu", "cuda") or (number and not number.isdecimal()):
        raise ConfigError(f"device {device!r} is unknown; expected auto, cpu, cuda or cuda:N")
    if kind == "cuda" and int(number or 0) >= torch.cuda.device_count():
        raise ConfigError(
            f"device {device!r} is not here: torch sees {torch.cuda.device_count()} CUDA devices; use auto"
        )
    return torch.device(name)


def refined(clips: list[Clip], settings: FitSettings, device: torch.device) -> list[Floats]:
    """Return world rotations (T, 22, 3, 3) of clips; joints without children keep those of their parents.

    Args:
        clips: any number, of any lengths; neither changes what comes out for one of them.
        settings: steps and weights.
        device: where to compute.
    """
    import torch

    with _one_thread(), torch.inference_mode(False), torch.enable_grad():
        rotations = _descend(*_stacked(clips, device), settings)
        ends = np.cumsum([len(clip.joints) for clip in clips])[:-1]
        return [_all_joints(part) for part in np.split(rotations.cpu().numpy().astype(np.float64), ends)]


def _stacked(clips: list[Clip], device: torch.device) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return start (N, 17, 3, 3), joints and bones (N, 21, 3) and ties (N - 2,) of the frames of all clips."""
    import torch

    def tensor(arrays: list[Any]) -> torch.Tensor:
        return torch.from_numpy(np.concatenate(arrays).astype(np.float32)).to(device)

    start = tensor([clip.start[:, INNER] for clip in clips])
    joints = tensor([clip.joints[:, TIPS] for clip in clips])
    bones = tensor([np.broadcast_to(clip.offsets[TIPS], (len(clip.joints), len(TIPS), 3)) for clip in clips])
    return start, joints, bones, tensor([_ties(clip) for clip in clips])[2:]


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep torch to one CPU thread: tensors are so small that threads wait for each other longer than they compute."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _ties(clip: Clip) -> Floats:
    """Return how much a frame is tied to the two before it (T,): nothing for the first two of a clip."""
    ties = np.full(len(clip.joints), (min(clip.fps, FPS_FELT) / BENCHMARK_FPS) ** 4)
    ties[:2] = 0
    return ties


def _descend(
    start: torch.Tensor, joints: torch.Tensor, bones: torch.Tensor, ties: torch.Tensor, settings: FitSettings
) -> torch.Tensor:
    """Return the world rotations (N, 17, 3, 3) that Adam finds."""
    import roma
    import torch

    ancestors = torch.from_numpy(_ANCESTORS.astype(np.float32)).to(start.device)
    columns = start[..., :2].transpose(-1, -2).contiguous().requires_grad_()
    adam = torch.optim.Adam([columns], lr=settings.rate, betas=(0.8, 0.95))
    for step in range(settings.steps):
        adam.param_groups[0]["lr"] = settings.rate * 0.5 * (1 + np.cos(np.pi * step / settings.steps))
        rotations = roma.special_gramschmidt(columns.transpose(-1, -2))
        positions = ancestors @ (_one_a_bone(rotations) * bones[:, :, None]).sum(-1)
        loss = settings.position * _squares(positions - joints)
        loss = loss + _prior(rotations, start, settings) + settings.smooth * _roughness(rotations, ties)
        (columns.grad,) = torch.autograd.grad(loss, [columns])
        adam.step()
    return roma.special_gramschmidt(columns.detach().transpose(-1, -2))


def _one_a_bone(rotations: torch.Tensor) -> torch.Tensor:
    """Return the rotations (N, 21, 3, 3) that turn the bones to `TIPS`."""
    import torch

    twice = [rotations[:, fan].expand(-1, 2, -1, -1) for fan in (PELVIS, CHEST)]
    return torch.cat([rotations, *twice], dim=1)


def _prior(rotations: torch.Tensor, start: torch.Tensor, settings: FitSettings) -> torch.Tensor:
    """Return the cost of implausible rotations; hinges keep their axis: x in the legs, z in the arms."""
    legs = _squares(rotations[:, HIPS_KNEES, :, 0] - rotations[:, KNEES_ANKLES, :, 0])
    arms = _squares(rotations[:, SHOULDERS, :, 2] - rotations[:, ELBOWS, :, 2])
    trunk = _squares(rotations[:, TRUNK] - rotations[:, SPINE])
    fan = _squares(rotations[:, CHEST] - rotations[:, NECK_COLLARS])
    away = _squares(rotations - start)
    return settings.hinge * (legs + arms) + settings.neighbour * (trunk + fan) / 2 + settings.start * away / 2


def _roughness(rotations: torch.Tensor, ties: torch.Tensor) -> torch.Tensor:
    """Return the sum of squared accelerations; half of a squared matrix is the square of a small angle."""
    acceleration = rotations[2:] - 2 * rotations[1:-1] + rotations[:-2]
    return (acceleration.square() * ties[:, None, None, None]).sum() / 2


def _squares(values: torch.Tensor) -> torch.Tensor:
    """Return the sum of squares; its gradient is the same for a frame whatever else is in the tensor."""
    return values.square().sum()


def _all_joints(inner: Floats) -> Floats:
    """Return world rotations (T, 22, 3, 3) of those of the inner joints (T, 17, 3, 3)."""
    world = np.empty((len(inner), N_JOINTS, 3, 3))
    world[:, INNER] = inner
    leaves = [joint for joint in range(N_JOINTS) if joint not in INNER]
    world[:, leaves] = world[:, [PARENTS[leaf] for leaf in leaves]]
    return world


def _ancestor_matrix() -> NDArray[np.bool_]:
    """Return which bones (21, by tip) lead from the pelvis to which joint (21, in the order of `TIPS`)."""
    leads = np.zeros((len(TIPS), len(TIPS)), dtype=bool)
    for row, tip in enumerate(TIPS):
        joint = tip
        while joint > 0:
            leads[row, TIPS.index(joint)] = True
            joint = PARENTS[joint]
    return leads


_ANCESTORS = _ancestor_matrix()
