"""Where things that can be made again are kept."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """Return $MBENCH_CACHE, or ~/.cache/mbench."""
    return Path(os.environ.get("MBENCH_CACHE") or Path.home() / ".cache" / "mbench")
