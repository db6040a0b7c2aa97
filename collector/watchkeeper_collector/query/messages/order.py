"""Which sources have a span's content, in order: the first one that has some wins.

Read attribute by attribute: a sender's name says nothing here, because forks and proxies keep the
attributes and change the name. Another dialect is another line.
"""

from watchkeeper_collector.query.messages.answers import LIVEKIT, VERCEL, VERCEL_3
from watchkeeper_collector.query.messages.chunks import read_chunks
from watchkeeper_collector.query.messages.documents import read_answers, read_request, read_response
from watchkeeper_collector.query.messages.sources import (
    Source,
    answered,
    anywhere,
    asked,
    attribute,
    embedded,
    event_input,
    event_output,
    history_input,
    history_output,
    listed_input,
    listed_output,
    logged_input,
    logged_output,
    openinference,
    openllmetry,
    texts,
)

INPUT: tuple[Source, ...] = (
    anywhere("gen_ai.input.messages", read_request),
    logged_input,  # OpenTelemetry up to 1.36
    event_input,  # Strands, Azure
    openinference("llm.input_messages.", "user"),
    texts("llm.prompts.", ("prompt", "text"), "user"),
    texts("embedding.embeddings.", ("embedding", "text"), "user"),
    openllmetry("gen_ai.prompt.", "user"),
    attribute("ai.prompt.messages", read_request),  # Vercel AI SDK, the call
    attribute("ai.prompt", read_request),  # and what it is wrapped in
    attribute("ai.values", embedded),
    attribute("ai.value", read_request),
    attribute("langfuse.observation.input", read_request),
    attribute("mlflow.chat.messages", history_input),
    attribute("mlflow.spanInputs", read_request),
    anywhere("gen_ai.prompt", read_request),  # LangSmith; as an event: OpenLIT's past, Spring AI
    attribute("gcp.vertex.agent.llm_request", read_request),  # Google ADK
    attribute("request_data", read_request),  # Logfire
    attribute("pydantic_ai.all_messages", history_input),
    attribute("all_messages_events", listed_input),  # Pydantic AI, first version
    attribute("events", listed_input),  # Logfire, before it followed the conventions
    attribute("input.value", read_request),  # OpenInference, whole requests
    attribute("embedding.text", asked),
    attribute("inputs", read_request),  # Pydantic AI, embeddings
    attribute("traceloop.entity.input", read_request),
    attribute("gen_ai.task.input", read_request),
    attribute("lmnr.span.input", read_request),  # Laminar
    attribute("lk.chat_ctx", read_request),  # LiveKit
    attribute("lk.user_input", asked),
    attribute("lk.input_text", asked),
    attribute("lk.user_transcript", asked),
    attribute("haystack.component.input", read_request),
    attribute("llm.messages", read_request),  # VoltAgent
    attribute("agent.messages", read_request),
    attribute("new_context", asked),  # Claude Code
    attribute("user_prompt", asked),
    anywhere("gen_ai.retrieval.query.text", asked),
    anywhere("gen_ai.memory.query.text", asked),
    attribute("input", read_request),
    attribute("langfuse.trace.input", read_request),
)

OUTPUT: tuple[Source, ...] = (
    anywhere("gen_ai.output.messages", read_answers),
    logged_output,
    event_output,
    openinference("llm.output_messages.", "assistant"),
    texts("llm.choices.", ("completion", "text"), "assistant"),
    openllmetry("gen_ai.completion.", "assistant"),
    VERCEL,
    VERCEL_3,
    attribute("langfuse.observation.output", read_response),
    attribute("mlflow.chat.messages", history_output),
    attribute("mlflow.spanOutputs", read_response),
    anywhere("gen_ai.completion", read_response),
    attribute("gcp.vertex.agent.llm_response", read_response),
    attribute("response_data", read_response),
    attribute("pydantic_ai.all_messages", history_output),
    attribute("all_messages_events", listed_output),
    attribute("events", listed_output),
    attribute("final_result", answered),
    attribute("output.value", read_response),
    attribute("traceloop.entity.output", read_response),
    attribute("gen_ai.task.output", read_response),
    attribute("lmnr.span.output", read_response),
    LIVEKIT,
    attribute("haystack.component.output", read_response),
    attribute("response.model_output", answered),  # Claude Code
    attribute("output", read_response),
    attribute("langfuse.trace.output", read_response),
    lambda content: read_chunks(content.events),  # MLflow, a stream that did not end
)

SYSTEM = ("gen_ai.system_instructions", "lk.instructions", "user_system_prompt")
"""Attributes of the span, of its logs or of its events."""

TOOLS = (
    "gen_ai.tool.definitions",
    "ai.prompt.tools",
    "mlflow.chat.tools",
    "model_request_parameters",
    "lk.function_tools",
    "tools",
)

DOCUMENTS = ("gen_ai.retrieval.documents", "gen_ai.memory.records")
DOCUMENT_PREFIXES = ("retrieval.documents.", "reranker.output_documents.")

SHOWN_INPUT = (
    "langfuse.observation.input",
    "mlflow.spanInputs",
    "gen_ai.prompt",
    "input.value",
    "traceloop.entity.input",
    "gen_ai.task.input",
    "lmnr.span.input",
    "haystack.component.input",
    "input",
    "langfuse.trace.input",
    "gen_ai.input.messages",
)
SHOWN_OUTPUT = (
    "langfuse.observation.output",
    "mlflow.spanOutputs",
    "gen_ai.completion",
    "output.value",
    "traceloop.entity.output",
    "gen_ai.task.output",
    "lmnr.span.output",
    "haystack.component.output",
    "output",
    "langfuse.trace.output",
    "gen_ai.output.messages",
)
"""What is shown as text where no source was understood: the arguments of a function, the state of a graph.

On the span of a tool they are its arguments and its result, on that of a search its documents.
"""
