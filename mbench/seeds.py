"""Seeds that come from names, never from an order."""

from __future__ import annotations

import hashlib


def seed_of(*parts: str | int) -> int:
    """Return the 32-bit seed of some names and numbers, e.g. of (run seed, prompt id, replicate)."""
    return int.from_bytes(hashlib.sha256("/".join(map(str, parts)).encode()).digest()[:4], "big")
