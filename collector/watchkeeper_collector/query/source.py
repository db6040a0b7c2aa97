"""Where questions are put, and which spans they are about."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.connection import Answer, Connection
from watchkeeper_collector.query.filters.compiling import FilterCompiler
from watchkeeper_collector.query.filters.parsing import parse_filter
from watchkeeper_collector.query.filters.syntax import Expression, FreeText, Value, walk, without_fields
from watchkeeper_collector.query.filters.text_search import match_text
from watchkeeper_collector.query.limits import Limits
from watchkeeper_collector.query.times import SECOND_NS, Window, day_of

DAY_NS = 86_400 * SECOND_NS

NAMES = """SELECT DISTINCT SpanName
FROM {database}.spans
WHERE {slice}
    AND {condition}
LIMIT {most}"""


@dataclass(frozen=True, slots=True)
class Rollup:
    """When roll-ups are read: for so many spans or more, and for spans that were kept only so long.

    Estimates are answered only where there are ``estimates_from_spans``. ``kept_days_of`` tells the days of
    projects that have their own.
    """

    from_spans: int = 100_000
    estimates_from_spans: int = 500_000
    kept_days: int = 90
    kept_days_of: Callable[[], Mapping[str, int]] = dict

    def kept(self, project: str) -> int:
        return self.kept_days_of().get(project, self.kept_days)


@dataclass(frozen=True, slots=True)
class Source:
    """The engine, the database, and what one query may cost there. ``rollup``: its roll-ups may be read."""

    connection: Connection
    database: str = "watchkeeper"
    limits: Limits = field(default_factory=Limits)
    rollup: Rollup | None = None

    def query(self, sql: str, bindings: Bindings) -> Answer:
        return self.connection.query(sql, bindings.values, settings=self.limits.settings)

    def raw_query(self, sql: str, fmt: str, bindings: Bindings, settings: Mapping[str, Any]) -> bytes:
        limits = self.limits.settings
        return self.connection.raw_query(sql, fmt, bindings.values, settings={**limits, **settings})


@dataclass(frozen=True, slots=True)
class Slice:
    """Spans of one project in a window that a filter keeps.

    ``may_search_content``: free text is looked for in prompts and answers, which the caller may see.
    ``without``: conditions on these fields are left out where all conditions must hold.
    """

    project: str
    window: Window = field(default_factory=Window)
    filter: str = ""
    may_search_content: bool = False
    without: frozenset[str] = frozenset()

    def conditions(self, bindings: Bindings, source: Source) -> list[str]:
        """The conditions on ``spans``. The project's comes first, whatever the filter says.

        Words to search for are looked up in the source.
        """
        found = [f"Project = {bindings.bind(self.project)}", *in_window(self.window, bindings)]
        searched = partial(self._search, bindings, source, " AND ".join(found))
        return [*found, *self.filter_conditions(bindings, searched if self.may_search_content else None)]

    def filter_conditions(
        self, bindings: Bindings, match_text: Callable[[Value], str] | None = None
    ) -> list[str]:
        """What the filter says, whichever table has the columns; without ``match_text`` it has no words."""
        expression = self.expression()
        return [] if expression is None else [FilterCompiler(bindings, match_text).compile(expression)]

    def expression(self) -> Expression | None:
        """What the filter says; ``None``: it keeps every span."""
        expression = parse_filter(self.filter)
        return without_fields(expression, self.without) if expression and self.without else expression

    def has_words(self) -> bool:
        """True if the filter searches for words."""
        expression = self.expression()
        return expression is not None and any(isinstance(part, FreeText) for part in walk(expression))

    def _search(self, bindings: Bindings, source: Source, in_slice: str, value: Value) -> str:
        def find_names(condition: str, most: int) -> list[str]:
            sql = NAMES.replace("{database}", source.database)
            sql = sql.replace("{slice}", in_slice).replace("{condition}", condition)
            sql = sql.replace("{most}", bindings.bind(most, "UInt32"))
            return [name for (name,) in source.query(sql, bindings).rows]

        return match_text(
            value,
            bindings,
            database=source.database,
            project=bindings.bind(self.project),
            days=" AND ".join(_content_days(self.window, bindings)),
            find_names=find_names,
        )


def in_window(window: Window, bindings: Bindings) -> list[str]:
    """``spans`` is sorted by minute of its time, so these two are all that is needed to read little.

    They say nothing of ``EventDay``, which for absurd clocks is the day of receipt: a window finds those too.
    """
    ends = ((">=", window.start_ns), ("<", window.end_ns))
    return [f"Timestamp {sign} {at(end, bindings)}" for sign, end in ends if end is not None]


def at(time_ns: int, bindings: Bindings) -> str:
    return f"fromUnixTimestamp64Nano({bindings.bind(time_ns, 'Int64')})"


def _content_days(window: Window, bindings: Bindings) -> list[str]:
    """``span_content`` is sorted by conversation, so only its days keep a search short.

    A day more on both sides: content may come on a log record, with a time of its own.
    """
    found = []
    if window.start_ns is not None:
        found.append(f"EventDay >= {bindings.bind(day_of(window.start_ns - DAY_NS), 'Date')}")
    if window.end_ns is not None:
        found.append(f"EventDay <= {bindings.bind(day_of(window.end_ns + DAY_NS), 'Date')}")
    return found
