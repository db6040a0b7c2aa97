"""What an engine's error means for us: try again, over a limit, or a fault of the statement."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError, OperationalError

from watchkeeper_collector.errors import (
    InvalidQueryError,
    QueryLimitError,
    StoreUnavailableError,
    WatchkeeperError,
)

# ClickHouse error codes: https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp
LIMIT_CODES = frozenset({158, 159, 160, 241, 307, 396})  # rows, timeout, too slow, memory, bytes, result
# files and disks, DNS, too many queries, sockets, keeper, read-only replica, too many parts, shutdown
UNAVAILABLE_CODES = frozenset({74, 75, 76, 198, 202, 203, 209, 210, 225, 236, 242, 243, 252, 279, 285, 286})
UNAVAILABLE_CODES |= {319, 342, 394, 415, 425, 439, 473, 499, 571, 594, 668, 746, 999}
ACCESS_CODES = frozenset({192, 193, 194, 497, 516})  # user, password, grant: an operator can mend them
ERROR_CODE = re.compile(r"Code:\s*(\d+)")
NOISE = re.compile(
    r"^Received ClickHouse exception.*?(?=Code:)|Code: \d+\. DB::Exception: |(?<=url: /)\S*"
    r"| \(for url [^)]*\)|, Stack trace \(.*",
    re.DOTALL,
)
# A proxy's answer in place of ClickHouse's, and the engine's own trouble with its disk (code 1001).
OUTAGE = re.compile(r"^HTTP driver received HTTP status|filesystem[_ ]error")
MOST_REASON_CHARS = 1_000


def is_answer(error: BaseException) -> bool:
    """True when the engine itself refused the statement: the client is sound."""
    return isinstance(error, DatabaseError) and error.code is not None


@contextmanager
def translated_errors() -> Iterator[None]:
    try:
        yield
    except (ClickHouseError, OSError) as error:
        raise translate(error) from error


def translate(error: Exception) -> WatchkeeperError:
    """Turn a client's exception into ours."""
    code = engine_code(error)
    kind, meaning = meaning_of(error, code)
    return kind(f"{meaning}: {reason(error)}", details={"engine_code": code})


def meaning_of(error: Exception, code: int | None) -> tuple[type[WatchkeeperError], str]:
    if code in LIMIT_CODES:
        return QueryLimitError, "The query hit a limit of time, memory or rows"
    if code in ACCESS_CODES:
        return StoreUnavailableError, "ClickHouse refuses the user or password of the DSN"
    if code in UNAVAILABLE_CODES or OUTAGE.search(str(error)) or is_transport_failure(error, code):
        return StoreUnavailableError, "ClickHouse is not available"
    return InvalidQueryError, "ClickHouse refused the statement"


def is_transport_failure(error: Exception, code: int | None) -> bool:
    """True when no engine spoke. (``DatabaseError`` without code: the client refuses its arguments.)"""
    return code is None and (isinstance(error, OperationalError) or not isinstance(error, DatabaseError))


def engine_code(error: Exception) -> int | None:
    found = ERROR_CODE.search(str(error))
    return getattr(error, "code", None) or (int(found[1]) if found else None)


def reason(error: Exception) -> str:
    """What the engine said, without the client's wrapping, stack traces and URLs (they hold bound values)."""
    return NOISE.sub("", str(error)).strip()[:MOST_REASON_CHARS]
