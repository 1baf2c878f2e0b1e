"""The licence that a dataset's own README states."""

from __future__ import annotations

from pathlib import Path

import yaml


def stated_licence(folder: Path) -> str:
    """Return `license` of the YAML at the top of a folder's README.md, as dataset cards have it; else an empty text.

    Args:
        folder: of the dataset.
    """
    readme = folder / "README.md"
    parts = readme.read_text(encoding="utf-8", errors="replace").split("---", 2) if readme.is_file() else []
    if len(parts) < 3 or parts[0].strip():
        return ""
    try:
        card = yaml.safe_load(parts[1])
    except yaml.YAMLError:
        return ""
    licence = card.get("license_name") or card.get("license") if isinstance(card, dict) else ""
    return ", ".join(map(str, licence)) if isinstance(licence, list) else str(licence or "")
