"""Where questions are put, and which spans they are about."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.connection import Answer, Connection
from watchkeeper_collector.query.filters.compiling import FilterCompiler
from watchkeeper_collector.query.filters.parsing import parse_filter
from watchkeeper_collector.query.filters.syntax import Value
from watchkeeper_collector.query.filters.text_search import match_text
from watchkeeper_collector.query.limits import Limits
from watchkeeper_collector.query.times import SECOND_NS, Window, day_of

DAY_NS = 86_400 * SECOND_NS


@dataclass(frozen=True, slots=True)
class Source:
    """The engine, the database, and what one query may cost there."""

    connection: Connection
    database: str = "watchkeeper"
    limits: Limits = field(default_factory=Limits)

    def query(self, sql: str, bindings: Bindings) -> Answer:
        return self.connection.query(sql, bindings.values, settings=self.limits.settings)

    def raw_query(self, sql: str, fmt: str, bindings: Bindings, settings: Mapping[str, Any]) -> bytes:
        limits = self.limits.settings
        return self.connection.raw_query(sql, fmt, bindings.values, settings={**limits, **settings})


@dataclass(frozen=True, slots=True)
class Slice:
    """Spans of one project in a window that a filter keeps.

    ``may_search_content``: free text is looked for in prompts and answers, which the caller may see.
    """

    project: str
    window: Window = field(default_factory=Window)
    filter: str = ""
    may_search_content: bool = False

    def conditions(self, bindings: Bindings, database: str) -> list[str]:
        """The conditions on ``spans``. The project's comes first, whatever the filter says."""
        project = bindings.bind(self.project)
        expression = parse_filter(self.filter)
        found = [f"Project = {project}", *in_window(self.window, bindings)]
        if expression is not None:
            compiler = FilterCompiler(bindings, self._text_search(bindings, database, project))
            found.append(compiler.compile(expression))
        return found

    def _text_search(self, bindings: Bindings, database: str, project: str) -> Callable[[Value], str] | None:
        if not self.may_search_content:
            return None

        def match(value: Value) -> str:
            days = " AND ".join(_content_days(self.window, bindings))
            return match_text(value, bindings, database=database, project=project, days=days)

        return match


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
