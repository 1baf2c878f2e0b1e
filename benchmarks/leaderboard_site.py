"""How long the site of a leaderboard takes: built first, built with videos that are drawn already, and without change.

    OMP_NUM_THREADS=1 python benchmarks/leaderboard_site.py [--models 10] [--prompts 450] [--folder FOLDER]

The motions are the choreographer's, with another seed for each model; the values are drawn at random around anchors,
because scoring 4,500 motions would take hours and takes no part in building. The folders are what `mbench evaluate`
writes, with real summaries of these values. A folder that is given is kept, and used again by the next call.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from leaderboard.clips import Clip, draw
from leaderboard.site import media
from leaderboard.site.build import build_site
from mbench.files import hash_of, write_json
from mbench.metrics.anchors import load_anchors
from mbench.metrics.base import Metric
from mbench.plan import Plan, plan_of
from mbench.results import RunFolder, ScoreRow
from mbench.runner import evaluate, told
from mbench.score_sets import MOTIONS, PROMPTS, REPLICATED, SUBSETS, VALUE
from mbench.suites import load_suite
from mbench.summary import summarise

KINDS = ("learned", "learned", "learned", "rule-based", "control")


def write_suite(path: Path, prompts: int) -> Path:
    """Write a suite of as many prompts as wanted, from those of `mbench-mini`."""
    known = load_suite("mbench-mini").prompts
    rows = [told(replace(known[i % len(known)], id=f"p{i:03d}")) for i in range(prompts)]
    for i, row in enumerate(rows):
        row["text"] = f"{row['text'].rstrip('.')}, take {i // len(known) + 1}"
        row["candidates"] = list(known[i % len(known)].candidates)
    suite = {"name": "large", "version": "1", "description": "for speed", "licence": "Apache-2.0", "prompts": rows}
    write_json(path, suite)
    return path


def make_result(folder: Path, suite: Path, number: int) -> None:
    """Write a finished run of one model."""
    plan = plan_of({"model": "choreographer", "suite": str(suite), "output": str(folder), "run": {"seed": number}})
    card = {**plan.card, "name": f"model-{number:02d}", "kind": KINDS[number % len(KINDS)]}
    run_id = hash_of([number, plan.run_id])[:12]
    plan = replace(plan, card=card, run_id=run_id, folder=RunFolder(folder / card["name"] / run_id))
    if plan.folder.result.exists():
        return
    evaluate(plan, stage="generate")
    generator = np.random.default_rng(number)
    plan.folder.finish_scores(row for name, item in plan.metrics for row in values(plan, name, item, generator))
    plan.folder.write_result(summarise(plan))


def values(plan: Plan, name: str, item: Metric, generator: np.random.Generator) -> Iterator[ScoreRow]:
    """Yield the rows of a metric: values about a level that is the model's own."""
    anchor = load_anchors().by_metric.get(name)
    low, high = (anchor.control, anchor.reference) if anchor else (0.0, 1.0)
    level = low + (high - low) * generator.uniform(0.2, 0.9)
    if item.info.over_set:
        counts = {PROMPTS: len(plan.prompts), MOTIONS: len(plan.prompts)}
        drawn = {number: level * generator.normal(1, 0.05) for number in (VALUE, *SUBSETS, *REPLICATED)}
        for number, value in {**drawn, **counts}.items():
            yield ScoreRow(name, plan.versions[name], "", number, float(value))
        return
    for prompt in filter(item.info.scores, plan.prompts):
        share = item.info.unit == "share"
        value = generator.random() < level if share else level * generator.lognormal(0, 0.5)
        yield ScoreRow(name, plan.versions[name], prompt.id, 0, float(value))


def stand_ins(clips: Iterable[Clip], workers: int, quiet: bool) -> int:
    """Draw the first clip and use its video for all others, in the place of `leaderboard.clips.draw`."""
    some = list(clips)
    draw(some[:1], workers, quiet)
    for clip in some[1:]:
        if not clip.path.exists():
            shutil.copyfile(some[0].path, clip.path)
    return len(some)


def say(what: str, results: Path, site: Path, workers: int = 1) -> None:
    """Build a site, and print what that took and made."""
    start = time.process_time()
    built = build_site(results, site, workers=workers)
    print(
        f"{what}: {built.seconds:.1f} s, {time.process_time() - start:.1f} s of CPU; {len(built.pages)} pages, "
        f"{built.made} made; {built.written} files written; {built.videos} videos; {built.size / 1e6:.1f} MB in all, "
        f"the largest page {built.largest / 1e3:.0f} kB",
        flush=True,
    )


def main() -> None:
    """Make the results, build the site three times, print what each took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--models", type=int, default=10)
    parser.add_argument("--prompts", type=int, default=450)
    parser.add_argument("--workers", type=int, default=2, help="processes that draw videos")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--draw", action="store_true", help="draw every video; without it one stands in for all")
    given = parser.parse_args()
    if not given.draw:
        media.draw = stand_ins
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        os.environ["MBENCH_CACHE"] = str(folder / "cache")
        start = time.monotonic()
        suite, results, site = write_suite(folder / "suite.json", given.prompts), folder / "results", folder / "site"
        for number in range(given.models):
            make_result(results, suite, number)
        print(f"{given.models} results of {given.prompts} prompts: {time.monotonic() - start:.1f} s", flush=True)
        shutil.rmtree(site, ignore_errors=True)
        say("drawing first" if given.draw else "with stand-ins for videos", results, site, given.workers)
        shutil.rmtree(site)
        say("from nothing, videos drawn", results, site)
        say("without change", results, site)


if __name__ == "__main__":
    main()
