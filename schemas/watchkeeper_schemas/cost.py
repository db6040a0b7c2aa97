"""The cost of a call as SQL: ``conventions/cost.sql`` rendered into one expression."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from watchkeeper_schemas.staged import Stage, bound, read_stages

# What the definitions read of `spans`, and what they give.
COST_INPUTS = (
    "Project", "Timestamp", "Kind", "Provider", "RequestModel", "ResponseModel", "ServiceTier",
    "InputTokens", "CacheReadTokens", "CacheWriteTokens", "OutputTokens", "ReasoningTokens", "UsageDetails",
    "ReportedCostUsd", "IsError",
)  # fmt: skip
COST_COLUMNS = {
    "CostUsd": "cost_usd",
    "CostSource": "cost_source",
    "PriceVersion": "price_version",
    "CacheSavedUsd": "cache_saved_usd",
    "CacheMissedUsd": "cache_missed_usd",
}


@cache
def load_stages() -> Sequence[Stage]:
    """The definitions of each stage: (expression, name)."""
    text = files("watchkeeper_schemas").joinpath("conventions", "cost.sql").read_text("utf-8")
    return read_stages(text)


def cost_expression(result: str, prices: str) -> str:
    """``result`` (one of the names, or a tuple of some) over the columns in ``COST_INPUTS``.

    ``prices`` is the qualified name of the dictionary.
    """
    return bound(load_stages(), result).replace("{prices}", prices)


def costed(source: str, prices: str) -> str:
    """A SELECT of all columns of ``source`` and of those in ``COST_COLUMNS``.

    ``source`` is a table name or a subquery in parentheses that has the columns in ``COST_INPUTS``, and
    none of those.
    """
    expression = cost_expression(f"({', '.join(COST_COLUMNS.values())})", prices)
    columns = ", ".join(f"cost.{place} AS {column}" for place, column in enumerate(COST_COLUMNS, 1))
    return f"SELECT * EXCEPT cost, {columns}\nFROM\n(\nSELECT *, {expression} AS cost\nFROM {source}\n)"
