"""The names that prompts use: dimensions, shorthand for groups of them, categories."""

from __future__ import annotations

from collections.abc import Iterable

from mbench.errors import ConfigError, did_you_mean
from mbench.suites.prompt import DIMENSIONS

GROUPS = {
    "quality": ("jitter_degree", "dynamic_degree", "ground_penetration", "foot_sliding", "foot_floating"),
    "pose": ("body_penetration", "pose_quality"),
    "consistency": ("motion_condition_consistency",),
    "generalization": ("motion_generalizability",),
}
CONSISTENCY = GROUPS["consistency"][0]
CATEGORIES = ("everyday", "locomotion", "sport", "dance", "work", "gesture", "emotion", "multi-step", "rare")


def expand_dimensions(names: Iterable[str]) -> tuple[str, ...]:
    """Return the dimensions that names stand for, once each, in the order of the benchmark.

    Args:
        names: dimensions in any accepted spelling (`jitter_degree`, `Jitter_Degree`, `quality/jitter_degree`), or the
            groups `quality`, `pose`, `consistency`, `generalization`.

    Raises:
        ConfigError: a name that is neither; the nearest ones are suggested.
    """
    wanted: set[str] = set()
    for name in names:
        key = name.strip().lower().replace("-", "_").replace(" ", "_").rpartition("/")[2]
        if key not in GROUPS and key not in DIMENSIONS:
            known = (*GROUPS, *DIMENSIONS)
            raise ConfigError(f"{name!r} is no dimension{did_you_mean(key, known) or '; known: ' + ', '.join(known)}")
        wanted |= set(GROUPS.get(key, (key,)))
    return tuple(name for name in DIMENSIONS if name in wanted)


def shorten_dimensions(dimensions: Iterable[str]) -> list[str]:
    """Return the shortest spelling of dimensions, a group for all of its members; `expand_dimensions` undoes it."""
    left = list(dimensions)
    short = []
    for group, members in GROUPS.items():
        if set(members) <= set(left):
            short.append(group)
            left = [name for name in left if name not in members]
    return short + left
