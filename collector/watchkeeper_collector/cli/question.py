"""The language of ``watchkeeper query``.

::

    question  =  measure {"," measure} {clause}
    clause    =  "by" dimension {"," dimension}  |  "where" filter
              |  "last" duration  |  "since" time  |  "until" time
              |  "step" (duration | "auto")  |  "order" ["-"] column  |  "limit" number

A clause goes to the next of these words that stands outside quotes and parentheses. Names, filter and times
are the API's own, and it says what is wrong with them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from watchkeeper_collector.cli.failures import USED_WRONGLY, CommandFailedError

DEFAULT_START = "-24h"
EXAMPLE = 'watchkeeper query "cost_usd, calls by model where -status:error last 7d"'
KEYWORDS = ("by", "where", "last", "since", "until", "step", "order", "limit")
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|[()]|[^\s()"]+|\s+')
MOST_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask the API for."""

    measures: tuple[str, ...]
    by: tuple[str, ...] = ()
    filter: str = ""
    start: str = DEFAULT_START
    end: str = "now"
    step: str = ""
    order: str = ""
    limit: int | None = None


class Clause(NamedTuple):
    """A keyword (empty for the measures at the front) and the text after it."""

    keyword: str
    text: str


def read_question(text: str) -> Question:
    """Raises ``CommandFailedError`` that says what was expected."""
    clauses = {}
    for clause in split_clauses(text):
        if clause.keyword in clauses:
            raise _wrong(f"'{clause.keyword}' stands there twice.")
        if not clause.text:
            raise _wrong(f"Nothing follows '{clause.keyword}'." if clause.keyword else "Which measure?")
        clauses[clause.keyword] = clause.text
    start, end = _read_window(clauses)
    return Question(
        measures=_read_names(clauses[""], "measure"),
        by=_read_names(clauses["by"], "dimension") if "by" in clauses else (),
        filter=clauses.get("where", ""),
        start=start,
        end=end,
        step=clauses.get("step", "").replace(" ", ""),
        order=clauses.get("order", ""),
        limit=_read_limit(clauses["limit"]) if "limit" in clauses else None,
    )


def split_clauses(text: str) -> Iterator[Clause]:
    """The clauses in their order, the first without a keyword."""
    keyword, depth, words = "", 0, list[str]()
    for token in TOKEN.findall(text):
        depth += {"(": 1, ")": -1}.get(token, 0)
        if depth <= 0 and token.lower() in KEYWORDS:
            yield Clause(keyword, "".join(words).strip())
            keyword, words = token.lower(), []
        else:
            words.append(token)
    yield Clause(keyword, "".join(words).strip())


def _read_names(text: str, kind: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    wrong = next((name for name in names if not name or re.search(r"\s", name)), None)
    if wrong is not None:
        raise _wrong(f"'{wrong}' is no {kind}: put a comma between two.")
    return names


def _read_window(clauses: Mapping[str, str]) -> tuple[str, str]:
    if "last" in clauses and ("since" in clauses or "until" in clauses):
        raise _wrong("'last' goes without 'since' and 'until'.")
    if "until" in clauses and "since" not in clauses:
        raise _wrong("'until' needs a 'since'.")
    start = f"-{clauses['last'].replace(' ', '')}" if "last" in clauses else DEFAULT_START
    return clauses.get("since", start), clauses.get("until", "now")


def _read_limit(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= MOST_ROWS:
        raise _wrong(f"'{text}' is no limit. Expected a number from 1 to {MOST_ROWS}.")
    return int(text)


def _wrong(problem: str) -> CommandFailedError:
    return CommandFailedError(f"{problem} For example: {EXAMPLE}", exit_code=USED_WRONGLY)
