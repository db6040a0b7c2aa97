"""Acting when a package is imported: at once if it is there already, else when the application imports it.

So ``instrument()`` costs nothing for clients that the application never uses, and may be called before or
after they are imported.
"""

import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
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
        if spec is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = _Telling(spec.loader, act)
        return spec

    def _find_by_others(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> ModuleSpec | None:
        for finder in list(sys.meta_path):
            find_spec = getattr(finder, "find_spec", None)
            if finder is self or find_spec is None:
                continue
            spec: ModuleSpec | None = find_spec(fullname, path, target)
            if spec is not None:
                return spec
        return None


class _Telling(Loader):
    """A module's own loader, which tells when it is done."""

    def __init__(self, loader: Any, act: Callable[[], Any]) -> None:
        self._loader = loader
        self._act = act

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        create: Callable[[ModuleSpec], ModuleType | None] | None = getattr(
            self._loader, "create_module", None
        )
        return create(spec) if create else None

    def exec_module(self, module: ModuleType) -> None:
        """The module gets its own loader back before it runs."""
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._act()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)
