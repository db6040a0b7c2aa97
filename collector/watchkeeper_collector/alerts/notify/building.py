"""From what people write to what is computed with: routes, intervals, inhibitions."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from watchkeeper_collector.alerts.notify.document import (
    InhibitDocument,
    IntervalDocument,
    RouteDocument,
    SpanDocument,
)
from watchkeeper_collector.alerts.notify.routing.inhibition import InhibitRule
from watchkeeper_collector.alerts.notify.routing.matchers import read_matchers
from watchkeeper_collector.alerts.notify.routing.routes import Route, Timing, path_below
from watchkeeper_collector.alerts.notify.routing.time_intervals import (
    TimeInterval,
    TimeSpan,
    read_days_of_month,
    read_minutes,
    read_months,
    read_weekdays,
    read_years,
    read_zone,
)
from watchkeeper_collector.alerts.rules.durations import read_duration_s

Intervals = Mapping[str, TimeInterval]


def build_tree(document: RouteDocument, intervals: Intervals, project: str = "") -> Route:
    """The route with all below it."""
    root = Route(path=f"{project}{{}}", receiver="", project=project)
    return _build_route(document, root, root.path, intervals)


def build_project_tree(project: str, routes: Iterable[RouteDocument]) -> Route:
    """The tree of a project's own routes: each by itself, and nobody where none matches."""
    independent = tuple(route.model_copy(update={"does_continue": True}) for route in routes)
    return build_tree(RouteDocument(routes=independent), {}, project)


def build_intervals(documents: Iterable[IntervalDocument]) -> dict[str, TimeInterval]:
    return {
        document.name: TimeInterval(document.name, tuple(map(_build_span, document.time_intervals)))
        for document in documents
    }


def build_inhibitions(documents: Iterable[InhibitDocument]) -> tuple[InhibitRule, ...]:
    return tuple(
        InhibitRule(
            read_matchers(document.source_matchers), read_matchers(document.target_matchers), document.equal
        )
        for document in documents
    )


def build_timing(document: RouteDocument, parent: Timing) -> Timing:
    given = {
        "group_wait_s": document.group_wait,
        "group_interval_s": document.group_interval,
        "repeat_interval_s": document.repeat_interval,
    }
    return replace(
        parent, **{name: read_duration_s(text) for name, text in given.items() if text is not None}
    )


def _build_route(document: RouteDocument, parent: Route, path: str, intervals: Intervals) -> Route:
    matchers = read_matchers(document.matchers)
    own = replace(
        parent,
        path=path,
        receiver=parent.receiver if document.receiver is None else document.receiver,
        matchers=matchers,
        group_by=parent.group_by if document.group_by is None else document.group_by,
        timing=build_timing(document, parent.timing),
        does_continue=document.does_continue,
        mute=tuple(intervals[name] for name in document.mute_time_intervals),
        active=tuple(intervals[name] for name in document.active_time_intervals),
        children=(),
    )
    children: dict[str, Route] = {}
    for child in document.routes:
        below = path_below(path, read_matchers(child.matchers), children)
        children[below] = _build_route(child, own, below, intervals)
    return replace(own, children=tuple(children.values()))


def _build_span(document: SpanDocument) -> TimeSpan:
    return TimeSpan(
        tuple(read_minutes(times.start_time, times.end_time) for times in document.times),
        tuple(map(read_weekdays, document.weekdays)),
        tuple(map(read_days_of_month, document.days_of_month)),
        tuple(map(read_months, document.months)),
        tuple(map(read_years, document.years)),
        read_zone(document.location),
    )
