"""Every framework that ``instrument()`` knows, and what records it, the preferred way first.

``watchkeeper.auto`` reads this file before the SDK is there: it imports nothing of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Instrumentor:
    """An instrumentation as a package of its own."""

    package: str
    module: str
    name: str
    """Its class, one of OpenTelemetry's ``BaseInstrumentor``."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """What its ``instrument()`` is told beside the provider."""


@dataclass(frozen=True, slots=True)
class Framework:
    """Neither it nor what records it is imported before the application uses it."""

    name: str
    title: str
    trigger: str
    """The module that has to be there."""
    instrumentors: tuple[Instrumentor, ...] = ()
    switch: str = ""
    """Ours, with ``turn_on(delegates, captures_content)``, for a framework that makes spans by itself."""
    first_used: Mapping[str, str] = field(default_factory=dict)
    """Classes, by their modules: only when the first object of one is made, everything is imported."""

    @property
    def triggers(self) -> tuple[str, ...]:
        return tuple(self.first_used) or (self.trigger,)


def official(name: str, instrumentor: str) -> Instrumentor:
    module = name.replace("-", "_")
    package = f"opentelemetry-instrumentation-genai-{name}"
    return Instrumentor(package, f"opentelemetry.instrumentation.genai.{module}", instrumentor)


def openinference(name: str, instrumentor: str, **options: Any) -> Instrumentor:
    module = name.replace("-", "_")
    package = f"openinference-instrumentation-{name}"
    return Instrumentor(package, f"openinference.instrumentation.{module}", instrumentor, options)


def openllmetry(name: str, instrumentor: str) -> Instrumentor:
    module = name.replace("-", "_")
    package = f"opentelemetry-instrumentation-{name}"
    return Instrumentor(package, f"opentelemetry.instrumentation.{module}", instrumentor)


FRAMEWORKS: Mapping[str, Framework] = {
    framework.name: framework
    for framework in (
        Framework(
            "langchain",
            "LangChain",
            "langchain_core.callbacks.base",
            (
                official("langchain", "LangChainInstrumentor"),
                openinference("langchain", "LangChainInstrumentor"),
                openllmetry("langchain", "LangchainInstrumentor"),
            ),
            first_used={
                "langchain_core.callbacks.base": "BaseCallbackManager",
                "langgraph.pregel.main": "Pregel",
            },
        ),
        Framework(
            "llama-index",
            "LlamaIndex",
            "llama_index.core",
            (
                official("llama-index", "LlamaIndexInstrumentor"),
                openinference("llama-index", "LlamaIndexInstrumentor"),
                openllmetry("llamaindex", "LlamaIndexInstrumentor"),
            ),
        ),
        Framework(
            "openai-agents",
            "OpenAI Agents",
            "agents",
            (
                official("openai-agents", "OpenAIAgentsInstrumentor"),
                openinference("openai-agents", "OpenAIAgentsInstrumentor", exclusive_processor=False),
                openllmetry("openai-agents", "OpenAIAgentsInstrumentor"),
            ),
        ),
        Framework(
            "crewai",
            "CrewAI",
            "crewai",
            (openinference("crewai", "CrewAIInstrumentor"), openllmetry("crewai", "CrewAIInstrumentor")),
        ),
        Framework("pydantic-ai", "PydanticAI", "pydantic_ai", switch="watchkeeper.frameworks.pydantic_ai"),
        Framework(
            "google-adk",
            "Google ADK",
            "google.adk.telemetry.tracing",
            switch="watchkeeper.frameworks.google_adk",
        ),
        Framework(
            "dspy",
            "DSPy",
            "dspy",
            (official("dspy", "DSPyInstrumentor"), openinference("dspy", "DSPyInstrumentor")),
        ),
        Framework(
            "haystack",
            "Haystack",
            "haystack",
            (
                openinference("haystack", "HaystackInstrumentor"),
                openllmetry("haystack", "HaystackInstrumentor"),
            ),
        ),
        Framework("strands", "Strands", "strands.telemetry.tracer", switch="watchkeeper.frameworks.strands"),
    )
}
