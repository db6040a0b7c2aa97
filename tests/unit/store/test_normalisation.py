"""What attributes mean, by pitfall: rows of the `otel_traces` door, and the columns that they become.

The rows of all cases are inserted at once, each a trace of its own.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import pytest
from watchkeeper_collector.store.client import Store

from tests.storage import drop, kept, make_tables

LAYOUT = kept("normalisation")
START_NS = 1_795_400_000_000_000_000
COLUMNS = (
    "Timestamp", "TraceId", "SpanId", "SpanName", "SpanKind", "ServiceName", "ResourceAttributes",
    "ScopeName", "SpanAttributes", "Duration", "StatusCode", "StatusMessage", "Events.Timestamp",
    "Events.Name", "Events.Attributes",
)  # fmt: skip
ROWS = """
SELECT
    spans.*,
    content.Content,
    content.InputText,
    content.OutputText,
    content.Events.Name AS ContentEventNames
FROM {database}.spans AS spans
LEFT JOIN (SELECT *, InputText, OutputText FROM {database}.span_content) AS content USING SpanId
"""
CHAT = {"gen_ai.operation.name": "chat"}
OPENAI = CHAT | {"gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o"}
NO_TOKENS = {"InputTokens": None, "OutputTokens": None}


@dataclass(frozen=True)
class Case:
    """A span, and what some of its columns should hold."""

    attributes: Mapping[str, Any]
    expected: Mapping[str, Any]
    name: str = "step"
    scope: str = "tests"
    resource: Mapping[str, str] = field(default_factory=dict)
    status: str = "Unset"
    message: str = ""
    duration_ms: float = 2_000
    events: tuple[tuple[str, Mapping[str, str]], ...] = ()
    event_after_ms: int = 300


def tokens(attributes: Mapping[str, Any], *expected: int | str | None, **case: Any) -> Case:
    """A chat whose tokens should be: input, output, cache read, cache write, reasoning, and the basis."""
    columns = (
        "InputTokens",
        "OutputTokens",
        "CacheReadTokens",
        "CacheWriteTokens",
        "ReasoningTokens",
        "TokensBasis",
    )
    return Case(OPENAI | attributes, dict(zip(columns, expected, strict=False)), **case)


def gen_ai(**usage: Any) -> dict[str, Any]:
    return {f"gen_ai.usage.{name.replace('__', '.')}": value for name, value in usage.items()}


TOKENS = {
    "as reported": tokens(gen_ai(input_tokens=10, output_tokens=5), 10, 5, None, None, None, "as reported"),
    "nothing reported": tokens({}, None, None, None, None, None, ""),
    "zero is no count": tokens(gen_ai(input_tokens=0, output_tokens=0), None, None),
    "zero beside a count of another dialect": tokens(
        gen_ai(input_tokens=0) | {"llm.usage.prompt_tokens": 12}, 12, None
    ),
    "text": tokens(gen_ai(input_tokens="10", output_tokens=" 5"), 10),
    "double": tokens(gen_ai(input_tokens="10.0", output_tokens="5.0"), 10, 5),
    "not a number": tokens(gen_ai(input_tokens="many", output_tokens="None"), None, None),
    "negative": tokens(gen_ai(input_tokens=-1, output_tokens=-5), None, None),
    "no number": tokens(gen_ai(input_tokens="nan", output_tokens="inf"), None, None),
    "beyond 64 bits": tokens(gen_ai(input_tokens="1e30", output_tokens=7), None, 7),
    "older names": tokens(gen_ai(prompt_tokens=10, completion_tokens=5), 10, 5),
    "cache included": tokens(
        gen_ai(
            input_tokens=100, output_tokens=5, cache_read__input_tokens=60, cache_creation__input_tokens=20
        ),
        100,
        5,
        60,
        20,
        None,
        "cache included",
    ),
    "cache left out, as the sum shows": tokens(
        gen_ai(input_tokens=10, output_tokens=5, cache_read__input_tokens=60),
        70,
        5,
        60,
        None,
        None,
        "cache added: input below cache",
    ),
    "cache left out, as the total shows": tokens(
        gen_ai(input_tokens=100, output_tokens=5, cache_read__input_tokens=60, total_tokens=165),
        160,
        5,
        60,
        None,
        None,
        "cache added: by source",
    ),
    "cache left out, as the instrumentation is known to": tokens(
        gen_ai(input_tokens=100, output_tokens=5, cache_read__input_tokens=60),
        160,
        5,
        60,
        None,
        None,
        "cache added: by source",
        scope="opentelemetry.instrumentation.genai.bedrock",
    ),
    "no cache read": tokens(
        gen_ai(input_tokens=100, cache_read__input_tokens=0), 100, None, 0, None, None, "as reported"
    ),
    "reasoning included": tokens(
        gen_ai(input_tokens=10, output_tokens=50, reasoning__output_tokens=40),
        10,
        50,
        None,
        None,
        40,
        "as reported",
    ),
    "reasoning left out, as the total shows": tokens(
        gen_ai(input_tokens=10, output_tokens=5, reasoning__output_tokens=40, total_tokens=55),
        10,
        45,
        None,
        None,
        40,
        "as reported, reasoning added",
    ),
    "usage as a document": tokens(
        {"gen_ai.usage.raw": json.dumps({"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 4}})},
        9,
        None,
        4,
    ),
    "usage as Python wrote it": tokens(
        gen_ai(input_tokens=9, output_tokens=8)
        | {
            "gen_ai.usage.input_token_details": "{'cache_read': 4}",
            "gen_ai.usage.output_token_details": "{'reasoning': 3}",
        },
        9,
        8,
        4,
        None,
        3,
    ),
    "usage in the answer": tokens(
        {"output.value": json.dumps({"usage": {"prompt_tokens": 9, "completion_tokens": 8}})}, 9, 8
    ),
    "usage that is no JSON": tokens({"gen_ai.usage.raw": "{broken"}, None, None),
    "other units": Case(
        OPENAI | gen_ai(input_tokens=9, audio__input_tokens=4, audio__output_tokens="0"),
        {"UsageDetails": {"input_audio_tokens": 4}},
    ),
}

WRAPPERS = {
    "tokens of an agent are a roll-up": Case(
        {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "planner"}
        | gen_ai(input_tokens=10, output_tokens=5),
        {
            "Kind": "agent",
            "AgentName": "planner",
            "RollupInputTokens": 10,
            "RollupOutputTokens": 5,
            "CostSource": "",
        }
        | NO_TOKENS,
    ),
    "a workflow": Case(
        {"gen_ai.operation.name": "invoke_workflow"}, {"Kind": "workflow", "Operation": "invoke_workflow"}
    ),
    "the outer span of a framework": Case(
        {"ai.operationId": "ai.generateText", "ai.usage.promptTokens": 10, "ai.model.id": "gpt-4o"},
        {"Kind": "chain", "Convention": "vercel_ai", "RollupInputTokens": 10} | NO_TOKENS,
    ),
    "its inner span": Case(
        {
            "ai.operationId": "ai.generateText.doGenerate",
            "ai.usage.promptTokens": 10,
            "ai.model.id": "gpt-4o",
            "ai.model.provider": "openai.chat",
        },
        {"Kind": "llm", "InputTokens": 10, "Provider": "openai", "RequestModel": "gpt-4o"},
    ),
    "a tool": Case(
        {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "search",
            "gen_ai.tool.call.arguments": "{}",
        },
        {"Kind": "tool", "Operation": "execute_tool", "ToolName": "search"} | NO_TOKENS,
    ),
    "a tool without a name": Case(
        {"openinference.span.kind": "TOOL"}, {"Kind": "tool", "ToolName": "lookup"}, name="lookup"
    ),
    "reading a stored answer bills nothing": Case(
        {"gen_ai.operation.name": "fetch_response"} | gen_ai(input_tokens=10),
        {"Kind": "other", "CostSource": ""} | NO_TOKENS,
    ),
    "an HTTP client below a call": Case(
        {"http.request.method": "POST", "url.full": "https://api.openai.com/v1"},
        {"Kind": "http", "Provider": ""},
    ),
    "a call that is HTTP as well": Case(OPENAI | {"http.request.method": "POST"}, {"Kind": "llm"}),
    "an embedding": Case(
        {"gen_ai.operation.name": "embeddings", "gen_ai.provider.name": "openai"} | gen_ai(input_tokens=8),
        {"Kind": "embedding", "Operation": "embeddings", "InputTokens": 8},
    ),
    "what has nothing to do with models": Case(
        {"db.system": "postgresql"}, {"Kind": "other", "Convention": "", "Operation": ""}
    ),
}


def provider(spelling: str, expected: str, **attributes: str) -> Case:
    return Case(CHAT | {"gen_ai.provider.name": spelling} | attributes, {"Provider": expected})


PROVIDERS = {
    "canonical": provider("openai", "openai"),
    "another spelling": provider("Google-GenAI", "gcp.gemini"),
    "the client's name": provider("openai.responses", "openai"),
    "unknown": provider("my-gateway", "my-gateway"),
    "an older name": Case(CHAT | {"gen_ai.system": "vertexai"}, {"Provider": "gcp.vertex_ai"}),
    "by the host": Case(CHAT | {"server.address": "team.openai.azure.com"}, {"Provider": "azure.ai.openai"}),
    "by the address": Case(CHAT | {"llm.api_base": "https://api.groq.com/openai"}, {"Provider": "groq"}),
    "by the model": Case(CHAT | {"gen_ai.request.model": "claude-sonnet-4-5"}, {"Provider": "anthropic"}),
    "by a model that anybody may serve": Case(CHAT | {"gen_ai.request.model": "llama-3"}, {"Provider": ""}),
    "a framework is none": Case(
        CHAT | {"gen_ai.provider.name": "langchain", "gen_ai.request.model": "gpt-4o"}, {"Provider": "openai"}
    ),
    "a framework beside the provider": Case(
        CHAT | {"gen_ai.provider.name": "strands-agents", "llm.provider": "mistralai"},
        {"Provider": "mistral_ai"},
    ),
    "a JSON text": Case(CHAT | {"mlflow.llm.provider": '"anthropic"'}, {"Provider": "anthropic"}),
}

MODELS = {
    "both": Case(
        OPENAI | {"gen_ai.response.model": "gpt-4o-2024-08-06"},
        {"RequestModel": "gpt-4o", "ResponseModel": "gpt-4o-2024-08-06"},
    ),
    "the request's alone": Case(OPENAI, {"RequestModel": "gpt-4o", "ResponseModel": "gpt-4o"}),
    "the response's alone": Case(
        CHAT | {"gen_ai.response.model": "gpt-4o-2024-08-06"}, {"ResponseModel": "gpt-4o-2024-08-06"}
    ),
    "a name for both": Case(
        CHAT | {"llm.model_name": "gpt-4o"}, {"RequestModel": "gpt-4o", "ResponseModel": "gpt-4o"}
    ),
    "a failed call has none of the response": Case(
        OPENAI, {"RequestModel": "gpt-4o", "ResponseModel": ""}, status="Error"
    ),
    "a prefix that is the provider": Case(
        CHAT | {"gen_ai.provider.name": "openai", "gen_ai.request.model": "openai/gpt-4o"},
        {"RequestModel": "gpt-4o"},
    ),
    "a prefix that is not": Case(
        CHAT | {"gen_ai.provider.name": "openrouter", "gen_ai.request.model": "openai/gpt-4o"},
        {"RequestModel": "openai/gpt-4o", "Provider": "openrouter"},
    ),
    "in the request's document": Case(
        {"openinference.span.kind": "LLM", "llm.invocation_parameters": '{"model": "gpt-4o-mini"}'},
        {"RequestModel": "gpt-4o-mini"},
    ),
    "in the name of a failed span without attributes": Case(
        {},
        {"Kind": "llm", "RequestModel": "gpt-4o", "IsError": True, "Provider": "openai"},
        name="chat gpt-4o",
        scope="openlit.otel.instrumentation.openai",
        status="Error",
    ),
    "not in any other name": Case(
        {"a": "b"}, {"Kind": "other", "RequestModel": ""}, name="chat with friends"
    ),
}

STREAMS = {
    "seconds until the first chunk": Case(
        OPENAI | {"gen_ai.response.time_to_first_chunk": "0.25"},
        {"IsStreaming": True, "TimeToFirstTokenMs": 250.0},
    ),
    "milliseconds until the first chunk": Case(
        OPENAI | {"ai.operationId": "ai.streamText.doStream", "ai.response.msToFirstChunk": "250.5"},
        {"IsStreaming": True, "TimeToFirstTokenMs": 250.5},
    ),
    "a whole number is milliseconds": Case(
        OPENAI | {"gen_ai.server.time_to_first_token": 250},
        {"IsStreaming": True, "TimeToFirstTokenMs": 250.0},
    ),
    "a fraction is seconds": Case(
        OPENAI | {"gen_ai.server.time_to_first_token": "0.25", "gen_ai.request.stream": "true"},
        {"TimeToFirstTokenMs": 250.0},
    ),
    "more seconds than the span has are milliseconds": Case(
        OPENAI | {"gen_ai.server.time_to_first_token": "250.5", "gen_ai.request.stream": "true"},
        {"TimeToFirstTokenMs": 250.5},
    ),
    "a time that nothing streamed has is none": Case(
        OPENAI | {"gen_ai.server.time_to_first_token": "0.25", "gen_ai.is_streaming": "False"},
        {"IsStreaming": False, "TimeToFirstTokenMs": None},
    ),
    "an event at the first token": Case(
        OPENAI, {"IsStreaming": True, "TimeToFirstTokenMs": 300.0}, events=(("First Token Stream Event", {}),)
    ),
    "a time of day": Case(
        OPENAI | {"langfuse.observation.completion_start_time": '"2026-11-23T02:13:20.500Z"'},
        {"IsStreaming": True, "TimeToFirstTokenMs": 500.0},
    ),
    "asked for": Case(
        OPENAI | {"gen_ai.request.stream": "True"}, {"IsStreaming": True, "TimeToFirstTokenMs": None}
    ),
}


def error(attributes: Mapping[str, Any], kind: str, status: int, *, code: str = "Error", **case: Any) -> Case:
    expected = {"IsError": True, "ErrorType": kind, "ErrorStatus": status}
    return Case(OPENAI | attributes, expected, status=code, **case)


def exception(kind: str, message: str) -> dict[str, Any]:
    return {"events": (("exception", {"exception.type": kind, "exception.message": message}),)}


ERRORS = {
    "the client's class": error({"error.type": "openai.RateLimitError"}, "openai.RateLimitError", 429),
    "the bare class": error({"error.type": "RateLimitError"}, "RateLimitError", 429),
    "snake case": error({"error.type": "rate_limit_error"}, "rate_limit_error", 429),
    "the status as type": error({"error.type": "503"}, "503", 503),
    "the status in the message": error(
        {"error.type": "APIStatusError"}, "APIStatusError", 529, message="Error code: 529 - overloaded"
    ),
    "the status as an attribute": error(
        {"error.type": "APIError", "http.response.status_code": 401}, "APIError", 401
    ),
    "a status that is none": error(
        {"error.type": "ReadTimeout", "http.response.status_code": 200}, "ReadTimeout", 0
    ),
    "an exception event alone": error(
        {}, "openai.AuthenticationError", 401, **exception("openai.AuthenticationError", "no key")
    ),
    "an exception beside a status that is fine": error(
        {}, "RateLimitError", 429, code="Ok", **exception("RateLimitError", "slow down")
    ),
    "the level alone": error({"langfuse.observation.level": "ERROR"}, "", 0, code="Unset"),
    "other writers' spelling of the status": error({}, "", 0, code="STATUS_CODE_ERROR"),
    "the message of the status": Case(
        OPENAI, {"ErrorMessage": "it broke"}, status="Error", message="it broke"
    ),
    "none": Case(
        OPENAI,
        {"IsError": False, "ErrorType": "", "ErrorStatus": 0, "ErrorMessage": ""},
        message="fine",
        status="Ok",
    ),
}


def finish(value: str, expected: str) -> Case:
    return Case(
        OPENAI | {"gen_ai.response.finish_reasons": value},
        {"FinishReason": expected, "IsTruncated": expected == "length"},
    )


FINISH = {
    "a list": finish('["stop"]', "stop"),
    "JSON": finish('"end_turn"', "stop"),
    "the longest answer": finish('["max_tokens"]', "length"),
    "tools": finish('["tool_use"]', "tool_call"),
    "filtered": finish('["SAFETY"]', "content_filter"),
    "an enumeration's name": finish('["FinishReason.STOP"]', "stop"),
    "unknown": finish('["bored"]', "bored"),
    "an empty list": finish("[]", ""),
    "inside the answer": Case(
        OPENAI
        | {
            "output.value": json.dumps(
                {"choices": [{"finish_reason": "length", "message": {"content": "a"}}]}
            )
        },
        {"FinishReason": "length", "IsTruncated": True, "OutputText": "a"},
    ),
}

MESSAGES = json.dumps(
    [
        {"role": "system", "parts": [{"type": "text", "content": "Be kind."}]},
        {"role": "user", "parts": [{"type": "text", "content": "First?"}]},
        {"role": "assistant", "parts": [{"type": "text", "content": "Yes."}]},
        {"role": "user", "parts": [{"type": "text", "content": "And now?"}]},
    ]
)
CONTENT = {
    "content leaves the span": Case(
        OPENAI | {"gen_ai.input.messages": MESSAGES, "tenant": "acme"},
        {
            "SpanAttributes": OPENAI | {"tenant": "acme"},
            "InputText": "And now?",
            "InputChars": 8,
            "HasContent": True,
        },
    ),
    "vectors are not kept": Case(
        OPENAI
        | {
            "embedding.embeddings.0.embedding.vector": "[0.1, 0.2]",
            "embedding.embeddings.0.embedding.text": "Hello?",
        },
        {"SpanAttributes": OPENAI, "Content": {"embedding.embeddings.0.embedding.text": "Hello?"}},
    ),
    "a text that only begins like JSON": Case(
        OPENAI | {"gen_ai.prompt": "[INST] Hello? [/INST]", "gen_ai.completion": "{Hi"},
        {"InputText": "[INST] Hello? [/INST]", "OutputText": "{Hi"},
    ),
    "nothing to leave": Case(
        OPENAI, {"HasContent": False, "InputText": "", "InputHash": 0, "HasOutput": False}
    ),
    "plain text": Case(
        {"openinference.span.kind": "LLM", "input.value": "Hello?", "output.value": "Hello."},
        {"InputText": "Hello?", "OutputText": "Hello.", "OutputChars": 6, "IsEmpty": False},
    ),
    "JSON in JSON": Case(OPENAI | {"mlflow.spanOutputs": '"Hello."'}, {"OutputText": "Hello."}),
    "an answer of nothing": Case(OPENAI | {"output.value": " "}, {"IsEmpty": True, "HasOutput": True}),
    "an answer that is JSON": Case(
        OPENAI | {"ai.response.text": '{"a": 1}'}, {"IsJson": True, "HasCodeFence": False}
    ),
    "an answer with code": Case(
        OPENAI | {"ai.response.text": "```sql\nSELECT 1\n```"}, {"IsJson": False, "HasCodeFence": True}
    ),
    "an answer that calls tools": Case(
        OPENAI
        | {
            "gen_ai.output.messages": json.dumps(
                [
                    {
                        "role": "assistant",
                        "parts": [{"type": "tool_call", "id": "1", "name": "f", "arguments": {}}],
                    }
                ]
            )
        },
        {"ToolCallCount": 1, "IsEmpty": False, "OutputText": ""},
    ),
    "on events of the span": Case(
        OPENAI,
        {
            "InputText": "Hello?",
            "Events.Name": ["retry"],
            "ContentEventNames": ["gen_ai.content.prompt"],
            "HasContent": True,
        },
        events=(("gen_ai.content.prompt", {"gen_ai.prompt": "Hello?"}), ("retry", {})),
    ),
    "flattened messages": Case(
        {
            "openinference.span.kind": "LLM",
            "llm.input_messages.0.message.role": "user",
            "llm.input_messages.0.message.content": "Hello?",
            "llm.output_messages.0.message.content": "Hi.",
        },
        {"InputText": "Hello?", "OutputText": "Hi."},
    ),
    "broken JSON": Case(
        OPENAI | {"gen_ai.input.messages": '[{"role": "user", "parts'},
        {"InputText": '[{"role": "user", "parts', "HasContent": True},
    ),
}

PEOPLE = {
    "user and session": Case(
        OPENAI | {"user.id": "u1", "gen_ai.conversation.id": "c1"},
        {"UserId": "u1", "SessionId": "c1", "Inherited": 0},
    ),
    "the first of several names": Case(OPENAI | {"user.id": "u1", "enduser.id": "u2"}, {"UserId": "u1"}),
    "None is nobody": Case(OPENAI | {"user.id": "None", "enduser.id": "u2"}, {"UserId": "u2"}),
    "release and environment of the resource": Case(
        OPENAI,
        {"Release": "1.2.3", "Environment": "prod"},
        resource={"service.version": "1.2.3", "deployment.environment.name": "prod"},
    ),
    "the prompt": Case(
        OPENAI | {"gen_ai.prompt.name": "greeting", "gen_ai.prompt.version": "v3"},
        {"PromptName": "greeting", "PromptVersion": "v3"},
    ),
    "the reported cost": Case(
        OPENAI | {"llm.cost.total": "0.25"},
        {"ReportedCostUsd": 0.25, "CostUsd": 0.25, "CostSource": "reported"},
    ),
    "a reported cost of zero is unknown": Case(
        OPENAI | {"gen_ai.usage.cost": 0},
        {"ReportedCostUsd": None, "CostUsd": None, "CostSource": "unpriced"},
    ),
}


def calling(*calls: Mapping[str, Any]) -> dict[str, Any]:
    """An answer whose message lists tool calls as OpenAI's clients do."""
    message = {"role": "assistant", "content": None, "tool_calls": list(calls)}
    return OPENAI | {"gen_ai.output.messages": json.dumps([message])}


def part(**fields: Any) -> dict[str, Any]:
    return OPENAI | {"gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": [fields]}])}


def tool_call(arguments: Any) -> dict[str, Any]:
    return part(type="tool_call", id="1", name="f", arguments=arguments)


CALLED = {"ToolCallCount": 1, "InvalidToolCallCount": 0, "IsEmpty": False}
MISCALLED = CALLED | {"InvalidToolCallCount": 1}
FLAT_CALL = "llm.output_messages.0.message.tool_calls.0.tool_call.function."
DECLINED = {"IsRefusal": True, "IsEmpty": False, "OutputText": "I would rather not say."}
FEATURES = {
    "an object of arguments": Case(tool_call({"city": "Oslo"}), CALLED),
    "arguments as text": Case(tool_call('{"city": "Oslo"}'), CALLED),
    "no arguments": Case(tool_call(""), CALLED),
    "arguments that were cut": Case(tool_call('{"city": "Os'), MISCALLED),
    "arguments that are no object": Case(tool_call('["Oslo"]'), MISCALLED),
    "arguments in a list of calls": Case(calling({"function": {"name": "f", "arguments": "{}"}}), CALLED),
    "one of two broken": Case(
        calling({"function": {"arguments": "{"}}, {"function": {"arguments": '{"a": 1}'}}),
        MISCALLED | {"ToolCallCount": 2},
    ),
    "flat arguments that were cut": Case(
        OPENAI
        | {
            "llm.output_messages.0.message.role": "assistant",
            f"{FLAT_CALL}name": "f",
            f"{FLAT_CALL}arguments": '{"city',
        },
        MISCALLED,
    ),
    "Vercel's arguments that were cut": Case(
        OPENAI | {"ai.response.toolCalls": '[{"toolName": "f", "args": "{\\"city"}]'}, MISCALLED
    ),
    "a refusal as the provider marks it": Case(
        part(type="refusal", content="I would rather not say."), DECLINED | {"RefusalCue": "refusal_part"}
    ),
    "a refusal beside the content": Case(
        OPENAI | {"gen_ai.output.messages": '[{"role": "assistant", "refusal": "I would rather not say."}]'},
        DECLINED | {"RefusalCue": "refusal_part"},
    ),
    "a refusal in words": Case(
        OPENAI | {"output.value": "I can't help with that."},
        {"IsRefusal": True, "RefusalCue": "cannot_help", "OutputWords": 5},
    ),
    "JSON that was asked for": Case(
        OPENAI | {"gen_ai.output.type": "json", "output.value": "Sure: 1"},
        {"IsJsonExpected": True, "IsJson": False},
    ),
    "JSON by a response format": Case(
        OPENAI | {"llm.invocation_parameters": '{"response_format": {"type": "json_object"}}'},
        {"IsJsonExpected": True},
    ),
    "text by a response format": Case(
        OPENAI | {"llm.invocation_parameters": '{"response_format": {"type": "text"}}'},
        {"IsJsonExpected": False},
    ),
    "JSON by its beginning": Case(
        OPENAI | {"output.value": '{"a": 1'}, {"IsJsonExpected": True, "IsJson": False}
    ),
    "hits of redaction": Case(
        OPENAI
        | {
            "watchkeeper.redaction.hits": 5,
            "watchkeeper.redaction.hits.secret": 2,
            "watchkeeper.redaction.hits.email": 3,
            "watchkeeper.content.kept": "slow",
        },
        {"PiiHits": 3, "SecretHits": 2, "ContentKept": "slow"},
    ),
    "hits that contradict each other": Case(
        OPENAI | {"watchkeeper.redaction.hits": 1, "watchkeeper.redaction.hits.secret": "99999999"},
        {"PiiHits": 0, "SecretHits": 65535},
    ),
    "a guardrail that blocks": Case(
        {"gen_ai.operation.name": "apply_guardrail", "gen_ai.guardrail.result.value": "GUARDRAIL_INTERVENED"},
        {"Kind": "guardrail", "GuardrailResult": "block"},
    ),
    "a guardrail that lets pass": Case(
        OPENAI | {"gen_ai.guardrail.result.value": "NONE"}, {"GuardrailResult": "pass"}
    ),
    "a guardrail that was not triggered": Case(
        OPENAI | {"gen_ai.guardrail.triggered": False}, {"GuardrailResult": "pass"}
    ),
    "a guardrail that was not passed": Case(
        OPENAI | {"guardrail.passed": False}, {"GuardrailResult": "block"}
    ),
    "Bedrock's guardrail": Case(
        OPENAI | {"gen_ai.response.finish_reasons": '["guardrail_intervened"]'},
        {"GuardrailResult": "block", "FinishReason": "content_filter"},
    ),
    "no guardrail": Case(OPENAI, {"GuardrailResult": ""}),
}

GROUPS = {
    "tokens": TOKENS,
    "wrappers": WRAPPERS,
    "providers": PROVIDERS,
    "models": MODELS,
    "streams": STREAMS,
    "errors": ERRORS,
    "finish": FINISH,
    "content": CONTENT,
    "people": PEOPLE,
    "features": FEATURES,
}
CASES = {f"{group}: {name}": case for group, cases in GROUPS.items() for name, case in cases.items()}


def text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def door_row(span_id: str, case: Case) -> list[Any]:
    attributes = {name: text(value) for name, value in case.attributes.items()}
    at_ns = START_NS + case.event_after_ms * 1_000_000
    return [
        START_NS, span_id, span_id, case.name, "Client", "shop", dict(case.resource), case.scope, attributes,
        round(case.duration_ms * 1e6), case.status, case.message, [at_ns for _ in case.events],
        [name for name, _ in case.events], [dict(event) for _, event in case.events],
    ]  # fmt: skip


def normalise(store: Store, cases: Mapping[str, Case]) -> dict[str, dict[str, Any]]:
    """Insert the cases as one block; the rows that came of them, by name."""
    ids = {f"{number:016x}": name for number, name in enumerate(cases, 1)}
    rows = [door_row(span_id, cases[name]) for span_id, name in ids.items()]
    store.insert("otel_traces", COLUMNS, rows, database=LAYOUT.database)
    found = store.query(ROWS.replace("{database}", LAYOUT.database)).dicts()
    return {ids[row["SpanId"]]: row for row in found}


@pytest.fixture(scope="module")
def rows(engine_dsn: str) -> Iterator[dict[str, dict[str, Any]]]:
    with closing(Store(engine_dsn)) as store:
        make_tables(store, LAYOUT)
        yield normalise(store, CASES)
        drop(store, LAYOUT)


@pytest.mark.parametrize("name", CASES)
def test_attributes_mean(rows: dict[str, dict[str, Any]], name: str) -> None:
    expected = CASES[name].expected
    assert {column: rows[name][column] for column in expected} == dict(expected)


def test_every_span_becomes_one_row(rows: dict[str, dict[str, Any]]) -> None:
    assert rows.keys() == CASES.keys()
