"""What is answered about drift: found verdicts and events, and checks that are made while somebody waits."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Protocol

from watchkeeper_collector.drift.baselines import (
    Baseline,
    Saved,
    of_saved,
    pinned,
    rolling,
    same_hour_of_week,
)
from watchkeeper_collector.drift.consistency import measure_consistency
from watchkeeper_collector.drift.events import Event, read_events
from watchkeeper_collector.drift.results import Result, read_results
from watchkeeper_collector.drift.sides import Side
from watchkeeper_collector.query.cursor import read_cursor, render_cursor
from watchkeeper_collector.query.source import Slice, Source
from watchkeeper_collector.query.times import EPOCH, SECOND_NS, Window, read_window, render_time

Items = tuple[list[dict[str, Any]], str | None]
"""The items of a page, and the cursor of the next one."""


class AskedSide(Protocol):
    """Calls that somebody names."""

    start: str
    end: str
    filter: str
    release: str


class AskedBaseline(AskedSide, Protocol):
    """What they are compared with: ``kind`` is ``rolling``, ``season``, ``pinned`` or ``saved``."""

    kind: Any
    days: float
    id: str


class AskedCheck(Protocol):
    """A comparison that somebody asks for."""

    with_slices: bool
    with_text: bool

    @property
    def candidate(self) -> AskedSide: ...
    @property
    def baseline(self) -> AskedBaseline: ...


class DriftAnswers:
    """Answers from one source. ``find_saved`` gives a project's saved baseline by its id."""

    def __init__(self, source: Source, find_saved: Callable[[str, str], Saved]) -> None:
        self._source = source
        self._find_saved = find_saved

    def list_verdicts(
        self,
        project: str,
        window: Window,
        equal: Mapping[str, str],
        *,
        only_drift: bool,
        limit: int,
        cursor: str,
    ) -> Items:
        """Verdicts on slices with their features, the newest window first."""
        place = read_cursor(cursor, (int,))
        skipped = int(place[0]) if place else 0
        results = read_results(
            self._source, project, since_ns=window.start_ns, until_ns=window.end_ns, equal=equal
        )
        verdicts = _grouped(results)
        if only_drift:
            verdicts = [verdict for verdict in verdicts if verdict["answer"] in {"minor", "major"}]
        page = verdicts[skipped : skipped + limit]
        has_more = len(verdicts) > skipped + limit
        return page, render_cursor((skipped + limit,)) if has_more else None

    def list_events(self, project: str, window: Window, *, limit: int, cursor: str) -> Items:
        """Events, the newest first."""
        place = read_cursor(cursor, (int, str))
        after = (int(place[0]), int(place[1])) if place else None
        found = read_events(self._source, project, window=window, after=after, limit=limit + 1)
        last = found[limit - 1] if len(found) > limit else None
        return [_shown_event(event) for event in found[:limit]], _place_of(last) if last else None

    def measure_consistency(self, wanted: Slice, by: str, step_ns: int | None) -> list[dict[str, Any]]:
        """How alike answers to identical inputs are."""
        points = measure_consistency(self._source, wanted, by=by, step_ns=step_ns)
        return [
            {
                "time": render_time(point.time_ns) if step_ns else None,
                "part": point.part,
                "inputs": point.inputs,
                "answers": point.answers,
                "exact": point.exact,
                "similarity": point.similarity,
                "json_agreement": point.json,
            }
            for point in points
        ]

    def check(
        self, project: str, asked: AskedCheck, now_ns: int, *, may_read_content: bool
    ) -> dict[str, Any]:
        """Compare two sides now."""
        from watchkeeper_collector.drift.asking import compare  # noqa: PLC0415 - loads scikit-learn

        before, after = self.sides(
            project, asked.baseline, asked.candidate, now_ns, may_search=may_read_content
        )
        return compare(
            self._source,
            before,
            after,
            with_slices=asked.with_slices,
            with_text=asked.with_text,
            with_content=may_read_content,
        )

    def sides(
        self,
        project: str,
        baseline: AskedBaseline,
        candidate: AskedSide,
        now_ns: int,
        *,
        may_search: bool,
    ) -> tuple[Side, Side]:
        """The baseline's calls and the candidate's."""
        window = _window(candidate, now_ns, until_ns=now_ns)
        found = self._baseline(project, baseline, window, now_ns, may_search=may_search)
        return found.side, _side(project, candidate, window, may_search=may_search)

    def _baseline(
        self, project: str, asked: AskedBaseline, window: Window, now_ns: int, *, may_search: bool
    ) -> Baseline:
        match asked.kind:
            case "rolling":
                return rolling(project, window, asked.days, asked.filter)
            case "season":
                return same_hour_of_week(project, window, asked.filter)
            case "saved":
                return of_saved(project, self._find_saved(project, asked.id), now_ns)
            case _:
                named = _window(asked, now_ns, until_ns=None)
                return pinned(
                    project,
                    window=named if named != Window() else None,
                    release=asked.release,
                    filter_=asked.filter,
                    may_search_content=may_search,
                )


def _window(side: AskedSide, now_ns: int, *, until_ns: int | None) -> Window:
    """The side's window; without an end it goes on until then. Raises ``InvalidQueryError``."""
    found = read_window(side.start, side.end, now_ns)
    return Window(found.start_ns, until_ns) if found.end_ns is None else found


def _side(project: str, asked: AskedSide, window: Window, *, may_search: bool) -> Side:
    equal = {"release": asked.release} if asked.release else {}
    return Side(Slice(project, window, asked.filter, may_search), equal)


def _grouped(results: Sequence[Result]) -> list[dict[str, Any]]:
    """One item for each slice of a window and baseline, with its features."""
    items: dict[tuple[Any, ...], dict[str, Any]] = {}
    for result in results:
        key = (
            result.window_end,
            result.window_start,
            result.baseline,
            result.slice_by,
            result.slice_value,
        )
        item = items.setdefault(key, {"features": []})
        if result.feature:
            item["features"].append(_shown_feature(result))
        else:
            item.update(_shown_slice(result))
    return [item for item in items.values() if "answer" in item]


def _shown_slice(result: Result) -> dict[str, Any]:
    names = (
        "slice_by", "slice_value", "answer", "needs", "windows", "reason",
        "window_start", "window_end", "checked_at", "baseline",
    )  # fmt: skip
    return {name: getattr(result, name) for name in names} | dict(result.details)


def _shown_feature(result: Result) -> dict[str, Any]:
    names = (
        "feature", "answer", "needs", "windows", "effect", "raw_effect", "p_value", "adjusted_p",
        "before_units", "after_units", "before", "after", "reason",
    )  # fmt: skip
    return {name: getattr(result, name) for name in names} | {"figures": dict(result.details)}


def _shown_event(event: Event) -> dict[str, Any]:
    shown = asdict(event)
    del shown["project"]
    return shown | {"id": f"{event.id:016x}"}


def _place_of(event: Event) -> str:
    time_ns = round((event.timestamp - EPOCH).total_seconds() * 1_000) * (SECOND_NS // 1_000)
    return render_cursor((time_ns, str(event.id)))
