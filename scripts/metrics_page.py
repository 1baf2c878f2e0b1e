"""Write the tables of docs/metrics.md.

    python scripts/metrics_page.py                        # the table of the registry only
    python scripts/metrics_page.py ../shared/mocap        # and the measured ones, from real clips (2 minutes)

Each table stands between `<!-- NAME -->` and `<!-- end -->`; the text around them is written by hand.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from mbench.metrics.base import METRICS
from mbench.motion import Motion, degrade

PAGE = Path(__file__).parents[1] / "docs" / "metrics.md"
LONGEST = 200  # frames
FAULTS: dict[str, Callable[[Motion], Motion]] = {
    "as it is": lambda motion: motion,
    "jitter 1 cm": lambda motion: degrade.jitter(motion, 0.01, np.random.default_rng(0)),
    "static": degrade.freeze,
    "sunk 10 cm": lambda motion: degrade.sink(motion, 0.1),
    "slide 0.5 m/s": lambda motion: degrade.slide(motion, 0.5),
    "the same, toes on the floor": lambda motion: degrade.slide(degrade.ground(motion), 0.5),
    "ghost": degrade.glide,
    "stop-and-go": lambda motion: degrade.halt(motion, 1.0),
    "bones ±5 %": lambda motion: degrade.stretch(motion, 0.05),
    "knees back 20°": lambda motion: degrade.hyperextend(motion, 20),
}


def joint_metrics() -> list[str]:
    """Return the names of the metrics that read joints only, the published five first."""
    infos = [METRICS.get(name).info for name in METRICS.names()]
    ours = [info for info in infos if not info.over_set and info.needs <= {"joints"}]
    return [info.name for info in sorted(ours, key=lambda info: (not info.is_dimension, info.dimension, info.name))]


def rows(header: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def registry_table() -> str:
    """Return what the registry says of each metric."""
    body = []
    for name in joint_metrics():
        info = METRICS.get(name).info
        what = info.formula.split("\n\n")[0].replace("\n", " ").replace("|", "\\|")
        body.append([f"`{name}`", info.unit, info.better, info.dimension, str(info.min_frames), what, info.source])
    return rows(["metric", "unit", "better", "informs", "frames", "what", "source"], body)


def read_clips(folder: Path) -> list[Motion]:
    """Return all clips without glitches, each cut to `LONGEST`."""
    spec = importlib.util.spec_from_file_location("load_mocap", folder / "load_mocap.py")
    if spec is None or spec.loader is None:
        raise SystemExit(f"{folder} has no load_mocap.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    mocap = module.Mocap(folder)
    names = [row["id"] for row in mocap.rows if not row["glitch_frames"]]
    return [Motion(mocap.clip(name)["pos"][:LONGEST], 20) for name in names]


def measured(name: str, motions: Sequence[Motion]) -> np.ndarray:
    """Return the values of a metric where it applies."""
    return np.array([value for value in map(METRICS.get(name), motions) if value is not None])


def real_table(motions: Sequence[Motion]) -> str:
    """Return the distribution of each metric over real clips."""
    body = []
    for name in joint_metrics():
        values = measured(name, motions)
        if values.size:
            cells = [*np.percentile(values, [5, 50, 95]), values.max(), values.mean()]
            body.append([f"`{name}`", str(values.size), *(f"{cell:.4g}" for cell in cells)])
    return rows(["metric", "clips", "5 %", "median", "95 %", "highest", "mean"], body)


def fault_table(motions: Sequence[Motion]) -> str:
    """Return the mean of each metric under each fault."""
    spoilt = {label: [fault(motion) for motion in motions] for label, fault in FAULTS.items()}
    body = []
    for name in joint_metrics():
        values = {label: measured(name, group) for label, group in spoilt.items()}
        if values["as it is"].size:
            body.append([f"`{name}`", *(f"{v.mean():.3g}" if v.size else "none" for v in values.values())])
    return rows(["mean of", *FAULTS], body)


def filled(text: str, name: str, table: str) -> str:
    """Return a page with the table of a name replaced."""
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(\n<!-- end -->)", re.DOTALL)
    return pattern.sub(lambda found: found[1] + table + found[2], text)


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mocap", type=Path, nargs="?", help="folder with load_mocap.py")
    folder = parser.parse_args().mocap
    text = filled(PAGE.read_text(encoding="utf-8"), "registry", registry_table())
    if folder is not None:
        motions = read_clips(folder)
        text = filled(text, "real", real_table(motions))
        text = filled(text, "faults", fault_table(motions[::5]))
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
