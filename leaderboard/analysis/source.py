"""Where votes come from: the database of a study, or a CSV file, with or without the study that it is of."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from leaderboard.analysis.votes import read_csv, table_of_rows, type_of
from leaderboard.arena.study import Study, read_study
from mbench.errors import ConfigError

if TYPE_CHECKING:
    import pandas

    from leaderboard.arena.database import Database


@dataclass(frozen=True)
class Source:
    """Votes to analyse.

    Attributes:
        study: what was asked, None of a CSV file on its own.
        table: of votes, see `leaderboard.arena.table`; it may have no rows.
        name: of the study, else of the file.
        skips: how many tasks were skipped, by reason; a CSV file holds none.
    """

    study: Study | None
    table: pandas.DataFrame
    name: str
    skips: Mapping[str, int] = field(default_factory=dict)


def read_source(folder: Path | None, votes: Path | None = None, database: str | None = None) -> Source:
    """Return the votes of a study's database, or of a CSV file.

    Args:
        folder: of the study; may be None where `votes` is given.
        votes: a CSV file instead of the database.
        database: URL, where the votes are not in the study's folder.

    Raises:
        ConfigError: there is no study, the file or the database can't be read, or they do not fit together.
    """
    study = None if folder is None else read_study(folder)
    if votes is not None:
        return _of_csv(study, votes)
    if folder is None or study is None:
        raise ConfigError("no votes are given; expected the folder of a study, or --votes with a CSV file")
    return _of_database(study, folder, database)


def _of_csv(study: Study | None, votes: Path) -> Source:
    table = read_csv(votes)
    if study is None:
        return Source(None, table, votes.stem)
    if type_of(table) != study.type:
        raise ConfigError(f"{votes}: holds votes on {type_of(table)}; the study {study.name!r} asks for {study.type}")
    return Source(study, table, study.name)


def _of_database(study: Study, folder: Path, url: str | None) -> Source:
    from leaderboard.arena.database import NAME, open_database
    from leaderboard.arena.exchange import read_votes

    if url is None and not (folder / NAME).exists():  # nobody has opened the study yet
        return Source(study, table_of_rows([], study.type), study.name)
    database = open_database(study, url or folder)
    try:
        return Source(study, table_of_rows(read_votes(study, database), study.type), study.name, _skips(database))
    finally:
        database.close()


def _skips(database: Database) -> dict[str, int]:
    """Return how many tasks are skipped, by the reason that was given last."""
    from sqlalchemy import select

    from leaderboard.arena.database import events, tasks

    query = (
        select(events.c.task, events.c.detail)
        .join(tasks, tasks.c.id == events.c.task)
        .where(events.c.what == "skipped", tasks.c.state == "skipped")
        .order_by(events.c.id)
    )
    with database.read() as connection:
        last = {task: json.loads(detail)["reason"] for task, detail in connection.execute(query)}
    return dict(Counter(last.values()).most_common())
