"""Which clips are kept: limits on their length, their scores and their known defects."""

from __future__ import annotations

from collections.abc import Mapping

from vimogen.data.config import Limits
from vimogen.data.database import Record

UNITS = {"jitter": " m/frame^2", "speed": " m/s", "sliding": " m/frame", "penetration": " m", "overrun": " s"}
SCORES = ("jitter", "speed", "sliding", "penetration", "floating", "bone_drift", "static", "overrun")


def reason_against(record: Record, rows: int, scores: Mapping[str, float | None], limits: Limits) -> str | None:
    """Return why a clip is left out, None where it is kept; the first limit that it breaks counts.

    A score that does not apply breaks no limit.

    Args:
        record: of the clip.
        rows: its length at 20 fps.
        scores: of `score.scores_of`.
        limits: of its subset.
    """
    for note in limits.notes:
        if note in record.notes:
            return f"note: {note}"
    if rows < limits.shortest:
        return f"shortest: {rows} rows, fewer than {limits.shortest}"
    for name in SCORES:
        limit, value = getattr(limits, name), scores[name]
        if limit is not None and value is not None and value > limit:
            return f"{name}: {value:.4g}{UNITS.get(name, '')}, more than {limit:g}"
    return None
