"""Make `mbench/data/anchors.json` from real motion.

    python scripts/build_anchors.py ../shared/mocap

Reference: the mean of each metric over real clips, as results average over prompts. Control: the mean over the same
clips with the fault that the metric must catch. The clips are the part of the CMU Graphics Lab Motion Capture Database
that was read from the laboratory's own ASF/AMC files (no retargeted copies), without clips that have tracking glitches
or stand on something (climbing, steps, uneven ground: the floor is not at z = 0 there), each cut to its first 10 s.

Metrics of the default judge: the clips of the test split, which it was not trained on, with their own captions.
Control: guessing, for the choice of one text; the motion of another action, for the match of motion and text.
"""

from __future__ import annotations

import argparse
import datetime
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import mbench
from mbench.body.mesh import Mesh, MeshSettings
from mbench.datasets.shards import Shards
from mbench.datasets.truth import claim_of
from mbench.io import read_motion
from mbench.judges.base import build_judge
from mbench.metrics.anchors import BUILTIN
from mbench.metrics.base import METRICS, Sample
from mbench.metrics.judged import CONSISTENCY, chance
from mbench.motion import Motion, Pose, degrade
from mbench.suites import load_suite
from mbench.suites.from_dataset import suite_from_dataset
from mbench.versions import version_of

PROPS = ("climb", "ladder", "stool", "steps", "uneven", "playground")
LONGEST = 200  # frames

Fault = Callable[[Motion], Motion]
CONTROLS: dict[str, tuple[str, Fault]] = {
    "quality/jitter_degree": (
        "jitter: Gaussian noise, sigma 1 cm, on every coordinate of every joint and frame",
        lambda motion: degrade.jitter(motion, 0.01, np.random.default_rng(0)),
    ),
    "quality/dynamic_degree": ("static: the first frame, held", degrade.freeze),
    "quality/ground_penetration": ("sunk by 10 cm", lambda motion: degrade.sink(motion, 0.1)),
    "quality/foot_sliding": (
        "sliding: the lowest toe put on the floor, then the whole body carried sideways at 0.5 m/s",
        lambda motion: degrade.slide(degrade.ground(motion), 0.5),
    ),
    "quality/foot_floating": (
        "ghost: the first frame, raised by 0.3 m, gliding at 1 m/s",
        degrade.glide,
    ),
}


# Metrics of the skinned body, on every eighth clip and its first 5 s: a frame of theirs takes tens of milliseconds.
EVERY, SHORT = 8, 100
CONTORTED = "contorted: every joint turned by 80 degrees about an axis of its own"
PARTS = ("joints", "skin", "judged")
SKIN = ("quality/body_penetration", "quality/pose_quality")


def usable(row: dict[str, Any]) -> bool:
    """Return whether a clip is raw CMU motion on a flat floor without glitches."""
    words = " ".join([row["content"] or "", *(caption["text"] for caption in row["captions"])]).lower()
    raw = row["source"] == "cmu" and row["skeleton"].startswith("cmu-asf")
    return raw and not row["glitch_frames"] and not any(word in words for word in PROPS)


def read_clips(folder: Path) -> dict[str, Motion]:
    """Return the usable clips by id, cut to `LONGEST`."""
    shards = Shards(folder)
    return {row["id"]: cut(shards.motion(row), LONGEST) for row in shards.rows if usable(row)}


def cut(motion: Motion, frames: int) -> Motion:
    """Return the first frames of a motion, pose included."""
    assert motion.pose is not None
    pose = Pose(motion.pose.rotations[:frames], motion.pose.offsets)
    return motion.replace(joints=motion.joints[:frames], pose=pose)


def skin_anchor(name: str, motions: list[Motion]) -> dict[str, Any]:
    """Return reference and control of one metric of the skinned body; rotations are fitted to joints, as in a run."""
    metric = METRICS.get(name)
    wrong = [degrade.contort(motion, 80, np.random.default_rng(i)) for i, motion in enumerate(motions)]
    reference, control = ([metric(motion, Mesh(motion)) for motion in some] for some in (motions, wrong))
    return {
        "reference": round(float(np.mean(reference)), 6),
        "control": round(float(np.mean(control)), 6),
        "control_is": CONTORTED,
        "unit": metric.info.unit,
        "metric_version": version_of(metric, MeshSettings()),
        "clips": len(motions),
    }


def anchor(name: str, motions: list[Motion]) -> dict[str, Any]:
    """Return reference and control of one metric."""
    metric, (words, fault) = METRICS.get(name), CONTROLS[name]
    reference = [value for value in map(metric, motions) if value is not None]
    control = [value for value in (metric(fault(motion)) for motion in motions) if value is not None]
    return {
        "reference": round(float(np.mean(reference)), 6),
        "control": round(float(np.mean(control)), 6),
        "control_is": words,
        "unit": metric.info.unit,
        "metric_version": str(metric.info.version),
        "clips": len(reference),
    }


def other_action(samples: list[Sample]) -> list[Sample]:
    """Return each prompt with the motion of another prompt whose text is not true of it."""
    found = []
    for place, sample in enumerate(samples):
        later = samples[place + 1 :] + samples[:place]
        wrong = next(o for o in later if not claim_of(sample.prompt.text).may_hold_for(claim_of(o.prompt.text)))
        found.append(Sample(sample.prompt, wrong.motion))
    return found


def judged_anchors(folder: Path) -> dict[str, Any]:
    """Return reference and control of the judged dimensions."""
    judge = build_judge("retrieval")
    with tempfile.TemporaryDirectory() as scratch:
        suite_from_dataset(folder, Path(scratch) / "real", split="test")
        suite = load_suite(str(Path(scratch) / "real" / "suite.yaml"))
        samples = [Sample(p, read_motion(Path(scratch) / "real" / "motions" / f"{p.id}.npz")) for p in suite.prompts]
    consistency, match = METRICS.get(CONSISTENCY), METRICS.get("generalization/motion_generalizability")
    guessed = chance(suite.prompts)
    assert guessed is not None
    wrong = float(np.mean(match.function(other_action(samples), judge)))
    pairs = [(consistency, guessed, "guessing"), (match, wrong, "the motion of another action")]
    return {
        metric.info.name: {
            "reference": round(float(np.mean(metric.function(samples, judge))), 6), "control": round(control, 6),
            "control_is": words, "unit": metric.info.unit,
            "metric_version": version_of(metric, MeshSettings(), judge), "clips": len(samples),
        }
        for metric, control, words in pairs
    }  # fmt: skip


def provenance(clips: dict[str, Motion]) -> dict[str, Any]:
    """Return where the numbers come from."""
    return {
        "source": "CMU Graphics Lab Motion Capture Database, ASF/AMC files, as 22 joints at 20 fps, z up",
        "licence": "free for all uses; no resale of the data itself; credit mocap.cs.cmu.edu, NSF EIA-0196217",
        "selection": "no clips with tracking glitches, none on props or uneven ground; first 10 s of each",
        "clips": len(clips),
        "frames": sum(map(len, clips.values())),
        "subject_trial": " ".join(sorted(name.removeprefix("cmu_") for name in clips)),
        "mbench": mbench.__version__,
        "date": datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat(),
    }


def main() -> None:
    """Read the clips and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mocap", type=Path, help="folder of motion shards")
    parser.add_argument("--out", type=Path, default=BUILTIN)
    parser.add_argument(
        "--only", choices=PARTS, nargs="+", default=PARTS, help="keep the others as they are in the file"
    )
    arguments = parser.parse_args()
    clips = read_clips(arguments.mocap)
    before = json.loads(arguments.out.read_text(encoding="utf-8")) if arguments.out.exists() else {}
    anchors = dict(before.get("anchors", {}))
    if "joints" in arguments.only:
        anchors |= {name: anchor(name, list(clips.values())) for name in CONTROLS}
    if "skin" in arguments.only:
        some = [cut(motion, SHORT) for motion in list(clips.values())[::EVERY]]
        anchors |= {name: skin_anchor(name, some) for name in SKIN}
    if "judged" in arguments.only:
        anchors |= judged_anchors(arguments.mocap)
    made_by = {"version": 1, "made_by": "scripts/build_anchors.py", "provenance": provenance(clips), "anchors": anchors}
    arguments.out.write_text(json.dumps(made_by, indent=1) + "\n", encoding="utf-8")
    for name, row in anchors.items():
        print(f"{name:30s} reference {row['reference']:.5f}  control {row['control']:.5f}  {row['control_is']}")


if __name__ == "__main__":
    main()
