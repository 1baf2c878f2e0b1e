"""The stages of one subset: canonicalise, score, filter, caption. Each clip by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mbench.datasets import Clip
from mbench.errors import MBenchError, one_line
from mbench.files import hash_of
from mbench.io.pt import pt_rows
from mbench.motion import Motion
from mbench.progress import progress
from mbench.scoring import Workers
from vimogen.data.canonical import camera_of, canonical_rows, motion_of, write_rows
from vimogen.data.caption import VISION, Captioner, captions_for
from vimogen.data.config import BuildConfig, CaptionConfig, Limits
from vimogen.data.database import Database, Record, Result
from vimogen.data.filter import reason_against
from vimogen.data.ingest import motion_path, records_of, skipped_of
from vimogen.data.score import scores_of
from vimogen.data.sources import Parent, Source, source_of
from vimogen.data.stages import CHUNK, Outcome, Stage, Unwritable, advance

INGEST, CANONICALISE, SCORE, FILTER, CAPTION = "ingest", "canonicalise", "score", "filter", "caption"
VERSIONS = {CANONICALISE: 2, SCORE: 1, FILTER: 1, CAPTION: 1}  # raise one when its code changes a result


@dataclass(frozen=True)
class Subset:
    """What the stages of a subset share.

    Attributes:
        name: of the subset.
        config: of the build.
        database: of the build.
        work: folder of the rows.
        kept: {subset: {key: fingerprint}} of the clips that are left of earlier subsets.
        quiet: show no progress.
    """

    name: str
    config: BuildConfig
    database: Database
    work: Path
    kept: Mapping[str, Mapping[str, str]]
    quiet: bool = False

    @property
    def workers(self) -> Workers:
        """Return where the work is done."""
        run = self.config.run
        return Workers(run.workers, run.backend, run.scheduler)

    def run(self, stage: Stage, before: Mapping[str, str], alone: bool = False) -> dict[str, str]:
        """Run a stage; `alone` in this process."""
        workers = Workers() if alone else self.workers
        return advance(self.database, self.name, stage, before, workers, self.quiet)


def curated(subset: Subset) -> dict[str, dict[str, str]]:
    """Run all stages of a subset.

    Returns:
        {stage: {key: fingerprint}} of the clips that came through each, from `ingest` to `caption`.

    Raises:
        MBenchError: its source can't be read, or the work folder can't be written.
    """
    source = _ingest(subset)
    records = subset.database.records(subset.name)
    through = {INGEST: subset.database.marks(subset.name)}
    through[CANONICALISE] = subset.run(_canonicalise(subset, source, records), through[INGEST])
    through[SCORE] = subset.run(_score(subset, records), through[CANONICALISE])
    through[FILTER] = subset.run(_filter(subset, records), through[SCORE], alone=True)
    through[CAPTION] = subset.run(_caption(subset.config.captions, records), through[FILTER])
    if subset.config.captions.judge is not None:
        _describe(subset, through[CAPTION])
    return through


def _ingest(subset: Subset) -> Source:
    """List the clips of a subset in the database, unless they are there."""
    config = subset.config.subsets[subset.name]
    parents = [] if config.simulate is None else _parents(subset, config.simulate)
    source = source_of(config, subset.config.base, parents)
    if subset.database.ingested(subset.name) != source.fingerprint:
        dataset = source.dataset()
        found = list(records_of(subset.name, source, dataset))
        subset.database.ingest(subset.name, source.fingerprint, found, skipped_of(dataset))
    return source


def _parents(subset: Subset, name: str) -> list[Parent]:
    """Return the clips that are left of another subset."""
    records, rows = subset.database.records(name), subset.database.results(CANONICALISE, name)
    return [
        Parent(record, rows[key].fingerprint, motion_path(subset.work, key))
        for key, record in records.items()
        if key in subset.kept[name]
    ]


class _Reader:
    """Reads clips of a source, which is listed again only where there is something to read."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._clips: dict[str, Clip] = {}
        self.read: Callable[[Clip], Motion] | None = None

    def clip(self, name: str) -> Clip:
        """Return a clip by its id."""
        if self.read is None:
            dataset = self._source.dataset()
            self._clips, self.read = {clip.id: clip for clip in dataset}, dataset.read
        return self._clips[name]


def _canonicalise(subset: Subset, source: Source, records: Mapping[str, Record]) -> Stage:
    reader = _Reader(source)

    def task(key: str) -> Any:
        record = records[key]
        clip = reader.clip(record.clip)
        return reader.read, clip, record.start, record.end, motion_path(subset.work, key)

    return Stage(CANONICALISE, VERSIONS[CANONICALISE], task, canonicalised)


def canonicalised(task: tuple[Callable[[Clip], Motion], Clip, float, float | None, Path]) -> Outcome:
    """Read a motion and write its rows."""
    read, clip, start, end, path = task
    motion = read(clip)
    rows, facts = canonical_rows(motion, start, end)
    camera = camera_of(motion, start, end, len(rows))
    try:
        write_rows(path, rows, camera)
    except MBenchError as error:
        raise Unwritable(str(error)) from error
    return None, facts


def _score(subset: Subset, records: Mapping[str, Record]) -> Stage:
    facts = subset.database.results(CANONICALISE, subset.name)

    def task(key: str) -> Any:
        return motion_path(subset.work, key), facts[key].facts["floor"], records[key].captions

    return Stage(SCORE, VERSIONS[SCORE], task, scored)


def scored(task: tuple[Path, float, list[dict[str, Any]]]) -> Outcome:
    """Score the rows of a clip."""
    path, floor, captions = task
    return None, scores_of(motion_of(pt_rows(path), floor), captions)


def _filter(subset: Subset, records: Mapping[str, Record]) -> Stage:
    rows = subset.database.results(CANONICALISE, subset.name)
    scores = subset.database.results(SCORE, subset.name)
    limits = subset.config.limits(subset.name)

    def task(key: str) -> Any:
        return records[key], rows[key].facts["rows"], scores[key].facts, limits

    return Stage(FILTER, [VERSIONS[FILTER], limits.model_dump()], task, filtered)


def filtered(task: tuple[Record, int, dict[str, float | None], Limits]) -> Outcome:
    """Hold a clip against the limits."""
    return reason_against(*task), {}


def _caption(config: CaptionConfig, records: Mapping[str, Record]) -> Stage:
    settings = [config.paraphrases, config.seed]
    needed = config.judge is None

    def task(key: str) -> Any:
        return records[key], *settings, needed

    return Stage(CAPTION, [VERSIONS[CAPTION], *settings, needed], task, captioned)


def captioned(task: tuple[Record, int, int, bool]) -> Outcome:
    """Gather the captions of a clip; without any it is left out, unless a model is still to describe it."""
    record, paraphrases, seed, needed = task
    captions = captions_for(record, paraphrases, seed)
    reason = "neither captions nor labels say what is done" if needed and not captions else None
    return reason, {"captions": captions}


def _describe(subset: Subset, alive: dict[str, str]) -> None:
    """Let a vision-language model describe clips; those that then have no caption are taken out of `alive`.

    A clip of which it said nothing is asked about again in the next run.
    """
    config = subset.config.captions.judge
    assert config is not None
    captioner = Captioner(config)
    own, known = subset.database.results(CAPTION, subset.name), subset.database.results(VISION, subset.name)
    wanted = {key: hash_of([VISION, captioner.identity, mark]) for key, mark in alive.items()}
    fresh = {key for key, result in known.items() if result.fingerprint == wanted.get(key) and result.facts["answered"]}
    stale = [key for key in wanted if key not in fresh]
    with progress(f"{subset.name} {VISION}", len(stale), subset.quiet) as finished:
        for start in range(0, len(stale), CHUNK):
            keys = stale[start : start + CHUNK]
            answers = captioner.captions([motion_of(pt_rows(motion_path(subset.work, key))) for key in keys])
            rows = [_seen(own[key], wanted[key], answer) for key, answer in zip(keys, answers, strict=True)]
            subset.database.save(VISION, zip(keys, rows, strict=True))
            finished(len(keys))
    for key, result in subset.database.results(VISION, subset.name).items():
        if key in wanted and result.reason is not None:
            del alive[key]
        elif key in wanted:
            alive[key] = wanted[key]


def _seen(own: Result, mark: str, answer: str | Exception) -> Result:
    """Return the captions of a clip with what a model said of it; where it said nothing, why."""
    captions = list(own.facts["captions"])
    if isinstance(answer, Exception):
        why = None if captions else f"no caption: {one_line(answer)}"
        return Result(mark, why, {"captions": captions, "answered": False})
    return Result(mark, None, {"captions": [*captions, {"text": answer, "source": VISION}], "answered": True})
