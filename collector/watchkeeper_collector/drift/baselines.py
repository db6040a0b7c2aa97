"""Which data a window is compared with."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from watchkeeper_collector.drift.features import CALLS
from watchkeeper_collector.drift.sides import UNIT, Side
from watchkeeper_collector.errors import InvalidQueryError
from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.source import DAY_NS, Slice, Source
from watchkeeper_collector.query.times import EPOCH, SECOND_NS, Window

WEEKS = 4
WEEK_NS = 7 * DAY_NS
LEAST_SEASON_WEEKS = 2
"""Of the four weeks so many have the hour, or the season is not known yet."""
LEAST_UNITS = 200

COUNT = """SELECT uniq({unit})
FROM {database}.spans
WHERE {conditions}"""


class Saved(Protocol):
    """A baseline that somebody keeps: a release, a time, or both."""

    @property
    def id(self) -> str: ...
    @property
    def filter(self) -> str: ...
    @property
    def release(self) -> str: ...
    @property
    def start_at(self) -> datetime | None: ...
    @property
    def end_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Baseline:
    """``label``: ``season``, ``rolling``, ``pinned`` or the id of a saved one."""

    label: str
    side: Side


def rolling(project: str, window: Window, days: float, filter_: str = "") -> Baseline:
    """The days before the window."""
    start_ns, _ = _ends(window)
    before = Window(start_ns - round(days * DAY_NS), start_ns)
    return Baseline("rolling", Side(Slice(project, before, filter_)))


def same_hour_of_week(project: str, window: Window, filter_: str = "") -> Baseline:
    """The same time of the four weeks before."""
    start_ns, end_ns = _ends(window)
    weeks = [
        Window(start_ns - back, end_ns - back) for back in range(WEEK_NS, (WEEKS + 1) * WEEK_NS, WEEK_NS)
    ]
    around = Window(weeks[-1].start_ns, weeks[0].end_ns)
    return Baseline("season", Side(Slice(project, around, filter_), windows=weeks))


def pinned(
    project: str,
    *,
    window: Window | None = None,
    release: str = "",
    filter_: str = "",
    label: str = "pinned",
    may_search_content: bool = False,
) -> Baseline:
    """A time, a release, or a release in a time. Raises ``InvalidQueryError`` for neither."""
    if not (window or release or filter_):
        raise InvalidQueryError("A pinned baseline needs a start and end, a release or a filter.")
    return Baseline(
        label,
        Side(
            Slice(project, window or Window(), filter_, may_search_content),
            {"release": release} if release else {},
        ),
    )


def of_saved(project: str, saved: Saved, until_ns: int) -> Baseline:
    """What somebody kept, up to what it is compared with."""
    end_ns = until_ns if saved.end_at is None else min(until_ns, ns_of(saved.end_at))
    window = Window(None if saved.start_at is None else ns_of(saved.start_at), end_ns)
    return pinned(project, window=window, release=saved.release, filter_=saved.filter, label=saved.id)


def seasonal_or_rolling(
    source: Source, project: str, window: Window, before: Window, drifted: Sequence[Window]
) -> Baseline:
    """The same hour of the week once it is known of enough weeks and units, until then the time before.

    Windows that ``drifted`` are no baseline: else a return to what was would be drift again. Where all of
    the time before drifted, that is what is usual now.
    """
    season = same_hour_of_week(project, window)
    weeks = [week for week in season.side.windows if not any(_meet(week, hole) for hole in drifted)]
    counts = [_count_units(source, Side(Slice(project, week))) for week in weeks]
    if sum(count > 0 for count in counts) >= LEAST_SEASON_WEEKS and sum(counts) >= LEAST_UNITS:
        return replace(season, side=replace(season.side, windows=weeks))
    usual = Side(Slice(project, before), windows=without_holes(before, drifted))
    has_enough = bool(usual.windows) and _count_units(source, usual) >= LEAST_UNITS
    return Baseline("rolling", usual if has_enough else Side(Slice(project, before)))


def without_holes(window: Window, holes: Sequence[Window]) -> list[Window]:
    """What is left of a window."""
    start_ns, end_ns = _ends(window)
    left = []
    for hole_start_ns, hole_end_ns in sorted(map(_ends, holes)):
        if hole_start_ns > start_ns:
            left.append(Window(start_ns, min(hole_start_ns, end_ns)))
        start_ns = max(start_ns, hole_end_ns)
        if start_ns >= end_ns:
            return left
    return [*left, Window(start_ns, end_ns)]


def _meet(one: Window, other: Window) -> bool:
    return _ends(one)[0] < _ends(other)[1] and _ends(other)[0] < _ends(one)[1]


def _count_units(source: Source, side: Side) -> int:
    bindings = Bindings()
    conditions: Sequence[str] = [*side.conditions(bindings, source), CALLS]
    sql = (
        COUNT.replace("{unit}", UNIT)
        .replace("{database}", source.database)
        .replace("{conditions}", " AND ".join(conditions))
    )
    return int(source.query(sql, bindings).rows[0][0])


def _ends(window: Window) -> tuple[int, int]:
    if window.start_ns is None or window.end_ns is None:
        raise InvalidQueryError("A window that is compared needs a start and an end.")
    return window.start_ns, window.end_ns


def ns_of(moment: datetime) -> int:
    """Nanoseconds since 1970."""
    return round((moment - EPOCH).total_seconds() * 1_000_000) * (SECOND_NS // 1_000_000)
