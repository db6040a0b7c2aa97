"""What is done about a window that is due: verdicts against every baseline, and events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from watchkeeper_collector.drift.baselines import Baseline, Saved, of_saved, seasonal_or_rolling
from watchkeeper_collector.drift.checks import check_window
from watchkeeper_collector.drift.events import (
    Event,
    find_provider_events,
    find_silent_events,
    read_events,
    write_events,
)
from watchkeeper_collector.drift.results import Result, Table, write_results
from watchkeeper_collector.drift.survey import Due
from watchkeeper_collector.query.source import DAY_NS, Source
from watchkeeper_collector.query.times import Window


@dataclass(frozen=True, slots=True)
class Found:
    """How many slices drifted, and how many events there were that nobody knew."""

    drifts: int
    events: int


def check_due(
    source: Source,
    table: Table,
    due: Due,
    before: Window,
    watched: Sequence[Saved],
    *,
    checked_at: datetime,
) -> Found:
    """Check a window and keep what was found. ``before`` is the time that it is compared with."""
    results = [
        result
        for baseline in _baselines(source, due, before, watched)
        for result in check_window(
            source, due.project, due.window, baseline, calls=due.calls, checked_at=checked_at
        ).results
    ]
    events = _find_events(source, due, before, results)
    write_events(table, source.database, events, checked_at)
    write_results(table, source.database, results)
    drifts = sum(not result.feature and result.answer in {"minor", "major"} for result in results)
    return Found(drifts, len(events))


def _baselines(source: Source, due: Due, before: Window, watched: Sequence[Saved]) -> list[Baseline]:
    days = ((before.end_ns or 0) - (before.start_ns or 0)) / DAY_NS
    usual = seasonal_or_rolling(source, due.project, due.window, days)
    return [usual, *(of_saved(due.project, saved, due.start_ns) for saved in watched)]


def _find_events(source: Source, due: Due, before: Window, results: Sequence[Result]) -> list[Event]:
    """Events of the window that are not written yet."""
    known = read_events(source, due.project, window=Window(before.start_ns, due.window.end_ns), limit=1_000)
    found = find_provider_events(source, due.project, due.window, before)
    found += find_silent_events(results, [*known, *found])
    ids = {event.id for event in known}
    return [event for event in found if event.id not in ids]
