"""The suites that come with the package."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from mbench.suites.suite import BUILT_IN, SUITES, Suite

DATA = Path(__file__).parent / "data"


@cache
def _built_in(name: str) -> Suite:
    """Return a suite of the package's data."""
    from mbench.suites.document import read_document, suite_of  # pydantic, which listing names does not need

    path = DATA / f"{name}.json"
    return suite_of(read_document(path), str(path), DATA, BUILT_IN)


def mbench_mini() -> Suite:
    """Return 45 prompts, five of each category; all of them score quality and pose."""
    return _built_in("mbench-mini")


def mbench_open() -> Suite:
    """Return 450 prompts: 150 quality, 100 pose, 100 consistency, 100 generalization."""
    return _built_in("mbench-open")


SUITES.add("mbench-mini", mbench_mini)
SUITES.add("mbench-open", mbench_open)
