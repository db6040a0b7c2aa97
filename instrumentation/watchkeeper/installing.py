"""Wrapping the clients that are installed, each when the application imports it, and unwrapping them."""

import logging
import sys
from collections.abc import Callable, Iterable
from functools import partial, wraps
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from opentelemetry.trace import TracerProvider

from watchkeeper.frameworks.catalogue import FRAMEWORKS, Framework
from watchkeeper.frameworks.delegating import turn_on
from watchkeeper.importing import ImportWatch
from watchkeeper.patching import Patch, Removable, patch
from watchkeeper.providers.catalogue import PROVIDERS, Provider
from watchkeeper.recorder import Recorder

logger = logging.getLogger("watchkeeper")


class Installation:
    """The patches of one ``instrument()``."""

    def __init__(self, recorder: Recorder, delegates: TracerProvider, *, captures_content: bool) -> None:
        self._recorder = recorder
        self._delegates = delegates
        self._captures_content = captures_content
        self._watch = ImportWatch()
        self._waiting: dict[str, list[Patch]] = {}
        self._used: set[str] = set()
        """Frameworks of which something was made."""
        self.patches: list[Removable] = []
        self.instrumented: list[str] = []
        """Clients that are wrapped, and frameworks that are recorded."""

    def install(self, names: Iterable[str] | None) -> None:
        for name in chosen(names):
            if (provider := PROVIDERS.get(name)) is not None:
                for trigger in filter(None, (provider.trigger, provider.older)):
                    self._watch.when_imported(trigger, partial(self._apply, self._instrument, provider))
            if (framework := FRAMEWORKS.get(name)) is not None:
                for trigger in framework.triggers:
                    act = partial(self._await_use, trigger) if framework.first_used else self._delegate
                    self._watch.when_imported(trigger, partial(self._apply, act, framework))

    def add(self, patch: Removable) -> None:
        self.patches.append(patch)

    def remove(self) -> None:
        """Undo the patches, last first."""
        self._watch.close()
        for name in list(self._waiting):
            self._stop_waiting(name)
        while self.patches:
            self._recorder.guard(self.patches.pop().remove)
        self.instrumented.clear()

    def _apply(self, act: Callable[[Any], None], entry: Any) -> None:
        self._recorder.guard(act, entry)

    def _instrument(self, provider: Provider) -> None:
        if is_supported(provider):
            self.patches += provider.instrument(self._recorder)
            self.instrumented.append(provider.name)

    def _delegate(self, framework: Framework) -> None:
        turned_on = turn_on(framework, self._delegates, captures_content=self._captures_content)
        if turned_on is not None:
            self.patches.append(turned_on)
            self.instrumented.append(framework.name)

    def _await_use(self, trigger: str, framework: Framework) -> None:
        """Some instrumentations import what is still being imported when the framework's trigger is there."""
        owner = getattr(sys.modules[trigger], framework.first_used[trigger])
        waiting = self._waiting.setdefault(framework.name, [])

        def building(initialize: Callable[..., None]) -> Callable[..., None]:
            @wraps(initialize)
            def first(instance: Any, *args: Any, **kwargs: Any) -> None:
                if waiting:
                    self._stop_waiting(framework.name)
                    own = vars(owner)["__init__"]
                    self._apply(self._delegate, framework)
                    left = Patch(owner, "__init__", own, vars(owner)["__init__"])
                    self.patches.insert(0, left)  # some instrumentations don't put back what they replaced
                    owner.__init__(instance, *args, **kwargs)
                else:
                    initialize(instance, *args, **kwargs)

            return first

        if framework.name not in self._used:
            waiting.append(patch(owner, "__init__", building))

    def _stop_waiting(self, name: str) -> None:
        self._used.add(name)
        waiting = self._waiting.get(name, [])
        while waiting:
            self._recorder.guard(waiting.pop().remove)


def chosen(names: Iterable[str] | None) -> list[str]:
    """Those that there are; what is no client's or framework's name is told in the log."""
    known = [*PROVIDERS, *FRAMEWORKS]
    wanted = known if names is None else list(names)
    if unknown := [name for name in wanted if name not in known]:
        logger.warning(
            "Watchkeeper: providers has '%s', but only %s can be in it.",
            "', '".join(unknown),
            ", ".join(known),
        )
    return [name for name in wanted if name in known]


def is_supported(provider: Provider) -> bool:
    """Whether the installed version is one that is tested; if not, one line in the log says so."""
    try:
        found = version(provider.package)
    except PackageNotFoundError:
        return True  # vendored, or run from a checkout: its modules are there
    if int(found.partition(".")[0]) in provider.majors:
        return True
    logger.warning(
        "Watchkeeper: %s %s is not instrumented; versions %s are.",
        provider.package, found, " and ".join(f"{major}.x" for major in provider.majors),
    )  # fmt: skip
    return False
