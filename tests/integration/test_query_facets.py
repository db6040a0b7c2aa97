"""Facets and histograms over rows whose answers are known, on both kinds of engine."""

from collections.abc import Iterator
from typing import Any

import pytest
from watchkeeper_collector.errors import InvalidQueryError
from watchkeeper_collector.query.facets import Wanted, list_facets
from watchkeeper_collector.query.histogram import count_buckets, find_distributed
from watchkeeper_collector.query.source import Slice
from watchkeeper_collector.query.times import SECOND_NS, Window

from tests.query import NOON_NS, Shelf, Span, open_shelf

HOUR_NS = 3_600 * SECOND_NS
WINDOW = Window(NOON_NS, NOON_NS + 2 * HOUR_NS)
ROWS = [
    Span(id="1", model="gpt-4o", user="Ann", duration_ms=1, attributes={"tenant": "acme", "tier": "1"}),
    Span(id="2", model="gpt-4o", user="bob", duration_ms=1.1, is_error=True, attributes={"tenant": "50%"}),
    Span(id="3", model="claude", user="anna", after_s=3_600, duration_ms=16, cost_usd=0.0),
    Span(id="4", kind="tool", after_s=3_600, duration_ms=16, attributes={"tenant": "acme"}),
    Span(id="5", project="rival", model="secret", user="anton"),
    Span(id="6", model="late", after_s=7_200),
]


@pytest.fixture(scope="module", params=["engine_dsn", "server_dsn"], ids=["embedded", "server"])
def shelf(request: pytest.FixtureRequest) -> Iterator[Shelf]:
    with open_shelf(request.getfixturevalue(request.param), "query_facets") as opened:
        opened.put(*ROWS)
        yield opened


def facets(shelf: Shelf, *fields: str, filter: str = "", **options: Any) -> dict[str, Any]:  # noqa: A002
    found = list_facets(shelf.source, Slice("shop", WINDOW, filter), Wanted(fields, **options))
    return {facet.field: facet.values for facet in found}


def test_values_come_with_the_most_frequent_first(shelf: Shelf) -> None:
    assert facets(shelf, "model", "status", "attr.tenant") == {
        "model": [("gpt-4o", 2), ("", 1), ("claude", 1)],
        "status": [("ok", 3), ("error", 1)],
        "attr.tenant": [("acme", 2), ("", 1), ("50%", 1)],
    }


def test_keys_of_attributes_are_a_facet(shelf: Shelf) -> None:
    assert facets(shelf, "attr.*", "resource.*") == {"attr.*": [("tenant", 3), ("tier", 1)], "resource.*": []}


def test_a_facet_leaves_out_what_the_filter_says_of_its_own_field(shelf: Shelf) -> None:
    found = facets(shelf, "model", "user", "attr.tenant", filter="model:gpt-4o attr.tenant:acme kind:llm")
    assert found == {
        "model": [("gpt-4o", 1)],
        "user": [("Ann", 1)],
        "attr.tenant": [("50%", 1), ("acme", 1)],
    }


def test_values_are_searched_in_either_case_and_literally(shelf: Shelf) -> None:
    assert facets(shelf, "user", contains="aNN") == {"user": [("Ann", 1), ("anna", 1)]}
    assert facets(shelf, "attr.tenant", contains="%") == {"attr.tenant": [("50%", 1)]}
    assert facets(shelf, "attr.*", contains="ie") == {"attr.*": [("tier", 1)]}


def test_a_facet_says_that_it_has_more(shelf: Shelf) -> None:
    (found,) = list_facets(shelf.source, Slice("shop", WINDOW), Wanted(["model"], limit=2))
    assert (found.values, found.is_truncated) == ([("gpt-4o", 2), ("", 1)], True)


@pytest.mark.parametrize("fields", [[], ["nothing"], ["attr."], ["model"] * 31])
def test_what_is_no_field_has_no_facet(shelf: Shelf, fields: list[str]) -> None:
    with pytest.raises(InvalidQueryError):
        list_facets(shelf.source, Slice("shop", WINDOW), Wanted(fields))


def test_a_histogram_counts_calls_by_interval_and_bucket(shelf: Shelf) -> None:
    found = count_buckets(shelf.source, Slice("shop", WINDOW), find_distributed("latency_ms"), HOUR_NS)
    assert [time[11:13] for time in found.times] == ["12", "13"]
    assert [found.bounds[0], found.bounds[4], found.bounds[16]] == [1.0, 2.0, 16.0]
    assert [(row[0], row[-1], sum(row)) for row in found.counts] == [(2, 0, 2), (0, 1, 1)]


def test_zero_is_in_the_lowest_bucket(shelf: Shelf) -> None:
    found = count_buckets(shelf.source, Slice("shop", WINDOW), find_distributed("cost_usd"), 2 * HOUR_NS)
    assert (found.counts, found.bounds[0]) == ([[1]], 2**-20)


def test_a_histogram_of_nothing_has_no_bounds(shelf: Shelf) -> None:
    found = count_buckets(shelf.source, Slice("shop", WINDOW), find_distributed("ttft_ms"), HOUR_NS)
    assert (found.bounds, found.counts) == ([], [[], []])
