"""A study to try the arena with, made with no preparation: the built-in generator and its controls."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import Any

from leaderboard.arena.config import load_study_config
from leaderboard.arena.create import create
from leaderboard.arena.known import GENERATOR
from leaderboard.arena.study import NAME
from leaderboard.clips import DRAWN
from leaderboard.entries import read_entries
from mbench.cache import cache_folder
from mbench.files import hash_of, sha256_of

PROMPTS = (
    ("walk", "a person walks forward", 2.0),
    ("wave", "a person waves with the right hand", 2.0),
    ("jump", "someone jumps up twice", 2.0),
    ("kick", "a person kicks with the left leg", 2.0),
)  # id, text, seconds
CONTROLS = ("static", "jittered", "sliding")
METRIC = "quality/jitter_degree"  # a run is finished when it is scored; this one takes no time
STUDY = MappingProxyType(
    {
        "name": "Demo: a rule-based generator and its controls",
        "questions": ["overall", "text", "natural", "feet"],
        "pairs": 16,
        "votes": 3,
        "per_rater": 12,
        "repeats": 0.1,
        "attention": 0.1,
        "style": "skeleton",
        "size": 256,
    }
)


def make_demo(folder: Path | None = None, quiet: bool = True) -> Path:
    """Return the folder of the demo's study, made if it is not there yet.

    Args:
        folder: becomes the study's folder; by default one in the cache, which is kept, votes included, until the code
            that makes it changes.
        quiet: no progress on stderr.

    Raises:
        MBenchError: the generator or the renderer is not installed, or the folder can't be written.
    """
    root = cache_folder() / "arena-demo" / _key()
    study = root / "study" if folder is None else folder
    if folder is None and (study / NAME).exists():
        return study
    runs = [_run(root / "results" / name, name, quiet) for name in (GENERATOR, *CONTROLS)]
    return create(load_study_config(dict(STUDY)), runs, study, quiet=quiet).folder


def _key() -> str:
    """Return a hash of all that decides the demo."""
    from mbench.config import ModelConfig
    from mbench.models.build import build_model
    from mbench.provenance import code_hash

    code = [sha256_of(path) for path in sorted(Path(__file__).parent.glob("*.py"))]
    models = [code_hash(build_model(ModelConfig(name=name))) for name in (GENERATOR, *CONTROLS)]
    return hash_of([dict(STUDY), PROMPTS, DRAWN, code, models])[:16]


def _run(folder: Path, model: str, quiet: bool) -> Path:
    """Return a folder that holds one run of a model on the demo's prompts, made if it is not there yet."""
    if not folder.is_dir() or not read_entries(folder)[0]:
        from mbench.runner import evaluate
        from mbench.suites import suite_from_rows
        from mbench.suites.write import write_suite

        rows: list[dict[str, Any]] = [
            {"id": id, "text": text, "seconds": seconds, "dimensions": ["quality"]} for id, text, seconds in PROMPTS
        ]
        suite = folder.parent.parent / "suite.json"
        write_suite(suite_from_rows("arena-demo", rows, description="For the arena's demo."), suite)
        evaluate({"model": model, "suite": str(suite), "metrics": METRIC, "output": str(folder)}, quiet=quiet)
    return folder
