"""Times of one call or step, which a jump of the machine's clock cannot tear apart."""

from time import monotonic_ns, time_ns


class Clock:
    """The wall clock when it is made; from then on it goes evenly."""

    __slots__ = ("_ahead_ns", "start_ns")

    def __init__(self) -> None:
        self.start_ns = time_ns()
        self._ahead_ns = self.start_ns - monotonic_ns()

    def now_ns(self) -> int:
        return self._ahead_ns + monotonic_ns()
