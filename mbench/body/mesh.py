"""`Mesh`: a motion as a body with a skin, made when first asked for and shared by all metrics that need it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from mbench.body.contact import Pairs, self_intersections
from mbench.errors import ConfigError, NotApplicable
from mbench.motion import Motion
from mbench.motion.skeleton import PELVIS

if TYPE_CHECKING:
    from mbench.body import Body

_REST_PAIRS: dict[tuple[str, str], Pairs] = {}  # by id and hash of a body: the same for every motion


@dataclass(frozen=True)
class MeshSettings:
    """What decides the mesh of a motion, and how its metrics read it; part of a result's configuration.

    Attributes:
        body: a registered name, or the path of a body file.
        fit: `always` fits rotations to the joints, so that generators of skeletons and of rotations are compared alike;
            `never` takes the rotations that the motion came with.
        prior: a file of a pose prior (`mbench.body.prior.checkpoint`); None for the built-in one.
        max_collisions: see `mbench.body.contact.body_penetration`; None counts every pair.
        device: auto, cpu or cuda; decides no number.

    Raises:
        ConfigError: another value of `fit`, or `max_collisions` below 1.
    """

    body: str = "default"
    fit: Literal["always", "never"] = "always"
    max_collisions: int | None = None
    prior: str | None = None
    device: str = "auto"

    def __post_init__(self) -> None:
        """Check the values."""
        if self.fit not in ("always", "never"):
            raise ConfigError(f"body: fit is {self.fit!r}; expected always or never")
        if self.max_collisions is not None and self.max_collisions < 1:
            raise ConfigError(
                f"body: max_collisions is {self.max_collisions}; expected 1 or more, or null for no limit"
            )


class Mesh:
    """The skinned body of a motion. Nothing is loaded, fitted or skinned before it is asked for, and then once.

    Args:
        motion: at the frame rate of its metrics.
        settings: which body, and how it is posed.
    """

    def __init__(self, motion: Motion, settings: MeshSettings = MeshSettings()) -> None:
        self.motion = motion
        self.settings = settings

    @cached_property
    def body(self) -> Body:
        """Return the body; it is loaded once a process."""
        return _loaded(self.settings.body, self.settings.device)

    @cached_property
    def pose(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return what poses the body: local quaternions (T, 22, 4), x, y, z, w, and pelvis positions (T, 3), metres.

        Raises:
            NotApplicable: `fit` is never, and the motion has joint positions only.
        """
        if self.settings.fit == "never" and self.motion.pose is None:
            raise NotApplicable("needs joint rotations (fit: never), the motion has joint positions only")
        from mbench.body.fit import fit_pose

        pose = fit_pose(self.motion, self.body, fit=self.settings.fit, device=self.settings.device)
        return pose.rotations, self.motion.joints[:, PELVIS]

    @cached_property
    def vertices(self) -> NDArray[np.float32]:
        """Return the skin (T, V, 3), metres, z up; the body keeps its own size."""
        import torch

        pose = self.pose  # outside no_grad: fitting needs gradients
        with torch.no_grad():
            vertices, _ = self.body.pose(*pose)
        return vertices.cpu().numpy()

    @property
    def faces(self) -> NDArray[np.int64]:
        """Return the triangles (F, 3), indices of vertices."""
        return self.body.faces

    @cached_property
    def rest_pairs(self) -> Pairs:
        """Return the pairs of triangles (n, 2) that cross in the body's T-pose, found once a body."""
        key = (self.body.id, self.body.hash)  # the hash is the file's, the id knows the shape
        if key not in _REST_PAIRS:
            (_REST_PAIRS[key],) = self_intersections(self.body.rest_vertices, self.faces, self.settings.device)
        return _REST_PAIRS[key]


@cache
def _loaded(name: str, device: str) -> Body:
    from mbench.body import load_body
    from mbench.body.fit_adam import torch_device

    return load_body(name).to(torch_device(device))
