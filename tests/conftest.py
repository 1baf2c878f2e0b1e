"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mbench.motion import Motion
from mbench.motion.kinematics import forward_kinematics
from mbench.motion.skeleton import REST_OFFSETS

SHARED = Path(os.environ.get("MBENCH_SHARED", Path(__file__).parents[2] / "shared"))
GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of reference material and real motion; skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"needs the folder {SHARED}, which is not here (set MBENCH_SHARED)")
    return SHARED


@pytest.fixture(scope="session")
def golden() -> Path:
    """Return the folder of committed golden values."""
    return GOLDEN


@pytest.fixture
def walk() -> Motion:
    """Return 5 s of a plain walking figure: swinging limbs, toes near the floor, 1 m/s forward."""
    return make_walk()


def make_walk(seconds: float = 5.0, fps: float = 20.0) -> Motion:
    """Return a walking figure made of sinusoids, the same curve at any frame rate."""
    times = np.arange(round(seconds * fps)) / fps
    rotations = np.zeros((len(times), 22, 4))
    rotations[..., 3] = 1
    swing = 0.25 * np.sin(2 * np.pi * 0.9 * times)
    for joint, sign in ((1, 1), (2, -1), (16, -1), (17, 1)):
        rotations[:, joint, 0], rotations[:, joint, 3] = np.sin(sign * swing), np.cos(sign * swing)
    root = np.stack([0 * times, 1.0 * times, 0 * times], axis=1)
    joints = forward_kinematics(rotations, root, REST_OFFSETS)
    joints[..., 2] -= joints[:, [10, 11], 2].min() - 0.01
    return Motion(joints.astype(np.float32), fps)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Return the URL of a PostgreSQL server that lives as long as the tests; skip where none is installed."""
    from postgres import postgres

    with postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def votes_in(request: pytest.FixtureRequest) -> str | None:
    """Return where a study's votes go: None for its own folder, or the URL of a new database of PostgreSQL."""
    if request.param == "sqlite":
        return None
    from postgres import fresh_database

    return fresh_database(request.getfixturevalue("postgres_server"))
