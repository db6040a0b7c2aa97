"""The law of pricing: the engine's cost is the price library's, for every model, tier and date it knows."""

import math
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from genai_prices import Usage, calc_price
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ClauseAnd, ClauseOr, ModelInfo, Provider
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from watchkeeper_collector.pricing.catalogue import constraints, date_start, day_starts_us, find_entry
from watchkeeper_collector.pricing.price_table import PriceRecord, PriceTable
from watchkeeper_collector.pricing.terms import TIER_CONTEXTS
from watchkeeper_collector.pricing.units import UNITS
from watchkeeper_collector.store.client import Store
from watchkeeper_schemas.cost import COST_INPUTS, costed

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CORE_COUNTS = {
    "input_tokens": "InputTokens",
    "cache_read_tokens": "CacheReadTokens",
    "cache_write_tokens": "CacheWriteTokens",
    "output_tokens": "OutputTokens",
    "output_reasoning_tokens": "ReasoningTokens",
}
DETAILS = sorted(UNITS.keys() - CORE_COUNTS.keys() - {"requests"})
# What senders write, and the library's context for it.
SENT_TIERS = {"": "", "default": "", "auto": "", "standard": "", "on_demand": "", "Batch": "batch"} | {
    tier: tier for tier in TIER_CONTEXTS if tier
}
DAY_US = 86_400_000_000


@dataclass(frozen=True)
class Case:
    """One model call: what the span says of it."""

    provider: str
    model: str
    tier: str
    timestamp_ns: int
    counts: dict[str, int]

    @property
    def timestamp(self) -> datetime:
        return EPOCH + timedelta(microseconds=self.timestamp_ns // 1000)

    def row(self, number: int) -> Sequence[Any]:
        details = {unit: count for unit, count in self.counts.items() if unit not in CORE_COUNTS}
        core = (self.counts.get(unit) for unit in CORE_COUNTS)
        return (number, self.provider, self.model, self.tier, self.timestamp_ns, *core, details)


@dataclass(frozen=True)
class Model:
    """A model of the catalogue, a name that it answers to, and the times around which its price changes."""

    provider: str
    name: str
    units: tuple[str, ...]
    moments_us: tuple[int, ...] = field(repr=False)
    input_bounds: tuple[int, ...] = field(repr=False)


def expected_usd(case: Case) -> float | None:
    """The library's price; ``None`` where it refuses the counts or there are none.

    Counts that nobody reported are zero, but a total whose parts were reported is unknown.
    """
    counts = case.counts
    if not counts.keys() - {"cache_read_tokens", "cache_write_tokens", "output_reasoning_tokens"}:
        return None
    parts = {
        "input_tokens": ("cache_read_tokens", "cache_write_tokens"),
        "output_tokens": ("output_reasoning_tokens",),
    }
    unknown = {
        whole for whole, of in parts.items() if whole not in counts and any(counts.get(part) for part in of)
    }
    usage = {unit: 0 for unit in UNITS if unit != "requests" and unit not in unknown} | counts
    try:
        price = calc_price(
            Usage(**usage),
            case.model,
            provider_id=case.provider,
            genai_request_timestamp=case.timestamp,
            price_context=dict(TIER_CONTEXTS[SENT_TIERS[case.tier]]),
        )
    except ValueError:
        return None
    return float(price.total_price)


def names_of(clause: Any) -> Iterator[str]:
    """Names that may satisfy a matching rule."""
    if isinstance(clause, ClauseOr):
        for part in clause.or_:
            yield from names_of(part)
    elif isinstance(clause, ClauseAnd):
        yield "".join(next(names_of(part), "") for part in clause.and_)
    else:
        yield str(next(iter(vars(clause).values())))


def name_of(provider: Provider, model: ModelInfo) -> str | None:
    """A name by which the library finds this very model; some stand behind another's rules, or a regex."""
    for name in (model.id, *names_of(model.match)):
        if provider.find_model(name) is model:
            return name
    return None


def read_model(provider: Provider, model: ModelInfo) -> Model | None:
    if (name := name_of(provider, model)) is None or (entry := find_entry(provider.id, name)) is None:
        return None
    days = [
        int((date_start(c) - EPOCH).total_seconds()) * 1_000_000
        for c in constraints(model)
        if hasattr(c, "start_date")
    ]
    edges = [edge for edge in day_starts_us(model) if edge]
    base = days or [int((datetime(2026, 6, 1, tzinfo=UTC) - EPOCH).total_seconds()) * 1_000_000]
    moments = [day + edge for day in base for edge in (0, *edges)]
    return Model(
        provider.id,
        name,
        tuple(sorted({unit for terms in entry.terms for unit in terms.units if unit in UNITS})),
        tuple(moments),
        tuple(sorted({bound for terms in entry.terms for bound in terms.step_input if bound})),
    )


def all_models() -> list[Model]:
    found = (
        read_model(provider, model) for provider in get_snapshot().providers for model in provider.models
    )
    return [model for model in found if model is not None]


@st.composite
def cases(draw: st.DrawFn, models: Sequence[Model]) -> Case:
    model = draw(st.sampled_from(models))
    moment = draw(
        st.sampled_from(model.moments_us) | st.integers(1_600_000_000_000_000, 1_850_000_000_000_000)
    )
    timestamp_ns = moment * 1000 + draw(
        st.sampled_from([-1, 0, 1, 999]) | st.integers(-DAY_US * 1000, DAY_US * 1000)
    )
    sizes = st.integers(0, 3_000_000) | st.integers(0, 2000)
    bounds = [bound + off for bound in model.input_bounds for off in (-1, 0, 1)]
    inputs = sizes | st.sampled_from(bounds) if bounds else sizes
    counts: dict[str, int] = {}
    for unit, strategy in (("input_tokens", inputs), ("output_tokens", sizes)):
        if (count := draw(st.none() | strategy | strategy | strategy)) is not None:
            counts[unit] = count
    known = [
        unit
        for unit in (*model.units, *CORE_COUNTS)
        if unit not in ("input_tokens", "output_tokens", "requests")
    ]
    for unit in draw(st.lists(st.sampled_from(known) | st.sampled_from(DETAILS), max_size=4, unique=True)):
        whole = counts.get("output_tokens" if unit.startswith("output") else "input_tokens") or 0
        counts[unit] = draw(st.integers(0, whole // 3 + 1) | st.integers(0, whole // 3 + 1) | sizes)
    return Case(model.provider, model.name, draw(st.sampled_from(sorted(SENT_TIERS))), timestamp_ns, counts)


def random_case(model: Model, dice: random.Random) -> Case:
    """The same kind of case without hypothesis, which is too slow for a hundred thousand."""
    moment = dice.choice([*model.moments_us, dice.randrange(1_600_000_000_000_000, 1_850_000_000_000_000)])
    counts = {"input_tokens": dice.choice([dice.randrange(3_000_000), dice.randrange(2000)])}
    if model.input_bounds and dice.random() < 0.5:
        counts["input_tokens"] = dice.choice(model.input_bounds) + dice.randrange(-1, 2)
    counts["output_tokens"] = dice.randrange(20_000)
    for unit in (*model.units, *dice.sample(DETAILS, 2), *CORE_COUNTS):
        if unit not in counts and unit != "requests" and dice.random() < 0.5:
            whole = counts["output_tokens" if unit.startswith("output") else "input_tokens"]
            counts[unit] = dice.randrange(whole // dice.choice([1, 4, 4, 8]) + 1)
    timestamp_ns = moment * 1000 + dice.choice([-1, 0, 999, dice.randrange(DAY_US * 1000)])
    return Case(model.provider, model.name, dice.choice(sorted(SENT_TIERS)), timestamp_ns, counts)


class CostTable:
    """Prices cases with the engine, hundreds in one query."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.prices = PriceTable(store, "prices_test")
        core = ", ".join(f"{column} Nullable(UInt64)" for column in CORE_COUNTS.values())
        store.command(
            "CREATE TABLE prices_test.cost_cases (Number UInt32, Provider String, Model String,"
            f" ServiceTier String, TimestampNs Int64, {core},"
            " UsageDetails Map(LowCardinality(String), UInt64)) ENGINE = Memory"
        )

    def know(self, models: Iterable[Model], at: datetime) -> None:
        records = []
        for model in models:
            entry = find_entry(model.provider, model.name)
            assert entry is not None
            version = "genai-prices"
            records.append(
                PriceRecord(
                    "catalogue", "", model.provider, model.name, version, entry.priced_as, entry.terms
                )
            )
        self.prices.put(records, at)

    def costs(self, calls: Sequence[Case]) -> list[float | None]:
        self.store.command("TRUNCATE TABLE prices_test.cost_cases")
        columns = (
            "Number",
            "Provider",
            "Model",
            "ServiceTier",
            "TimestampNs",
            *CORE_COUNTS.values(),
            "UsageDetails",
        )
        rows = [case.row(number) for number, case in enumerate(calls)]
        self.store.insert("cost_cases", columns, rows, database="prices_test")
        fixed = {
            "Project": "'default'",
            "Kind": "'llm'",
            "Timestamp": "fromUnixTimestamp64Nano(TimestampNs)",
            "RequestModel": "Model",
            "ResponseModel": "Model",
            "ReportedCostUsd": "CAST(NULL, 'Nullable(Float64)')",
            "IsError": "false",
        }
        inputs = ", ".join(f"{fixed.get(column, column)} AS {column}" for column in COST_INPUTS)
        source = f"(SELECT Number, {inputs} FROM prices_test.cost_cases)"
        answer = self.store.query(
            f"SELECT CostUsd FROM ({costed(source, 'prices_test.prices')}) ORDER BY Number"
        )
        return [row[0] for row in answer.rows]

    def check(self, calls: Sequence[Case]) -> None:
        for case, cost in zip(calls, self.costs(calls), strict=True):
            expected = expected_usd(case)
            assert (cost is None) == (expected is None), (case, cost, expected)
            assert cost is None or math.isclose(cost, expected, rel_tol=1e-9, abs_tol=1e-12), (
                case,
                cost,
                expected,
            )


@pytest.fixture(scope="module")
def models() -> list[Model]:
    return all_models()


@pytest.fixture(scope="module")
def cost_table(price_engine: Store, models: list[Model]) -> Iterator[CostTable]:
    table = CostTable(price_engine)
    table.know(models, datetime.now(UTC))
    yield table
    price_engine.command("DROP TABLE prices_test.cost_cases")
    price_engine.command("TRUNCATE TABLE prices_test.model_prices")
    price_engine.command("SYSTEM RELOAD DICTIONARY prices_test.prices")


@pytest.fixture(scope="module")
def intricate(models: list[Model]) -> list[Model]:
    """Models whose price has more to it than two rates: these get half of the cases."""
    return [m for m in models if len(m.units) > 3 or len(m.moments_us) > 1 or m.input_bounds]


def test_every_model_of_the_catalogue_is_reached_by_a_name(models: list[Model]) -> None:
    known = sum(len(provider.models) for provider in get_snapshot().providers)
    assert len(models) == known


@given(data=st.data())
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
def test_engine_cost_equals_the_price_library(
    data: st.DataObject, cost_table: CostTable, models: list[Model], intricate: list[Model]
) -> None:
    calls = data.draw(st.lists(cases(models) | cases(intricate), min_size=1, max_size=40))
    cost_table.check(calls)


def test_engine_cost_equals_the_price_library_once_for_every_model(
    cost_table: CostTable, models: list[Model]
) -> None:
    dice = random.Random(20261124)
    cost_table.check([random_case(model, dice) for model in models])


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(20))
def test_engine_cost_equals_the_price_library_for_every_model(
    cost_table: CostTable, models: list[Model], seed: int
) -> None:
    dice = random.Random(seed)
    for start in range(0, len(models), 500):
        cost_table.check(
            [random_case(model, dice) for model in models[start : start + 500] for _ in range(10)]
        )
