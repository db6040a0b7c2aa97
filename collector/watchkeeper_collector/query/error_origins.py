"""Which failed spans are errors of their own, and which group each belongs to.

An error that passes through the spans above leaves the same words on them, or none: it counts once, where
it happened. So does one that an instrumentation of HTTP clients saw below the call that says why.
"""

from collections.abc import Sequence

from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.dimensions import DIMENSIONS
from watchkeeper_collector.query.measures import COUNTED
from watchkeeper_collector.query.source import Slice, Source
from watchkeeper_collector.query.times import SECOND_NS, Window

MODEL = DIMENSIONS["model"].sql
FINGERPRINT = (
    f"leftPad(lower(hex(sipHash64(toString(ErrorType), toString(Provider), toString({MODEL}),"
    " toString(ErrorPattern)))), 16, '0')"
)
SAME_GROUP = f"{FINGERPRINT} = {{fingerprint}}"
REACH_NS = 3_600 * SECOND_NS
"""What happens below a span may begin so long after it."""
MOST_ALIKE = 1_000
"""More failed spans of a trace that say the same are no chain of callers: all of them count."""

# A message without the class that some instrumentations put before it; spans that say the same and lie in
# each other's time are callers and called.
ORIGIN = rf"""(TraceId, SpanId) GLOBAL NOT IN
    (
        SELECT TraceId, caller.3
        FROM
        (
            SELECT
                TraceId,
                replaceRegexpOne(ErrorMessage, '^[\\w.]+: ', '') AS words,
                groupArray({MOST_ALIKE + 1})((
                    toUnixTimestamp64Nano(Timestamp), toUnixTimestamp64Nano(Timestamp) + Duration,
                    SpanId)) AS alike
            FROM {{database}}.spans
            WHERE {{around}}
                AND ErrorMessage != ''
            GROUP BY TraceId, words
            HAVING length(alike) BETWEEN 2 AND {MOST_ALIKE}
        )
        ARRAY JOIN arrayFilter(
            span -> arrayExists(
                other -> other.3 != span.3 AND other.1 >= span.1 AND other.2 <= span.2
                    AND (other.1, -toInt64(other.2), other.3) > (span.1, -toInt64(span.2), span.3),
                alike),
            alike) AS caller
    )
    AND NOT (ErrorMessage = '' AND (TraceId, SpanId) GLOBAL IN
    (
        SELECT TraceId, ParentSpanId
        FROM {{database}}.spans
        WHERE {{around}}
            AND ParentSpanId != ''
    ))
    AND NOT ((ErrorMessage = '' OR Kind = 'http') AND (TraceId, ParentSpanId) GLOBAL IN
    (
        SELECT TraceId, SpanId
        FROM {{database}}.spans
        WHERE {{around}}
            AND ErrorMessage != ''
    ))"""


def failures(source: Source, slice_: Slice, bindings: Bindings) -> list[str]:
    """The conditions for the failed spans of a slice."""
    return [*slice_.conditions(bindings, source), "IsError", COUNTED]


def origins(source: Source, slice_: Slice, bindings: Bindings) -> list[str]:
    """The conditions for the errors of a slice, each where it happened."""
    window = slice_.window
    around = Window(
        None if window.start_ns is None else window.start_ns - REACH_NS,
        None if window.end_ns is None else window.end_ns + REACH_NS,
    )
    related = failures(source, Slice(slice_.project, around), bindings)
    origin = ORIGIN.replace("{database}", source.database).replace(
        "{around}", "\n            AND ".join(related)
    )
    return [*failures(source, slice_, bindings), origin]


def filled(statement: str, source: Source, conditions: Sequence[str]) -> str:
    return statement.replace("{database}", source.database).replace(
        "{conditions}", "\n    AND ".join(conditions)
    )
