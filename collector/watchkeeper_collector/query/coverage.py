"""Which hours of a window roll-ups may be read for, and what is left to read from the spans."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.filters.syntax import FreeText, Term, walk
from watchkeeper_collector.query.question import Question
from watchkeeper_collector.query.rolled import ESTIMATES, ROLLED, ROLLED_DIMENSIONS
from watchkeeper_collector.query.source import Rollup, Slice, Source
from watchkeeper_collector.query.times import SECOND_NS, Window

HOUR_S = 3_600
HOUR_NS = HOUR_S * SECOND_NS
FEWEST_HOURS = 3
MOST_GAPS = 50
LATE_S = 60
"""Spans that came so lately may not be in the roll-up of their hour: the worker looks every ten seconds."""

# An hour counts if it was built after everything that is known to have happened to its spans.
HOURS = """SELECT
    toUnixTimestamp(Hour) AS hour_s,
    toUnixTimestamp64Micro(max(Built)) AS built_us,
    argMax(Held, Built) AS spans,
    Hour < now() - INTERVAL {kept_days} DAY AS is_expired
FROM
(
    SELECT Hour, BuiltAt AS Built, Spans AS Held, toDateTime64(0, 6, 'UTC') AS Changed
    FROM {database}.rollup_hours
    WHERE Project = {project} AND Hour >= fromUnixTimestamp({first}) AND Hour < fromUnixTimestamp({until})
    UNION ALL
    SELECT Hour, toDateTime64(0, 6, 'UTC') AS Built, 0 AS Held, MarkedAt AS Changed
    FROM {database}.rollup_marks
    WHERE Project = {project} AND Hour >= fromUnixTimestamp({first}) AND Hour < fromUnixTimestamp({until})
    UNION ALL
    SELECT DISTINCT
        toStartOfHour(Timestamp) AS Hour,
        toDateTime64(0, 6, 'UTC') AS Built,
        0 AS Held,
        now64(6) + INTERVAL 1 DAY AS Changed
    FROM {database}.spans
    WHERE Project = {project}
        AND Timestamp >= fromUnixTimestamp({first})
        AND Timestamp < fromUnixTimestamp({until})
        AND ReceivedAt >= now64(9) - INTERVAL {late_s} SECOND
)
GROUP BY Hour
HAVING max(Built) > max(Changed)
ORDER BY hour_s"""


COUNTS = """SELECT sum(spans)
FROM
(
    SELECT argMax(Spans, BuiltAt) AS spans
    FROM {database}.rollup_hours
    WHERE Project = {project} AND Hour >= fromUnixTimestamp({first}) AND Hour < fromUnixTimestamp({until})
    GROUP BY Hour
)"""

COUNT = """SELECT count()
FROM {database}.spans
WHERE {conditions}"""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Hours that roll-ups know, each with the build that counts; ``gaps`` are the rest of the window."""

    hours: Sequence[int]
    built_us: Sequence[int]
    spans: int
    gaps: Sequence[Window]


def find_coverage(source: Source, question: Question) -> Coverage | None:
    """What to read roll-ups for; ``None``: they don't know what is asked, or spans are as quick to read."""
    whole = whole_hours(question.slice.window)
    if source.rollup is None or whole is None or not is_rolled(question):
        return None
    rows = _find_hours(source, source.rollup, question.slice.project, whole)
    spans = sum(row[2] for row in rows)
    is_worth_it = spans >= _fewest_spans(source.rollup, question) or any(row[3] for row in rows)
    gaps = find_gaps(question.slice.window, [row[0] for row in rows])
    if not rows or not is_worth_it or len(gaps) > MOST_GAPS:
        return None
    return Coverage([row[0] for row in rows], [row[1] for row in rows], spans, gaps)


def _fewest_spans(rollup: Rollup, question: Question) -> int:
    has_estimates = not ESTIMATES.keys().isdisjoint(question.measures)
    return rollup.estimates_from_spans if has_estimates else rollup.from_spans


def is_rolled(question: Question) -> bool:
    """Whether roll-ups know the measures, the dimensions, the filter and the step."""
    measures = ROLLED.keys() - (ESTIMATES.keys() if question.is_exact else set())
    return (
        set(question.measures) <= measures
        and set(question.by) <= ROLLED_DIMENSIONS
        and (question.step_ns or HOUR_NS) % HOUR_NS == 0
        and _is_rolled_filter(question.slice)
    )


def whole_hours(window: Window) -> range | None:
    """The hours that lie in a window as a whole, by their start in seconds; ``None``: too few to bother."""
    if window.start_ns is None or window.end_ns is None or window.start_ns < 0:
        return None
    hours = range(-(-window.start_ns // HOUR_NS) * HOUR_S, window.end_ns // HOUR_NS * HOUR_S, HOUR_S)
    return hours if len(hours) >= FEWEST_HOURS else None


def count_spans(source: Source, slice_: Slice) -> int:
    """About how many spans are in a slice's window, whatever its filter keeps."""
    whole = whole_hours(slice_.window)
    bindings = Bindings()
    if source.rollup is None or whole is None:
        of_all = replace(slice_, filter="", without=frozenset())
        sql = COUNT.replace("{database}", source.database)
        sql = sql.replace("{conditions}", "\n    AND ".join(of_all.conditions(bindings, source)))
    else:
        sql = _in_hours(COUNTS, source, slice_.project, whole, bindings)
    return int(source.query(sql, bindings).rows[0][0])


def find_gaps(window: Window, hours: Sequence[int]) -> list[Window]:
    """What hours, by their start in seconds and in order, leave of a window with both ends."""
    gaps, start_ns = [], window.start_ns or 0
    for hour_s in hours:
        if start_ns < hour_s * SECOND_NS:
            gaps.append(Window(start_ns, hour_s * SECOND_NS))
        start_ns = (hour_s + HOUR_S) * SECOND_NS
    if start_ns < (window.end_ns or 0):
        gaps.append(Window(start_ns, window.end_ns))
    return gaps


def _find_hours(
    source: Source, rollup: Rollup, project: str, whole: range
) -> list[tuple[int, int, int, bool]]:
    """Of each hour its start in seconds, its build, its spans, and whether those are past their retention."""
    bindings = Bindings()
    sql = _in_hours(HOURS, source, project, whole, bindings)
    sql = sql.replace("{late_s}", str(LATE_S)).replace("{kept_days}", str(rollup.kept(project)))
    return [(row[0], row[1], row[2], bool(row[3])) for row in source.query(sql, bindings).rows]


def _in_hours(statement: str, source: Source, project: str, whole: range, bindings: Bindings) -> str:
    return (
        statement.replace("{database}", source.database)
        .replace("{project}", bindings.bind(project))
        .replace("{first}", bindings.bind(whole.start, "Int64"))
        .replace("{until}", bindings.bind(whole.stop, "Int64"))
    )


def _is_rolled_filter(slice_: Slice) -> bool:
    """Whether all that a filter says is of dimensions that roll-ups have."""
    expression = slice_.expression()
    parts = [] if expression is None else list(walk(expression))
    terms = [part for part in parts if isinstance(part, Term)]
    return not any(isinstance(part, FreeText) for part in parts) and all(map(_is_rolled_term, terms))


def _is_rolled_term(term: Term) -> bool:
    if term.field == "has":
        return all(condition.value.text in ROLLED_DIMENSIONS for condition in term.conditions)
    return term.field in ROLLED_DIMENSIONS
