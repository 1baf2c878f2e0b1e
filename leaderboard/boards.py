"""Which runs compare: entries of one suite, one number of prompts, one set of anchors and one version a metric.

Only runs of one board are ranked against each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leaderboard.entries import Entry

Signature = Mapping[str, tuple[str, str, str]]  # of a metric: version, unit, direction
SETTINGS = {"fit": "fitting of the body", "max_collisions": "limit of collisions"}


@dataclass(frozen=True)
class Board:
    """Entries that compare.

    Attributes:
        title: the suite, its version and the number of prompts; unique among the boards made together.
        entries: by model, then newest first.
        suite: name, version and hash.
        prompts: how many every run has.
        anchors: version of the anchors of the scores.
        versions: {metric: version} of all metrics that any of the entries has.
        why: how it differs from the first board, a line a difference; empty for the first.
    """

    title: str
    entries: tuple[Entry, ...]
    suite: Mapping[str, Any]
    prompts: int
    anchors: int
    versions: Mapping[str, str]
    why: tuple[str, ...] = ()

    def label(self, entry: Entry) -> str:
        """Return an entry's name, with its run id where another entry of the board has the same name."""
        alone = sum(other.name == entry.name for other in self.entries) == 1
        return entry.name if alone else f"{entry.name} ({entry.run_id})"


def boards_of(entries: Iterable[Entry]) -> list[Board]:
    """Return the boards of some entries: every entry is on one, and no two boards could be one.

    Runs compare when the hash of their suite, their number of prompts and their anchors agree, and every metric that
    both have has the same version (which names judge and body), unit and direction. A run that lacks metrics can fit
    several boards; it joins the fullest. The board with most entries comes first, of equal ones that with the newest
    entry. The order of the entries decides nothing.
    """
    groups: list[list[Entry]] = []
    for entry in sorted(entries, key=_first_the_fullest):
        fitting = [group for group in groups if all(comparable(entry, other) for other in group)]
        if fitting:
            max(fitting, key=len).append(entry)
        else:
            groups.append([entry])
    groups.sort(key=lambda group: min(entry.key for entry in group))
    groups.sort(key=lambda group: (len(group), max(entry.date for entry in group)), reverse=True)
    return [_board(group, groups) for group in groups]


def _first_the_fullest(entry: Entry) -> tuple[int, str]:
    return (-len(entry.metrics), entry.key)


def comparable(one: Entry, other: Entry) -> bool:
    """Return whether two runs compare; see `boards_of`."""
    if _basis(one) != _basis(other):
        return False
    signatures = [_signature(one), _signature(other)]
    return all(signatures[0][name] == signatures[1][name] for name in signatures[0].keys() & signatures[1].keys())


def _basis(entry: Entry) -> tuple[str, int, int]:
    return entry.suite["hash"], entry.result["prompts"], entry.result["anchors"]


def _signature(entry: Entry) -> Signature:
    return {name: (m["version"], m["unit"], m["better"]) for name, m in entry.metrics.items()}


def _board(group: Sequence[Entry], groups: Sequence[Sequence[Entry]]) -> Board:
    by_date = sorted(group, key=lambda entry: (entry.date, entry.key), reverse=True)
    first, ordered = group[0], tuple(sorted(by_date, key=lambda entry: entry.name))
    versions = dict(sorted(_versions(group).items()))
    return Board(
        _title(group, groups), ordered, first.suite, first.result["prompts"], first.result["anchors"], versions,
        () if group is groups[0] else tuple(_differences(group, groups[0])),
    )  # fmt: skip


def _versions(group: Iterable[Entry]) -> dict[str, str]:
    return {name: version for entry in group for name, version in entry.versions.items()}


def _title(group: Sequence[Entry], groups: Sequence[Sequence[Entry]]) -> str:
    """Return the suite and the number of prompts, numbered where several boards would have the same title."""
    plain = _plain_title(group[0])
    same = [other for other in groups if _plain_title(other[0]) == plain]
    return plain if len(same) == 1 else f"{plain}, {same.index(group) + 1} of {len(same)}"


def _plain_title(entry: Entry) -> str:
    count = entry.result["prompts"]
    return f"{entry.suite['name']} {entry.suite['version']}, {count} prompt{'' if count == 1 else 's'}"


def _differences(group: Sequence[Entry], other: Sequence[Entry]) -> list[str]:
    """Return how a group differs from another, in words."""
    found = _differences_of_basis(group[0], other[0])
    mine, theirs = _facts(group), _facts(other)
    metrics: dict[str, list[str]] = {}
    for name in sorted(mine.keys() & theirs.keys()):
        for cause in causes(mine[name], theirs[name]):
            metrics.setdefault(cause, []).append(name)
    return [*found, *(f"{cause}: {', '.join(names)}" for cause, names in metrics.items())]


def _differences_of_basis(one: Entry, other: Entry) -> list[str]:
    found = []
    if one.suite["hash"] != other.suite["hash"]:
        named = [f"{e.suite['name']} {e.suite['version']} ({e.suite['hash'][:8]})" for e in (one, other)]
        found.append(f"another suite: {named[0]} instead of {named[1]}")
    elif one.result["prompts"] != other.result["prompts"]:
        found.append(f"another number of prompts: {one.result['prompts']} instead of {other.result['prompts']}")
    if one.result["anchors"] != other.result["anchors"]:
        found.append(f"scores by other anchors: version {one.result['anchors']} instead of {other.result['anchors']}")
    return found


def _facts(group: Iterable[Entry]) -> dict[str, Mapping[str, Any]]:
    return {name: summary for entry in group for name, summary in entry.metrics.items()}


def causes(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """Return what differs between two summaries of a metric, in words, e.g. `another judge (… instead of …)`.

    Args:
        mine: a summary of `result.json`: version, unit, better and, where one decides, judge.
        theirs: another one.
    """
    parts = [version_parts(m["version"], m.get("judge")) for m in (mine, theirs)]
    for part, summary in zip(parts, (mine, theirs), strict=True):
        part |= {"unit": summary["unit"], "direction": summary["better"]}
    names = dict.fromkeys([*parts[0], *parts[1]])
    return [
        f"another {name} ({parts[0].get(name, 'none')} instead of {parts[1].get(name, 'none')})"
        for name in names
        if parts[0].get(name) != parts[1].get(name)
    ]


def version_parts(version: str, judge: str | None = None) -> dict[str, str]:
    """Return what a version names (see `mbench.versions`): `metric version`, `judge`, `reference set`, `body`, ….

    Args:
        version: e.g. `1+default.df5cf1c7c0+prior.4f5c7ef21e`.
        judge: identity of the judge, as the summary of the metric tells; what else stands in its place is a body.
    """
    first, *rest = version.split("+")
    parts = {"metric version": first}
    for part in rest:
        setting, equals, value = part.partition("=")
        if equals:
            parts[SETTINGS.get(setting, setting)] = value
        elif part == judge:
            parts["judge"] = part
        elif part.startswith("reference.") and "judge" in parts:
            parts["reference set"] = part.removeprefix("reference.")
        elif part.startswith("prior.") and "body" in parts:
            parts["pose prior"] = part.removeprefix("prior.")
        else:
            parts["body"] = part
    return parts
