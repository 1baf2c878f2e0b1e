"""SMPL parameter files: joints come from a body, which stands above this package and plugs its reader in here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from mbench.io.hints import Hints
from mbench.motion.motion import Motion
from mbench.registry import Registry

PARAMETER_KEYS = (
    "poses", "trans", "betas", "mocap_framerate", "mocap_frame_rate", "fps", "global_orient", "body_pose", "transl",
    "jaw_pose", "leye_pose", "reye_pose", "expression", "format", "focal_length", "width", "height",
)  # fmt: skip
ParameterReader = Callable[[Mapping[str, Any], Path, Hints], Motion]
PARAMETER_READERS: Registry[ParameterReader] = Registry("reader", builtin=("mbench.body.parameters",))


def is_smpl(keys: Collection[str]) -> bool:
    """Return whether a file with these keys holds SMPL parameters, as in AMASS or as `smplx` names them."""
    return {"poses", "trans"} <= set(keys) or {"global_orient", "body_pose"} <= set(keys)


def motion_from_smpl(parameters: Mapping[str, Any], path: Path, hints: Hints) -> Motion:
    """Return the motion of SMPL parameters, joints and pose, by the default body.

    Raises:
        FormatError: parameters of a wrong shape, or an up axis that can't be told.
    """
    return PARAMETER_READERS.get("smpl")(parameters, path, hints)
