"""A model and what its answers cost in time and tokens, and how its calls are recorded."""

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from watchkeeper_collector.demo.trace import CLIENT, CallFailedError, Service, Trace, Value

CHARS_PER_TOKEN = 3.7
CACHE_BLOCK_TOKENS = 128
TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Model:
    """Speed and spelling of one model. ``overhead_tokens`` stands for tool schemas and house rules."""

    provider: str
    name: str
    served_as: str
    first_token_s: float
    tokens_per_s: float
    address: str
    reasoning_tokens: int = 0
    overhead_tokens: int = 0
    operation: str = "chat"


GPT_MINI = Model(
    "openai", "gpt-5-mini", "gpt-5-mini-2025-08-07", 0.5, 95, "api.openai.com", 160, overhead_tokens=1150
)
GPT = Model("openai", "gpt-5", "gpt-5-2025-08-07", 0.9, 75, "api.openai.com", 240, overhead_tokens=1150)
HAIKU = Model(
    "anthropic",
    "claude-haiku-4-5",
    "claude-haiku-4-5-20251001",
    0.4,
    120,
    "api.anthropic.com",
    overhead_tokens=1400,
)
SONNET = Model(
    "anthropic",
    "claude-sonnet-4-6",
    "claude-sonnet-4-6",
    0.9,
    65,
    "api.anthropic.com",
    overhead_tokens=1400,
)
GEMINI = Model(
    "gcp.gemini",
    "gemini-2.5-flash",
    "gemini-2.5-flash",
    0.35,
    180,
    "generativelanguage.googleapis.com",
    operation="generate_content",
)
EMBEDDING = Model(
    "openai",
    "text-embedding-3-small",
    "text-embedding-3-small",
    0.06,
    1e6,
    "api.openai.com",
    operation="embeddings",
)
INTENT = Model("vllm", "shop-intent-7b", "shop-intent-7b", 0.03, 150, "intent.shop.internal")
NEW_INTENT = replace(INTENT, served_as="shop-intent-7b-r2")
"""The shop's own model, and what took its place: nobody knows a price for it."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """How a provider's service is doing at one moment: shares from 0 to 1, and a factor on every time."""

    rate_limited: float = 0.004
    timed_out: float = 0.004
    overloaded: float = 0.0
    slowness: float = 1.0


@dataclass(slots=True)
class Dialogue:
    """What was said so far, in OpenTelemetry's message form. Every call sends all of it again."""

    system: str
    messages: list[dict[str, Any]] = field(default_factory=list)
    cached_tokens: int = 0
    document_tokens: int = 0

    def say(self, role: str, *parts: Mapping[str, Any]) -> None:
        self.messages.append({"role": role, "parts": [dict(part) for part in parts]})

    def attach(self, text: str, name: str, tokens: int) -> None:
        """The customer sends a document with a message."""
        document = {"type": "file", "modality": "document", "mime_type": "application/pdf", "file_id": name}
        self.say("user", text_part(text), document)
        self.document_tokens += tokens

    def render(self) -> dict[str, Value]:
        instructions = [{"type": "text", "content": self.system}]
        return {
            "gen_ai.system_instructions": json.dumps(instructions, ensure_ascii=False),
            "gen_ai.input.messages": json.dumps(self.messages, ensure_ascii=False),
        }

    def tokens(self, model: Model) -> int:
        chars = len(self.system) + sum(len(json.dumps(message["parts"])) for message in self.messages)
        return model.overhead_tokens + self.document_tokens + int(chars / CHARS_PER_TOKEN) + 8


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call returns: one part, and why it ended there."""

    part: Mapping[str, Any]
    finish_reason: str = "stop"

    @property
    def tokens(self) -> int:
        return max(3, int(len(json.dumps(self.part, ensure_ascii=False)) / CHARS_PER_TOKEN))


def text_part(text: str) -> dict[str, Any]:
    return {"type": "text", "content": text}


def call_model(
    trace: Trace,
    service: Service,
    model: Model,
    dialogue: Dialogue,
    answer: Answer,
    *,
    conditions: Conditions,
    extra: Mapping[str, Value],
    is_streaming: bool = False,
) -> None:
    """Record one attempt and add its answer to the dialogue. Raises ``CallFailedError``, on the span too."""
    attributes = _request(model) | dict(extra) | dialogue.render()
    if is_streaming:
        attributes["gen_ai.request.stream"] = True
    with trace.span(service, f"{model.operation} {model.name}", CLIENT, attributes) as span:
        _maybe_fail(trace, model, conditions)
        first_token_s = model.first_token_s * conditions.slowness * trace.rng.lognormvariate(0, 0.35)
        reasoning = int(model.reasoning_tokens * trace.rng.lognormvariate(0, 0.5))
        span.attributes |= _usage(model, dialogue, answer, reasoning) | _response(trace.rng, model, answer)
        if is_streaming:
            span.attributes["gen_ai.response.time_to_first_chunk"] = round(first_token_s, 4)
        trace.spend(first_token_s + (answer.tokens + reasoning) / model.tokens_per_s * conditions.slowness)
    dialogue.say("assistant", answer.part)


def embed(trace: Trace, service: Service, text: str, conditions: Conditions) -> None:
    """Record one embedding of a search text. Raises ``CallFailedError``."""
    model = EMBEDDING
    with trace.span(service, f"{model.operation} {model.name}", CLIENT, _request(model)) as span:
        _maybe_fail(trace, model, conditions)
        trace.spend(model.first_token_s * conditions.slowness * trace.rng.lognormvariate(0, 0.3))
        span.attributes |= {
            "gen_ai.response.model": model.served_as,
            "gen_ai.usage.input_tokens": max(2, int(len(text) / CHARS_PER_TOKEN)),
            "gen_ai.embeddings.dimension.count": 1536,
        }


def _request(model: Model) -> dict[str, Value]:
    return {
        "gen_ai.operation.name": model.operation,
        "gen_ai.provider.name": model.provider,
        "gen_ai.request.model": model.name,
        "server.address": model.address,
        "server.port": 443,
    }


def _response(rng: random.Random, model: Model, answer: Answer) -> dict[str, Value]:
    said = [{"role": "assistant", "parts": [dict(answer.part)], "finish_reason": answer.finish_reason}]
    return {
        "gen_ai.response.model": model.served_as,
        "gen_ai.response.id": f"resp_{rng.randbytes(12).hex()}",
        "gen_ai.response.finish_reasons": [answer.finish_reason],
        "gen_ai.output.messages": json.dumps(said, ensure_ascii=False),
    }


def _usage(model: Model, dialogue: Dialogue, answer: Answer, reasoning: int) -> dict[str, Value]:
    """Tokens as the conventions want them: input holds what the cache served, output the reasoning."""
    tokens = dialogue.tokens(model)
    usage: dict[str, Value] = {
        "gen_ai.usage.input_tokens": tokens,
        "gen_ai.usage.output_tokens": answer.tokens + reasoning,
    }
    if reasoning:
        usage["gen_ai.usage.reasoning.output_tokens"] = reasoning
    cached = tokens // CACHE_BLOCK_TOKENS * CACHE_BLOCK_TOKENS if tokens > 1024 else 0
    if dialogue.cached_tokens:
        usage["gen_ai.usage.cache_read.input_tokens"] = dialogue.cached_tokens
    if model.provider == "anthropic" and cached > dialogue.cached_tokens:
        usage["gen_ai.usage.cache_write.input_tokens"] = cached - dialogue.cached_tokens
    dialogue.cached_tokens = cached
    return usage


def _maybe_fail(trace: Trace, model: Model, conditions: Conditions) -> None:
    fate = trace.rng.random()
    if fate < conditions.overloaded:
        trace.spend(0.3)
        raise CallFailedError("OverloadedError", "Overloaded", 529)
    fate -= conditions.overloaded
    if fate < conditions.rate_limited:
        trace.spend(0.15)
        raise CallFailedError("RateLimitError", f"Rate limit reached for {model.name}", 429)
    if fate < conditions.rate_limited + conditions.timed_out:
        trace.spend(TIMEOUT_S)
        raise CallFailedError("APITimeoutError", f"{model.address} did not answer within {TIMEOUT_S:.0f} s")
