"""Tables and cells of a model card. What is not known is a dash, never 0."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

DASH = "—"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def or_dash(value: Any, form: str = "{}") -> str:
    """Return a value in a form, a dash where there is none."""
    return DASH if value is None or value == "" else form.format(value)


def estimate(found: Mapping[str, Any] | None) -> str:
    """Return a value with its interval, a dash where there is none."""
    if not found or found.get("value") is None:
        return DASH
    low, high = found.get("low"), found.get("high")
    ends = f" [{low:.3g}, {high:.3g}]" if low is not None and high is not None else ""
    return f"{found['value']:.3g}{ends}"
