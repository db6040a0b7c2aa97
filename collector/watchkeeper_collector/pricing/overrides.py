"""Prices that people set: for one project or for all, from a date on, beside the catalogue's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from watchkeeper_collector.errors import InvalidRequestError, NotFoundError
from watchkeeper_collector.pricing.price_table import PriceRecord, PriceTable
from watchkeeper_collector.pricing.terms import ALWAYS, TIER_CONTEXTS, PriceTerms, in_utc

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class PriceStep:
    """What a unit costs in calls with at least ``from_input_tokens`` of input.

    ``usd_per_million`` is keyed by unit (``input_tokens``, ``output_tokens``, ``cache_read_tokens``, …).
    """

    usd_per_million: Mapping[str, float]
    from_input_tokens: int = 0


def set_price(
    table: PriceTable,
    provider: str,
    model: str,
    steps: Sequence[PriceStep],
    *,
    project: str = "",
    service_tier: str | None = None,
    valid_from: datetime = ALWAYS,
    now: datetime,
) -> None:
    """Price ``model`` as spans name it. An empty project means all, no tier every tier.

    It takes the place of an earlier override of the same tier and date; from ``valid_from`` on it beats the
    catalogue. Stored costs stay as they are: see :func:`watchkeeper_collector.pricing.repricing.reprice`.
    Raises ``InvalidRequestError``.
    """
    if service_tier is not None and service_tier not in TIER_CONTEXTS:
        known = ", ".join(filter(None, TIER_CONTEXTS))
        raise InvalidRequestError(f"The service tier '{service_tier}' is unknown. Expected {known} or none.")
    tiers = TIER_CONTEXTS if service_tier is None else (service_tier,)
    valid_from = in_utc(valid_from).replace(microsecond=valid_from.microsecond // 1000 * 1000)
    added = [_read_steps(tier, valid_from, steps) for tier in tiers]
    replaced = {(terms.service_tier, terms.valid_from) for terms in added}
    kept = [
        t
        for t in table.terms("override", project, provider, model)
        if (t.service_tier, t.valid_from) not in replaced
    ]
    _put(table, (project, provider, model), (*kept, *added), now)


def remove_price(table: PriceTable, provider: str, model: str, *, project: str = "", now: datetime) -> None:
    """Withdraw every override of a pair, so that the next in rank applies. Raises ``NotFoundError``."""
    if not table.terms("override", project, provider, model):
        raise NotFoundError(
            f"No price was set for '{model}' of '{provider}'{f' in project {project!r}' if project else ''}."
        )
    _put(table, (project, provider, model), (), now)


def list_prices(
    table: PriceTable, project: str = "", *, provider: str = "", model: str = "", limit: int = 1000
) -> list[dict[str, Any]]:
    """Prices in force that apply to a project, overrides and catalogue side by side."""
    return [_readable(row) for row in table.prices(project, provider, model, limit)]


def _put(table: PriceTable, key: tuple[str, str, str], terms: tuple[PriceTerms, ...], now: datetime) -> None:
    project, provider, model = key
    version = f"override {now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    table.put([PriceRecord("override", project, provider, model, version, f"{provider}/{model}", terms)], now)


def _read_steps(service_tier: str, valid_from: datetime, steps: Sequence[PriceStep]) -> PriceTerms:
    """Price terms of what a person wrote. Raises ``InvalidRequestError`` for what cannot be applied."""
    from watchkeeper_collector.pricing.units import UNITS, unit_set  # noqa: PLC0415 - loads the price data: slow

    steps = sorted(steps, key=lambda step: step.from_input_tokens)
    names = {name for step in steps for name in step.usd_per_million}
    if unknown := sorted(names - UNITS.keys()):
        known = ", ".join(UNITS)
        raise InvalidRequestError(f"The unit '{unknown[0]}' is unknown. Expected some of: {known}.")
    _check_steps(steps, names)
    try:
        billed = unit_set(frozenset(UNITS[name].price_key for name in names))
    except ValueError as error:
        raise InvalidRequestError(f"These units cannot be priced together: {error}.") from error
    return PriceTerms(
        service_tier,
        valid_from,
        tuple(unit.name for unit in billed.units),
        billed.leaves,
        tuple(step.usd_per_million[unit.name] / MILLION for step in steps for unit in billed.units),
        tuple(0 for _ in steps),
        tuple(step.from_input_tokens for step in steps),
    )


def _check_steps(steps: Sequence[PriceStep], names: set[str]) -> None:
    starts = [step.from_input_tokens for step in steps]
    if starts[:1] != [0] or len(set(starts)) < len(starts):
        raise InvalidRequestError(
            "A price needs one step from 0 input tokens on, and each further one a start."
        )
    if any(step.usd_per_million.keys() != names for step in steps):
        raise InvalidRequestError("Every step of a price needs the same units.")
    if any(not 0 <= price < MILLION * MILLION for step in steps for price in step.usd_per_million.values()):
        raise InvalidRequestError("A price must be a number from 0 on.")


def _readable(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of ``current_prices`` with its rates by step and unit."""
    units, rates = row["Units"], row["Rates"]
    steps = [
        {
            "from_input_tokens": from_input,
            "from_second_of_day": day_us / 1e6,
            "usd_per_million": {
                unit: round(rates[number * len(units) + place] * MILLION, 9)
                for place, unit in enumerate(units)
            },
        }
        for number, (day_us, from_input) in enumerate(zip(row["StepDayUs"], row["StepInput"], strict=True))
    ]
    return {
        "source": row["Source"],
        "project": row["Project"] or None,
        "provider": row["Provider"],
        "model": row["Model"],
        "service_tier": row["ServiceTier"],
        "valid_from": in_utc(row["ValidFrom"]),
        "valid_until": in_utc(row["ValidUntil"]),
        "priced_as": row["PricedAs"],
        "steps": steps,
        "price_version": row["PriceVersion"],
    }
