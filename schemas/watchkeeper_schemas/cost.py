"""The cost of a call as SQL: ``conventions/cost.sql`` rendered into one expression."""

import re
from functools import cache
from importlib.resources import files

# What the definitions read of `spans`, and what they give.
COST_INPUTS = (
    "Project", "Timestamp", "Kind", "Provider", "RequestModel", "ResponseModel", "ServiceTier",
    "InputTokens", "CacheReadTokens", "CacheWriteTokens", "OutputTokens", "ReasoningTokens", "UsageDetails",
    "ReportedCostUsd", "IsError",
)  # fmt: skip
COST_COLUMNS = {"CostUsd": "cost_usd", "CostSource": "cost_source", "PriceVersion": "price_version"}

STAGE = re.compile(r"^-- stage:.*$", re.MULTILINE)
COMMENT = re.compile(r"^[ \t]*--.*\n", re.MULTILINE)


@cache
def load_stages() -> tuple[tuple[tuple[str, str], ...], ...]:
    """The definitions of each stage: (expression, name)."""
    text = files("watchkeeper_schemas").joinpath("conventions", "cost.sql").read_text("utf-8")
    return tuple(tuple(_definitions(stage)) for stage in STAGE.split(text)[1:])


def _definitions(stage: str) -> list[tuple[str, str]]:
    definitions = re.split(r",\n\n", COMMENT.sub("", stage).strip())
    return [
        (expression.strip(), name) for expression, name in (text.rsplit(" AS ", 1) for text in definitions)
    ]


def cost_expression(result: str, prices: str) -> str:
    """``result`` (one of the names, or a tuple of some) over the columns in ``COST_INPUTS``.

    Each stage is a lambda over arrays of one element: so a name is bound to its value, while an alias
    would be expanded wherever it is used. ``prices`` is the qualified name of the dictionary.
    """
    for stage in reversed(load_stages()):
        names = ", ".join(name for _, name in stage)
        values = ", ".join(f"[{expression}]" for expression, _ in stage)
        result = f"arrayMap(({names}) -> {result}, {values})[1]"
    return result.replace("{prices}", prices)


def costed(source: str, prices: str) -> str:
    """A SELECT of all columns of ``source`` and of ``CostUsd``, ``CostSource`` and ``PriceVersion``.

    ``source`` is a table name or a subquery in parentheses that has the columns in ``COST_INPUTS``, and
    none of the three.
    """
    expression = cost_expression(f"({', '.join(COST_COLUMNS.values())})", prices)
    columns = ", ".join(f"cost.{place} AS {column}" for place, column in enumerate(COST_COLUMNS, 1))
    return f"SELECT * EXCEPT cost, {columns}\nFROM\n(\nSELECT *, {expression} AS cost\nFROM {source}\n)"
