"""Every provider that ``instrument()`` knows. A new one is a line here and then faces the contract tests.

``watchkeeper.auto`` reads this file before the SDK is there: it imports nothing of ours when it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watchkeeper.patching import Removable
    from watchkeeper.recorder import Recorder


@dataclass(frozen=True, slots=True)
class Provider:
    """A client library. Neither it nor our module for it is imported before the application uses it."""

    name: str
    package: str
    """The distribution whose version is looked at."""
    trigger: str
    """The module that has to be there for the patches."""
    module: str
    """Ours, with ``instrument(recorder)`` that returns the patches."""
    majors: tuple[int, ...]
    """Major versions that are tested; others are left alone."""
    older: str | None = None
    """A module that only older versions have, which the trigger never comes for: the log says that they are
    left alone.
    """

    def instrument(self, recorder: Recorder) -> Sequence[Removable]:
        instrument: Callable[[Recorder], Sequence[Removable]] = import_module(self.module).instrument
        return instrument(recorder)


PROVIDERS: Mapping[str, Provider] = {
    provider.name: provider
    for provider in (
        Provider("openai", "openai", "openai._base_client", "watchkeeper.providers.openai", (2, 3)),
        Provider(
            "anthropic", "anthropic", "anthropic._base_client", "watchkeeper.providers.anthropic", (1, 2)
        ),
        Provider("groq", "groq", "groq._base_client", "watchkeeper.providers.groq", (0, 1)),
        Provider("together", "together", "together._base_client", "watchkeeper.providers.together", (2, 3)),
        Provider(
            "google-genai",
            "google-genai",
            "google.genai._api_client",
            "watchkeeper.providers.google_genai",
            (2, 3),
        ),
        Provider("cohere", "cohere", "cohere.raw_base_client", "watchkeeper.providers.cohere", (6, 7)),
        Provider(
            "mistral",
            "mistralai",
            "mistralai.client.basesdk",
            "watchkeeper.providers.mistral",
            (2, 3),
            older="mistralai.sdk",
        ),
        Provider(
            "mistral-azure",
            "mistralai",
            "mistralai.azure.client.basesdk",
            "watchkeeper.providers.mistral.azure",
            (2, 3),
        ),
        Provider(
            "mistral-google-cloud",
            "mistralai",
            "mistralai.gcp.client.basesdk",
            "watchkeeper.providers.mistral.google_cloud",
            (2, 3),
        ),
        Provider("ollama", "ollama", "ollama._client", "watchkeeper.providers.ollama", (0,)),
        Provider(
            "huggingface",
            "huggingface-hub",
            "huggingface_hub.inference._common",
            "watchkeeper.providers.hugging_face",
            (1, 2),
        ),
        Provider("litellm", "litellm", "litellm", "watchkeeper.providers.litellm", (1,)),
        Provider(
            "azure-ai-inference",
            "azure-ai-inference",
            "azure.ai.inference",
            "watchkeeper.providers.azure_inference",
            (1,),
        ),
        Provider("mcp", "mcp", "mcp", "watchkeeper.providers.mcp", (1, 2)),
        Provider("bedrock", "botocore", "botocore.client", "watchkeeper.providers.bedrock", (1,)),
    )
}
