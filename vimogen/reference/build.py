"""Making a source of reference motions from what the YAML says under `reference`."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from mbench.errors import ConfigError, did_you_mean
from mbench.yamlfile import shown, validation_message
from vimogen.reference.base import Nothing, ReferenceSource

# Kind to the module that has it, its settings and its class; it is imported when such a source is asked for.
KINDS = MappingProxyType(
    {
        "files": ("vimogen.reference.files", "FilesSettings", "Files"),
        "model": ("vimogen.reference.model", "ModelSettings", "Model"),
        "bank": ("vimogen.reference.bank", "BankSettings", "Bank"),
        "video": ("vimogen.reference.video", "VideoSettings", "Video"),
    }
)
NONE, SUITE = "none", "suite"
EXPECTED = f"none, suite, or one of {', '.join(f'{{{kind}: …}}' for kind in KINDS)}"


def build_reference(config: Any = None, base: Path = Path(), device: str = "auto") -> ReferenceSource:
    """Return the source of reference motions that a configuration names.

    Args:
        config: None or `none`; `suite` for the reference files that the suite names; a mapping with `files`, `model`,
            `bank` or `video` and that source's options; or `KIND:VALUE` as a command line has it, e.g.
            `model:choreographer`.
        base: relative paths start here.
        device: for what can run on a GPU.

    Raises:
        ConfigError: no such source, or an option that it does not take, lacks, or that is out of range.
        MBenchError: whatever the source says is wrong, e.g. a folder that is not there.
    """
    values = _as_mapping(config)
    if not values:
        return Nothing()
    module_name, settings_name, source_name = KINDS[_kind(values)]
    module = importlib.import_module(module_name)
    settings = getattr(module, settings_name)
    try:
        checked = settings.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"reference: {validation_message(error, settings)}") from error
    source: ReferenceSource = getattr(module, source_name)(checked, base, device)
    return source


def _as_mapping(config: Any) -> dict[str, Any]:
    """Return the configuration as a mapping, empty for no source."""
    if config is None or config == NONE:
        return {}
    if config == SUITE:
        return {"files": None}
    if isinstance(config, str) and ":" in config:
        kind, _, value = config.partition(":")
        return {kind: value}
    if isinstance(config, dict) and config:
        return dict(config)
    raise ConfigError(f"reference: found {shown(config)}; expected {EXPECTED}")


def _kind(values: dict[str, Any]) -> str:
    """Return which one source a mapping names."""
    named = [kind for kind in KINDS if kind in values]
    if len(named) == 1:
        return named[0]
    found = " and ".join(named) if named else ", ".join(map(str, values))
    hint = "" if named else did_you_mean(str(next(iter(values))), KINDS)
    raise ConfigError(f"reference: found {found}{hint}; expected {EXPECTED}")
