"""Who may vote: users and passwords of a CSV file, asked for by the browser (HTTP Basic)."""

from __future__ import annotations

import asyncio
import base64
import binascii
import csv
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from mbench.errors import ConfigError

if TYPE_CHECKING:
    from fastapi import Request

COLUMNS = ["user", "password"]
COST = (2**14, 8, 1)  # scrypt's n, r, p: 16 MiB and some 50 ms a password
OPEN = frozenset({"/health"})  # paths without a login
CHALLENGE = {"WWW-Authenticate": 'Basic realm="MBench arena", charset="UTF-8"'}


def hash_password(password: str) -> str:
    """Return a salted hash of a password, for the file of users."""
    salt, (n, r, p) = secrets.token_bytes(16), COST
    digest = hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, dklen=32)
    return f"scrypt:{n}:{r}:{p}:{salt.hex()}:{digest.hex()}"


def is_password(password: str, kept: str) -> bool:
    """Whether a password is the one that a hash was made of; the time it takes tells nothing of it."""
    _, n, r, p, salt, digest = kept.split(":")
    found = hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), n=int(n), r=int(r), p=int(p), dklen=32)
    return hmac.compare_digest(found, bytes.fromhex(digest))


def read_users(path: Path) -> dict[str, str]:
    """Return the users of a file with their passwords' hashes; plain passwords are hashed on the way.

    Raises:
        ConfigError: it can't be read, has other columns, no user, or a user twice, without a password or with a colon.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            if reader.fieldnames != COLUMNS:
                raise ConfigError(f"{path}: line 1: columns are {reader.fieldnames}; expected user,password")
            rows = [(reader.line_num, row) for row in reader]
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror or error}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path}: is no CSV file in UTF-8: {error}") from error
    users: dict[str, str] = {}
    for line, row in rows:
        user, kept = _user(path, line, row)
        if user in users:
            raise ConfigError(f"{path}: line {line}: user {user!r} is there twice; expected each once")
        users[user] = kept
    if not users:
        raise ConfigError(f"{path}: holds no users; expected a line for each below user,password")
    return users


def _user(path: Path, line: int, row: Mapping[str, str | None]) -> tuple[str, str]:
    """Return a user and the hash of the password."""
    user, password = row["user"], row["password"]
    if not user or not password or None in row:
        raise ConfigError(f"{path}: line {line}: expected a user and a password, and nothing else")
    if ":" in user:
        raise ConfigError(f"{path}: line {line}: user {user!r} holds a colon, which browsers can't send")
    if not password.startswith("scrypt:"):
        return user, hash_password(password)
    try:
        is_password("", password)
    except ValueError as error:
        raise ConfigError(
            f"{path}: line {line}: the hash of user {user!r} is broken ({error}); expected a line that "
            "`mbench arena password` printed"
        ) from error
    return user, password


class Login:
    """Lets in only the users of a file, and tells the app who asks.

    Args:
        app: what it guards.
        users: {user: hash of the password}.
    """

    def __init__(self, app: ASGIApp, users: Mapping[str, str]) -> None:
        self.app, self.users = app, dict(users)
        self._nobody = hash_password(secrets.token_hex())
        self._known: dict[str, bytes] = {}  # user: hash of the password that was right, under a key of this process
        self._key = secrets.token_bytes(32)
        self._one = asyncio.Lock()  # a guess after the other: guessing must not starve the votes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or ask for a login (401)."""
        if scope["type"] == "http" and scope["path"] not in OPEN:
            user = await self._user(Headers(scope=scope).get("authorization", ""))
            if user is None:
                body = {"error": "login", "message": "Please log in: load the page again."}
                return await JSONResponse(body, 401, CHALLENGE)(scope, receive, send)
            scope.setdefault("state", {})["user"] = user
        await self.app(scope, receive, send)

    async def _user(self, header: str) -> str | None:
        """Return the user of an Authorization header if the password is right."""
        user, password = _credentials(header)
        if user is None:
            return None
        digest = hmac.digest(self._key, password.encode(), "sha256")
        if hmac.compare_digest(self._known.get(user, b""), digest):
            return user
        async with self._one:
            right = await asyncio.to_thread(is_password, password, self.users.get(user, self._nobody))
        if not right or user not in self.users:
            return None
        self._known[user] = digest
        return user


def _credentials(header: str) -> tuple[str | None, str]:
    """Return the user and the password of an Authorization header; None for the user if it is none of ours."""
    scheme, _, token = header.partition(" ")
    try:
        user, colon, password = base64.b64decode(token, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None, ""
    return (user if scheme.lower() == "basic" and colon else None), password


def user_of(request: Request) -> str | None:
    """Return the user whom `Login` let in."""
    return getattr(request.state, "user", None)
