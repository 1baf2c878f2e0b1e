"""Times of votes: integer milliseconds since 1970, and UTC in ISO 8601."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

START = datetime(1970, 1, 1, tzinfo=timezone.utc)


def iso(time: int) -> str:
    """Return milliseconds since 1970 as text, e.g. 2026-01-02T03:04:05.678Z."""
    return (START + timedelta(milliseconds=time)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def milliseconds(text: str) -> int:
    """Return the milliseconds since 1970 of a time in ISO 8601.

    Raises:
        ValueError: it is none, or has no time zone.
    """
    try:
        time = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return (time - START) // timedelta(milliseconds=1)
    except (ValueError, TypeError) as error:  # TypeError: a time without its zone can't be subtracted from
        raise ValueError(f"time is {text!r}; expected e.g. 2026-01-02T03:04:05.678Z") from error
