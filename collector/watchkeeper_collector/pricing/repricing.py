"""Costs of spans that are stored already: new ones filled in, old ones computed again on demand."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watchkeeper_schemas.cost import COST_COLUMNS, COST_INPUTS, cost_expression, costed

from watchkeeper_collector.errors import InvalidRequestError
from watchkeeper_collector.pricing.price_table import PriceTable

# Above this many rows a mutation rewrites the columns more cheaply than patch parts are read with later.
PATCH_ROWS = 100_000

# A server takes 128 KiB of text for one parameter; the worker looks no name up that is longer than 256.
MODELS_AT_ONCE = 100

WITHOUT_PRICE = "CostSource IN ('unpriced', 'reported') AND PriceVersion = ''"

WAITING = """
SELECT count()
FROM {database}.spans
WHERE {without_price} AND ReceivedAt >= fromUnixTimestamp64Nano({since_ns:Int64})
"""

FILLABLE_SOURCE = """(
SELECT {inputs}, EventDay
FROM {database}.spans
WHERE {without_price} AND ReceivedAt >= fromUnixTimestamp64Nano({since_ns:Int64})
)"""

FILLABLE = """
SELECT
    Provider,
    ResponseModel,
    RequestModel,
    min(EventDay),
    max(EventDay),
    count(),
    groupUniqArray((Project, toUnixTimestamp(toStartOfHour(Timestamp))))
FROM ({costed})
WHERE PriceVersion != ''
GROUP BY Provider, ResponseModel, RequestModel
"""

FILL_CONDITION = """{without_price}
    AND (Provider, ResponseModel, RequestModel) IN {models:Array(Tuple(String, String, String))}
    AND EventDay BETWEEN {first:Date} AND {last:Date}
    AND ReceivedAt >= fromUnixTimestamp64Nano({since_ns:Int64})"""

REPRICE_CONDITION = """Kind IN ('llm', 'embedding', 'reranker')
    AND Project = {project:String}
    AND Timestamp >= fromUnixTimestamp64Nano({start_ns:Int64})
    AND Timestamp < fromUnixTimestamp64Nano({end_ns:Int64})
    AND ({provider:String} = '' OR Provider = {provider:String})
    AND ({model:String} = '' OR {model:String} IN (ResponseModel, RequestModel))"""

ESTIMATE = """
SELECT
    count() AS calls,
    sum(StoredUsd) AS stored_usd,
    sum(CostUsd) AS repriced_usd,
    countIf(StoredUsd IS DISTINCT FROM CostUsd) AS changed_calls
FROM ({costed})
"""

PROGRESS = """
SELECT sum(parts_to_do), min(is_done), max(latest_fail_reason)
FROM {mutations}
WHERE database = {database:String} AND command LIKE {marker:String}
"""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which stored calls: of a project, in a window; empty provider or model: any."""

    project: str
    start: datetime
    end: datetime
    provider: str = ""
    model: str = ""

    def parameters(self) -> dict[str, Any]:
        return {
            "project": self.project,
            "start_ns": nanoseconds(self.start),
            "end_ns": nanoseconds(self.end),
            "provider": self.provider,
            "model": self.model,
        }


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a re-pricing is; ``failure`` is the engine's last complaint, which it retries after."""

    is_done: bool
    parts_left: int
    failure: str = ""


def count_waiting(table: PriceTable, since_ns: int) -> int:
    """How many calls received since then have no price."""
    rows = table.connection.query(_without_price(table, WAITING), {"since_ns": since_ns}).rows
    return int(rows[0][0])


def fill_costs(table: PriceTable, since_ns: int) -> int:
    """Price the calls received since then that had no price and have one by now; how many there were."""
    source = FILLABLE_SOURCE.replace("{inputs}", ", ".join(COST_INPUTS))
    query = FILLABLE.replace("{costed}", costed(_without_price(table, source), table.dictionary))
    found = table.connection.query(query, {"since_ns": since_ns}).rows
    for start in range(0, len(found), MODELS_AT_ONCE):
        _fill(table, found[start : start + MODELS_AT_ONCE], since_ns)
    return sum(int(row[5]) for row in found)


def _fill(table: PriceTable, models: Sequence[Sequence[Any]], since_ns: int) -> None:
    window = {
        "models": [tuple(row[:3]) for row in models],
        "first": min(row[3] for row in models),
        "last": max(row[4] for row in models),
        "since_ns": since_ns,
    }
    condition = _without_price(table, FILL_CONDITION)
    touched = {(project, hour_s * 10**9, hour_s * 10**9) for row in models for project, hour_s in row[6]}
    table.touch(touched)
    if sum(row[5] for row in models) > PATCH_ROWS:
        _mutate(table, condition, window, wait=True)
    else:
        _patch(table, condition, window)
    table.touch(touched)


def _without_price(table: PriceTable, statement: str) -> str:
    return table.sql(statement.replace("{without_price}", WITHOUT_PRICE))


def estimate(table: PriceTable, scope: Scope) -> dict[str, Any]:
    """What re-pricing would change: calls, stored and new sum in USD, calls whose cost differs."""
    columns = ", ".join((*COST_INPUTS, "CostUsd AS StoredUsd"))
    source = f"(SELECT {columns} FROM {table.database}.spans WHERE NOT IsDuplicate AND {REPRICE_CONDITION})"
    query = ESTIMATE.replace("{costed}", costed(source, table.dictionary))
    return table.connection.query(query, scope.parameters()).dicts()[0]


def reprice(table: PriceTable, scope: Scope) -> str:
    """Start to compute stored costs again with the prices in force; returns an id for :func:`progress`.

    A mutation: the engine rewrites the cost columns of the parts concerned, in the background, and goes
    on after a restart.
    """
    if scope.end <= scope.start:
        raise InvalidRequestError(f"The window ends ('{scope.end}') before it starts ('{scope.start}').")
    reprice_id = uuid.uuid4().hex
    touched = [(scope.project, nanoseconds(scope.start), nanoseconds(scope.end))]
    table.touch(touched)
    _mutate(table, f"{REPRICE_CONDITION} AND 'reprice {reprice_id}' != ''", scope.parameters(), wait=False)
    table.touch(touched)
    return reprice_id


def progress(table: PriceTable, reprice_id: str) -> Progress:
    """How far a re-pricing is. One that the engine no longer lists is done."""
    mutations = (
        f"clusterAllReplicas('{table.cluster}', system.mutations)" if table.cluster else "system.mutations"
    )
    parameters = {"database": table.database, "marker": f"%reprice {reprice_id}%"}
    rows = table.connection.query(PROGRESS.replace("{mutations}", mutations), parameters).rows
    parts_left, is_done, failure = rows[0]
    return Progress(bool(is_done) or not parts_left, int(parts_left or 0), failure or "")


def nanoseconds(moment: datetime) -> int:
    """Nanoseconds since 1970 of an aware datetime."""
    return int(moment.timestamp()) * 1_000_000_000 + moment.microsecond * 1000


def _assignments(table: PriceTable) -> str:
    values = ((column, cost_expression(name, table.dictionary)) for column, name in COST_COLUMNS.items())
    return ", ".join(f"{column} = {value}" for column, value in values)


def _patch(table: PriceTable, condition: str, parameters: Mapping[str, Any]) -> None:
    statement = f"UPDATE {table.local_spans} SET {_assignments(table)} WHERE {condition}"
    table.connection.command(statement, parameters)


def _mutate(table: PriceTable, condition: str, parameters: Mapping[str, Any], *, wait: bool) -> None:
    statement = f"ALTER TABLE {table.local_spans} UPDATE {_assignments(table)} WHERE {condition}"
    # The dictionary is the same on every replica, which the engine cannot know.
    settings = {"mutations_sync": 2 if wait else 0, "allow_nondeterministic_mutations": 1}
    table.connection.command(statement, parameters, settings=settings)
