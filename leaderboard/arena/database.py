"""Where votes are kept: SQLite in the study's folder, or PostgreSQL by URL. Nothing is ever deleted from it.

Tables:
    arena_meta     schema version and study of the database
    arena_raters   random ids; of a cookie or a login name only a keyed hash, and no address, browser or name
    arena_tasks    what was handed out to whom, which clip was on which side, and what became of it
    arena_votes    a row a task that was answered; one that was undone stays, its task says so
    arena_answers  a row a question of a vote
    arena_events   consents, skips with their reason, undos, leases that ran out, imports; in order

Times are integer milliseconds since 1970, UTC.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    create_engine,
    event,
    insert,
    select,
    text,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from leaderboard.arena.study import Study
from mbench.errors import ConfigError

SCHEMA = 1
NAME = "votes.sqlite"
LOCK = 0x6D62656E6368  # "mbench": the advisory lock of writers on PostgreSQL
LIVE = ("open", "voted", "skipped")  # states of a task; the others are `undone` and `expired`
WAIT = 15  # seconds until a statement or a lock is given up

tables = MetaData()
meta = Table("arena_meta", tables, Column("key", Text, primary_key=True), Column("value", Text, nullable=False))
raters = Table(
    "arena_raters",
    tables,
    Column("id", Text, primary_key=True),
    Column("key", Text, unique=True),  # keyed hash of the cookie or the login name; none of imported raters
    Column("created", BigInteger, nullable=False),
    Column("last", Text),  # the task that can be taken back
)
tasks = Table(
    "arena_tasks",
    tables,
    Column("id", Text, primary_key=True),
    Column("rater", ForeignKey(raters.c.id), nullable=False),
    Column("position", Integer, nullable=False),  # in the rater's order, from 1
    Column("item", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("left", Text, nullable=False),  # clip; of ratings, the only one
    Column("right", Text),
    Column("handed", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
)
_live = text("state IN ('open', 'voted', 'skipped')")
for _name, _columns in {
    "arena_tasks_position": (tasks.c.rater, tasks.c.position),
    "arena_tasks_once": (tasks.c.rater, tasks.c.item, tasks.c.kind),
}.items():
    Index(_name, *_columns, unique=True, sqlite_where=_live, postgresql_where=_live)
Index("arena_tasks_rater", tasks.c.rater)
Index("arena_tasks_item", tasks.c.item, tasks.c.state, tasks.c.kind, tasks.c.expires)  # all that counting votes reads
votes = Table(
    "arena_votes",
    tables,
    Column("task", ForeignKey(tasks.c.id), primary_key=True),  # a task is never answered twice
    Column("seconds", Float, nullable=False),  # as the browser measured, at most what the server did
    Column("server_seconds", Float),  # since the task was handed out; unknown of imported votes
    Column("comment", Text, nullable=False),
    Column("time", BigInteger, nullable=False),
)
answers = Table(
    "arena_answers",
    tables,
    Column("task", ForeignKey(votes.c.task), primary_key=True),
    Column("question", Text, primary_key=True),
    Column("answer", Text, nullable=False),
)
events = Table(
    "arena_events",
    tables,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("rater", ForeignKey(raters.c.id), nullable=False),
    Column("task", Text),
    Column("what", Text, nullable=False),  # consented, skipped, undone, expired, imported
    Column("detail", Text, nullable=False),
    Column("time", BigInteger, nullable=False),
)


class Database:
    """A study's votes.

    Attributes:
        engine: of SQLAlchemy.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writing = threading.Lock()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection to read with; it waits for no writer."""
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection that alone may write, in this process and in others, until the block ends.

        What the block did is on the disk when it ends well, and undone when it does not. One writer at a time keeps
        the rules (a pair is not given to two raters) the same on both databases; a vote takes a few milliseconds.
        """
        with self._writing, self.engine.connect().execution_options(mbench_write=True) as connection:
            with connection.begin():
                if connection.dialect.name == "postgresql":
                    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
                yield connection

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def open_database(study: Study, where: Path | str, create: bool = True) -> Database:
    """Return the study's database.

    Args:
        study: whose votes it holds.
        where: the study's folder (its `votes.sqlite`), or the URL of a database.
        create: make the file of an SQLite database if it is not there.

    Raises:
        ConfigError: it can't be opened, is not there, is of another study or of a newer mbench.
    """
    url = URL.create("sqlite", database=str(where / NAME)) if isinstance(where, Path) else _url(where)
    shown = url.database if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)
    if url.get_backend_name() == "sqlite" and not create and not Path(str(shown)).exists():
        raise ConfigError(f"{shown}: is not there; nobody has voted yet, or the votes are in another database")
    try:
        database = Database(_engine(url))
        with database.write() as connection:
            tables.create_all(connection)
            _claim(connection, study, str(shown))
    except DBAPIError as error:
        cause = " ".join(str(error.orig).split())
        raise ConfigError(f"{shown}: can't be opened as a database: {cause}") from error
    return database


def _url(where: str) -> URL:
    """Return a database's URL, with the driver that the arena uses."""
    try:
        url = make_url(where)
    except ArgumentError as error:
        raise ConfigError(f"database {where!r} is no URL; expected e.g. postgresql+psycopg://user@host/name") from error
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("sqlite", "sqlite+pysqlite", "postgresql+psycopg"):
        raise ConfigError(f"database is of type {url.drivername!r}; expected sqlite or postgresql+psycopg")
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        raise ConfigError(f"database {where!r} names no file: votes would be lost; expected sqlite:///votes.sqlite")
    return url


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"timeout": WAIT})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        raise ConfigError("a PostgreSQL database needs psycopg; expected: pip install 'mbench[postgres]'") from error
    limits = f"-c statement_timeout={WAIT}s -c lock_timeout={WAIT}s"
    return create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": WAIT, "options": limits})


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Make a commit wait for the disk, readers not wait for writers, and transactions ours to begin."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={WAIT * 1000}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Take the lock at the start: a transaction that reads first and writes later can fail half way."""
    write = connection.get_execution_options().get("mbench_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _claim(connection: Connection, study: Study, shown: str) -> None:
    """Write down whose database this is, or check it."""
    found = {row.key: row.value for row in connection.execute(select(meta))}
    expected = {"schema": str(SCHEMA), "study": study.id}
    if not found:
        connection.execute(insert(meta), [{"key": key, "value": value} for key, value in expected.items()])
    elif int(found["schema"]) > SCHEMA:
        raise ConfigError(f"{shown}: schema {found['schema']}; this mbench reads up to {SCHEMA}: update mbench")
    elif found["study"] != study.id:
        raise ConfigError(
            f"{shown}: holds the votes of study {found['study']}, not of {study.id} ({study.name}); "
            "expected a database of its own for each study"
        )
