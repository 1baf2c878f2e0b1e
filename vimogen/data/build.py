"""`vimogen data build`: from sources to a published folder, resumed where it stopped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from mbench.errors import MBenchError
from mbench.files import hash_of, write_json
from mbench.io.pt import pt_rows
from mbench.motion import BENCHMARK_FPS
from vimogen.data.caption import VISION
from vimogen.data.card import card_of, write_readme
from vimogen.data.clipwise import CANONICALISE, CAPTION, INGEST, SCORE, Subset, curated
from vimogen.data.config import BuildConfig
from vimogen.data.database import Database, Record, Result
from vimogen.data.funnel import LISTED, Rejection, Row, draw, reasons, write_rejected, write_table
from vimogen.data.ingest import motion_path
from vimogen.data.publish import CARD, in_place_of, published_mark, refuse_foreign, row_of, write_rows_of
from vimogen.data.score import percentiles
from vimogen.data.setwise import DUPLICATES, SPLIT, split, without_duplicates
from vimogen.data.split import TRAIN
from vimogen.data.statistics import codec_of, write_statistics

VERSION = 1  # of what is written; raise it when it changes


@dataclass(frozen=True)
class Built:
    """What a build came to.

    Attributes:
        folder: that is published.
        rows: that are published.
        funnel: clips and hours after each stage.
        changed: whether anything had to be published.
    """

    folder: Path
    rows: list[dict[str, Any]]
    funnel: list[Row]
    changed: bool


@dataclass
class _Progress:
    """What came through so far: {stage: {key: fingerprint}} of each subset, and all records."""

    through: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)


def build(config: BuildConfig, quiet: bool = False) -> Built:
    """Build what a configuration says, as far as it is not built yet.

    Args:
        config: of the build.
        quiet: show no progress.

    Raises:
        MBenchError: a source that can't be read, an output that can't be written, another build at work, or no clip
            that is left to train on.
    """
    folder = Path(config.output)
    work = folder.with_name(f"{folder.name}.work")
    refuse_foreign(folder)
    with _alone(work), _opened(work / "build.sqlite") as database:
        so_far = _curated(config, database, work, quiet)
        splits = split(database, config.split, _alive(so_far, DUPLICATES), so_far.records)
        _left(so_far, splits)
        rows = _rows(config, database, so_far, splits)
        funnel = _funnel(database, so_far, list(config.subsets))
        return _published(config, database, so_far, rows, funnel)


@contextmanager
def _alone(work: Path) -> Iterator[None]:
    """Hold the work folder.

    Raises:
        MBenchError: another build holds it.
    """
    from filelock import FileLock, Timeout

    work.mkdir(parents=True, exist_ok=True)
    lock = FileLock(work / ".lock", timeout=0)
    try:
        with lock:
            yield
    except Timeout:
        raise MBenchError(f"{work}: another `vimogen data build` is at work there") from None


@contextmanager
def _opened(path: Path) -> Iterator[Database]:
    database = Database(path)
    try:
        yield database
    finally:
        database.close()


def _curated(config: BuildConfig, database: Database, work: Path, quiet: bool) -> _Progress:
    """Run the stages of each subset, then remove its duplicates."""
    so_far = _Progress()
    for name in config.ordered():
        kept = {other: through[DUPLICATES] for other, through in so_far.through.items()}
        through = curated(Subset(name, config, database, work, kept, quiet))
        records = database.records(name)
        marks = {key: through[CANONICALISE][key] for key in through[CAPTION]}
        through[DUPLICATES] = without_duplicates(
            database, work, config.duplicates, config.split, marks, records, quiet
        )  # fmt: skip
        so_far.through[name] = through
        so_far.records |= records
    database.keep_only(config.subsets)
    return so_far


def _alive(so_far: _Progress, stage: str) -> dict[str, str]:
    return {key: mark for through in so_far.through.values() for key, mark in through[stage].items()}


def _left(so_far: _Progress, splits: Mapping[str, str]) -> None:
    """Note what the last stage leaves of each subset."""
    for through in so_far.through.values():
        through[SPLIT] = {key: mark for key, mark in through[DUPLICATES].items() if key in splits}


def _rows(
    config: BuildConfig, database: Database, so_far: _Progress, splits: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the rows to publish, in the order of the subsets and of their sources."""
    facts = database.results(CANONICALISE)
    captions = database.results(CAPTION if config.captions.judge is None else VISION)
    keys = [key for name in config.subsets for key in so_far.through[name][SPLIT]]
    return [
        row_of(so_far.records[key], splits[key], captions[key].facts["captions"], facts[key].facts, config.held_out)
        for key in keys
    ]


def _funnel(database: Database, so_far: _Progress, subsets: list[str]) -> list[Row]:
    """Return what each stage leaves of each subset; hours are those of the rows, else those that the source states."""
    rows = []
    facts = database.results(CANONICALISE)
    for name in subsets:
        through = so_far.through[name]
        rows.append(Row(name, LISTED, len(through[INGEST]) + len(database.skipped(name)), None))
        for stage, alive in through.items():
            seconds = sum(_seconds(so_far.records[key], facts.get(key)) for key in alive)
            rows.append(Row(name, stage, len(alive), round(seconds / 3600, 4)))
    return rows


def _seconds(record: Record, result: Result | None) -> float:
    return result.facts["rows"] / BENCHMARK_FPS if result is not None and "rows" in result.facts else record.seconds


def _published(
    config: BuildConfig, database: Database, so_far: _Progress, rows: list[dict[str, Any]], funnel: list[Row]
) -> Built:
    """Publish, unless the same is published already."""
    folder, work = Path(config.output), database.path.parent
    marks = {key: result.fingerprint for key, result in database.results(CANONICALISE).items()}
    settings = config.model_dump(mode="json", exclude={"run", "output"})
    content = [VERSION, settings, rows, [marks[row["id"]] for row in rows], [row.__dict__ for row in funnel]]
    fingerprint = hash_of(content)
    if published_mark(folder) == fingerprint:
        return Built(folder, rows, funnel, changed=False)
    rejections = _rejections(database, so_far)
    why = reasons(rejections)
    _refuse_empty(rows, why)
    codec = codec_of(pt_rows(motion_path(work, row["id"])) for row in rows if row["split"] == TRAIN)
    with in_place_of(folder) as new:
        write_rows_of(new, work, rows)
        write_statistics(new / "statistics.npz", codec)
        write_rejected(new / "rejected.csv", rejections, _scores(database))
        write_table(new / "funnel.csv", funnel)
        draw(new / "funnel.png", funnel, why)
        ranks = {name: percentiles(list(_scores(database, name).values())) for name in config.subsets}
        card = card_of(config, rows, funnel, why, ranks, fingerprint)
        write_readme(new / "README.md", card)
        write_json(new / CARD, card)
    return Built(folder, rows, funnel, changed=True)


def _refuse_empty(rows: list[dict[str, Any]], why: Mapping[str, Mapping[str, int]]) -> None:
    if not any(row["split"] == TRAIN for row in rows):
        told = "; ".join(f"{name}: " + ", ".join(f"{kind} {n}" for kind, n in own.items()) for name, own in why.items())
        raise MBenchError(f"no clip is left to train on; left out by {told or 'nothing: all are val or test'}")


def _scores(database: Database, subset: str | None = None) -> dict[str, dict[str, float | None]]:
    """Return {key: scores} of the clips that have some."""
    return {key: result.facts for key, result in database.results(SCORE, subset).items() if result.facts}


def _rejections(database: Database, so_far: _Progress) -> list[Rejection]:
    """Return the clips that were left out, in the order of subsets and stages."""
    found = []
    for name, through in so_far.through.items():
        found += [Rejection(name, clip, INGEST, reason) for clip, reason in database.skipped(name).items()]
        for before, stage in pairwise(through):
            left_out = through[before].keys() - through[stage].keys()
            found += [Rejection(name, key, stage, _reason(database, stage, key)) for key in sorted(left_out)]
    return found


def _reason(database: Database, stage: str, key: str) -> str:
    """Return why a stage left a clip out; a model that was to caption it counts to the captions."""
    own = database.result(stage, key).reason
    return str(database.result(VISION, key).reason if own is None and stage == CAPTION else own)
