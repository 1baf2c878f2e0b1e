"""Joint metrics run without the heavy libraries."""

from __future__ import annotations

import subprocess
import sys

SCORE = """
import sys
import numpy as np
from mbench.metrics.base import METRICS
from mbench.motion import Motion
motion = Motion(np.random.default_rng(0).normal(size=(90, 22, 3)).astype(np.float32), 30)
for name in METRICS.names():
    info = METRICS.get(name).info
    if info.needs <= {"joints"} and not info.over_set:
        METRICS.get(name)(motion)
print(*sorted({"torch", "pandas"} & set(sys.modules)))
"""


def test_scoring_joints_imports_neither_torch_nor_pandas() -> None:
    result = subprocess.run([sys.executable, "-c", SCORE], capture_output=True, text=True, check=True)
    assert result.stdout.split() == []
