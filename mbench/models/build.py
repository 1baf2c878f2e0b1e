"""Making a model from its configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mbench.config import ModelConfig, check_options, resolve_path
from mbench.errors import MBenchError, PluginError, one_line
from mbench.models.base import MODELS, MotionModel


def build_model(config: ModelConfig, base: Path = Path(), device: str = "auto") -> MotionModel:
    """Return the model that a configuration names.

    Args:
        config: name, options, weights.
        base: the folder that relative paths among the options start from; models that take paths have an
            option `base`, filled in here.
        device: given to the model if it takes one.

    Raises:
        UnknownNameError: no such model.
        ConfigError: an option it does not take, or lacks.
        PluginError: it fails to import or to start, or is not a model.
    """
    factory = MODELS.get(config.name)
    options: dict[str, Any] = dict(config.options)
    if config.weights is not None:
        options["weights"] = str(resolve_path(config.weights, base))
    accepted = _parameters(factory)
    if "base" in accepted:
        options["base"] = base
    if "device" in accepted:
        options.setdefault("device", device)
    check_options(factory, options, f"model {config.name!r}")
    try:
        model = factory(**options)
    except MBenchError:
        raise
    except Exception as error:
        raise PluginError(f"model {config.name!r} could not be started: {one_line(error)}") from error
    for attribute in ("card", "generate"):
        if not hasattr(model, attribute):
            raise PluginError(f"model {config.name!r} has no {attribute!r}; a model has `card` and `generate`")
    return model


def _parameters(factory: Any) -> set[str]:
    import inspect

    return set(inspect.signature(factory).parameters)
