"""Reads the fields of one rule, and notes what is wrong with them: all of it, each at its place."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from watchkeeper_collector.alerts.documents import Path
from watchkeeper_collector.alerts.rules.amounts import read_also, read_bound, unit_of
from watchkeeper_collector.alerts.rules.condition import Also, Bound, Series
from watchkeeper_collector.alerts.rules.document import RuleDocument
from watchkeeper_collector.alerts.rules.durations import read_duration_s
from watchkeeper_collector.alerts.rules.series import (
    check_dimension,
    check_filter,
    check_measure,
    read_dimensions,
)
from watchkeeper_collector.errors import InvalidRequestError

T = TypeVar("T")
WINDOW_S = 300.0


class Note(Protocol):
    """Takes down what is wrong with a field: ``Faults.note`` is one."""

    def __call__(self, path: Path, message: str, *, is_name: bool = False, column: int = 1) -> None: ...


class Reading:
    """Reads one rule. After a fault values are placeholders, so that the rest is looked at too."""

    def __init__(self, document: RuleDocument, path: Path, note: Note) -> None:
        self.document = document
        self._path = path
        self._note = note
        self.is_sound = True

    def fault(self, message: str, *field: str | int, is_name: bool = False, column: int = 1) -> None:
        self.is_sound = False
        self._note((*self._path, *field), message, is_name=is_name, column=column)

    def attempt(self, read: Callable[[], T], fallback: T, *field: str | int) -> T:
        try:
            return read()
        except InvalidRequestError as error:
            column = error.details.get("column", 1)
            self.fault(error.message, *field, column=column if isinstance(column, int) else 1)
            return fallback

    def duration_s(self, text: str, *field: str | int, shortest_s: float = 0.0) -> float:
        found = self.attempt(lambda: read_duration_s(text), shortest_s, *field)
        if found < shortest_s:
            self.fault(f"'{text[:60]}' is too short: expected {shortest_s:g}s or more.", *field)
        return found

    def series(self, *, measure: str = "", window_s: float | None = None) -> Series:
        document = self.document
        name = document.measure or measure
        if not name:
            self.fault("The field 'measure' is missing: what is looked at, such as error_rate.")
        else:
            self.attempt(lambda: check_measure(name), None, "measure")
        self.attempt(lambda: check_filter(document.filter), None, "filter")
        nothing: tuple[str, ...] = ()
        measures = [name or "calls", *(also.measure for also in self._also_or_none())]
        found = [
            self.attempt(lambda name=name: check_dimension(name), "", "by", place)  # type: ignore[misc]
            for place, name in enumerate(document.by)
        ]
        known = [name for name in found if name]
        by = self.attempt(lambda: read_dimensions(known, measures), nothing, "by")
        if window_s is None:
            given = document.window
            window_s = WINDOW_S if given is None else self.duration_s(given, "window", shortest_s=1.0)
        return Series(name or "calls", document.filter, by, window_s, document.min_count)

    def also(self) -> tuple[Also, ...]:
        found = []
        for place, text in enumerate(self.document.and_):
            one = self.attempt(lambda text=text: read_also(text), None, "and", place)  # type: ignore[misc]
            if one is not None:
                found.append(one)
        return tuple(found)

    def bound(self, unit: str, fallback: str | None = None) -> Bound:
        text, recover = self.document.condition or fallback, self.document.recover
        if text is None:
            self.fault("The field 'condition' is missing: when it is met, such as '> 5%'.")
            return Bound(">", 0.0)
        found = self.attempt(lambda: read_bound(text, unit), None, "condition")
        if found is None or recover is None:
            return found or Bound(">", 0.0)
        return self.attempt(lambda: read_bound(text, unit, recover), found, "recover")

    def unit(self) -> str:
        """Of the rule's measure; that of a count where it has none that exists."""
        try:
            return unit_of(self.document.measure or "calls")
        except InvalidRequestError:
            return "count"

    def _also_or_none(self) -> list[Also]:
        found = []
        for text in self.document.and_:
            try:
                found.append(read_also(text))
            except InvalidRequestError:
                continue
        return found
