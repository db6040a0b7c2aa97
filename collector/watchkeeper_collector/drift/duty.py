"""What is done about a window that is due: verdicts against every baseline, and events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from watchkeeper_collector.drift.baselines import (
    WEEK_NS,
    WEEKS,
    Baseline,
    Saved,
    ns_of,
    of_saved,
    seasonal_or_rolling,
)
from watchkeeper_collector.drift.checks import check_window
from watchkeeper_collector.drift.events import (
    Event,
    find_provider_events,
    find_silent_events,
    read_events,
    write_events,
)
from watchkeeper_collector.drift.results import USUAL, Result, Table, read_results, write_results
from watchkeeper_collector.drift.survey import Due
from watchkeeper_collector.query.source import Source
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
    """The usual one and the watched ones. A watched one without an end is where what is usual begins."""
    accepted = [saved.start_at for saved in watched if saved.start_at and saved.end_at is None]
    start_ns = max([before.start_ns or 0, *(ns_of(moment) for moment in accepted)])
    if start_ns < due.start_ns:
        before = Window(start_ns, due.start_ns)
    usual = seasonal_or_rolling(source, due.project, due.window, before, _drifted(source, due))
    return [usual, *(of_saved(due.project, saved, due.start_ns) for saved in watched)]


def _drifted(source: Source, due: Due) -> list[Window]:
    """Windows up to this one whose calls as a whole drifted."""
    found = read_results(
        source,
        due.project,
        since_ns=due.start_ns - (WEEKS + 1) * WEEK_NS,
        until_ns=due.start_ns,
        equal={"slice_by": "project", "feature": ""},
    )
    return [
        Window(ns_of(result.window_start), ns_of(result.window_end))
        for result in found
        if result.answer in {"minor", "major"} and result.baseline in USUAL
    ]


def _find_events(source: Source, due: Due, before: Window, results: Sequence[Result]) -> list[Event]:
    """Events of the window that are not written yet."""
    known = read_events(source, due.project, window=Window(before.start_ns, due.window.end_ns), limit=1_000)
    found = find_provider_events(source, due.project, due.window, before)
    found += find_silent_events(results, [*known, *found])
    ids = {event.id for event in known}
    return [event for event in found if event.id not in ids]
