"""What has no price, and which price data the stored costs come from."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from watchkeeper_collector.pricing.price_table import PriceTable
from watchkeeper_collector.pricing.repricing import nanoseconds
from watchkeeper_collector.pricing.terms import in_utc

UNPRICED = """
SELECT
    Provider AS provider,
    if(ResponseModel != '', ResponseModel, RequestModel) AS model,
    multiIf(
        PriceVersion = '', 'no_price',
        InputTokens IS NULL AND OutputTokens IS NULL AND empty(UsageDetails), 'no_usage',
        'contradictory_usage') AS reason,
    count() AS calls,
    sum(InputTokens) AS input_tokens,
    sum(OutputTokens) AS output_tokens,
    min(Timestamp) AS first_seen,
    max(Timestamp) AS last_seen
FROM {database}.spans
WHERE Project = {project:String}
    AND CostSource = 'unpriced'
    AND NOT IsDuplicate
    AND Timestamp >= fromUnixTimestamp64Nano({start_ns:Int64})
GROUP BY provider, model, reason
ORDER BY calls DESC, provider, model, reason
LIMIT {limit:UInt32}
"""

PRICE_VERSIONS = """
SELECT
    PriceVersion AS price_version,
    count() AS calls,
    sum(CostUsd) AS cost_usd,
    min(Timestamp) AS first_seen,
    max(Timestamp) AS last_seen
FROM {database}.spans
WHERE Project = {project:String}
    AND CostSource = 'computed'
    AND NOT IsDuplicate
    AND Timestamp >= fromUnixTimestamp64Nano({start_ns:Int64})
GROUP BY price_version
ORDER BY last_seen DESC
"""


def list_unpriced(
    table: PriceTable, project: str, start: datetime, *, limit: int = 1000
) -> list[dict[str, Any]]:
    """Calls without a cost by provider, model and reason.

    ``no_price``: nobody knows the model's price; ``no_usage``: it has one, the call says no counts;
    ``contradictory_usage``: its counts exclude each other, such as more cached than read.
    """
    parameters = {"project": project, "start_ns": nanoseconds(start), "limit": limit}
    return _read(table, UNPRICED, parameters)


def list_price_versions(table: PriceTable, project: str, start: datetime) -> list[dict[str, Any]]:
    """Which price data computed the stored costs, the latest used first: what is old can be priced again."""
    parameters = {"project": project, "start_ns": nanoseconds(start)}
    return _read(table, PRICE_VERSIONS, parameters)


def _read(table: PriceTable, statement: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = table.connection.query(table.sql(statement), parameters).dicts()
    return [row | {seen: in_utc(row[seen]) for seen in ("first_seen", "last_seen")} for row in rows]
