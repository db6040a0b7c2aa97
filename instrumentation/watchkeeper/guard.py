"""The one place where faults of the SDK end: they are counted, told once, and never reach the application."""

import logging
from collections import Counter
from collections.abc import Callable
from typing import Any

logger = logging.getLogger("watchkeeper")


class Guard:
    """Runs our own functions. A strict one lets their faults through, so that tests see them."""

    __slots__ = ("faults", "is_strict")

    def __init__(self, *, is_strict: bool = False) -> None:
        self.is_strict = is_strict
        self.faults: Counter[str] = Counter()
        """How often each of our functions failed, by its name."""

    def __call__(self, function: Callable[..., Any], *args: Any, default: Any = None) -> Any:
        """What ``function(*args)`` returns, or ``default`` when it raises."""
        try:
            return function(*args)
        except Exception as error:
            if self.is_strict:
                raise
            named = getattr(function, "func", function)  # what a partial is of
            self._note(getattr(named, "__qualname__", type(named).__qualname__), error)
            return default

    def _note(self, place: str, error: Exception) -> None:
        self.faults[place] += 1
        if self.faults[place] == 1:
            logger.warning(
                "Watchkeeper could not record a call: %s in '%s'. The application is not affected; "
                "further faults there are counted in handle.stats() and not logged.",
                type(error).__name__,
                place,
                exc_info=logger.isEnabledFor(logging.DEBUG),
            )
