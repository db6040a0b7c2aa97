"""What ``sdk_overhead`` compares: nothing, a span by hand, ours, and the peers as they are documented."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

Flush = Callable[[], Any]
CLIENT = "openai>=3,<4"
EXPORTER = ("opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http")
OWN = ("opentelemetry-sdk", "opentelemetry-exporter-otlp", "genai-prices", "phonenumbers", "google-re2")
CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"


@dataclass(frozen=True)
class Variant:
    """``switch_on`` is given the sink's base URL, and returns what sends the rest."""

    name: str
    switch_on: Callable[[str], Flush]
    packages: Sequence[str] = OWN
    client: str = CLIENT
    distribution: str = ""
    """Whose version is shown."""
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def requirements(self) -> tuple[str, ...]:
        return (self.client, *self.packages)


# The floor, and ours.


def nothing(endpoint: str) -> Flush:
    return lambda: endpoint


def ours(endpoint: str, **settings: Any) -> Flush:
    """As installed by default, without the price table."""
    modules: dict[str, Any] = sys.modules
    modules["genai_prices"] = None  # what an import finds when it isn't there
    return instrument(endpoint, **settings)


def pricing(endpoint: str) -> Flush:
    return instrument(endpoint, redact=False)


def instrument(endpoint: str, **settings: Any) -> Flush:
    import watchkeeper

    return watchkeeper.instrument(endpoint=endpoint, capture="all", **settings).shutdown


def unredacted(endpoint: str) -> Flush:
    return ours(endpoint, redact=False)


def redacting(endpoint: str) -> Flush:
    return ours(endpoint, redact=True)


def open_provider(endpoint: str) -> Any:
    """OpenTelemetry's own set-up."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": "bench"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces")))
    return provider


def by_hand(endpoint: str) -> Flush:
    """The floor of anything built on OpenTelemetry: one span with both messages as JSON."""
    provider = open_provider(endpoint)
    patch_by_hand(provider.get_tracer("by hand"))
    return provider.shutdown  # type: ignore[no-any-return]


def patch_by_hand(tracer: Any) -> None:
    from openai.resources.chat import completions

    create, create_async = completions.Completions.create, completions.AsyncCompletions.create

    def create_traced(self: Any, **asked: Any) -> Any:
        span = begin(tracer, asked)
        response = create(self, **asked)
        if asked.get("stream"):
            return follow(span, response)
        finish(span, response.choices[0].message.content, response)
        return response

    async def create_traced_async(self: Any, **asked: Any) -> Any:
        span = begin(tracer, asked)
        response = await create_async(self, **asked)
        finish(span, response.choices[0].message.content, response)
        return response

    completions.Completions.create = create_traced  # type: ignore[method-assign]
    completions.AsyncCompletions.create = create_traced_async  # type: ignore[method-assign]


def begin(tracer: Any, asked: dict[str, Any]) -> Any:
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": asked["model"],
        "server.address": "127.0.0.1",
        "gen_ai.input.messages": json.dumps(asked["messages"]),
    }
    return tracer.start_span("chat", attributes=attributes)


def finish(span: Any, answer: str, response: Any = None) -> None:
    span.set_attribute("gen_ai.output.messages", json.dumps([{"role": "assistant", "content": answer}]))
    if response is not None:
        usage = response.usage
        span.set_attributes({"gen_ai.response.model": response.model, "gen_ai.response.id": response.id,
                             "gen_ai.usage.input_tokens": usage.prompt_tokens,
                             "gen_ai.usage.output_tokens": usage.completion_tokens})  # fmt: skip
    span.end()


def follow(span: Any, stream: Any) -> Iterator[Any]:
    texts = []
    for chunk in stream:
        if chunk.choices and chunk.choices[0].delta.content:
            texts.append(chunk.choices[0].delta.content)
        yield chunk
    finish(span, "".join(texts))


# The peers.


def instrumented_by(endpoint: str, module: str) -> Flush:
    """OpenTelemetry's set-up with an instrumentor of its form."""
    from importlib import import_module

    provider = open_provider(endpoint)
    import_module(module).OpenAIInstrumentor().instrument(tracer_provider=provider)
    return provider.shutdown  # type: ignore[no-any-return]


def official(endpoint: str) -> Flush:
    return instrumented_by(endpoint, "opentelemetry.instrumentation.genai.openai")


def official_v2(endpoint: str) -> Flush:
    return instrumented_by(endpoint, "opentelemetry.instrumentation.openai_v2")


def openinference(endpoint: str) -> Flush:
    return instrumented_by(endpoint, "openinference.instrumentation.openai")


def openllmetry(endpoint: str) -> Flush:
    return instrumented_by(endpoint, "opentelemetry.instrumentation.openai")


def openlit(endpoint: str) -> Flush:
    """With a price table of one line, since it would fetch its own from the network."""
    table = Path(mkdtemp()) / "prices.json"
    table.write_text(json.dumps({"chat": {"gpt-4o": {"promptPrice": 0.0025, "completionPrice": 0.01}}}))
    import openlit as package  # type: ignore[import-not-found]
    from opentelemetry import trace

    package.init(otlp_endpoint=endpoint, pricing_json=str(table), disable_metrics=True)
    provider: Any = trace.get_tracer_provider()
    return provider.shutdown  # type: ignore[no-any-return]


def logfire(endpoint: str) -> Flush:
    import logfire as package  # type: ignore[import-not-found]
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    exporter = BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces"))
    package.configure(
        send_to_logfire=False,
        console=False,
        service_name="bench",
        inspect_arguments=False,
        additional_span_processors=[exporter],
    )
    package.instrument_openai()
    return package.shutdown  # type: ignore[no-any-return]


def langfuse(endpoint: str) -> Flush:
    os.environ |= {
        "LANGFUSE_BASE_URL": endpoint,
        "LANGFUSE_HOST": endpoint,
        "LANGFUSE_PUBLIC_KEY": "pk-lf-x",
        "LANGFUSE_SECRET_KEY": "sk-lf-x",
    }
    import langfuse.openai  # type: ignore[import-not-found]  # noqa: F401 - it patches the client
    from langfuse import get_client

    return get_client().shutdown  # type: ignore[no-any-return]


FLOOR = (Variant("nothing", nothing), Variant("by hand", by_hand, distribution="opentelemetry-sdk"))
OURS = (
    Variant("watchkeeper", unredacted),
    Variant("watchkeeper, secrets redacted (default)", ours),
    Variant("watchkeeper, personal data redacted too", redacting),
    Variant("watchkeeper[prices]", pricing),
)
SPAN_ONLY = {CAPTURE: "span_only", "OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_latest_experimental"}


def _peer(
    name: str, switch_on: Callable[[str], Flush], distribution: str, *packages: str, **more: Any
) -> Variant:
    return Variant(name, switch_on, (distribution, *packages), distribution=distribution, **more)


PEERS = (
    _peer("OpenTelemetry, genai-openai", official, "opentelemetry-instrumentation-genai-openai", *EXPORTER,
          environment=SPAN_ONLY),
    _peer("OpenTelemetry, openai-v2", official_v2, "opentelemetry-instrumentation-openai-v2", *EXPORTER,
          "httpx", "opentelemetry-util-genai<1", environment=SPAN_ONLY),
    _peer("OpenInference", openinference, "openinference-instrumentation-openai", *EXPORTER),
    _peer("OpenLIT", openlit, "openlit", client="openai>=2,<3"),
    _peer("Langfuse", langfuse, "langfuse"),
    _peer("Logfire", logfire, "logfire", *EXPORTER),
    _peer("OpenLLMetry", openllmetry, "opentelemetry-instrumentation-openai", *EXPORTER),
)  # fmt: skip
VARIANTS = {variant.name: variant for variant in (*FLOOR, *OURS, *PEERS)}
