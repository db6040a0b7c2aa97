"""Where budgets stand: what their period is, what was spent in it, and what it will come to."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from watchkeeper_collector.errors import InvalidQueryError, InvalidRequestError
from watchkeeper_collector.query.aggregation import run_query
from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.filters.compiling import FilterCompiler
from watchkeeper_collector.query.filters.parsing import parse_filter
from watchkeeper_collector.query.filters.syntax import FreeText, walk
from watchkeeper_collector.query.forecasting import (
    DAY_HOURS,
    HOUR_S,
    Forecast,
    Spend,
    exhausted_after_hours,
    expected_hours,
    forecast,
)
from watchkeeper_collector.query.question import Question
from watchkeeper_collector.query.source import Slice, Source
from watchkeeper_collector.query.times import SECOND_NS, Window, render_time

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR_NS = HOUR_S * SECOND_NS
HISTORY_DAYS = 35
DAY = timedelta(days=1)


class Kept(Protocol):
    """A budget as it is kept: ``watchkeeper_collector.state.operations.Budget`` is one."""

    @property
    def filter(self) -> str: ...

    @property
    def period(self) -> str: ...

    @property
    def time_zone(self) -> str: ...

    @property
    def limit_usd(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Use:
    """See ``BudgetUse`` of the API, whose fields these are."""

    period_start: str
    period_end: str
    spent_usd: float
    spent_ratio: float
    elapsed_ratio: float
    unpriced_call_count: int
    burn_rate_usd_per_day: float
    exhausted_at: str | None
    forecast: Forecast
    state: str


def check_budget(filter_: str, time_zone: str) -> None:
    """Raise ``InvalidRequestError`` for a filter that can't be counted by, or a zone that there isn't."""
    find_zone(time_zone)
    expression = parse_filter(filter_)
    if expression is None:
        return
    if any(isinstance(part, FreeText) for part in walk(expression)):
        raise InvalidQueryError(
            "A budget's filter can't search for words. Expected fields only, such as feature:support."
        )
    FilterCompiler(Bindings()).compile(expression)


def find_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidRequestError(
            f"There is no time zone '{name[:64]}'. Expected a name of IANA's database: UTC, Europe/Berlin, …"
        ) from None


def read_period(period: str, zone: ZoneInfo, now: datetime) -> tuple[datetime, datetime]:
    """Start and end of the period around a time, in a zone whose days may have 23 or 25 hours."""
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if period == "day":
        start = today
        end = start + DAY
    elif period == "week":
        start = today - today.weekday() * DAY
        end = start + 7 * DAY
    else:
        start = today.replace(day=1)
        end = (start + 31 * DAY).replace(day=1)
    return start.astimezone(UTC), end.astimezone(UTC)


def compute_use(source: Source, project: str, budget: Kept, now_ns: int) -> Use:
    """Where a budget stands at a time."""
    now = EPOCH + timedelta(microseconds=now_ns // 1_000)
    start, end = read_period(budget.period, find_zone(budget.time_zone), now)
    start_ns, end_ns = _nanoseconds(start), _nanoseconds(end)
    spent, unpriced = _load_sums(source, project, budget.filter, Window(start_ns, now_ns))
    day_usd, _ = _load_sums(source, project, budget.filter, Window(now_ns - DAY_HOURS * HOUR_NS, now_ns))
    past = _load_past(source, project, budget.filter, now_ns)
    hours_left = (end_ns - now_ns) / HOUR_NS
    found = forecast(past, spent, hours_left)
    return Use(
        period_start=render_time(start_ns),
        period_end=render_time(end_ns),
        spent_usd=spent,
        spent_ratio=spent / budget.limit_usd,
        elapsed_ratio=(now_ns - start_ns) / (end_ns - start_ns),
        unpriced_call_count=unpriced,
        burn_rate_usd_per_day=day_usd,
        exhausted_at=_exhausted_at(past, budget.limit_usd - spent, now_ns, hours_left),
        forecast=found,
        state=_state(spent, found.expected_usd, budget.limit_usd),
    )


def _state(spent_usd: float, expected_usd: float, limit_usd: float) -> str:
    if spent_usd >= limit_usd:
        return "over"
    return "at_risk" if expected_usd >= limit_usd else "ok"


def _load_sums(source: Source, project: str, filter_: str, window: Window) -> tuple[float, int]:
    """USD and calls without a cost."""
    if (window.start_ns or 0) >= (window.end_ns or 0):
        return 0.0, 0
    question = Question(Slice(project, window, filter_), ("cost_usd", "unpriced_calls"))
    ((cost_usd, unpriced),) = run_query(source, question).rows or [(None, 0)]
    return cost_usd or 0.0, unpriced


def _load_past(source: Source, project: str, filter_: str, now_ns: int) -> Spend:
    """What whole hours before now cost, in UTC."""
    end_hour = now_ns // HOUR_NS
    first_hour = end_hour - HISTORY_DAYS * DAY_HOURS
    window = Window(first_hour * HOUR_NS, end_hour * HOUR_NS)
    question = Question(Slice(project, window, filter_), ("cost_usd",), step_ns=HOUR_NS)
    rows = run_query(source, question).rows
    return Spend(first_hour, [cost_usd or 0.0 for _, cost_usd in rows])


def _exhausted_at(past: Spend, left_usd: float, now_ns: int, hours_left: float) -> str | None:
    known = past.since_first_spend()
    if left_usd <= 0 or not known.amounts:
        return None
    hours = exhausted_after_hours(expected_hours(known, hours_left), left_usd)
    return None if hours is None else render_time(now_ns + round(hours * HOUR_NS))


def _nanoseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1) * 1_000
