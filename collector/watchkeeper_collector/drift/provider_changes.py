"""The provider changed something: another model, fingerprint or API version answers to the same name."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watchkeeper_collector.drift.features import ANSWERS, CALLS
from watchkeeper_collector.drift.sides import DIMENSIONS
from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.source import Slice, Source
from watchkeeper_collector.query.times import Window

TRAITS = {
    "response_model": "ResponseModel",
    "fingerprint": "SystemFingerprint",
    "api_version": "SpanAttributes['gen_ai.openai.api_version']",
}
"""Kind of a change, and where the value stands that changed."""

LEAST_CALLS_BEFORE = 20
"""A model that was hardly asked before tells nothing by what answers now."""
MOST_CHANGES = 100

FOUND = """WITH values AS
(
    SELECT
        Provider,
        {model} AS Model,
        {trait} AS Value,
        countIf(Timestamp < {start}) AS CallsBefore,
        countIf(Timestamp >= {start}) AS CallsAfter,
        minIf(Timestamp, Timestamp >= {start}) AS First,
        argMinIf(TraceId, Timestamp, Timestamp >= {start}) AS FirstTrace
    FROM {database}.spans
    WHERE {conditions}
    GROUP BY Provider, Model, Value
    HAVING Value != '' AND Model != ''
)
SELECT
    values.Provider,
    values.Model,
    models.Before,
    values.Value,
    values.CallsAfter,
    toUnixTimestamp64Nano(values.First),
    values.FirstTrace
FROM values
INNER JOIN
(
    SELECT Provider, Model, argMax(Value, CallsBefore) AS Before, sum(CallsBefore) AS AllBefore
    FROM values
    GROUP BY Provider, Model
) AS models ON models.Provider = values.Provider AND models.Model = values.Model
WHERE values.CallsBefore = 0 AND values.CallsAfter > 0 AND models.AllBefore >= {least}
ORDER BY values.First, values.Value
LIMIT {most}"""

LOOKS = """SELECT
    {trait} = {value} AS IsAfter,
    countIf({calls}) AS Calls,
    avgIf(OutputChars, {answers}),
    avgIf(IsRefusal, {answers}),
    avgIf(HasCodeFence, {answers}),
    avgIf(IsJson, {answers}),
    avgIf(IsError, {calls}),
    avgIf(OutputTokens, {calls} AND OutputTokens IS NOT NULL),
    quantileIf(0.5)(Duration / 1e6, {calls} AND NOT IsError)
FROM {database}.spans
WHERE {conditions}
GROUP BY IsAfter"""

LOOKED_AT = (
    "calls",
    "output_chars",
    "refusal",
    "code_fence",
    "json",
    "error",
    "output_tokens",
    "latency_p50_ms",
)


@dataclass(frozen=True, slots=True)
class Change:
    """A value that a provider gave for a model for the first time, in place of ``before``."""

    kind: str
    provider: str
    model: str
    before: str
    after: str
    calls: int
    first_ns: int
    trace_id: str


def find_changes(source: Source, project: str, window: Window, before: Window) -> list[Change]:
    """What is new in a window, that the time before did not have of a model that was asked for then."""
    return [change for kind in TRAITS for change in _changes_of(kind, source, project, window, before)]


def _changes_of(kind: str, source: Source, project: str, window: Window, before: Window) -> list[Change]:
    bindings = Bindings()
    both = Slice(project, Window(before.start_ns, window.end_ns))
    sql = (
        FOUND.replace("{conditions}", " AND ".join([*both.conditions(bindings, source), CALLS]))
        .replace("{model}", DIMENSIONS["model"])
        .replace("{trait}", TRAITS[kind])
        .replace("{start}", f"fromUnixTimestamp64Nano({bindings.bind(window.start_ns, 'Int64')})")
        .replace("{database}", source.database)
        .replace("{least}", bindings.bind(LEAST_CALLS_BEFORE, "UInt32"))
        .replace("{most}", bindings.bind(MOST_CHANGES, "UInt32"))
    )
    return [Change(kind, *row) for row in source.query(sql, bindings).rows]


def look_at(source: Source, project: str, change: Change, window: Window, before: Window) -> dict[str, Any]:
    """What calls with the new value are like, beside those of the same model with others."""
    bindings = Bindings()
    both = Slice(project, Window(before.start_ns, window.end_ns))
    conditions = [
        *both.conditions(bindings, source),
        f"{DIMENSIONS['model']} = {bindings.bind(change.model)}",
        f"Provider = {bindings.bind(change.provider)}",
    ]
    sql = (
        LOOKS.replace("{conditions}", " AND ".join(conditions))
        .replace("{trait}", TRAITS[change.kind])
        .replace("{value}", bindings.bind(change.after))
        .replace("{answers}", ANSWERS)
        .replace("{calls}", CALLS)
        .replace("{database}", source.database)
    )
    looks: dict[str, Mapping[str, Any]] = {"before": {}, "after": {}}
    for is_after, *values in source.query(sql, bindings).rows:
        looks["after" if is_after else "before"] = _looks(values)
    return looks


def _looks(values: Sequence[Any]) -> dict[str, Any]:
    """Means of nothing are null or not a number."""
    return {
        name: None if value is None or not math.isfinite(value) else value
        for name, value in zip(LOOKED_AT, values, strict=True)
    }
