"""The bodies of the package: `default`, shipped as a file, and `capsules`, made in code."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from mbench.body.arrays import Arrays
from mbench.body.capsules import capsule_arrays
from mbench.body.files import read_body_file
from mbench.body.registry import BODIES, BodySource
from mbench.files import read_json, sha256_of

DEFAULT = Path(__file__).parent / "data" / "mbench_body.npz"


def _default_facts() -> dict[str, Any]:
    facts: dict[str, Any] = read_json(DEFAULT.with_suffix(".json"))
    return facts | {"weights": sha256_of(DEFAULT)}


@cache
def _default_arrays() -> Arrays:
    return read_body_file(DEFAULT)


def _capsule_facts() -> dict[str, Any]:
    digest = hashlib.sha256()
    for key, array in sorted(capsule_arrays().items()):
        digest.update(key.encode() + array.tobytes())
    return {
        "name": "capsules", "version": "1", "kind": "rule-based", "licence": "Apache-2.0",
        "weights": digest.hexdigest(),
        "notes": "one closed capsule a bone, rigid; for tests and for looking at skeletons, not for published numbers",
    }  # fmt: skip


BODIES.add("default", BodySource("default", _default_facts, _default_arrays))
BODIES.add("capsules", BodySource("capsules", _capsule_facts, capsule_arrays))
