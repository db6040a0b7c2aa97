"""Pricing on the real engine: new calls through a view, stored ones by the worker, overrides, re-pricing."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from genai_prices import Usage, calc_price
from watchkeeper_collector.errors import (
    InvalidQueryError,
    InvalidRequestError,
    NotFoundError,
    StoreUnavailableError,
)
from watchkeeper_collector.pricing import repricing, worker
from watchkeeper_collector.pricing.overrides import PriceStep, list_prices, remove_price, set_price
from watchkeeper_collector.pricing.price_table import COLUMNS, PriceRecord, PriceTable
from watchkeeper_collector.pricing.repricing import Scope, estimate, progress, reprice
from watchkeeper_collector.pricing.terms import TIER_CONTEXTS
from watchkeeper_collector.pricing.unpriced import list_price_versions, list_unpriced
from watchkeeper_collector.pricing.worker import PriceWorker, catalogue_version
from watchkeeper_collector.store.client import Store
from watchkeeper_schemas.cost import COST_INPUTS, costed

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
DOOR = ("SpanId", "ReceivedAt", *COST_INPUTS)


@dataclass(frozen=True)
class Call:
    """A model call as the normalising view has it before its cost is known."""

    provider: str = "openai"
    response_model: str = "gpt-4o-2024-08-06"
    request_model: str = "gpt-4o"
    input_tokens: int | None = 1000
    output_tokens: int | None = 100
    cache_read: int | None = None
    tier: str = ""
    timestamp: datetime = NOON
    received: datetime = NOON
    project: str = "shop"
    kind: str = "llm"
    is_error: bool = False
    reported_usd: float | None = None
    details: dict[str, int] = field(default_factory=dict)

    def row(self, span_id: str) -> tuple[Any, ...]:
        return (
            span_id, self.received, self.project, self.timestamp, self.kind, self.provider,
            self.request_model, self.response_model, self.tier, self.input_tokens, self.cache_read, None,
            self.output_tokens, None, self.details, self.reported_usd, self.is_error,
        )  # fmt: skip


@dataclass(frozen=True)
class Stored:
    usd: float | None
    source: str
    version: str


class Desk:
    """A door for calls into ``spans`` and the tools around it. Each test starts without prices and spans."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.table = PriceTable(store, "prices_test")
        self.now = NOON + timedelta(seconds=1)
        self.calls = 0

    def worker(self) -> PriceWorker:
        return PriceWorker(self.table, interval_s=0.01, clock_ns=lambda: repricing.nanoseconds(self.tick()))

    def tick(self) -> datetime:
        self.now += timedelta(milliseconds=10)
        return self.now

    def send(self, *calls: Call) -> list[str]:
        ids = [f"span-{self.calls + number}" for number, _ in enumerate(calls)]
        self.calls += len(calls)
        rows = [call.row(span_id) for call, span_id in zip(calls, ids, strict=True)]
        self.store.insert("door", DOOR, rows, database="prices_test")
        return ids

    def stored(self, span_id: str) -> Stored:
        query = "SELECT CostUsd, CostSource, PriceVersion FROM prices_test.spans WHERE SpanId = {id:String}"
        rows = self.store.query(query, {"id": span_id}).rows
        assert len(rows) == 1
        return Stored(*rows[0])

    def cost(self, call: Call) -> Stored:
        return self.stored(self.send(call)[0])

    def set(self, usd: float, **options: Any) -> None:
        steps = [PriceStep({"input_tokens": usd, "output_tokens": usd})]
        set_price(self.table, "openai", "gpt-4o-2024-08-06", steps, now=self.tick(), **options)

    def wait_for(self, reprice_id: str) -> None:
        for _ in range(500):
            if progress(self.table, reprice_id).is_done:
                return
            time.sleep(0.01)
        pytest.fail("the re-pricing does not end")


@pytest.fixture(scope="module", params=["price_engine", "price_server"])
def door(request: pytest.FixtureRequest) -> Iterator[Store]:
    """A Null table with the columns that the cost needs, and the view behind it; on both kinds of engine."""
    store: Store = request.getfixturevalue(request.param)
    database = "prices_test"
    store.command(
        f"CREATE TABLE {database}.door ENGINE = Null EMPTY AS SELECT {', '.join(DOOR)} FROM {database}.spans"
    )
    priced = costed(f"{database}.door", f"{database}.prices")
    store.command(
        f"CREATE MATERIALIZED VIEW {database}.door_view TO {database}.spans AS SELECT {', '.join(DOOR)},"
        f" toDate(Timestamp) AS EventDay, CostUsd, CostSource, PriceVersion FROM ({priced})"
    )
    yield store
    store.command(f"DROP VIEW {database}.door_view")
    store.command(f"DROP TABLE {database}.door")


@pytest.fixture
def desk(door: Store) -> Iterator[Desk]:
    yield Desk(door)
    for table in ("spans", "model_prices"):
        door.command(f"TRUNCATE TABLE prices_test.{table}")
    door.command("SYSTEM RELOAD DICTIONARY prices_test.prices")


@pytest.fixture
def few_warm_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchkeeper_collector.pricing.catalogue.WARM_PROVIDERS", ("anthropic",))


pytestmark = pytest.mark.usefixtures("few_warm_pairs")


def library_usd(model: str, provider: str = "openai", **usage: int) -> float:
    price = calc_price(Usage(**usage), model, provider_id=provider, genai_request_timestamp=NOON)
    return float(price.total_price)


def test_view_prices_a_call_of_a_known_model_on_its_way_in(desk: Desk) -> None:
    desk.worker().run_round()
    call = Call("anthropic", "claude-sonnet-4-5", "claude-sonnet-4-5", 1207, 83, cache_read=512)
    expected = library_usd(
        "claude-sonnet-4-5", "anthropic", input_tokens=1207, output_tokens=83, cache_read_tokens=512
    )
    assert desk.cost(call) == Stored(pytest.approx(expected, rel=1e-12), "computed", catalogue_version())


def test_worker_prices_stored_calls_of_a_model_it_had_not_met(desk: Desk) -> None:
    span = desk.send(Call())[0]
    assert desk.stored(span) == Stored(None, "unpriced", "")
    assert desk.worker().run_round() == 1
    expected = library_usd("gpt-4o", input_tokens=1000, output_tokens=100)
    assert desk.stored(span) == Stored(pytest.approx(expected), "computed", catalogue_version())
    assert desk.cost(Call()).source == "computed", "the next one is priced by the view"


def test_worker_prices_calls_that_came_in_while_it_looked_their_model_up(desk: Desk) -> None:
    priced = desk.worker()
    desk.send(Call())
    priced.run_round()
    as_before = "CostUsd = NULL, CostSource = 'unpriced', PriceVersion = ''"
    desk.store.command(f"UPDATE prices_test.spans SET {as_before} WHERE 1")
    assert priced.run_round() == 1


def test_sweep_finds_a_call_received_long_before_it_became_visible(desk: Desk) -> None:
    priced = desk.worker()
    priced.run_round()
    span = desk.send(Call(received=NOON - timedelta(hours=2)))[0]
    assert priced.run_round() == 0
    desk.now += timedelta(minutes=11)
    assert priced.run_round() == 1
    assert desk.stored(span).source == "computed"


def test_many_calls_are_filled_by_a_mutation(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repricing, "PATCH_ROWS", 2)
    spans = desk.send(Call(), Call(timestamp=NOON - DAY), Call(timestamp=NOON - 2 * DAY))
    assert desk.worker().run_round() == 3
    assert {desk.stored(span).source for span in spans} == {"computed"}


def test_request_model_is_the_fallback_for_an_unknown_response_model(desk: Desk) -> None:
    span = desk.send(Call(response_model="our-finetune-17", request_model="gpt-4o"))[0]
    desk.worker().run_round()
    assert desk.stored(span).usd == pytest.approx(library_usd("gpt-4o", input_tokens=1000, output_tokens=100))


def test_response_model_beats_the_request_model(desk: Desk) -> None:
    span = desk.send(Call(response_model="gpt-4o-mini-2024-07-18", request_model="gpt-4o"))[0]
    desk.worker().run_round()
    assert desk.stored(span).usd == pytest.approx(
        library_usd("gpt-4o-mini", input_tokens=1000, output_tokens=100)
    )


def test_self_hosted_model_has_no_price_and_is_listed(desk: Desk) -> None:
    desk.send(Call("ollama", "llama3.2", "llama3.2"), Call("ollama", "gpt-4o", "gpt-4o", 5, 7), Call())
    desk.worker().run_round()
    listed = list_unpriced(desk.table, "shop", NOON - DAY)
    assert {(row["model"], row["reason"], row["calls"]) for row in listed} == {
        ("llama3.2", "no_price", 1),
        ("gpt-4o", "no_price", 1),
    }
    assert {row["model"]: (row["input_tokens"], row["output_tokens"]) for row in listed}["gpt-4o"] == (5, 7)
    assert {row["last_seen"] for row in listed} == {NOON}
    assert list_unpriced(desk.table, "another", NOON - DAY) == []
    assert list_unpriced(desk.table, "shop", NOON + DAY) == []


def test_senders_cost_counts_only_where_we_have_no_price(desk: Desk) -> None:
    desk.worker().run_round()
    known = Call("anthropic", "claude-sonnet-4-5", "", reported_usd=99.0)
    assert desk.cost(known).source == "computed"
    assert desk.cost(replace(known, input_tokens=None, output_tokens=None)).source == "unpriced"
    assert desk.cost(Call("ollama", "llama3.2", "", reported_usd=0.5)) == Stored(0.5, "reported", "")


def test_reported_cost_gives_way_once_the_price_is_known(desk: Desk) -> None:
    span = desk.send(Call(reported_usd=99.0))[0]
    assert desk.stored(span) == Stored(99.0, "reported", "")
    desk.worker().run_round()
    assert desk.stored(span).source == "computed"


def test_failed_call_without_usage_costs_nothing_and_misses_nothing(desk: Desk) -> None:
    failed = Call(is_error=True, input_tokens=None, output_tokens=None)
    assert desk.cost(failed) == Stored(None, "", "")
    assert list_unpriced(desk.table, "shop", NOON - DAY) == []
    desk.worker().run_round()
    assert desk.cost(replace(failed, input_tokens=7, output_tokens=0)).source == "unpriced", (
        "billed, price not known yet"
    )


def test_call_without_usage_is_unpriced_for_that_reason(desk: Desk) -> None:
    desk.worker().run_round()
    model = {"provider": "anthropic", "response_model": "claude-sonnet-4-5"}
    assert desk.cost(Call(**model, input_tokens=None, output_tokens=None)).usd is None
    assert desk.cost(Call(**model, input_tokens=10, cache_read=11)).usd is None
    assert [row["reason"] for row in list_unpriced(desk.table, "shop", NOON - DAY)] == [
        "contradictory_usage",
        "no_usage",
    ]


@pytest.mark.parametrize("kind", ["agent", "tool", "chain", "http", ""])
def test_only_model_calls_carry_a_cost(desk: Desk, kind: str) -> None:
    desk.worker().run_round()
    assert desk.cost(Call("anthropic", "claude-sonnet-4-5", kind=kind, reported_usd=1.0)) == Stored(
        None, "", ""
    )


def test_audio_is_billed_ten_seconds_at_least(desk: Desk) -> None:
    call = Call(
        "groq", "whisper-large-v3", "", input_tokens=None, output_tokens=None, details={"audio_seconds": 3}
    )
    span = desk.send(call)[0]
    desk.worker().run_round()
    assert desk.stored(span).usd == pytest.approx(library_usd("whisper-large-v3", "groq", audio_seconds=3))


def test_projects_price_beats_everybodys_and_that_beats_the_catalogue(desk: Desk) -> None:
    desk.send(Call())
    desk.worker().run_round()
    catalogue_usd = desk.cost(Call()).usd
    desk.set(10.0)
    assert desk.cost(Call()).usd == pytest.approx(0.011)
    desk.set(20.0, project="shop")
    own = desk.cost(Call())
    assert own.usd == pytest.approx(0.022)
    assert own.version.startswith("override 2026-11-20T12:00:")
    assert desk.cost(Call(project="another")).usd == pytest.approx(0.011)
    remove_price(desk.table, "openai", "gpt-4o-2024-08-06", project="shop", now=desk.tick())
    assert desk.cost(Call()).usd == pytest.approx(0.011)
    remove_price(desk.table, "openai", "gpt-4o-2024-08-06", now=desk.tick())
    assert desk.cost(Call()).usd == catalogue_usd
    with pytest.raises(NotFoundError, match="No price was set for 'gpt-4o-2024-08-06'"):
        remove_price(desk.table, "openai", "gpt-4o-2024-08-06", now=desk.tick())


def test_price_is_valid_from_its_date_on(desk: Desk) -> None:
    desk.set(10.0)
    desk.set(30.0, valid_from=NOON)
    desk.set(20.0, valid_from=NOON - DAY)
    assert desk.cost(Call(timestamp=NOON - DAY - timedelta(microseconds=1))).usd == pytest.approx(0.011)
    assert desk.cost(Call(timestamp=NOON - DAY)).usd == pytest.approx(0.022)
    assert desk.cost(Call(timestamp=NOON - timedelta(microseconds=1))).usd == pytest.approx(0.022)
    assert desk.cost(Call(timestamp=NOON)).usd == pytest.approx(0.033)


def test_price_takes_the_place_of_an_earlier_one_of_the_same_date(desk: Desk) -> None:
    for usd in (10.0, 20.0):
        desk.set(usd, valid_from=NOON + timedelta(microseconds=usd))
    rows = list_prices(desk.table, provider="openai", model="gpt-4o-2024-08-06")
    assert len(rows) == len(TIER_CONTEXTS)
    assert {row["steps"][0]["usd_per_million"]["input_tokens"] for row in rows} == {20.0}
    assert {row["valid_from"] for row in rows} == {NOON}


def test_price_of_one_tier_leaves_the_others_alone(desk: Desk) -> None:
    desk.set(10.0)
    desk.set(5.0, service_tier="batch")
    assert desk.cost(Call(tier="Batch")).usd == pytest.approx(0.0055)
    assert desk.cost(Call(tier="flex")).usd == pytest.approx(0.011)
    assert desk.cost(Call(tier="never heard of")).usd == pytest.approx(0.011)


def test_price_may_step_up_with_the_size_of_the_input(desk: Desk) -> None:
    steps = [PriceStep({"input_tokens": 2.0}, from_input_tokens=1001), PriceStep({"input_tokens": 1.0})]
    set_price(desk.table, "vllm", "llama-70b", steps, now=desk.tick())
    call = Call("vllm", "llama-70b", "")
    assert desk.cost(call).usd == pytest.approx(0.001)
    assert desk.cost(replace(call, input_tokens=1001)).usd == pytest.approx(0.002002)


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([PriceStep({"input_mtok": 1.0})], "unit 'input_mtok' is unknown"),
        ([], "one step from 0"),
        ([PriceStep({"input_tokens": 1.0}, from_input_tokens=10)], "one step from 0"),
        ([PriceStep({"input_tokens": 1.0}), PriceStep({"output_tokens": 1.0}, 10)], "same units"),
        ([PriceStep({"input_tokens": -1.0})], "from 0 on"),
        ([PriceStep({"input_tokens": float("nan")})], "from 0 on"),
        ([PriceStep({"cache_read_tokens": 1.0})], "cannot be priced together"),
    ],
)
def test_price_that_cannot_be_applied_is_refused(desk: Desk, steps: list[PriceStep], message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        set_price(desk.table, "openai", "gpt-4o", steps, now=desk.tick())
    with pytest.raises(InvalidRequestError, match="service tier 'gold' is unknown"):
        set_price(desk.table, "openai", "gpt-4o", [], service_tier="gold", now=desk.tick())


def test_prices_in_force_are_listed_with_their_steps(desk: Desk) -> None:
    steps = [
        PriceStep({"input_tokens": 1.25, "output_tokens": 10}),
        PriceStep({"input_tokens": 2.5, "output_tokens": 15}, 200_001),
    ]
    set_price(desk.table, "google", "big", steps, project="shop", service_tier="", now=desk.tick())
    set_price(desk.table, "google", "big", steps[:1], project="another", now=desk.tick())
    (row,) = list_prices(desk.table, "shop", model="big")
    assert row["steps"] == [
        {
            "from_input_tokens": 0,
            "from_second_of_day": 0,
            "usd_per_million": {"input_tokens": 1.25, "output_tokens": 10},
        },
        {
            "from_input_tokens": 200_001,
            "from_second_of_day": 0,
            "usd_per_million": {"input_tokens": 2.5, "output_tokens": 15},
        },
    ]
    assert (row["source"], row["project"], row["service_tier"]) == ("override", "shop", "")
    assert list_prices(desk.table, "shop", provider="openai") == []


def test_setting_a_price_fills_the_calls_that_had_none(desk: Desk) -> None:
    priced = desk.worker()
    span = desk.send(Call("vllm", "llama-70b", ""))[0]
    priced.run_round()
    set_price(desk.table, "vllm", "llama-70b", [PriceStep({"input_tokens": 1.0})], now=desk.tick())
    assert priced.run_round() == 1
    assert desk.stored(span).usd == pytest.approx(0.001)


def test_repricing_changes_the_stored_cost_of_its_scope_only(desk: Desk) -> None:
    desk.set(10.0)
    inside, before, elsewhere = desk.send(Call(), Call(timestamp=NOON - 3 * DAY), Call(project="another"))
    desk.set(20.0)
    scope = Scope("shop", NOON - DAY, NOON + DAY, model="gpt-4o-2024-08-06")
    assert desk.stored(inside).usd == pytest.approx(0.011), "history keeps its cost until somebody asks"
    assert estimate(desk.table, scope) == {
        "calls": 1,
        "stored_usd": pytest.approx(0.011),
        "repriced_usd": pytest.approx(0.022),
        "changed_calls": 1,
    }
    desk.wait_for(reprice(desk.table, scope))
    assert desk.stored(inside).usd == pytest.approx(0.022)
    assert desk.stored(before).usd == desk.stored(elsewhere).usd == pytest.approx(0.011)
    assert estimate(desk.table, scope)["changed_calls"] == 0


def test_who_keeps_sums_is_told_before_and_after_which_calls_are_repriced(desk: Desk) -> None:
    told: list[Any] = []
    scope = Scope("shop", NOON, NOON + DAY)
    desk.wait_for(reprice(replace(desk.table, touch=told.append), scope))
    assert told == [[("shop", repricing.nanoseconds(scope.start), repricing.nanoseconds(scope.end))]] * 2


def test_repricing_reaches_calls_that_the_worker_filled(desk: Desk) -> None:
    span = desk.send(Call())[0]
    desk.worker().run_round()
    desk.set(20.0)
    desk.wait_for(reprice(desk.table, Scope("shop", NOON - DAY, NOON + DAY)))
    assert desk.stored(span).usd == pytest.approx(0.022)


def test_repricing_refuses_an_empty_window(desk: Desk) -> None:
    with pytest.raises(InvalidRequestError, match="before it starts"):
        reprice(desk.table, Scope("shop", NOON, NOON))


def test_new_price_data_is_taken_up_and_leaves_history_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.worker().run_round()
    old = desk.send(Call("anthropic", "claude-sonnet-4-5"))[0]
    monkeypatch.setattr(worker, "catalogue_version", lambda: "genai-prices 99.0")
    upgraded = desk.worker()
    upgraded.run_round()
    assert desk.stored(old).version == catalogue_version()
    assert desk.cost(Call("anthropic", "claude-sonnet-4-5")).version == "genai-prices 99.0"
    versions = list_price_versions(desk.table, "shop", NOON - DAY)
    assert {(row["price_version"], row["calls"]) for row in versions} == {
        (catalogue_version(), 1),
        ("genai-prices 99.0", 1),
    }
    assert desk.worker().sync() == 0


def test_pair_without_price_is_looked_up_once(desk: Desk) -> None:
    desk.send(Call("ollama", "llama3.2", "llama3.2"))
    priced = desk.worker()
    priced.run_round()
    looked_up = priced.status.pairs_looked_up
    priced.run_round()
    assert priced.status.pairs_looked_up == looked_up


def test_endless_model_names_are_not_looked_up(desk: Desk) -> None:
    desk.send(Call(response_model="claude-" + "x" * 300, request_model=""))
    priced = desk.worker()
    priced.run_round()
    assert desk.table.catalogue_versions().keys().isdisjoint({("openai", "claude-" + "x" * 300)})
    assert [row["calls"] for row in list_unpriced(desk.table, "shop", NOON - DAY)] == [1]


@pytest.mark.parametrize("is_large", [False, True])
def test_engine_parses_what_a_cluster_is_sent(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, is_large: bool
) -> None:
    class Cluster:
        """Answers like one node, and has the engine parse every statement instead of running it."""

        statements: list[str] = []  # noqa: RUF012

        def query(self, sql: str, parameters: Any = None, *, settings: Any = None) -> Any:
            return desk.store.query(sql, parameters, settings=settings)

        def insert(self, table: str, columns: Any, rows: Any, *, database: str) -> None:
            desk.store.insert(table, columns, rows, database=database)

        def command(self, sql: str, parameters: Any = None, *, settings: Any = None) -> None:
            parsed = desk.store.query("SELECT formatQuery({sql:String})", {"sql": sql}).rows
            self.statements.append(parsed[0][0])

    monkeypatch.setattr(repricing, "PATCH_ROWS", 0 if is_large else 1000)
    desk.set(10.0)
    desk.send(Call())
    desk.store.command("UPDATE prices_test.spans SET CostSource = 'unpriced', PriceVersion = '' WHERE 1")
    cluster: Any = Cluster()
    table = PriceTable(cluster, "prices_test", "blue")
    repricing.fill_costs(table, 0)
    table.put([PriceRecord("catalogue", "", "p", "m", "v")], desk.tick())
    fill, reload = cluster.statements[-2:]
    assert fill.startswith("ALTER TABLE" if is_large else "UPDATE")
    assert "ON CLUSTER blue" in fill
    assert reload.split() == ["SYSTEM", "RELOAD", "DICTIONARY", "ON", "CLUSTER", "blue", "prices_test.prices"]


def test_worker_goes_on_after_a_store_outage(desk: Desk) -> None:
    class Flaky:
        """A connection that fails once."""

        def __init__(self, store: Store) -> None:
            self.store = store
            self.failures = 1

        def __getattr__(self, name: str) -> Callable[..., Any]:
            if self.failures:
                self.failures -= 1
                raise StoreUnavailableError("ClickHouse is not available")
            return getattr(self.store, name)  # type: ignore[no-any-return]

    span = desk.send(Call())[0]
    flaky: Any = Flaky(desk.store)
    priced = PriceWorker(PriceTable(flaky, "prices_test"), interval_s=0.01)
    priced.start()
    for _ in range(500):
        if priced.status.rounds:
            break
        time.sleep(0.01)
    priced.close()
    assert (priced.status.failed_rounds, priced.status.last_error) == (1, "ClickHouse is not available")
    assert desk.stored(span).source == "computed"


def test_worker_repeats_a_reload_that_failed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    priced = desk.worker()
    priced.run_round()
    span = desk.send(Call())[0]
    with monkeypatch.context() as outage:
        outage.setattr(PriceTable, "reload", fail)
        with pytest.raises(StoreUnavailableError):
            priced.run_round()
    assert priced.run_round() == 1
    assert desk.stored(span).source == "computed"


def fail(_: object) -> None:
    raise StoreUnavailableError("ClickHouse is not available")


def test_engine_refuses_malformed_terms(desk: Desk) -> None:
    row = [
        "override",
        "",
        "p",
        "m",
        "",
        NOON,
        True,
        "",
        ["input_tokens"],
        [1.0],
        [1.0, 2.0],
        [0],
        [0],
        "v",
        NOON,
    ]
    with pytest.raises(InvalidQueryError, match="rates_fit_steps"):
        desk.store.insert("model_prices", COLUMNS, [row], database="prices_test")
