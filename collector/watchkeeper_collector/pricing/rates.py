"""From the library's price objects to price terms."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from genai_prices.types import ModelPrice, TieredPrices

from watchkeeper_collector.pricing.terms import PriceTerms
from watchkeeper_collector.pricing.units import Unit, unit_set


def build_terms(service_tier: str, valid_from: datetime, day: Sequence[tuple[int, ModelPrice]]) -> PriceTerms:
    """Flatten the prices of one day: pairs of a start (µs, ascending from 0) and the prices from then on.

    Raises ``ValueError`` for prices that the library itself would refuse to apply.
    """
    billed = unit_set(price_keys(day[0][1]))
    if any(price_keys(prices) != price_keys(day[0][1]) for _, prices in day):
        raise ValueError(
            "Prices that bill different units at different times of the day cannot be expressed."
        )
    steps = [
        (start_us, start_input, prices) for start_us, prices in day for start_input in input_steps(prices)
    ]
    return PriceTerms(
        service_tier,
        valid_from,
        tuple(unit.name for unit in billed.units),
        billed.leaves,
        tuple(rate(prices, unit, start_input) for _, start_input, prices in steps for unit in billed.units),
        tuple(start_us for start_us, _, _ in steps),
        tuple(start_input for _, start_input, _ in steps),
    )


def price_keys(prices: ModelPrice) -> frozenset[str]:
    return frozenset(key for key, value in vars(prices).items() if value is not None)


def input_steps(prices: ModelPrice) -> list[int]:
    """The numbers of input tokens from which on some rate is another one; a tier starts *above* its bound."""
    tiered = (price for price in vars(prices).values() if isinstance(price, TieredPrices))
    return sorted({0, *(tier.start + 1 for price in tiered for tier in price.tiers)})


def rate(prices: ModelPrice, unit: Unit, input_tokens: int) -> float:
    """USD for one ``unit`` in a call with that many input tokens."""
    price: Decimal | TieredPrices = getattr(prices, unit.price_key)
    if isinstance(price, TieredPrices):
        reached = [tier.price for tier in price.tiers if input_tokens > tier.start]
        price = reached[-1] if reached else price.base
    return float(price / unit.per)
