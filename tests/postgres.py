"""A PostgreSQL server for a test: Debian's binaries, a folder of its own, a free port of this machine."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

USER = "postgres"


def binaries() -> Path | None:
    """Return the folder of the newest PostgreSQL that is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


@contextmanager
def postgres() -> Iterator[str]:
    """Start a server and give the URL of its empty database; skip where PostgreSQL is not installed."""
    folder = binaries()
    if folder is None:
        pytest.skip("needs PostgreSQL (apt install postgresql)")
    data = Path(tempfile.mkdtemp(prefix="mbench-postgres-"))
    if os.geteuid() == 0:
        shutil.chown(data, USER)  # it refuses to run as root
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    cluster = str(data / "cluster")
    try:
        _run(folder / "initdb", "-D", cluster, "-U", "arena", "-A", "trust", "--no-sync", cwd=data)
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={data}"
        _run(folder / "pg_ctl", "-D", cluster, "-w", "-l", str(data / "log"), "-o", options, "start", cwd=data)
        yield f"postgresql+psycopg://arena@127.0.0.1:{port}/postgres"
    finally:
        _run(folder / "pg_ctl", "-D", cluster, "-m", "immediate", "stop", cwd=data, check=False)
        shutil.rmtree(data, ignore_errors=True)


def fresh_database(server: str) -> str:
    """Make an empty database on a server and return its URL."""
    name = f"arena_{secrets.token_hex(6)}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _run(*command: str | Path, cwd: Path, check: bool = True) -> None:
    as_user = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*as_user, *map(str, command)],
        cwd=cwd,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    assert not check or done.returncode == 0, done.stderr
