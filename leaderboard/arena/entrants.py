"""Who takes part in a study: the runs, checked against each other, and the prompts that all have a motion for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leaderboard.arena.config import StudyConfig
from leaderboard.arena.schedule import draw_prompts
from leaderboard.entries import Entry, read_entries
from mbench.errors import ConfigError, did_you_mean
from mbench.files import sha256_of

CHECK = "check:"  # starts the name that motions of attention checks and training have instead of a model's


@dataclass(frozen=True)
class Shown:
    """A motion file that a study shows.

    Attributes:
        motion: the file.
        sha256: of the file.
        prompt: id.
        model: name; of checks, `check:` and what they show.
        replicate: of the motion.
    """

    motion: Path
    sha256: str
    prompt: str
    model: str
    replicate: int = 0


@dataclass(frozen=True, eq=False)
class Entrants:
    """What a study has to choose from.

    Attributes:
        entries: the runs, in the order they were given.
        prompts: those that are shown, in the order of the suite: mappings with id, text, seconds, tags.
        left_out: {prompt: why}, prompts that were wanted but that a model has no motion for.
    """

    entries: tuple[Entry, ...]
    prompts: tuple[Mapping[str, Any], ...]
    left_out: Mapping[str, str]

    @property
    def models(self) -> list[str]:
        """Return the names of the models."""
        return [entry.name for entry in self.entries]

    def shown(self) -> dict[tuple[str, str], Shown]:
        """Return every motion by (prompt, model).

        Raises:
            ConfigError: a file changed since it was generated.
        """
        return {(p["id"], e.name): checked_motion(e, p["id"]) for e in self.entries for p in self.prompts}


def find_entrants(config: StudyConfig, folders: Sequence[Path]) -> Entrants:
    """Return the runs of folders and the prompts of a study.

    Args:
        config: of the study.
        folders: run folders, or folders of models or of results that hold exactly one finished run a model.

    Raises:
        MBenchError: a folder holds no finished run or several of one model, the runs do not fit together, or there is
            no prompt that all have a motion for.
    """
    entries = [entry for folder in folders for entry in finished(folder)]
    _check_entries(entries, 2 if config.type == "pairs" else 1)
    prompts = {prompt["id"]: prompt for prompt in entries[0].prompts}
    wanted = _wanted(config, prompts, entries[0])
    left_out = {id: why for id in wanted if (why := _lacking(entries, id)) is not None}
    complete = [id for id in wanted if id not in left_out]
    if not complete:
        first = next(iter(left_out), "")
        raise ConfigError(f"no prompt has a motion of every model ({first}: {left_out.get(first)})")
    if isinstance(config.prompts, int):
        complete = draw_prompts({id: prompts[id]["tags"] for id in complete}, config.prompts, config.seed)
    return Entrants(tuple(entries), tuple(prompts[id] for id in complete), left_out)


def finished(folder: Path) -> list[Entry]:
    """Return the runs of a folder, one a model.

    Raises:
        ConfigError: there is none, one that should be there is broken, or a model has several.
    """
    entries, problems = read_entries(folder)
    models = {entry.folder.parent for entry in entries}
    for problem in problems:  # a broken or unfinished run beside a finished one of its model does no harm
        if problem.path == folder or problem.path.parent not in models:
            raise ConfigError(str(problem))
    if not entries:
        raise ConfigError(f"{folder}: holds no run; expected a folder that `mbench evaluate` wrote")
    for entry in entries:
        same = [str(other.folder) for other in entries if other.name == entry.name]
        if len(same) > 1:
            raise ConfigError(f"{folder}: holds {len(same)} finished runs of {entry.name}: {', '.join(same)}; name one")
    return entries


def _check_entries(entries: Sequence[Entry], least: int) -> None:
    """Refuse runs that can't be compared."""
    if len(entries) < least:
        raise ConfigError(f"found {len(entries)} model: {entries[0].name}; expected at least {least} to compare")
    first, seen = entries[0], dict[str, Path]()
    for entry in entries:
        if entry.name in seen:
            raise ConfigError(
                f"{entry.folder}: is of the model {entry.name}, and so is {seen[entry.name]}; expected each name once"
            )
        if entry.name.startswith(CHECK):
            raise ConfigError(f"{entry.folder}: the model is called {entry.name!r}; {CHECK!r} is kept for checks")
        if entry.suite["hash"] != first.suite["hash"]:
            one, other = (f"{e.suite['name']} {e.suite['version']} ({e.suite['hash'][:8]})" for e in (first, entry))
            raise ConfigError(f"{first.folder} ran on {one}, {entry.folder} on {other}: expected one suite")
        seen[entry.name] = entry.folder


def _wanted(config: StudyConfig, prompts: Mapping[str, Any], first: Entry) -> list[str]:
    """Return the ids of the prompts that the study asks for, before it is known who has them."""
    if not prompts:
        raise ConfigError(f"{first.folder}: run.json lists no prompts; `mbench evaluate {first.folder}` adds them")
    if not isinstance(config.prompts, list):
        return list(prompts)
    for id in config.prompts:
        if id not in prompts:
            hint = did_you_mean(id, prompts)
            raise ConfigError(f"prompts: {id!r} is not in the suite {first.suite['name']}{hint}")
    return [id for id in prompts if id in config.prompts]


def _lacking(entries: Sequence[Entry], prompt: str) -> str | None:
    """Return which model has no motion for a prompt and why, None where all have one."""
    for entry in entries:
        row = entry.generations.get((prompt, 0))
        if row is None or row.file is None:
            return f"{entry.name} has no motion: {'it is not in its run' if row is None else row.reason}"
    return None


def checked_motion(entry: Entry, prompt: str) -> Shown:
    """Return the motion of a run for a prompt, its first replicate.

    Raises:
        ConfigError: the file is gone, or is not the one that was generated.
    """
    row, path = entry.generations[prompt, 0], entry.motion(prompt)
    if path is None:
        raise ConfigError(f"{entry.folder / 'motions' / str(row.file)}: is gone since it was generated")
    if sha256_of(path) != row.sha256:
        raise ConfigError(f"{path}: changed since it was generated (its sha256 differs from index.jsonl)")
    return Shown(path, str(row.sha256), prompt, entry.name)
