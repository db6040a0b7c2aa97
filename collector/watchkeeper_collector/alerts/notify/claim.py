"""Of several collectors, one notifies: the claim to do so, asked for now and then only."""

import time
from collections.abc import Callable


class Claim:
    """``acquire`` takes or renews a lease that is good for much longer than ``renew_s``."""

    def __init__(
        self,
        acquire: Callable[[], bool],
        *,
        renew_s: float = 10.0,
        contend_s: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._acquire = acquire
        self._pauses_s = {True: renew_s, False: contend_s}
        self._clock = clock
        self._asked_at_s = float("-inf")
        self._is_held = False

    def holds(self) -> bool:
        """Whether this collector is the one. Raises ``StateUnavailableError``."""
        if self._clock() - self._asked_at_s >= self._pauses_s[self._is_held]:
            asked_at_s = self._clock()
            self._is_held = False
            self._is_held = self._acquire()
            self._asked_at_s = asked_at_s
        return self._is_held
