"""What can be billed: the price library's units, and which of them contain which.

``input_tokens`` contains ``cache_read_tokens``, which contains ``cache_audio_read_tokens``: a unit is
contained in every unit whose dimensions are a part of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from genai_prices.data_units import unit_data
from genai_prices.types import ModelPrice, Usage

# The one count that the price library derives by itself: its audio model bills ten seconds at least.
MINIMUM_AUDIO = "audio_seconds_at_least_10"


@dataclass(frozen=True, slots=True)
class Unit:
    """``name`` is the usage field, ``price_key`` the price field, which holds USD for ``per`` of them."""

    name: str
    price_key: str
    per: int
    dimensions: frozenset[tuple[str, str]]

    def contains(self, other: "Unit") -> bool:
        return self.dimensions < other.dimensions


def _read_unit(name: str, data: dict[str, Any]) -> Unit:
    return Unit(name, data.get("price_key", name), data["per"], frozenset(data["dimensions"].items()))


UNITS = {name: _read_unit(name, data) for name, data in unit_data.items()}
UNIT_OF_PRICE = {unit.price_key: unit for unit in UNITS.values()}


@dataclass(frozen=True, slots=True)
class UnitSet:
    """Units that are billed together.

    ``leaves`` (units x units, row by row) turns their reported counts into billed ones.
    """

    units: tuple[Unit, ...]
    leaves: tuple[float, ...]


@cache
def unit_set(price_keys: frozenset[str]) -> UnitSet:
    """The units of these price fields, in the library's order; fields that it doesn't know are left out.

    Raises ``ValueError`` where the library refuses the combination (a part is priced, its whole is not).
    """
    units = tuple(unit for key, unit in UNIT_OF_PRICE.items() if key in price_keys)
    ModelPrice(**{unit.price_key: Decimal(1) for unit in units}).calc_price(Usage())
    return UnitSet(units, tuple(value for row in build_leaves(units) for value in row))


def build_leaves(units: Sequence[Unit]) -> list[list[float]]:
    """Matrix that turns the reported counts of ``units`` into billed ones.

    Each unit is billed for its count less what the units inside it are billed for, the innermost
    first; ``[input, cache_read]`` gives ``[[1, -1], [0, 1]]``.
    """
    rows: dict[Unit, list[float]] = {}
    for unit in sorted(units, key=lambda unit: -len(unit.dimensions)):
        row = [float(other is unit) for other in units]
        for inner, billed in rows.items():
            if unit.contains(inner):
                row = [own - taken for own, taken in zip(row, billed, strict=True)]
        rows[unit] = row
    return [rows[unit] for unit in units]
