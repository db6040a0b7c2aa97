"""Answers what rules ask of the spans: rules of one shape share a query.

The spans of a window are those that *ended* in it: only then is known whether a call failed, how long it took
and what it cost. A call that times out after minutes would else be looked for in a window long past.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from watchkeeper_collector.alerts.evaluation.ask import Answer, Ask, Key, Reading
from watchkeeper_collector.errors import InvalidRequestError, QueryLimitError, WatchkeeperError
from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.dimensions import find_dimension
from watchkeeper_collector.query.measures import EVERYTHING, GIVEN, SCORE, Measure, find_measure, is_score
from watchkeeper_collector.query.rows import jsonable
from watchkeeper_collector.query.score_relation import judged
from watchkeeper_collector.query.source import Slice, Source
from watchkeeper_collector.query.times import SECOND_NS, Window

LONGEST_NS = 3_600 * SECOND_NS
"""The spans of a window are sought among those that began so long before it; longer ones are not found."""
MOST_FILTERS = 64
MOST_SERIES = 10_000
MOST_ROWS = 500_000
LABEL_CHARS = 256

ENDED_NS = "(toUnixTimestamp64Nano(Timestamp) + toInt64(Duration))"

EXAMPLES = {
    "": "''",
    "failed": "anyIf(TraceId, IsError)",
    "slowest": "argMax(TraceId, Duration)",
    "dearest": "argMax(TraceId, ifNull(CostUsd, 0))",
    "any": "any(TraceId)",
}
"""The trace that is shown as an example of a group."""

STATEMENT = """SELECT
    {columns}
FROM {relation}{array_join}
WHERE {conditions}
GROUP BY {keys}
LIMIT {most} BY Project, which
LIMIT {most_rows}"""

WHICH = """
ARRAY JOIN arrayFilter((place, keeps) -> keeps, {places}, [
    {filters}
]) AS which"""


def answer_asks(asks: Iterable[Ask], source: Source) -> dict[Ask, Answer | WatchkeeperError]:
    """Every question with its answer, or why there is none. ``StoreUnavailableError`` is everyone's."""
    shapes = defaultdict[tuple[object, ...], list[Ask]](list)
    for ask in dict.fromkeys(asks):
        shapes[ask.shape].append(ask)
    found: dict[Ask, Answer | WatchkeeperError] = {}
    for alike in shapes.values():
        for group in _chunks(alike):
            found |= _answer_together(group, source)
    return found


def _chunks(alike: Sequence[Ask]) -> Iterator[Sequence[Ask]]:
    """Scores are looked up by the filter, so each of them is asked for alone."""
    size = 1 if is_score(alike[0].measures[0]) else MOST_FILTERS
    return (alike[start : start + size] for start in range(0, len(alike), size))


def _answer_together(asks: Sequence[Ask], source: Source) -> Mapping[Ask, Answer | WatchkeeperError]:
    """What one of them alone can be blamed for is not to spoil the others."""
    try:
        return _run(asks, source)
    except (InvalidRequestError, QueryLimitError) as error:
        if len(asks) == 1:
            return {asks[0]: error}
        alone = [_answer_together([ask], source) for ask in asks]
        return {ask: answer for found in alone for ask, answer in found.items()}
    except WatchkeeperError as error:
        return dict.fromkeys(asks, error)


def _run(asks: Sequence[Ask], source: Source) -> dict[Ask, Answer | WatchkeeperError]:
    answers = read_answers(build_statement(asks, source), asks[0], source, len(asks))
    return {ask: _checked(answer) for ask, answer in zip(asks, answers, strict=True)}


def read_answers(
    statement: tuple[str, Bindings], ask: Ask, source: Source, filters: int = 1
) -> list[dict[Key, dict[int, Reading]]]:
    """What a statement answers, by filter. Raises ``QueryLimitError`` for too much."""
    rows = source.query(*statement).rows
    if len(rows) >= MOST_ROWS:
        raise QueryLimitError(
            f"There are more than {MOST_ROWS:,} points. Split by less, take a longer window or fewer seasons."
        )
    answers = [dict[Key, dict[int, Reading]]() for _ in range(filters)]
    for row in rows:
        which, key, bucket, reading = _read_row(row, ask)
        answers[which].setdefault(key, {})[bucket] = reading
    return answers


def _checked(answer: Answer) -> Answer | WatchkeeperError:
    series = Counter(key[0] for key in answer)
    if any(count > MOST_SERIES for count in series.values()):
        return QueryLimitError(f"There are more than {MOST_SERIES:,} series. Split by less, or filter more.")
    return answer


def _read_row(row: Sequence[Any], ask: Ask) -> tuple[int, Key, int, Reading]:
    """Project, which filter, step, count, example, dimensions, measures."""
    project, which, bucket, count, example, *rest = row
    width = len(ask.by)
    values = tuple(None if value is None else float(value) for value in map(jsonable, rest[width:]))
    return (
        int(which),
        (str(project), *map(str, rest[:width])),
        int(bucket),
        Reading(values, int(count), example),
    )


def build_statement(asks: Sequence[Ask], source: Source) -> tuple[str, Bindings]:
    """One query for questions of one shape."""
    bindings, first = Bindings(), asks[0]
    bucket = "0"
    if first.step_ns:
        start, step = bindings.bind(first.start_ns, "Int64"), bindings.bind(first.step_ns, "Int64")
        bucket = f"intDiv({_time_ns(first)} - {start}, {step})"
    if is_score(first.measures[0]):
        return render(first, ["1"], source, bindings, bucket=bucket), bindings
    filters = [_keeps(ask, bindings) for ask in asks]
    projects = sorted({project for ask in asks for project in ask.projects})
    return render(
        replace(first, projects=tuple(projects)), filters, source, bindings, bucket=bucket
    ), bindings


def build_sliding_statement(ask: Ask, every_ns: int, count: int, source: Source) -> tuple[str, Bindings]:
    """One query for the same question about so many windows, each a while after the one before.

    A span is counted in every window that it ended in.
    """
    bindings = Bindings()
    length_ns = ask.end_ns - ask.start_ns
    before = -(-length_ns // every_ns)
    time_ns, every = _time_ns(ask), bindings.bind(every_ns, "Int64")
    first_end, length = bindings.bind(ask.end_ns, "Int64"), bindings.bind(length_ns, "Int64")
    lowest = f"intDiv({time_ns} - {first_end} + {bindings.bind(before * every_ns, 'Int64')}, {every})"
    highest = f"intDiv({time_ns} + {length} - {first_end}, {every})"
    array_join = (
        f"\nARRAY JOIN range(toUInt32(greatest(0, {lowest} - {before - 1})),"
        f" toUInt32(least({count}, {highest} + 1))) AS moment"
    )
    whole = replace(ask, end_ns=ask.end_ns + (count - 1) * every_ns)
    filters = ["1"] if is_score(ask.measures[0]) else [_keeps(ask, bindings)]
    return render(whole, filters, source, bindings, bucket="moment", array_join=array_join), bindings


def render(
    ask: Ask,
    filters: Sequence[str],
    source: Source,
    bindings: Bindings,
    *,
    bucket: str,
    array_join: str = "",
) -> str:
    """The text of a query for a question with these filters, of which several are told apart by ``which``."""
    measures = [_bound(find_measure(name), bindings) for name in ask.measures]
    dimensions = [find_dimension(name, bindings).sql for name in ask.by]
    is_scored, is_shared = is_score(ask.measures[0]), len(filters) > 1
    conditions = [] if is_scored else _conditions(ask, measures, bindings)
    columns = [
        "Project",
        "which" if is_shared else "0 AS which",
        f"{bucket} AS bucket",
        f"countIf({measures[0].population}) AS counted",
        f"{EXAMPLES[ask.example]} AS example",
        *(f"substringUTF8(toString({sql}), 1, {LABEL_CHARS}) AS d{n}" for n, sql in enumerate(dimensions)),
        *(f"{measure.sql} AS m{place}" for place, measure in enumerate(measures)),
    ]
    keys = ["Project", "which", "bucket", *(f"d{place}" for place in range(len(dimensions)))]
    most = MOST_SERIES + 1 if bucket == "0" else MOST_ROWS
    return (
        STATEMENT.replace("{columns}", ",\n    ".join(columns))
        .replace("{relation}", _relation(ask, dimensions, source, bindings))
        .replace("{array_join}", _array_join(filters) if is_shared else array_join)
        .replace("{conditions}", "\n    AND ".join([*conditions, *([] if is_shared else filters)]))
        .replace("{keys}", ", ".join(keys))
        .replace("{most}", bindings.bind(most, "UInt32"))
        .replace("{most_rows}", bindings.bind(MOST_ROWS, "UInt32"))
    )


def _time_ns(ask: Ask) -> str:
    return "toUnixTimestamp64Nano(Timestamp)" if is_score(ask.measures[0]) else ENDED_NS


def _conditions(ask: Ask, measures: Sequence[Measure], bindings: Bindings) -> list[str]:
    start, end = bindings.bind(ask.start_ns, "Int64"), bindings.bind(ask.end_ns, "Int64")
    began = bindings.bind(ask.start_ns - LONGEST_NS, "Int64")
    found = [
        f"Project IN {bindings.bind(list(ask.projects), 'Array(String)')}",
        f"Timestamp >= fromUnixTimestamp64Nano({began})",
        f"Timestamp < fromUnixTimestamp64Nano({end})",
        f"{ENDED_NS} >= {start}",
        f"{ENDED_NS} < {end}",
    ]
    populations = dict.fromkeys(measure.population for measure in measures)
    return found if EVERYTHING in populations else [*found, f"({' OR '.join(populations)})"]


def _keeps(ask: Ask, bindings: Bindings) -> str:
    """The condition that a question looks at a span: its projects and its filter."""
    of_projects = f"Project IN {bindings.bind(sorted(ask.projects), 'Array(String)')}"
    return " AND ".join([of_projects, *Slice("", filter=ask.filter).filter_conditions(bindings)])


def _array_join(filters: Sequence[str]) -> str:
    """A span is counted once for every filter that keeps it."""
    listed = ",\n    ".join(f"toBool({condition})" for condition in filters)
    return WHICH.replace("{places}", str(list(range(len(filters))))).replace("{filters}", listed)


def _relation(ask: Ask, dimensions: Sequence[str], source: Source, bindings: Bindings) -> str:
    """Spans; or scores by when they were given, those of several projects read one after the other."""
    if not is_score(ask.measures[0]):
        return f"{source.database}.spans"
    slices = (Slice(project, Window(ask.start_ns, ask.end_ns), ask.filter) for project in ask.projects)
    parts = [f"SELECT * FROM {judged(source, slice_, dimensions, bindings)}" for slice_ in slices]
    return f"({' UNION ALL '.join(parts)})"


def _bound(measure: Measure, bindings: Bindings) -> Measure:
    """The measure with the name of its score, if it is one, as a bound value."""
    if not is_score(measure.name):
        return measure
    name = bindings.bind(measure.name.removeprefix(SCORE))
    sql, population = measure.sql.replace("{score}", name), GIVEN.replace("{score}", name)
    return Measure(measure.name, sql, measure.unit, measure.description, population)
