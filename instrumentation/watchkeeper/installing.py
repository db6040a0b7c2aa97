"""Wrapping the clients that are installed, each when the application imports it, and unwrapping them."""

import logging
from collections.abc import Iterable
from functools import partial
from importlib.metadata import PackageNotFoundError, version

from watchkeeper.importing import ImportWatch
from watchkeeper.patching import Removable
from watchkeeper.providers.catalogue import PROVIDERS, Provider
from watchkeeper.recorder import Recorder

logger = logging.getLogger("watchkeeper")


class Installation:
    """The patches of one ``instrument()``."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._watch = ImportWatch()
        self.patches: list[Removable] = []
        self.instrumented: list[str] = []
        """Providers whose client is wrapped."""

    def install(self, names: Iterable[str] | None) -> None:
        for provider in chosen(names):
            self._watch.when_imported(provider.trigger, partial(self._apply, provider))

    def add(self, patch: Removable) -> None:
        self.patches.append(patch)

    def remove(self) -> None:
        """Undo the patches, last first."""
        self._watch.close()
        while self.patches:
            self._recorder.guard(self.patches.pop().remove)
        self.instrumented.clear()

    def _apply(self, provider: Provider) -> None:
        self._recorder.guard(self._instrument, provider)

    def _instrument(self, provider: Provider) -> None:
        if is_supported(provider):
            self.patches += provider.instrument(self._recorder)
            self.instrumented.append(provider.name)


def chosen(names: Iterable[str] | None) -> list[Provider]:
    """Those that there are; what is no provider's name is told in the log."""
    wanted = list(PROVIDERS) if names is None else list(names)
    if unknown := [name for name in wanted if name not in PROVIDERS]:
        logger.warning(
            "Watchkeeper: providers has '%s', but only %s can be in it.",
            "', '".join(unknown),
            ", ".join(PROVIDERS),
        )
    return [PROVIDERS[name] for name in wanted if name in PROVIDERS]


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
