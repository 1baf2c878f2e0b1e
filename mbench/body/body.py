"""`Body`: a person in SMPL format, posed by smplx, in our frame and with our rotations."""

from __future__ import annotations

import contextlib
import io
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mbench.body.arrays import FAMILIES
from mbench.body.registry import BodySource, find_body
from mbench.card import Card
from mbench.errors import ConfigError, MotionError
from mbench.files import hash_of
from mbench.motion.representations.rows import SMPL_TO_OURS
from mbench.motion.skeleton import N_JOINTS, PARENTS

if TYPE_CHECKING:
    import torch

CHUNK = 64  # frames skinned at a time; bounds memory, does not change a number
# smplx wants some vertices of the face by name to return them beside the joints; nothing here reads them.
_FACE = ("nose", "reye", "leye", "rear", "lear")


def load_body(name_or_path: str | Path = "default", betas: ArrayLike | None = None) -> Body:
    """Return a body.

    Args:
        name_or_path: a registered name (`default`, `capsules`), or a `.npz` or `.pkl` file of SMPL, SMPL-H or SMPL-X.
        betas: shape coefficients (K,), in units of about one standard deviation; None for the average person.

    Raises:
        UnknownNameError: no such name.
        FormatError: a file that can't be read as a body.
        ConfigError: more betas than the body has, or values that are not finite.
    """
    return Body(find_body(name_or_path), betas)


class Body:
    """One person: a body with its shape fixed.

    Nothing needs torch or smplx until `pose` is called.

    Attributes:
        id: the body's name, with a hash of the betas where they are not zero.
        card: licence, source and hash.
        hash: sha256 of the body's file; results that used it are stored with it.
        faces: triangles (F, 3) int64, outward.
        rest_offsets: bone vectors in the T-pose (22, 3) float32, metres, z up, facing +y; row 0 is zero.
        rest_pelvis: where the pelvis is in the T-pose (3,), metres, in the file's axes; `transl` is added to it.
        family: `SMPL`, `SMPL-H` or `SMPL-X`.
        smpl_betas: whether betas found in SMPL files mean something to it.

    Args:
        source: see `mbench.body.registry.find_body`.
        betas: shape coefficients (K,).

    Raises:
        FormatError: a file that can't be read as a body.
        ConfigError: see `load_body`.
    """

    def __init__(self, source: BodySource, betas: ArrayLike | None = None) -> None:
        self._arrays = source.arrays()
        shape = _checked_betas(betas, source.name, self._arrays["shapedirs"].shape[2])
        directions = self._arrays["shapedirs"][:, :, : len(shape)]
        self._shaped: NDArray[np.float64] = self._arrays["v_template"] + directions @ shape
        joints = self._arrays["J_regressor"] @ self._shaped
        self.card: Card = source.card()
        self.id = f"{source.name}+{hash_of(shape.tolist())[:8]}" if shape.any() else source.name
        self.hash = self.card.weights
        self.faces: NDArray[np.int64] = self._arrays["f"]
        self.smpl_betas = source.smpl_betas
        self.family = FAMILIES[len(joints)]
        self.rest_pelvis: NDArray[np.float64] = joints[0]
        self.rest_offsets = _offsets(joints)

    @property
    def n_vertices(self) -> int:
        """Number of vertices."""
        return len(self._shaped)

    @property
    def n_betas(self) -> int:
        """Number of shape coefficients that the body has."""
        return int(self._arrays["shapedirs"].shape[2])

    @property
    def rest_vertices(self) -> NDArray[np.float32]:
        """Vertices of the T-pose (V, 3), metres, z up, facing +y, the pelvis at the origin."""
        return ((self._shaped - self.rest_pelvis) @ SMPL_TO_OURS.T).astype(np.float32)

    @property
    def weights(self) -> NDArray[np.float64]:
        """Share of each joint in each vertex (V, 22); what hangs on hands and head counts as the wrist or the head."""
        weights, parents = self._arrays["weights"].copy(), self._arrays["kintree_table"][0].astype(int)
        for joint in range(weights.shape[1] - 1, N_JOINTS - 1, -1):
            weights[:, parents[joint]] += weights[:, joint]
        return np.asarray(weights[:, :N_JOINTS])

    @property
    def device(self) -> torch.device:
        """Where it is posed."""
        device: torch.device = self._layer.v_template.device
        return device

    def to(self, device: str | torch.device) -> Body:
        """Move to a device and return itself.

        Args:
            device: `cpu`, `cuda`, …
        """
        self._layer.to(device)
        return self

    def pose(
        self, rotations: ArrayLike | torch.Tensor, translation: ArrayLike | torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return vertices (T, V, 3) and joints (T, 22, 3), float32, metres, z up, on the body's device.

        Args:
            rotations: local quaternions (T, 22, 4), x, y, z, w, as in `mbench.motion.Pose`; hands and face keep their
                rest pose.
            translation: positions of the pelvis (T, 3), metres.

        Raises:
            MotionError: shapes that do not fit.
        """
        import torch

        turns, places = self._inputs(rotations, translation)
        frames = [self._posed(turns[t : t + CHUNK], places[t : t + CHUNK]) for t in range(0, len(turns), CHUNK)]
        vertices, joints = zip(*frames, strict=True)
        return torch.cat(vertices), torch.cat(joints)

    def _inputs(self, rotations: Any, translation: Any) -> tuple[torch.Tensor, torch.Tensor]:
        """Return rotations (T, 22, 4) and places (T, 3) as float32 tensors on the body's device."""
        import torch

        turns = torch.as_tensor(_writable(rotations), dtype=torch.float32, device=self.device)
        places = torch.as_tensor(_writable(translation), dtype=torch.float32, device=self.device)
        if turns.ndim != 3 or turns.shape[1:] != (N_JOINTS, 4) or places.shape != (len(turns), 3) or not len(turns):
            found = f"{tuple(turns.shape)} and {tuple(places.shape)}"
            raise MotionError(f"rotations and translation have shapes {found}; expected (T, 22, 4) and (T, 3)")
        return turns, places

    def _posed(self, turns: torch.Tensor, places: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return vertices and joints of a few frames: into SMPL's axes, through smplx, and back."""
        import roma
        import torch

        axes = places.new_tensor(SMPL_TO_OURS)
        local = axes @ roma.unitquat_to_rotmat(turns / turns.norm(dim=-1, keepdim=True)) @ axes
        rest = torch.eye(3).to(local).expand(len(local), len(self._layer.parents) - N_JOINTS, 3, 3)
        full = torch.cat([local, rest], dim=1)
        out = self._layer(global_orient=full[:, :1], body_pose=full[:, 1:])
        pelvis = out.joints[:, :1]
        move = places[:, None]
        return (out.vertices - pelvis) @ axes + move, (out.joints[:, :N_JOINTS] - pelvis) @ axes + move

    @cached_property
    def _layer(self) -> Any:
        """Return smplx's layer of this person; one class does for all families, whose joints differ in number only."""
        from smplx import SMPLLayer
        from smplx.utils import Struct

        arrays = dict(self._arrays) | {"v_template": self._shaped, "shapedirs": self._arrays["shapedirs"][:, :, :1]}
        with contextlib.redirect_stdout(io.StringIO()):  # it prints that there are fewer than 300 shape directions
            layer = SMPLLayer(
                "", data_struct=Struct(**arrays), num_betas=1, vertex_ids=dict.fromkeys(_FACE, 0),
                use_hands=False, use_feet_keypoints=False,
            )  # fmt: skip
        layer.NUM_BODY_JOINTS = len(layer.parents) - 1
        return layer


def _offsets(joints: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return bone vectors (22, 3) in our frame of rest joints (J, 3) in SMPL's."""
    offsets = joints[:N_JOINTS] - joints[list(PARENTS)]
    offsets[0] = 0
    return (offsets @ SMPL_TO_OURS.T).astype(np.float32)


def _checked_betas(betas: ArrayLike | None, name: str, count: int) -> NDArray[np.float64]:
    """Return the betas (K,) that are used."""
    values = np.asarray([] if betas is None else betas, dtype=np.float64)
    if values.ndim != 1 or len(values) > count:
        raise ConfigError(f"body {name}: betas have shape {values.shape}; expected at most {count} numbers")
    if not np.isfinite(values).all():
        raise ConfigError(f"body {name}: betas are not finite: {values.tolist()}")
    return values


def _writable(values: Any) -> Any:
    """Return a copy of a read-only array, as those of a motion are; torch warns about them."""
    return np.array(values) if isinstance(values, np.ndarray) and not values.flags.writeable else values
