"""SMPL parameter files: joints come from a body model; this module is where one is plugged in."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from mbench.errors import FormatError
from mbench.io.hints import Hints
from mbench.motion.motion import Motion


def is_smpl(keys: Collection[str]) -> bool:
    """Return whether a file with these keys holds SMPL parameters, as in AMASS or as `smplx` names them."""
    return {"poses", "trans"} <= set(keys) or {"global_orient", "body_pose"} <= set(keys)


def motion_from_smpl(parameters: Mapping[str, Any], path: Path, hints: Hints) -> Motion:
    """Return the motion of SMPL parameters.

    Raises:
        FormatError: always, as long as there is no body model to pose.
    """
    raise FormatError(
        f"{path}: holds SMPL parameters ({', '.join(sorted(parameters))}); joints of SMPL parameters need a body "
        "model, which this version does not have yet; export joints (T, 22, 3)"
    )
