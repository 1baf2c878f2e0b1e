"""Put trained weights into the package, with a card that says what they learned from and what was measured.

    python scripts/ship_weights.py runs/vimogen-base-gate vimogen-base --data data/vimogen [--with runs/vimogen-base]
    python scripts/ship_weights.py runs/vimogen-light vimogen-light --data data/distilled
    python scripts/ship_weights.py --measured results/vimogen-light/RUN vimogen-light

The first form copies the shards of `RUN/weights`, the curves, and the vectors of the captions that the text
branch was trained on (`captions.npz`, no text). `--with` names the runs that it started from: their steps and minutes
count too. The last form writes the scores of a run of `mbench evaluate` into a card that is there.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from mbench.files import atomic_write, read_json, whole_lines, write_json
from mbench.text import SHA256, TextEncoder

SHIPPED = Path(__file__).parents[1] / "vimogen" / "weights"
POINTS = 40  # of a curve
STAGE = ("run", "started_from", "steps", "seconds", "recipe", "data", "curve")


def machine() -> str:
    """Return what the weights were trained on, if that is this machine."""
    names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return f"{names[0].split(':')[1].strip() if names else platform.processor()}, {os.cpu_count()} cores, no GPU"


def curve(run: Path) -> dict[str, Any]:
    """Return the training's losses at `POINTS` steps, and all its evaluations."""
    lines = [json.loads(line) for line in whole_lines(run / "log.jsonl")]
    losses = [line for line in lines if "loss" in line]
    picked = [losses[i] for i in sorted(set(np.linspace(0, len(losses) - 1, POINTS).round().astype(int)))]
    left_out = {"rate", "seconds", "samples_per_second", "grad_norm"}
    kept = [{k: round(v, 4) for k, v in line.items() if k not in left_out} for line in picked]
    checks = [{"step": line["step"], **_rounded(line["evaluation"])} for line in lines if "evaluation" in line]
    return {"losses": kept, "evaluations": checks}


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 5) for name, value in values.items()}


def captions(folders: list[Path]) -> list[str]:
    """Return the different captions of the training split that the text branch may see, sorted."""
    rows = [row for folder in folders for row in read_json(folder / "ViMoGen-228K.json")]
    shown = [row for row in rows if row.get("split", "train") == "train" and not row.get("held_out")]
    return sorted({text for row in shown for text in row["motion_text_annot"]})


def sources(folders: list[Path]) -> list[dict[str, Any]]:
    """Return the sources of the data with their licences, clips and hours; of distilled motions, what made them."""
    return [{"folder": own.name, **row} for own in folders for row in _sources_of(read_json(own / "card.json"))]


def _sources_of(card: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of a card of `vimogen data build` or `vimogen distil`."""
    if "teacher" not in card:
        return list(card["sources"])
    made = {"licence": card["teacher"]["licence"], "clips": card["motions"], "hours": card["hours"]}
    return [{"source": card["teacher"]["name"], "made": True, **made}]


def held_out(folders: list[Path]) -> list[str]:
    """Return the patterns of words whose captions no text branch has learned from, where the data were captured."""
    cards = [read_json(folder / "card.json") for folder in folders]
    return sorted({word for card in cards for word in card.get("held_out", {}).get("patterns", [])})


def ship(run: Path, name: str, folders: list[Path], before: list[Path]) -> None:
    """Copy the weights of a run and write their card."""
    target = SHIPPED / name
    target.mkdir(parents=True, exist_ok=True)
    for old in target.iterdir():
        old.unlink()
    for file in sorted((run / "weights").iterdir()):
        shutil.copyfile(file, target / file.name)
    texts = captions(folders)
    vectors = TextEncoder().sentences(texts).astype(np.float16)
    with atomic_write(target / "captions.npz") as file:
        np.savez_compressed(file, vectors=vectors, encoder=np.array(SHA256))
    card = read_json(target / "card.json")
    runs = [*before, run]
    stages = [read_json(own / "weights" / "card.json") | {"run": own.name, "curve": curve(own)} for own in runs]
    told = [f"{own['run']}: {own['trained_on']}" for own in stages]
    card |= {
        "name": name, "captions": f"vimogen:weights/{name}/captions.npz", "trained_on": "; then ".join(told),
        "paper": "ViMoGen, arXiv 2510.26794; this network and its weights are our own",
        "machine": machine(), "sources": sources(folders),
        "stages": [{k: own[k] for k in STAGE} for own in stages], "held_out": held_out(folders),
    }  # fmt: skip
    write_json(target / "card.json", card)


def measure(result: Path, name: str) -> None:
    """Write the scores of an evaluation into the card of shipped weights."""
    found = read_json(result / "result.json")
    run = read_json(result / "run.json")
    path = SHIPPED / name / "card.json"
    card = read_json(path)
    suite = run["config"]["suite"]
    card.setdefault("measured", {})[suite] = {
        part: found[part] for part in ("pillars", "dimensions", "metrics") if part in found
    }
    write_json(path, card)


def main() -> None:
    """Ship weights, or what was measured of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, nargs="?", help="folder of vimogen train")
    parser.add_argument("name", choices=("vimogen-base", "vimogen-light"))
    parser.add_argument("--data", type=Path, nargs="+", default=[], help="folders that it was trained on")
    parser.add_argument("--with", type=Path, nargs="+", default=[], dest="before", help="runs that it started from")
    parser.add_argument("--measured", type=Path, help="a result folder of mbench evaluate")
    options = parser.parse_args()
    if options.measured is not None:
        measure(options.measured, options.name)
    elif options.run is None:
        parser.error("name the folder of a run")
    else:
        ship(options.run, options.name, options.data, options.before)


if __name__ == "__main__":
    main()
