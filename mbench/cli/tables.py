"""The tables that commands end with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from mbench.cli.output import between, number, print_table

ARROW = {"lower": "↓", "higher": "↑"}


def print_result(result: dict[str, Any], folder: Path) -> None:
    """Print the pillars and metrics of a `result.json`, what is missing and why, and where it all lies."""
    suite = f"{result['suite']['name']} {result['suite']['version']}"
    typer.echo(f"{result['model']} on {suite}: {result['motions']} motions for {result['prompts']} prompts\n")
    rows = [
        [name, number(p["value"], 3), between(p["low"], p["high"]), str(p["n"]), f"{len(p['dimensions'])} dimensions"]
        for name, p in result["pillars"].items()
    ]
    if rows:
        print_table(["pillar (0 control, 1 real motion)", "score", "95 %", "n", "from"], rows)
        typer.echo()
    _print_metrics(result["metrics"])
    for note in result["notes"]:
        typer.echo(f"note: {note}")
    typer.echo(f"\nreport: {folder / 'report.html'}")


def _print_metrics(metrics: dict[str, dict[str, Any]]) -> None:
    """Print a row a metric: dimensions first, then what looks further; metrics that apply nowhere become one line."""
    shown = {name: m for name, m in metrics.items() if m["n"] or m["failed"]}
    ordered = sorted(shown.items(), key=lambda item: (not item[1]["is_dimension"], item[0]))
    rows = [
        [
            f"{name} {ARROW[m['better']]}", m["unit"], number(m["value"]), between(m["low"], m["high"]),
            number(m.get("score"), 3) if m["is_dimension"] else "", str(m["n"]), str(m["missing"]),
        ]
        for name, m in ordered
    ]  # fmt: skip
    print_table(["metric", "unit", "value", "95 %", "score", "n", "missing"], rows, left=2)
    for name, m in metrics.items():
        for reason, count in list(m["reasons"].items())[:3]:
            typer.echo(f"missing: {name} × {count}: {reason}")
    for name, m in metrics.items():
        if "chance" in m:
            typer.echo(f"chance: {name}: {number(m['chance'], 3)}")
    for judge, notes in {m["judge"]: m["judge_notes"] for m in metrics.values() if m.get("judge_notes")}.items():
        typer.echo(f"judge {judge}: {notes}")


def print_scores(document: dict[str, Any]) -> None:
    """Print the summary of `mbench score`, and the clips where there are few."""
    from mbench.metrics.base import METRICS

    summary, clips = document["summary"], document["clips"]
    typer.echo(f"{len(clips)} clip{'s' if len(clips) != 1 else ''}\n")
    rows = []
    for name, entry in summary.items():
        info = METRICS.get(name).info
        if entry["n"]:
            cells = [
                number(entry["value"]),
                between(entry["low"], entry["high"]),
                str(entry["n"]),
                str(entry["missing"]),
            ]
            rows.append([f"{name} {ARROW[info.better]}", info.unit, *cells])
    print_table(["metric", "unit", "value", "95 %", "n", "missing"], rows, left=2)
    nowhere = {name: entry for name, entry in summary.items() if not entry["n"]}
    reasons = document["reasons"]
    for name in nowhere:
        why = {reasons[stem][name] for stem in reasons if name in reasons[stem]}
        typer.echo(f"missing: {name}: {'; '.join(sorted(why)[:2])}")
    unread = {stem: next(iter(why.values())) for stem, why in reasons.items() if len(why) == len(summary)}
    for stem, why in list(unread.items())[:20]:
        typer.echo(f"missing: {stem}: {why}")
    if len(unread) > 20:
        typer.echo(f"missing: … and {len(unread) - 20} more clips")


def print_comparison(comparison: dict[str, Any]) -> None:
    """Print the paired differences of `mbench compare`."""
    typer.echo(f"{comparison['first']} against {comparison['second']} on {comparison['suite']}\n")
    rows = [
        [
            f"{name} {ARROW[m['better']]}", number(m["first"]), number(m["second"]), number(m["difference"]),
            between(m["low"], m["high"]), number(m["p_sign"], 2), str(m["n"]), m["verdict"],
        ]
        for name, m in comparison["metrics"].items()
    ]  # fmt: skip
    print_table(["metric", "first", "second", "difference", "95 %", "p (sign)", "n", "first is"], rows)
    for name, why in comparison["left_out"].items():
        typer.echo(f"left out: {name}: {why}")
