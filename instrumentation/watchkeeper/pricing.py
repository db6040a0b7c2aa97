"""What a call cost, by the price table of ``genai-prices`` where that is installed. Never the network.

Importing the library takes longer than everything else here, so it happens on the exporting thread, with the
first call that can be priced.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from watchkeeper.reading import Usage

PROVIDERS = {
    "azure.ai.openai": "azure",
    "azure.ai.inference": "azure",
    "aws.bedrock": "aws",
    "gcp.gemini": "google",
    "gcp.gen_ai": "google",
    "gcp.vertex_ai": "google",
    "mistral_ai": "mistral",
    "moonshot_ai": "moonshotai",
    "x_ai": "x-ai",
}
"""OpenTelemetry's spelling of providers in the library's; others are spelt alike."""
UNITS = {
    field.name.replace("reasoning_tokens", "output_reasoning_tokens"): field.name for field in fields(Usage)
}
"""The library's names of units, and ours."""
TIERS = ("openai.response.service_tier", "gen_ai.response.service_tier", "anthropic.response.service_tier")
"""Attributes that name what a call was served as."""
VARIANTS: Mapping[str, Mapping[str, str]] = {
    "batch": {"processing": "batch"},
    "fast": {"service_tier": "fast", "speed": "fast"},
}
"""Tiers that the library knows by other names."""
ROUTE = "huggingface.inference.provider"
"""Attribute that names whom Hugging Face's router passes a request on to: it has prices for each."""
LOCAL = frozenset({"ollama", "vllm", "lm_studio"})
"""Servers of one's own: the library would find a price by the model's name."""


@dataclass(frozen=True, slots=True)
class Cost:
    """USD, and what they were computed from."""

    usd: float
    basis: str


class Pricing:
    """Prices of one process."""

    def __init__(self, load: Callable[[], Any] | None = None) -> None:
        self._load = load or _load_library
        self._library: Any = None
        self._is_loaded = False

    def cost(
        self, provider: str, model: str | None, usage: Usage, attributes: Mapping[str, Any]
    ) -> Cost | None:
        """The cost of a call, ``None`` where the model, its price or its usage is unknown."""
        if self._is_loaded and self._library is None:
            return None
        units = {name: count for name, key in UNITS.items() if (count := getattr(usage, key)) is not None}
        if not model or not units or provider in LOCAL:
            return None
        if not self._is_loaded:
            self._library, self._is_loaded = self._load(), True
        if self._library is None:
            return None
        tier = next((found for name in TIERS if (found := attributes.get(name))), None)
        routed = f"{provider}_{attributes.get(ROUTE)}"
        for provider_id in (routed if ROUTE in attributes else PROVIDERS.get(provider, provider), None):
            try:
                priced = _calculate(self._library, units, model, provider_id, tier)
            except LookupError:
                continue
            return Cost(float(priced.total_price), _basis(self._library, priced))
        return None


def _load_library() -> Any:
    try:
        import genai_prices  # noqa: PLC0415 - see above
    except ImportError:
        return None
    return genai_prices


def _calculate(library: Any, units: Mapping[str, int], model: str, provider_id: str | None, tier: Any) -> Any:
    is_special = isinstance(tier, str) and tier not in ("default", "auto", "standard")
    context = VARIANTS.get(tier, {"service_tier": tier}) if is_special else None
    return library.calc_price(library.Usage(**units), model, provider_id=provider_id, price_context=context)


def _basis(library: Any, priced: Any) -> str:
    version = getattr(library, "__version__", "")
    return f"genai-prices {version} {priced.provider.id}/{priced.model.id}".replace("  ", " ")
