"""MBench: judge text-to-3D-human-motion models.

    import mbench
    motion = mbench.read_motion("walk.bvh")
    table = mbench.score({"walk": motion})
    result = mbench.evaluate("model.yaml")

Everything is imported when it is first used, so that `import mbench` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mbench.card import Card
    from mbench.comparison import compare_runs as compare
    from mbench.datasets import load_dataset
    from mbench.errors import MBenchError
    from mbench.io import read_motion, write_motion
    from mbench.metrics.base import Sample, metric, metric_by_judge, metric_over_set
    from mbench.motion import Motion, Pose
    from mbench.runner import evaluate
    from mbench.scoring import score
    from mbench.suites import load_suite
    from mbench.suites.prompt import Prompt

__version__ = "0.1.0"

_HOMES = {
    "Card": "mbench.card:Card",
    "MBenchError": "mbench.errors:MBenchError",
    "Motion": "mbench.motion:Motion",
    "Pose": "mbench.motion:Pose",
    "Prompt": "mbench.suites.prompt:Prompt",
    "Sample": "mbench.metrics.base:Sample",
    "compare": "mbench.comparison:compare_runs",
    "evaluate": "mbench.runner:evaluate",
    "load_dataset": "mbench.datasets:load_dataset",
    "load_suite": "mbench.suites:load_suite",
    "metric": "mbench.metrics.base:metric",
    "metric_by_judge": "mbench.metrics.base:metric_by_judge",
    "metric_over_set": "mbench.metrics.base:metric_over_set",
    "read_motion": "mbench.io:read_motion",
    "score": "mbench.scoring:score",
    "write_motion": "mbench.io:write_motion",
}

__all__ = [
    "Card", "MBenchError", "Motion", "Pose", "Prompt", "Sample", "__version__", "compare", "evaluate",
    "load_dataset", "load_suite", "metric", "metric_by_judge", "metric_over_set", "read_motion", "score",
    "write_motion",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'mbench' has no attribute {name!r}")
    module, _, attribute = _HOMES[name].partition(":")
    value = getattr(importlib.import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
