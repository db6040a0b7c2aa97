"""What the reader looks at: a time range, a filter, what to compare with. It lives in the URL.

One text says the range: ``24h`` is up to now, ``2026-11-20T08:00Z..2026-11-20T12:00Z`` is between two times
(UTC where no zone is written; either may be ``now`` or ``-3d``).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from watchkeeper_dashboard.client import Question
from watchkeeper_dashboard.units import duration_s

RANGES = ("15m", "1h", "6h", "24h", "7d", "30d", "90d")
DEFAULT_RANGE = "24h"
UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
RELATIVE = re.compile(r"(?:now)?-?\s*(\d{1,5})\s*([smhdw])")
MOST_S = 10 * 366 * 86400
PLAIN_VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_/-]*(?:\.[A-Za-z0-9_/-]+)*")

Comparison = Literal["previous", "week"]


class RangeError(ValueError):
    """The text is no time range; the message says what would be."""


@dataclass(frozen=True, slots=True)
class View:
    """``start`` and ``end`` are fixed when it is made: all questions of a page are about the same window."""

    start: datetime
    end: datetime
    range: str = DEFAULT_RANGE
    filter: str = ""
    comparison: Comparison = "previous"

    @property
    def span(self) -> timedelta:
        return self.end - self.start

    @property
    def before(self) -> "View":
        """The window that this one is compared with."""
        step = timedelta(weeks=1) if self.comparison == "week" else self.span
        return View(self.start - step, self.end - step, self.range, self.filter, self.comparison)

    @property
    def before_in_words(self) -> str:
        return (
            "a week before"
            if self.comparison == "week"
            else f"the {duration_s(self.span.total_seconds())} before"
        )

    def window(self) -> dict[str, str]:
        """As parameters of the API."""
        return {"start": render_time(self.start), "end": render_time(self.end)}

    def slice(self, *conditions: str) -> dict[str, str]:
        """Window and filter as parameters of the API, with further conditions."""
        return {**self.window(), "filter": self.filtered(*conditions)}

    def filtered(self, *conditions: str) -> str:
        return join_filters(self.filter, *conditions)

    def narrowed(self, *conditions: str) -> "View":
        """The same with further conditions in its filter."""
        return replace(self, filter=self.filtered(*conditions))

    def query(
        self, *measures: str, by: str | tuple[str, ...] = (), where: str = "", **asked: Any
    ) -> Question:
        """A question to ``/query`` about this view."""
        dimensions = (by,) if isinstance(by, str) else by
        parameters = {
            **self.slice(where),
            "measures": ",".join(measures),
            "by": ",".join(dimensions),
            **asked,
        }
        return Question("/query", parameters)

    def as_query(self, **others: str) -> dict[str, str]:
        """As parameters of a page's URL, so that links carry it on."""
        given = {"range": self.range, "filter": self.filter, "compare": self.comparison}
        usual = {"range": DEFAULT_RANGE, "filter": "", "compare": "previous"}
        return {name: value for name, value in given.items() if value != usual[name]} | others


def read_view(values: Mapping[str, Any], now: datetime | None = None) -> View:
    """The view that parameters of a URL describe. Raises ``RangeError``."""
    text = str(values.get("range") or DEFAULT_RANGE)
    start, end = read_range(text, now or datetime.now(UTC))
    comparison: Comparison = "week" if values.get("compare") == "week" else "previous"
    return View(start, end, text, str(values.get("filter") or ""), comparison)


def read_range(text: str, now: datetime) -> tuple[datetime, datetime]:
    """Start and end of a range as it is written in the URL. Raises ``RangeError``."""
    if ".." in text:
        first, _, last = text.partition("..")
        start, end = _read_moment(first, now), _read_moment(last or "now", now)
    else:
        start, end = now - _read_span(text), now
    if start >= end:
        raise RangeError(f"The range '{text[:80]}' is empty: its start is not before its end.")
    if (end - start).total_seconds() > MOST_S:
        raise RangeError(f"The range '{text[:80]}' is longer than ten years.")
    return start, end


def render_time(moment: datetime) -> str:
    """RFC 3339 in UTC, with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def render_range(start: datetime, end: datetime) -> str:
    """A range between two times, to the second, as it is written in the URL."""
    first, last = (moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for moment in (start, end))
    return f"{first}..{last}"


def condition(field: str, value: str) -> str:
    """The filter that one field has exactly that value, whatever the value holds."""
    if PLAIN_VALUE.fullmatch(value) and value not in {"OR", "AND", "NOT"}:
        return f"{field}:{value}"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{field}:"{escaped}"'


def join_filters(*filters: str) -> str:
    """All of the filters at once; those with an OR of their own are kept together."""
    given = [text.strip() for text in filters if text and text.strip()]
    if len(given) < 2:
        return "".join(given)
    return " ".join(f"({text})" if re.search(r"\bOR\b", text) else text for text in given)


def _read_span(text: str) -> timedelta:
    found = RELATIVE.fullmatch(text.strip().lower())
    if found is None or not int(found[1]):
        raise RangeError(
            f"'{text[:80]}' is no time range. Expected one such as 45m, 12h or 3d, or two times such as"
            " 2026-11-20T08:00Z..2026-11-20T12:00Z."
        )
    return timedelta(seconds=int(found[1]) * UNIT_S[found[2]])


def _read_moment(text: str, now: datetime) -> datetime:
    text = text.strip()
    if text.lower() == "now":
        return now
    if text.startswith(("-", "now-")):
        return now - _read_span(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise RangeError(
            f"'{text[:80]}' is no time. Expected one such as 2026-11-20T08:00Z, 2026-11-20, -3d or now."
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
