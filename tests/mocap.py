"""Real clips of the folder `shared`, read with the loader that lies beside them."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

from mbench.motion import Motion


@cache
def mocap(shared: Path) -> Any:
    """Return the clips' own loader, opened."""
    spec = importlib.util.spec_from_file_location("load_mocap", shared / "mocap" / "load_mocap.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Mocap(shared / "mocap")


def real_clip(shared: Path, name: str) -> Motion:
    """Return one clip: z up, 20 fps."""
    return Motion(mocap(shared).clip(name)["pos"], 20)
