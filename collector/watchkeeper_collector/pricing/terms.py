"""Price terms: what calls cost, in the flat form that the engine computes with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)

# How the tiers that senders name select the library's price variants; `default`, `auto`, `standard` and
# unknown ones are the standard price. The names are those of `conventions/cost.sql`.
TIER_CONTEXTS: Mapping[str, Mapping[str, str]] = {
    "": {},
    "batch": {"processing": "batch"},
    "fast": {"service_tier": "fast", "speed": "fast"},
    "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
}


def in_utc(moment: datetime) -> datetime:
    """An aware datetime; the engine's client gives naive ones, which are in UTC."""
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PriceTerms:
    """What calls of one service tier cost from ``valid_from`` on.

    ``leaves`` is units x units and ``rates`` (USD for one) steps x units, both row by row. A step
    applies from a time of the UTC day and from a number of input tokens on; the last one reached counts.
    """

    service_tier: str
    valid_from: datetime
    units: tuple[str, ...]
    leaves: tuple[float, ...]
    rates: tuple[float, ...]
    step_day_us: tuple[int, ...] = (0,)
    step_input: tuple[int, ...] = (0,)
