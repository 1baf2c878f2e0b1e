"""`mbench arena create`: a study, fixed before the first vote."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from leaderboard.arena.config import StudyConfig
from leaderboard.arena.entrants import Entrants, Shown, find_entrants
from leaderboard.arena.media import fill_media
from leaderboard.arena.study import MEDIA, NAME, Item, Study, StudyClip, read_study, write_study
from leaderboard.arena.tasks import Plan, Task, plan_study
from mbench.errors import ConfigError, MBenchError
from mbench.provenance import now

VOTES = "votes.sqlite"
LOCK = ".create.lock"
STUDIES = "studies"  # the folder that studies go to where none is named
ID_BYTES = 8  # random; what browsers see instead of names


@dataclass(frozen=True)
class Created:
    """What `create` made, or found made.

    Attributes:
        folder: of the study.
        study: the study.
        left_out: {prompt: why} of prompts that a model has no motion for.
        drawn: how many videos were drawn now; the others were drawn before.
    """

    folder: Path
    study: Study
    left_out: Mapping[str, str]
    drawn: int


def create(
    config: StudyConfig,
    folders: Sequence[Path],
    out: Path | None = None,
    workers: int = 1,
    quiet: bool = True,
    replace: bool = False,
) -> Created:
    """Make a study; the same call again finishes what a kill left, and changes nothing of a study that is made.

    `study.json` is written last: where it is, the study is whole.

    Args:
        config: of the study.
        folders: of the runs, see `leaderboard.arena.entrants.find_entrants`.
        out: the study's folder; by default `studies/` and the study's name.
        workers: processes that draw.
        quiet: no progress on stderr.
        replace: make another study where there is one without votes.

    Raises:
        MBenchError: whatever is wrong with the configuration, the runs, or the folder.
    """
    entrants = find_entrants(config, folders)
    plan = plan_study(config, entrants)
    made_from = plan.made_from(config)
    out = out or Path(STUDIES) / slug(config.name)
    with _held(out):
        before = _before(out, made_from, replace)
        study = before or name_all(config, entrants, plan, made_from)
        motions = {(shown.prompt, shown.model, shown.sha256): shown.motion for shown in plan.shown}
        drawn = fill_media(out / MEDIA, study, motions, config.style, config.size, workers, quiet)
        if before is None:
            write_study(study, out)
    return Created(out, study, entrants.left_out, drawn)


def slug(name: str) -> str:
    """Return a study's name as the name of a folder."""
    return re.sub(r"[^\w.+-]+", "-", name.lower()).strip("-.") or "study"


@contextmanager
def _held(out: Path) -> Iterator[None]:
    """Hold the folder against another `create`.

    Raises:
        MBenchError: another holds it, it can't be made, or it holds something else than a study.
    """
    from filelock import FileLock, Timeout

    try:
        others = [] if (out / NAME).exists() or not out.exists() else sorted(path.name for path in out.iterdir())
        if strange := [name for name in others if name not in (MEDIA, LOCK)]:
            raise ConfigError(f"{out}: holds {strange[0]} and no {NAME}; expected a new folder, or that of a study")
        out.mkdir(parents=True, exist_ok=True)
        with FileLock(out / LOCK, timeout=0):
            try:
                yield
            finally:
                (out / LOCK).unlink(missing_ok=True)
    except Timeout:
        raise MBenchError(f"{out}: another `mbench arena create` is working on it; wait for it or stop it") from None
    except OSError as error:
        raise MBenchError(f"{out}: can't be written: {error.strerror or error}") from error


def _before(out: Path, made_from: str, replace: bool) -> Study | None:
    """Return the study of the folder if it is the one that is asked for, None where it is to be made.

    Raises:
        ConfigError: it is another one, which has votes or is not to be replaced.
    """
    if not (out / NAME).exists():
        return None
    study = read_study(out)
    if study.made_from == made_from:
        return study
    other = f"{out}: holds the study {study.name!r}, made from another configuration or other motions"
    if (out / VOTES).exists():
        raise ConfigError(f"{other}, and votes on it: it is not changed any more; name another folder with --out")
    if not replace:
        raise ConfigError(f"{other}; name another folder with --out, or add --replace if nobody has voted")
    (out / NAME).unlink()
    return None


def name_all(config: StudyConfig, entrants: Entrants, plan: Plan, made_from: str) -> Study:
    """Return the study with random ids for all that browsers see.

    The ids are not seeded: whoever knows the configuration and the motions can't guess them.
    """
    clips = {shown: StudyClip(_id(), shown.prompt, shown.model, shown.replicate, shown.sha256) for shown in plan.shown}
    return Study(
        id=_id(),
        name=config.name,
        type=config.type,
        created=now(),
        instructions=config.told,
        questions=config.asked,
        prompts=plan.prompts,
        models={e.name: {"run_id": e.run_id, "suite": e.suite, "card": e.card} for e in entrants.entries},
        clips={clip.id: clip for clip in sorted(clips.values(), key=lambda clip: clip.id)},
        items=tuple(_item(task, clips) for task in plan.tasks),
        per_rater=plan.per_rater,
        repeats=config.repeats,
        attention=config.attention,
        lease_seconds=60 * config.lease_minutes,
        secret=secrets.token_hex(32),
        suite=entrants.entries[0].suite,
        made_from=made_from,
    )


def _id() -> str:
    return secrets.token_hex(ID_BYTES)


def _item(task: Task, clips: Mapping[Shown, StudyClip]) -> Item:
    """Return a task as an item of the study."""
    return Item(
        id=_id(),
        kind=task.kind,
        prompt=task.prompt,
        clips=tuple(sorted(clips[shown].id for shown in task.shown)),  # so that the order tells nothing
        questions=task.questions,
        votes=task.votes,
        better=clips[task.better].id if task.better else None,
        worse=clips[task.worse].id if task.worse else None,
        why=task.why,
    )
