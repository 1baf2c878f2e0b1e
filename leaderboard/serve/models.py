"""Which models the playground offers: those that a name is enough for."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from mbench.config import ModelConfig
from mbench.errors import ConfigError, PluginError
from mbench.models.base import MODELS, MotionModel
from mbench.models.build import build_model


class Playable:
    """A model of the playground, made when it is first asked for a motion.

    Args:
        name: registered name, or `module:object`.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    @cached_property
    def model(self) -> MotionModel:
        """Return the model, with its default options.

        Raises:
            MBenchError: it can't be started.
        """
        return build_model(ModelConfig(name=self.name))


def playable(names: Sequence[str] | None = None) -> tuple[list[Playable], list[str]]:
    """Return the models to offer, and in words which registered ones could not be loaded.

    Args:
        names: of models; None for every registered one that takes no mandatory option and no whole suite.

    Raises:
        UnknownNameError: no such model.
        ConfigError: it needs more than its name, or none is left.
        PluginError: it does not import.
    """
    if names is not None:
        for name in names:
            if (needs := _needs(MODELS.get(name))) is not None:
                raise ConfigError(
                    f"model {name!r} needs {needs}; the playground offers models that a name is enough for"
                )
        return _some([Playable(name) for name in dict.fromkeys(names)]), []
    found, missing = [], []
    for name in MODELS.names():
        try:
            if _needs(MODELS.get(name)) is None:
                found.append(Playable(name))
        except PluginError as error:
            missing.append(str(error))
    return _some(found), missing


def _some(found: list[Playable]) -> list[Playable]:
    if not found:
        raise ConfigError("the playground has no model; expected names of models, e.g. --models choreographer,static")
    return found


def _needs(factory: Any) -> str | None:
    """Return what a model can't do without besides its name, None where that is nothing."""
    if hasattr(factory, "prepare"):
        return "all prompts of a suite"
    mandatory = [
        name
        for name, parameter in inspect.signature(factory).parameters.items()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    return f"the option {mandatory[0]!r}" if mandatory else None
