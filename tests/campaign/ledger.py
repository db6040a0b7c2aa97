"""What clients know of what they sent: the other side of the comparison with the store."""

import itertools
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass
class Ledger:
    """Numbers of items by signal. ``given_up``: sent, never acknowledged, and never sent again."""

    acknowledged: dict[str, set[int]] = field(default_factory=dict)
    given_up: dict[str, set[int]] = field(default_factory=dict)
    repetitions: int = 0
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def draw(self, count: int) -> Sequence[int]:
        """Numbers that nobody has."""
        with self._lock:
            return [next(self._numbers) for _ in range(count)]

    def acknowledge(self, signal: str, numbers: Sequence[int]) -> None:
        with self._lock:
            self.acknowledged.setdefault(signal, set()).update(numbers)

    def give_up(self, signal: str, numbers: Sequence[int]) -> None:
        with self._lock:
            self.given_up.setdefault(signal, set()).update(numbers)

    def repeat(self) -> None:
        with self._lock:
            self.repetitions += 1


def differences(ledger: Ledger, stored: Mapping[str, Mapping[int, int]]) -> list[str]:
    """What is wrong with the store, in words; ``stored`` has each number's rows by signal or table.

    What was given up may be stored or not, but never twice.
    """
    found = []
    for place, rows in stored.items():
        signal = place.partition(" ")[0]
        acknowledged = ledger.acknowledged.get(signal, set())
        known = acknowledged | ledger.given_up.get(signal, set())
        found += [f"{place}: {number} is stored {count} times" for number, count in rows.items() if count > 1]
        found += [f"{place}: {number} was acknowledged and is lost" for number in acknowledged - rows.keys()]
        found += [f"{place}: {number} was never sent" for number in rows.keys() - known]
    return sorted(found)
