"""Make the table of `docs/judges.md` that shows what the judged metrics make of real motion and of its controls.

    python scripts/judge_controls.py ../shared/mocap

Evaluates the real clips of the test split with their own captions, and five controls made from them: captions exchanged
(each prompt gets another's motion), held still, jittered, sliding, and motions of a wrong action. Prints Markdown.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

from mbench.datasets.truth import claim_of
from mbench.io import read_motion, write_motion
from mbench.runner import evaluate
from mbench.suites import load_suite
from mbench.suites.from_dataset import suite_from_dataset

CONTROLS = ("shuffled", "static", "jittered", "sliding")
METRICS = [
    "fidelity/motion_condition_consistency", "generalization/motion_generalizability",
    "generalization/match_probability", "fidelity/r_precision_1", "fidelity/r_precision_3", "fidelity/mm_dist",
    "fidelity/fid", "fidelity/kid", "fidelity/density", "fidelity/coverage", "fidelity/diversity",
]  # fmt: skip


def write_wrong_actions(real: Path, out: Path) -> None:
    """Write, for each prompt, the motion of the next prompt whose own text is not true of it."""
    prompts = load_suite(str(real / "suite.yaml")).prompts
    for place, prompt in enumerate(prompts):
        others = (*prompts[place + 1 :], *prompts[:place])
        wrong = next(o for o in others if not claim_of(prompt.text).may_hold_for(claim_of(o.text)))
        write_motion(read_motion(real / "motions" / f"{wrong.id}.npz"), out / f"{prompt.id}.npz")


def run(real: Path, model: dict[str, Any], metrics: list[str]) -> dict[str, Any]:
    """Return the metrics of one evaluation."""
    config = {"model": model, "suite": str(real / "suite.yaml"), "metrics": metrics, "output": str(real / "results")}
    found: dict[str, Any] = evaluate(config)["metrics"]
    return found


def cell(summary: dict[str, Any] | None) -> str:
    """Return value and interval."""
    if summary is None or summary["value"] is None:
        return "—"
    low, high = summary["low"], summary["high"]
    return f"{summary['value']:.3g}" + (f" [{low:.3g}, {high:.3g}]" if low is not None else "")


def main() -> None:
    """Evaluate and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mocap", type=Path, help="folder of motion shards")
    parser.add_argument("--split", default="test")
    parser.add_argument("--metrics", nargs="+", default=METRICS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        real = Path(scratch) / "real"
        suite_from_dataset(arguments.mocap, real, split=arguments.split)
        write_wrong_actions(real, real / "wrong")
        motions = {"folder": str(real / "motions"), "up": "z"}
        models: dict[str, Any] = {"real": {"name": "motions", "options": {**motions, "name": "real"}}}
        models["wrong action"] = {"name": "motions", "options": {"folder": str(real / "wrong"), "up": "z"}}
        models |= {name: {"name": name, "options": motions} for name in CONTROLS}
        table = {name: run(real, model, arguments.metrics) for name, model in models.items()}
    print("| metric |", " | ".join(table), "|")
    print("|---|" + "---|" * len(table))
    for metric in arguments.metrics:
        print(f"| `{metric}` |", " | ".join(cell(found.get(metric)) for found in table.values()), "|")


if __name__ == "__main__":
    main()
