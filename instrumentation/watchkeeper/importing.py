"""Acting when a package is imported: at once if it is there already, else when the application imports it.

So ``instrument()`` costs nothing for clients that the application never uses, and may be called before or
after they are imported.
"""

import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


class ImportWatch(MetaPathFinder):
    """A finder that finds nothing by itself: it has the others' loaders tell when they are done."""

    def __init__(self) -> None:
        self._waiting: dict[str, Callable[[], Any]] = {}

    def when_imported(self, module: str, act: Callable[[], Any]) -> None:
        if module in sys.modules:
            act()
            return
        self._waiting[module] = act
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def close(self) -> None:
        self._waiting.clear()
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        act = self._waiting.pop(fullname, None)
        if act is None:
            return None
        spec = self._find_by_others(fullname, path, target)
        if spec is not None and spec.loader is not None:
            _tell_when_executed(spec.loader, act)
        return spec

    def _find_by_others(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> ModuleSpec | None:
        for finder in sys.meta_path:
            if finder is not self and (spec := finder.find_spec(fullname, path, target)) is not None:
                return spec
        return None


def _tell_when_executed(loader: Any, act: Callable[[], Any]) -> None:
    execute = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        execute(module)
        act()

    loader.exec_module = exec_module
