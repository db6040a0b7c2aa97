"""Roll-ups: what they are built of, when they are read, and what becomes of changes."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from watchkeeper_collector.errors import StoreUnavailableError
from watchkeeper_collector.query import sampling
from watchkeeper_collector.query.aggregation import run_query
from watchkeeper_collector.query.facets import Wanted, list_facets
from watchkeeper_collector.query.histogram import count_buckets, find_distributed
from watchkeeper_collector.query.question import Question
from watchkeeper_collector.query.rolled import ESTIMATES
from watchkeeper_collector.query.source import Rollup, Slice
from watchkeeper_collector.query.times import Window
from watchkeeper_collector.rollup.cleaning import delete_outdated

from tests.rollup import FIRST_NS, HOUR_NS, NOW_NS, RolledStore, open_rolled, span

OLD_NS = NOW_NS - HOUR_NS
"""Received so long ago that only a sweep or a mark finds it."""
WINDOW = Window(FIRST_NS, FIRST_NS + 12 * HOUR_NS)


@pytest.fixture(scope="module", params=["engine_dsn", "server_dsn"], ids=["embedded", "server"])
def opened(request: pytest.FixtureRequest) -> Iterator[RolledStore]:
    with open_rolled(request.getfixturevalue(request.param), "rollup_cases") as store:
        yield store


@pytest.fixture
def store(opened: RolledStore) -> RolledStore:
    opened.clear()
    opened.put(*(span(n, n % 6, ReceivedAt=OLD_NS, CostUsd=1.0, UserId=f"u{n % 4}") for n in range(24)))
    assert opened.worker().run_round() == 6
    return opened


def ask(store: RolledStore, *measures: str, **options: Any) -> tuple[list[dict[str, Any]], bool]:
    slice_ = Slice("shop", options.pop("window", WINDOW), options.pop("filter", ""))
    table = run_query(store.rolled_up, Question(slice_, measures, **options))
    return table.dicts(), table.is_rolled_up


def test_whole_hours_are_read_from_rollups_and_the_rest_from_spans(store: RolledStore) -> None:
    window = Window(FIRST_NS + HOUR_NS // 2, FIRST_NS + 5 * HOUR_NS + 1)
    assert ask(store, "calls", "cost_usd", window=window) == ([{"calls": 20, "cost_usd": 20.0}], True)
    store.command(f"TRUNCATE TABLE {store.database}.spans")
    assert ask(store, "calls", window=window) == ([{"calls": 16}], True)


@pytest.mark.parametrize(
    "options",
    [
        {"by": ["user"]},
        {"by": ["attr.tenant"]},
        {"filter": "user:u1"},
        {"filter": "cost:>0.5"},
        {"filter": "has:user"},
        {"step_ns": HOUR_NS // 2},
        {"window": Window(FIRST_NS, FIRST_NS + 2 * HOUR_NS)},
        {"window": Window(FIRST_NS, None)},
    ],
)
def test_what_rollups_do_not_know_is_read_from_spans(store: RolledStore, options: dict[str, Any]) -> None:
    assert ask(store, "calls", **options)[1] is False


@pytest.mark.parametrize(
    "options", [{"by": ["model"]}, {"filter": "kind:llm -has:tool"}, {"step_ns": HOUR_NS}]
)
def test_what_rollups_know_is_read_from_them(store: RolledStore, options: dict[str, Any]) -> None:
    assert ask(store, "calls", **options)[1] is True


def test_few_spans_are_read_themselves(store: RolledStore) -> None:
    source = replace(store.rolled_up, rollup=Rollup(from_spans=24, estimates_from_spans=25))
    for measures, is_rolled_up in (["calls"], True), (["calls", "users"], False):
        assert run_query(source, Question(Slice("shop", WINDOW), measures)).is_rolled_up == is_rolled_up
    source = replace(store.rolled_up, rollup=Rollup(from_spans=25))
    assert not run_query(source, Question(Slice("shop", WINDOW), ["calls"])).is_rolled_up


def test_an_exact_answer_has_no_estimates(store: RolledStore) -> None:
    assert ask(store, "users")[1] is True
    assert ask(store, "users", is_exact=True)[1] is False
    assert ask(store, "calls", is_exact=True)[1] is True


def test_quantiles_are_within_a_hundredth_of_the_value_at_the_rank(store: RolledStore) -> None:
    durations = [round(1.007**n * 1e6) for n in range(2_000)]
    store.put(
        *(
            span(n, 2, SpanId=f"q{n}", ReceivedAt=OLD_NS, ServiceName="q", Duration=d)
            for n, d in enumerate(durations)
        )
    )
    store.worker().run_round()
    names = [name for name in ESTIMATES if name.startswith("latency")]
    (found,), is_rolled_up = ask(store, *names, filter="service:q")
    assert is_rolled_up
    for name in names:
        rank = int(name[9:11]) / 100 * (len(durations) - 1)
        assert found[name] == pytest.approx(durations[round(rank)] / 1e6, rel=0.018)


def test_a_late_span_counts_at_once(store: RolledStore) -> None:
    store.put(span(90, 3))
    assert ask(store, "calls") == ([{"calls": 25}], True)
    assert store.worker().run_round() == 1
    assert ask(store, "calls") == ([{"calls": 25}], True)


def test_a_marked_change_counts_at_once(store: RolledStore) -> None:
    worker = store.worker()
    worker.mark([("shop", FIRST_NS, FIRST_NS)])
    store.change("CostUsd = 5", "SpanId IN ('s0', 's6')")
    worker.mark([("shop", FIRST_NS, FIRST_NS)])
    assert ask(store, "cost_usd") == ([{"cost_usd": 32.0}], True)
    worker.run_round()
    assert ask(store, "cost_usd") == ([{"cost_usd": 32.0}], True)


@pytest.mark.parametrize("change", ["CostUsd = 3", "SettledAt = now64(3), IsDuplicate = true"])
def test_a_change_that_nobody_told_of_is_found(store: RolledStore, change: str) -> None:
    store.change(change, "SpanId = 's7'")
    store.worker().run_round()
    expected = run_query(store.spans_only, Question(Slice("shop", WINDOW), ["calls", "cost_usd"])).dicts()
    assert ask(store, "calls", "cost_usd") == (expected, True)


def test_deleted_spans_are_found_missing(store: RolledStore) -> None:
    store.command(
        f"DELETE FROM {store.database}.spans WHERE Timestamp < fromUnixTimestamp64Nano({FIRST_NS + HOUR_NS})"
    )
    store.worker().run_round()
    assert ask(store, "calls", "spans") == ([{"calls": 20, "spans": 20}], True)


def test_nothing_is_built_twice(store: RolledStore) -> None:
    worker = store.worker()
    worker.run_round()
    assert worker.run_round() == 0
    assert store.query(f"SELECT count() FROM {store.database}.rollup_hours").rows == [(6,)]


def test_an_hour_that_was_just_built_rests_and_is_read_from_spans(store: RolledStore) -> None:
    worker = store.worker(rest_s=3_600.0)
    store.change("CostUsd = 3", "SpanId = 's7'")
    assert worker.run_round() == 0
    assert worker.status.hours_waiting == 1
    assert ask(store, "cost_usd") == ([{"cost_usd": 26.0}], True)


def test_a_worker_that_is_killed_before_an_hour_counts_leaves_it_as_it_was(
    store: RolledStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put(span(90, 3))
    command = store.command

    def fail(sql: str, *arguments: Any, **options: Any) -> None:
        if "INTO " + store.database + ".rollup_hours" in sql:
            raise StoreUnavailableError("Killed.")
        command(sql, *arguments, **options)

    monkeypatch.setattr(store, "command", fail)
    with pytest.raises(StoreUnavailableError):
        store.worker().run_round()
    monkeypatch.undo()
    assert ask(store, "calls") == ([{"calls": 25}], True)
    assert store.worker().run_round() == 1
    assert ask(store, "calls") == ([{"calls": 25}], True)


def test_outdated_rows_are_deleted_and_those_that_count_stay(store: RolledStore) -> None:
    for table in ("rollup_1h", "rollup_hours"):
        rows = f"SELECT * REPLACE (BuiltAt - INTERVAL 1 HOUR AS BuiltAt) FROM {store.database}.{table}"
        store.command(f"INSERT INTO {store.database}.{table} {rows}")
    assert delete_outdated(store.tables) == 12
    assert delete_outdated(store.tables) == 0
    assert ask(store, "calls") == ([{"calls": 24}], True)


def test_an_hour_told_apart_into_too_many_is_left_to_spans(
    store: RolledStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watchkeeper_collector.rollup.building.MOST_ROWS", 10)
    store.put(*(span(n, 7 + n // 30, SpanId=f"v{n}", Feature=f"f{n}") for n in range(31)))
    worker = store.worker()
    worker.run_round()
    assert worker.status.hours_too_varied == 1
    assert ask(store, "calls") == ([{"calls": 55}], True)
    assert worker.run_round() == 0


def test_an_hour_that_can_no_longer_be_rolled_up_is_left_to_spans(
    store: RolledStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watchkeeper_collector.rollup.building.MOST_ROWS", 10)
    store.put(*(span(n, 3, SpanId=f"v{n}", Feature=f"f{n}", ReceivedAt=OLD_NS) for n in range(30)))
    worker = store.worker()
    worker.run_round()
    worker.run_round()
    assert ask(store, "calls") == ([{"calls": 54}], True)
    assert worker.run_round() == 0


def test_facets_and_heat_maps_are_those_of_the_spans(store: RolledStore) -> None:
    slice_, wanted = Slice("shop", WINDOW, "kind:llm"), Wanted(["model", "service", "kind", "user"])
    number = find_distributed("latency_ms")
    assert list_facets(store.rolled_up, slice_, wanted) == list_facets(store.spans_only, slice_, wanted)
    found, expected = (
        count_buckets(source, slice_, number, 2 * HOUR_NS) for source in (store.rolled_up, store.spans_only)
    )
    assert (found.bounds, found.counts) == (expected.bounds, expected.counts)
    assert (found.is_rolled_up, expected.is_rolled_up) == (True, False)


def test_facets_of_very_many_spans_are_of_a_sample(
    store: RolledStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "ALL_UP_TO", 10)
    monkeypatch.setattr(sampling, "SAMPLED_SPANS", 12)
    slice_ = Slice("shop", WINDOW)
    model, user = list_facets(store.rolled_up, slice_, Wanted(["model", "user"]))
    assert (model.sampled_share, user.sampled_share) == (1.0, 0.5)
    (found,) = list_facets(store.rolled_up, slice_, Wanted(["user"], contains="U1"))
    assert (found.values, found.sampled_share) == ([("u1", 6)], 1.0)


def test_projects_do_not_share_rollups(store: RolledStore) -> None:
    store.put(*(span(n, n % 6, Project="rival", SpanId=f"r{n}", ReceivedAt=OLD_NS) for n in range(6)))
    store.worker().run_round()
    assert ask(store, "calls", by=["project"]) == ([{"project": "shop", "calls": 24}], True)
