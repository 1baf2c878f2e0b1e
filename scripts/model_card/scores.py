"""The scores of a model card: pillars, dimensions and metrics with their intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mbench.metrics.anchors import load_anchors
from mbench.suites.prompt import DIMENSIONS
from model_card.cells import DASH, estimate, table

FACTOR = 2.0  # of real motion's
PILLARS = tuple(dict.fromkeys(DIMENSIONS.values()))


def scores(measured: Mapping[str, Any] | None, name: str) -> str:
    """Return the tables of pillars, dimensions and metrics.

    Args:
        measured: `pillars` and `metrics` of a `result.json`; None where nothing was measured.
        name: of the model.
    """
    found = measured or {}
    metrics: Mapping[str, Mapping[str, Any]] = found.get("metrics") or {}
    parts = [pillar_table(found.get("pillars") or {}), dimension_table(metrics), further(metrics), *judges(metrics)]
    if measured is None:
        parts.insert(0, f"Not measured on these weights: `mbench evaluate examples/{name}.yaml`, then "
                        "`python scripts/ship_weights.py --measured`.")  # fmt: skip
    intervals = "Brackets are 95 % intervals over prompts, as [evaluate](evaluate.md#the-table) says."
    return "\n\n".join(part for part in [intervals, *parts] if part)


def pillar_table(pillars: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a row a pillar; one that was not measured has dashes."""
    rows = []
    for name in PILLARS:
        own = pillars.get(name) or {}
        wanted = sum(pillar == name for pillar in DIMENSIONS.values())
        made = f"{len(own['dimensions'])} of {wanted}" if "dimensions" in own else DASH
        rows.append((name, estimate(own), made, str(own.get("n", DASH))))
    return table(("pillar", "score", "dimensions", "prompts"), rows)


def dimension_table(metrics: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a row a dimension, with what real motion reads, and a sentence on those that are far from it."""
    anchors, rows, far = load_anchors().by_metric, [], []
    for name, pillar in DIMENSIONS.items():
        own = metrics.get(f"{pillar}/{name}") or {}
        anchor = anchors.get(f"{pillar}/{name}")
        score = DASH if own.get("score") is None else f"{own['score']:.2f}"
        real = DASH if anchor is None else f"{anchor.reference:.3g}"
        rows.append((name, estimate(own), own.get("unit", DASH), own.get("better", DASH), real, score, counted(own)))
        if anchor is not None and is_far(own, anchor.reference):
            far.append(f"{name} ({own['value']:.3g}, real motion {anchor.reference:.3g})")
    rows_of = table(("dimension", "value", "unit", "better", "real motion", "score", "prompts"), rows)
    known = any(found.get("is_dimension") and found.get("value") is not None for found in metrics.values())
    said = f"Worse than real motion by more than a factor of {FACTOR:g}: {', '.join(far) or 'none'}." if known else ""
    source = "Real motion is that of the [anchors](evaluate.md#the-table)." if known else ""
    return f"{rows_of}\n\n{said} {source}".strip()


def is_far(own: Mapping[str, Any], real: float) -> bool:
    """Return whether a value is worse than real motion's by more than the factor.

    What is missing is not, and where real motion reads 0 there is no factor: the score tells how far it is.
    """
    value = own.get("value")
    if value is None or real == 0:
        return False
    return bool(value > FACTOR * real) if own.get("better") == "lower" else bool(value < real / FACTOR)


def counted(own: Mapping[str, Any]) -> str:
    """Return of how many prompts a value is, and how many are missing."""
    if "n" not in own:
        return DASH
    return f"{own['n']} ({own['missing']} missing)" if own.get("missing") else str(own["n"])


def further(metrics: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a row a metric that is no dimension, with the reason where it has no value; empty where there is none."""
    own = sorted(name for name, found in metrics.items() if not found.get("is_dimension"))
    rows = [(name, estimate(metrics[name]), metrics[name].get("unit", DASH), metrics[name].get("better", DASH),
             counted(metrics[name]) if metrics[name].get("value") is not None else DASH, why(metrics[name]))
            for name in own]  # fmt: skip
    return table(("metric", "value", "unit", "better", "n", "note"), rows) if rows else ""


def why(found: Mapping[str, Any]) -> str:
    """Return why a metric has no value, or what it is to be read against."""
    if found.get("value") is None:
        return "; ".join(found.get("reasons") or {}) or DASH
    real = [] if found.get("real") is None else [f"real motion {found['real']:.3g}"]
    return "; ".join([*real, *(flag.split(": ", 1)[-1] for flag in found.get("flags") or [])])


def judges(metrics: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return what the cards of the judges that decided a value warn of."""
    notes = {found["judge"]: found.get("judge_notes", "") for found in metrics.values() if found.get("judge")}
    chance = (metrics.get("fidelity/motion_condition_consistency") or {}).get("chance")
    guess = "" if chance is None else f" Guessing would score {chance:.2g} in motion_condition_consistency."
    return [f"Judge `{judge}`: {note}{guess}" for judge, note in notes.items()]
