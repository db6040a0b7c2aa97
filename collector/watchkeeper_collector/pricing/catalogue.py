"""The catalogue: what the price library knows about a (provider, model) pair as spans name it.

Pure: no I/O beyond the library's bundled data. Importing it loads that data, which takes a while; the
worker does so on its own thread.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from itertools import groupby
from typing import Any

from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import (
    ClauseEquals,
    ClauseOr,
    ModelInfo,
    ModelPrice,
    Provider,
    StartDateConstraint,
    TimeOfDateConstraint,
)

from watchkeeper_collector.pricing.rates import build_terms
from watchkeeper_collector.pricing.terms import ALWAYS, TIER_CONTEXTS, PriceTerms
from watchkeeper_collector.pricing.units import MINIMUM_AUDIO

# OpenTelemetry's provider names -> the library's, where its own matching is wrong or finds nothing.
PROVIDER_IDS = {
    "aws.bedrock": "aws",
    "az.ai.inference": "azure",
    "az.ai.openai": "azure",
    "azure.ai.inference": "azure",
    "azure.ai.openai": "azure",
    "azure_openai": "azure",
    "gcp.gemini": "google",
    "gcp.gen_ai": "google",
    "gcp.vertex_ai": "google",
    "mistral_ai": "mistral",
    "moonshot_ai": "moonshotai",
    "x_ai": "x-ai",
}

# Whoever runs the model themselves pays nobody by the token, whatever the model is called.
SELF_HOSTED = frozenset({
    "gpt4all", "jan", "llama.cpp", "llama_cpp", "llamacpp", "llamafile", "lm-studio", "lm_studio", "lmstudio",
    "local", "localai", "mlx", "ollama", "sglang", "tgi", "vllm", "xinference",
})  # fmt: skip

# Priced before anybody calls them, so that first spans have their cost at once.
WARM_PROVIDERS = (
    "openai", "anthropic", "gcp.gemini", "gcp.vertex_ai", "aws.bedrock", "azure.ai.openai", "mistral_ai",
    "cohere", "deepseek", "groq", "x_ai", "perplexity", "moonshot_ai",
)  # fmt: skip

# The library bills these at least ten seconds of audio, whichever of the two counts was reported.
MINIMUM_AUDIO_MODELS = frozenset({("groq", "whisper-large-v3"), ("groq", "whisper-large-v3-turbo")})

Constraint = StartDateConstraint | TimeOfDateConstraint | None


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """``priced_as`` is the library's ``provider/model``; ``terms`` cover every tier and all of time."""

    priced_as: str
    terms: tuple[PriceTerms, ...]


def find_entry(provider: str, model: str) -> CatalogueEntry | None:
    """The catalogue's entry for a pair, ``None`` where it has no price."""
    if (found := find_model(provider, model)) is None:
        return None
    owner, info = found
    try:
        terms = tuple(terms for tier in TIER_CONTEXTS for terms in read_terms(owner, info, tier))
    except (
        ValueError
    ):  # prices that the library itself refuses, or that have no flat form: listed as unpriced
        return None
    return CatalogueEntry(f"{owner.id}/{info.id}", terms)


def find_model(provider: str, model: str) -> tuple[Provider, ModelInfo] | None:
    """Look a pair up as the library does, then by the model's name alone.

    ``litellm`` stands for any provider: the one before the slash (``openai/gpt-4o``), else the model's maker.
    """
    name = provider.strip().lower()
    if name in SELF_HOSTED or not model:
        return None
    provider_id = PROVIDER_IDS.get(name, name)
    bare_model = model.rpartition("/")[2]  # models/…, publishers/…/models/…, an inference profile's ARN
    for attempt in ((provider_id, model), (provider_id, bare_model), ("litellm", model)):
        if all(attempt):
            with suppress(LookupError):
                owner, info = get_snapshot().find_provider_model(attempt[1], None, attempt[0], None)
                return owner, info
    return None


def read_terms(owner: Provider, model: ModelInfo, service_tier: str) -> Iterator[PriceTerms]:
    """The terms of one tier, by date; what repeats the terms before it is left out."""
    starts = sorted(
        {ALWAYS, *(date_start(c) for c in constraints(model) if isinstance(c, StartDateConstraint))}
    )
    terms = (terms_on(owner, model, service_tier, start) for start in starts)
    for _, same in groupby(terms, key=lambda terms: replace(terms, valid_from=ALWAYS)):
        yield next(same)


def terms_on(owner: Provider, model: ModelInfo, service_tier: str, midnight: datetime) -> PriceTerms:
    """The terms on the day that begins at ``midnight`` UTC."""
    # A model that this provider merely resells has no variants: the library's rule.
    context = TIER_CONTEXTS[service_tier] if any(model is own for own in owner.models) else {}
    day: list[tuple[int, ModelPrice]] = []
    for start_us in day_starts_us(model):
        prices = model.get_prices(midnight + timedelta(microseconds=start_us), context)
        if not day or day[-1][1] != prices:
            day.append((start_us, prices))
    terms = build_terms(service_tier, midnight, day)
    return with_minimum_audio(terms) if (owner.id, model.id) in MINIMUM_AUDIO_MODELS else terms


def with_minimum_audio(terms: PriceTerms) -> PriceTerms:
    """Both audio counts of the terms become the one that is billed (its rate is the inner count's)."""
    rate = terms.rates[terms.units.index("input_audio_seconds")]
    return replace(terms, units=(MINIMUM_AUDIO,), leaves=(1.0,), rates=(rate,))


def constraints(model: ModelInfo) -> list[Constraint]:
    conditional = [] if isinstance(model.prices, ModelPrice) else model.prices
    return [price.constraint for price in (*conditional, *(model.price_variants or ()))]


def date_start(constraint: StartDateConstraint) -> datetime:
    return datetime.combine(constraint.start_date, time(), UTC)


def day_starts_us(model: ModelInfo) -> list[int]:
    """The times of day (µs since midnight UTC) at which some price changes; 0 is always one."""
    daily = [c for c in constraints(model) if isinstance(c, TimeOfDateConstraint)]
    return sorted({0, *(microseconds(edge) for c in daily for edge in (c.start_time, c.end_time))})


def microseconds(edge: time) -> int:
    moment = datetime.combine(ALWAYS, edge if edge.tzinfo else edge.replace(tzinfo=UTC)).astimezone(UTC)
    return ((moment.hour * 60 + moment.minute) * 60 + moment.second) * 1_000_000 + moment.microsecond


def warm_pairs() -> Iterator[tuple[str, str]]:
    """Pairs worth pricing in advance: every spelling that the catalogue lists for the large providers."""
    for name in WARM_PROVIDERS:
        owner = next(p for p in get_snapshot().providers if p.id == PROVIDER_IDS.get(name, name))
        resold = [p for p in get_snapshot().providers if p.id in (owner.fallback_model_providers or ())[:1]]
        models = {spelling for p in (owner, *resold) for model in p.models for spelling in spellings(model)}
        yield from ((name, model) for model in sorted(models) if find_model(name, model))


def spellings(model: ModelInfo) -> set[str]:
    """The exact names in a model's matching rules, and its id."""
    return {model.id, *_equal_clauses(model.match)}


def _equal_clauses(clause: Any) -> Iterator[str]:
    if isinstance(clause, ClauseEquals):
        yield clause.equals
    elif isinstance(clause, ClauseOr):
        for part in clause.or_:
            yield from _equal_clauses(part)
