"""The catalogue: which entry a (provider, model) pair of a span is taken for."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from itertools import pairwise

import pytest
from genai_prices.types import (
    ClauseEquals,
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    PriceVariant,
    Provider,
    StartDateConstraint,
    TimeOfDateConstraint,
)
from watchkeeper_collector.pricing.catalogue import (
    find_entry,
    find_model,
    microseconds,
    read_terms,
    warm_pairs,
)
from watchkeeper_collector.pricing.terms import ALWAYS, TIER_CONTEXTS

HOUR_US = 3_600_000_000


@pytest.mark.parametrize(
    ("provider", "model", "priced_as"),
    [
        ("openai", "gpt-4o-2024-08-06", "openai/gpt-4o"),
        ("azure.ai.openai", "gpt-4o", "azure/gpt-4o"),
        ("azure.ai.inference", "gpt-4o", "azure/gpt-4o"),
        ("gcp.gemini", "gemini-2.5-pro", "google/gemini-2.5-pro"),
        ("gcp.gen_ai", "models/gemini-2.5-pro", "google/gemini-2.5-pro"),
        ("gcp.vertex_ai", "claude-sonnet-4-5", "google/claude-sonnet-4-5"),
        ("x_ai", "grok-4", "x-ai/grok-4-0709"),
        ("deepseek", "deepseek-chat", "deepseek/deepseek-chat"),
        ("Anthropic", "claude-sonnet-4-5", "anthropic/claude-sonnet-4-5"),
        ("openrouter", "anthropic/claude-sonnet-4.5", "openrouter/anthropic/claude-sonnet-4.5"),
    ],
)
def test_providers_in_opentelemetry_spelling_are_found(provider: str, model: str, priced_as: str) -> None:
    entry = find_entry(provider, model)
    assert entry is not None
    assert entry.priced_as == priced_as


@pytest.mark.parametrize("provider", ["", "strands-agents", "our-gateway", "litellm", "openai"])
def test_model_is_found_by_its_name_alone_where_the_provider_says_nothing(provider: str) -> None:
    entry = find_entry(provider, "claude-sonnet-4-5")
    assert entry is not None
    assert entry.priced_as == "anthropic/claude-sonnet-4-5"


def test_provider_may_stand_before_the_slash() -> None:
    entry = find_entry("our-gateway", "groq/llama-3.3-70b-versatile")
    assert entry is not None
    assert entry.priced_as == "groq/llama-3.3-70b-versatile"


@pytest.mark.parametrize("provider", ["ollama", "Ollama", "vllm", "lm_studio", "llama.cpp"])
def test_self_hosted_models_have_no_price_whatever_they_are_called(provider: str) -> None:
    assert find_entry(provider, "gpt-4o") is None


@pytest.mark.parametrize("model", ["", "llama3.2", "our-finetune-17", "'; DROP TABLE spans", "💰" * 300])
def test_unknown_models_have_no_price(model: str) -> None:
    assert find_entry("openai", model) is None


def test_entry_covers_every_tier_and_all_of_time() -> None:
    entry = find_entry("openai", "gpt-5.5")
    assert entry is not None
    for tier in TIER_CONTEXTS:
        starts = [terms.valid_from for terms in entry.terms if terms.service_tier == tier]
        assert starts[0] == ALWAYS
        assert all(earlier < later for earlier, later in pairwise(starts))


def invented(
    prices: ModelPrice | list[ConditionalPrice], variants: list[PriceVariant] | None = None
) -> tuple[Provider, ModelInfo]:
    model = ModelInfo("m", ClauseEquals("m"), prices=prices, price_variants=variants)
    return Provider("p", "P", "", models=[model]), model


def usd(amount: int) -> ModelPrice:
    return ModelPrice(input_mtok=Decimal(amount) * 1_000_000)


def test_later_price_holds_from_its_date_on() -> None:
    owner, model = invented(
        [
            ConditionalPrice(prices=usd(1)),
            ConditionalPrice(StartDateConstraint(date(2026, 3, 1)), prices=usd(2)),
            ConditionalPrice(StartDateConstraint(date(2026, 4, 1)), prices=usd(2)),
        ]
    )
    found = [(terms.valid_from, terms.rates) for terms in read_terms(owner, model, "")]
    assert found == [(ALWAYS, (1.0,)), (datetime(2026, 3, 1, tzinfo=UTC), (2.0,))], "what repeats is left out"


def test_daily_price_may_span_midnight() -> None:
    night = TimeOfDateConstraint(time(22), time(6))
    owner, model = invented([ConditionalPrice(prices=usd(3)), ConditionalPrice(night, prices=usd(1))])
    (terms,) = read_terms(owner, model, "")
    assert (terms.step_day_us, terms.rates) == ((0, 6 * HOUR_US, 22 * HOUR_US), (1.0, 3.0, 1.0))


def test_variant_applies_to_its_tier_and_not_where_the_model_is_resold() -> None:
    owner, model = invented(usd(3), [PriceVariant({"service_tier": "flex"}, usd(1))])
    reseller = Provider("r", "R", "", models=[])
    assert [terms.rates for terms in read_terms(owner, model, "flex")] == [(1.0,)]
    assert [terms.rates for terms in read_terms(owner, model, "priority")] == [(3.0,)]
    assert [terms.rates for terms in read_terms(reseller, model, "flex")] == [(3.0,)]


def test_prices_that_cannot_be_expressed_leave_the_pair_unpriced(monkeypatch: pytest.MonkeyPatch) -> None:
    found = invented(ModelPrice(cache_read_mtok=Decimal(1)))
    monkeypatch.setattr("watchkeeper_collector.pricing.catalogue.find_model", lambda provider, model: found)
    assert find_entry("p", "m") is None


def test_time_of_day_is_read_in_its_own_zone() -> None:
    assert microseconds(time(1, tzinfo=timezone(timedelta(hours=2)))) == 23 * HOUR_US
    assert microseconds(time(0, 30, 0, 5)) == HOUR_US // 2 + 5


def test_warm_pairs_are_all_known_and_span_the_large_providers() -> None:
    pairs = list(warm_pairs())
    assert len(pairs) == len(set(pairs)) > 500
    assert all(find_model(*pair) for pair in pairs)
    assert {("openai", "gpt-4o-2024-08-06"), ("azure.ai.openai", "gpt-4o-2024-08-06")} < set(pairs)
