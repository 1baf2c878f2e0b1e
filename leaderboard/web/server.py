"""Running an app: one process, one port, and a plain word on both."""

from __future__ import annotations

import errno
import ipaddress
import logging
import signal
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

import typer

from mbench.errors import ConfigError

if TYPE_CHECKING:
    from fastapi import FastAPI

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
GRACE = 2  # seconds that open connections get at the end
MOST_AT_ONCE = 1000  # connections; each open page keeps one


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server bound to a host."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def run(app: FastAPI, host: str = "127.0.0.1", port: int = 7860, what: str = "MBench") -> None:
    """Serve an app until Ctrl-C or SIGTERM; its address is printed when the port is ours.

    Args:
        app: of `make_app`.
        host: address to bind; `0.0.0.0` for every one of this machine.
        port: 0 for any that is free.
        what: is served, for the printed line.

    Raises:
        ConfigError: the port is taken or not allowed, or the host is none of this machine.
    """
    import uvicorn

    bound = bind(host, port)
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=GRACE,
        limit_concurrency=MOST_AT_ONCE,
    )  # fmt: skip
    bound.listen()  # who follows the printed address at once waits, and is not turned away
    shown = f"[{host}]" if ":" in host else host
    typer.echo(f"{what}: http://{shown}:{bound.getsockname()[1]}/  (stop: Ctrl-C)")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # uvicorn raises it again when all is closed
    server = uvicorn.Server(config)
    # at the end pages that are still open are cut off, which uvicorn would report as errors, with tracebacks
    logging.getLogger("uvicorn.error").addFilter(lambda record: not server.should_exit)
    with bound, suppress(KeyboardInterrupt):  # which uvicorn raises again once it has stopped
        server.run(sockets=[bound])
    typer.echo("stopped", err=True)


def bind(host: str, port: int) -> socket.socket:
    """Return a socket bound to an address.

    Raises:
        ConfigError: see `run`.
    """
    if not 0 <= port <= 65535:
        raise ConfigError(f"port is {port}; expected 1 to 65535, or 0 for any that is free")
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        bound = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise ConfigError(f"host is {host!r}; expected an address of this machine: {error.strerror}") from error
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise ConfigError(_why(error, host, port)) from error
    return bound


def _why(error: OSError, host: str, port: int) -> str:
    """Return in one line why an address could not be bound, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is taken by another process; choose another with --port, or 0 for any free one"
    if error.errno == errno.EACCES:
        return f"port {port} of {host} is not allowed: {error.strerror}; choose one above 1023 with --port"
    return f"{host}:{port} can't be bound: {error.strerror}; expected an address of this machine for --host"
