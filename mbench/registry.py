"""One registry a kind: names to plugins, found in the package, in entry points, or as `module:object`.

Entry points live in the group `mbench.plugins` and are named `KIND.NAME`, e.g. `model.choreographer`,
`metric.quality.my_metric` (dots after the kind stand for the slash of a metric's name). They are listed without being
imported; a plugin that fails to import raises when its name is asked for, with the cause.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Generic, TypeVar

from mbench.errors import PluginError, UnknownNameError, did_you_mean, one_line

T = TypeVar("T")
GROUP = "mbench.plugins"


@cache
def _plugins() -> dict[str, EntryPoint]:
    """Return the installed entry points by their full name."""
    return {point.name: point for point in entry_points(group=GROUP)}


def load_object(reference: str) -> Any:
    """Import `module:object`; the current folder is searched too, as `python -m` does.

    Raises:
        PluginError: it does not import, or the module has no such object.
    """
    module_name, _, attribute = reference.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        raise PluginError(f"{reference!r} could not be imported: {one_line(error)}") from error
    try:
        return getattr(module, attribute)
    except AttributeError:
        public = [name for name in vars(module) if not name.startswith("_")]
        raise PluginError(f"module {module_name!r} has no {attribute!r}{did_you_mean(attribute, public)}") from None


def _origin(item: Any) -> str:
    """Return the module that defines a plugin."""
    return getattr(item, "origin", None) or getattr(item, "__module__", None) or "an unknown module"


class Registry(Generic[T]):
    """Names to plugins of one kind.

    Args:
        kind: `metric`, `model`, `judge`, `suite` or `body`.
        builtin: modules of this package whose import registers the built-in ones.
        normalise: makes the registered name of what a user wrote, e.g. `Jitter_Degree`.
    """

    def __init__(
        self, kind: str, builtin: tuple[str, ...] = (), normalise: Callable[[str], str] = lambda name: name
    ) -> None:
        self.kind = kind
        self.listing = kind.replace("body", "bodie") + "s"
        self._builtin = builtin
        self._normalise = normalise
        self._items: dict[str, T] = {}
        self._loaded = False

    def add(self, name: str, item: T) -> T:
        """Register an item; a name can be taken again only by a reload of the module that took it.

        Raises:
            PluginError: another module registered the name.
        """
        before = self._items.get(name)
        if before is not None and _origin(before) != _origin(item):
            raise PluginError(f"{self.kind} {name!r} is already registered by {_origin(before)}")
        self._items[name] = item
        return item

    def get(self, name: str) -> T:
        """Return the item of a name, or of `module:object`.

        Raises:
            UnknownNameError: nobody registered it; the nearest names are suggested.
            PluginError: it is there but does not import; the cause is told.
        """
        if ":" in name:
            item: T = load_object(name)
            return item
        key = self._normalise(name)
        self._load_builtin()
        if key not in self._items and (point := self._points().get(key)) is not None:
            self._load_point(key, point)
        if key not in self._items:
            hint = did_you_mean(key, self.names()) or f"; `mbench list {self.listing}` shows all"
            raise UnknownNameError(f"no {self.kind} is named {name!r}{hint}")
        return self._items[key]

    def names(self) -> list[str]:
        """Return the names of this package and of entry points, sorted; entry points are not imported for it.

        What some other module registered by being imported is found by name, but not listed: what a pillar stands for
        must not depend on what happens to be imported.
        """
        self._load_builtin()
        own = {name for name, item in self._items.items() if _origin(item).split(".")[0] == __package__}
        return sorted({*own, *self._points()})

    def _load_builtin(self) -> None:
        if not self._loaded:
            self._loaded = True
            for module in self._builtin:
                importlib.import_module(module)

    def _points(self) -> dict[str, EntryPoint]:
        prefix = f"{self.kind}."
        found = {name.removeprefix(prefix): point for name, point in _plugins().items() if name.startswith(prefix)}
        return {name.replace(".", "/", 1) if self.kind == "metric" else name: p for name, p in found.items()}

    def _load_point(self, key: str, point: EntryPoint) -> None:
        try:
            item = point.load()
        except Exception as error:
            raise PluginError(
                f"{self.kind} {key!r} (plugin {point.value}) could not be imported: {one_line(error)}"
            ) from error
        self._items.setdefault(key, item)
