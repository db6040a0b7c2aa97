"""Price terms from the library's price objects."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from genai_prices.types import ModelPrice, Tier, TieredPrices
from watchkeeper_collector.pricing.rates import build_terms
from watchkeeper_collector.pricing.terms import ALWAYS

HOUR_US = 3_600_000_000
START = datetime(2026, 1, 1, tzinfo=UTC)


def test_plain_price_has_one_step() -> None:
    terms = build_terms("flex", START, [(0, ModelPrice(input_mtok=Decimal("2.5"), output_mtok=Decimal(10)))])
    assert (terms.service_tier, terms.valid_from) == ("flex", START)
    assert terms.units == ("input_tokens", "output_tokens")
    assert terms.rates == (2.5e-6, 1e-5)
    assert (terms.step_day_us, terms.step_input) == ((0,), (0,))


def test_tier_starts_one_token_above_its_bound() -> None:
    tiered = TieredPrices(base=Decimal(1), tiers=[Tier(200, Decimal(3)), Tier(100, Decimal(2))])
    terms = build_terms("", ALWAYS, [(0, ModelPrice(input_mtok=tiered, output_mtok=Decimal(10)))])
    assert terms.step_input == (0, 101, 201)
    assert terms.rates == (1e-6, 1e-5, 2e-6, 1e-5, 3e-6, 1e-5)


def test_times_of_day_are_steps() -> None:
    day = [(0, ModelPrice(input_mtok=Decimal(1))), (8 * HOUR_US, ModelPrice(input_mtok=Decimal(2)))]
    terms = build_terms("", ALWAYS, day)
    assert (terms.step_day_us, terms.step_input, terms.rates) == ((0, 8 * HOUR_US), (0, 0), (1e-6, 2e-6))


def test_unit_that_is_billed_at_night_only_cannot_be_expressed() -> None:
    day = [
        (0, ModelPrice(input_mtok=Decimal(1))),
        (1, ModelPrice(input_mtok=Decimal(1), output_mtok=Decimal(1))),
    ]
    with pytest.raises(ValueError, match="cannot be expressed"):
        build_terms("", ALWAYS, day)


def test_free_model_has_no_units_and_still_a_price() -> None:
    terms = build_terms("", ALWAYS, [(0, ModelPrice())])
    assert (terms.units, terms.leaves, terms.rates) == ((), (), ())
