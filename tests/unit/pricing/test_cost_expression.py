"""The rendering of cost.sql into one expression."""

import re

from watchkeeper_collector.pricing.terms import TIER_CONTEXTS
from watchkeeper_collector.pricing.units import MINIMUM_AUDIO
from watchkeeper_schemas.cost import COST_COLUMNS, COST_INPUTS, cost_expression, costed, load_stages


def test_stage_uses_names_of_earlier_stages_only() -> None:
    known: set[str] = set()
    for stage in load_stages():
        used = {name for expression, _ in stage for name in re.findall(r"\b(?:price|cost)_\w+", expression)}
        assert used <= known
        known |= {name for _, name in stage}
    assert set(COST_COLUMNS.values()) <= known


def test_definitions_read_the_declared_columns_only() -> None:
    text = " ".join(expression for stage in load_stages() for expression, _ in stage)
    unquoted = re.sub(r"'[^']*'", "", text)
    columns = set(re.findall(r"\b[A-Z][a-z]\w+\b", unquoted))
    assert columns == set(COST_INPUTS)


def test_expression_names_the_dictionary_and_no_placeholder() -> None:
    expression = cost_expression("cost_usd", "warehouse.prices")
    assert "'warehouse.prices'" in expression
    assert "{" not in expression
    assert "--" not in expression


def test_costed_adds_the_columns_of_a_cost() -> None:
    assert costed("(SELECT 1)", "d.prices").startswith(
        "SELECT * EXCEPT cost, cost.1 AS CostUsd, cost.2 AS CostSource, cost.3 AS PriceVersion,"
        " cost.4 AS CacheSavedUsd, cost.5 AS CacheMissedUsd\nFROM"
    )


def test_sql_and_catalogue_agree_on_tiers_and_on_the_derived_unit() -> None:
    text = " ".join(expression for stage in load_stages() for expression, _ in stage)
    assert f"({', '.join(repr(tier) for tier in sorted(TIER_CONTEXTS) if tier)})" in text
    assert f"'{MINIMUM_AUDIO}'" in text
