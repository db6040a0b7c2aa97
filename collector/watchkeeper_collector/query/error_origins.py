"""Which failed spans are errors of their own, and which group each belongs to.

An error that passes through the spans above leaves the same words on them, or none: it counts once, where
it happened. So does one that an instrumentation of HTTP clients saw below the call that says why.
"""

from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.dimensions import DIMENSIONS
from watchkeeper_collector.query.measures import COUNTED
from watchkeeper_collector.query.source import Slice, Source
from watchkeeper_collector.query.times import SECOND_NS, Window

MODEL = DIMENSIONS["model"].sql
PATTERN = r"""replaceRegexpOne(toString(ErrorPattern),
            '^(?:Error code: <n> - |<n> [A-Z_]+\\. |[\\w.]+(?:Error|Exception): )+', '')"""
"""Without the class and the status that some clients put before what the provider said."""
CLASS = "arrayElement(splitByChar('.', toString(ErrorType)), -1)"
"""``RateLimitError``, whether its module is named with it or not."""
FINGERPRINT = (
    f"leftPad(lower(hex(sipHash64({CLASS}, toString(Provider), toString({MODEL}), {PATTERN}))), 16, '0')"
)
REACH_NS = 3_600 * SECOND_NS
"""Callers and called begin within so long of each other."""
MOST_FAILED = 500
"""In a trace with more failed spans, all of them count: each would have to be held against each other."""

FIELDS = {
    "started": "toUnixTimestamp64Nano(Timestamp)",
    "span_id": "SpanId",
    "fingerprint": FINGERPRINT,
    "error_type": CLASS,
    "error_status": "ErrorStatus",
    "error_message": "ErrorMessage",
    "pattern": PATTERN,
    "provider": "toString(Provider)",
    "model": f"toString({MODEL})",
    "span_name": "toString(SpanName)",
    "service_name": "toString(ServiceName)",
    "release": "toString(Release)",
    "environment": "toString(Environment)",
    "user_id": "UserId",
    "session_id": "SessionId",
}
"""What is known of an error, beside its ``trace_id``."""

# Failed spans lie among all others, so they are read once, trace by trace. Of a failed span another sees:
# 1 start, 2 end, 3 its id, 4 its parent, 5 its words (without the class that some put before them), 6 whether
# it is of HTTP.
ERRORS = rf"""SELECT
        trace_id,
        {{fields}}
    FROM
    (
        SELECT
            TraceId AS trace_id,
            groupArray((
                toUnixTimestamp64Nano(Timestamp), toUnixTimestamp64Nano(Timestamp) + toInt64(Duration),
                SpanId, ParentSpanId, replaceRegexpOne(ErrorMessage, '^[\\w.]+: ', ''),
                Kind = 'http')) AS failed,
            if(length(failed) > {MOST_FAILED}, [], failed) AS others,
            groupArray(({{values}})) AS found,
            groupArray({{wanted}}) AS wanted
        FROM {{database}}.spans
        PREWHERE IsError
        WHERE {{around}}
        GROUP BY TraceId
    )
    ARRAY JOIN
        arrayFilter(
            (error, span, is_wanted) -> is_wanted AND NOT arrayExists(
                other -> other.3 != span.3 AND (
                    (span.5 != '' AND other.5 = span.5 AND other.1 >= span.1 AND other.2 <= span.2
                        AND (other.1, -other.2, other.3) > (span.1, -span.2, span.3))
                    OR (span.5 = '' AND other.4 = span.3)
                    OR ((span.5 = '' OR span.6) AND other.3 = span.4 AND other.5 != '')),
                others),
            found, failed, wanted) AS error"""


def errors_of(source: Source, slice_: Slice, bindings: Bindings) -> str:
    """A query for the errors of a slice, each where it happened, with ``trace_id`` and the fields above."""
    around = Slice(slice_.project, widened(slice_.window)).conditions(bindings, source)
    return (
        ERRORS.replace(
            "{fields}",
            ",\n        ".join(f"error.{place} AS {name}" for place, name in enumerate(FIELDS, start=1)),
        )
        .replace("{values}", ", ".join(FIELDS.values()))
        .replace("{wanted}", " AND ".join(slice_.conditions(bindings, source)))
        .replace("{around}", "\n            AND ".join([*around, COUNTED]))
        .replace("{database}", source.database)
    )


def widened(window: Window) -> Window:
    """The window in which callers and called of a span in the given one are."""
    return Window(
        None if window.start_ns is None else window.start_ns - REACH_NS,
        None if window.end_ns is None else window.end_ns + REACH_NS,
    )
