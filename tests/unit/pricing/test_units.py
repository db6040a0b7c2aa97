"""Units: which contain which, and what is billed of each."""

import pytest
from genai_prices.data_units import unit_data
from genai_prices.decompose import compute_leaf_values
from genai_prices.types import Usage
from genai_prices.units import UnitRegistry
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper_collector.pricing.units import UNIT_OF_PRICE, UNITS, build_leaves, unit_set

AUDIO_CHAT = ("input_mtok", "cache_read_mtok", "input_audio_mtok", "cache_audio_read_mtok")
REGISTRY = UnitRegistry(unit_data)


def test_cached_tokens_leave_the_plain_input_tokens() -> None:
    units = [UNITS["input_tokens"], UNITS["cache_read_tokens"], UNITS["output_tokens"]]
    assert build_leaves(units) == [[1, -1, 0], [0, 1, 0], [0, 0, 1]]


def test_cached_audio_is_taken_off_once_although_two_units_contain_it() -> None:
    units = [UNIT_OF_PRICE[key] for key in AUDIO_CHAT]
    assert build_leaves(units) == [[1, -1, -1, 1], [0, 1, 0, -1], [0, 0, 1, -1], [0, 0, 0, 1]]


@pytest.mark.parametrize("keys", [("cache_read_mtok",), AUDIO_CHAT[:3]])
def test_combination_that_the_library_refuses_is_refused(keys: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="Missing"):
        unit_set(frozenset(keys))


def test_unknown_price_fields_are_left_out() -> None:
    assert [unit.name for unit in unit_set(frozenset({"input_mtok", "dreams_mtok"})).units] == [
        "input_tokens"
    ]


@given(st.lists(st.integers(0, 10_000), min_size=4, max_size=4))
def test_billed_counts_are_the_librarys(counts: list[int]) -> None:
    billed = unit_set(frozenset(AUDIO_CHAT))
    names = [unit.name for unit in billed.units]
    usage = dict(zip(names, counts, strict=True))
    rows = [billed.leaves[start : start + 4] for start in range(0, 16, 4)]
    ours = [sum(a * b for a, b in zip(row, counts, strict=True)) for row in rows]
    if min(ours) < 0:
        with pytest.raises(ValueError, match="Invalid usage data"):
            compute_leaf_values(set(names), Usage(**usage), REGISTRY.units)
    else:
        theirs = compute_leaf_values(set(names), Usage(**usage), REGISTRY.units)
        assert ours == [theirs[name] for name in names]
