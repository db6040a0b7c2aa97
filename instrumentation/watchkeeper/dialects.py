"""How other instrumentations name things: which attributes of a span are content, and which spans are calls.

The collector has the same names as data; a test holds this table to them.
"""

import re
from collections.abc import Mapping
from typing import Any


def _names(table: str) -> list[str]:
    """The words of a table without its comments."""
    return [name for line in table.splitlines() if not line.strip().startswith("#") for name in line.split()]


CONTENT = frozenset(
    _names(
        """
    # OpenTelemetry GenAI
    gen_ai.input.messages gen_ai.output.messages gen_ai.system_instructions gen_ai.tool.definitions
    gen_ai.tool.call.arguments gen_ai.tool.call.result gen_ai.retrieval.query.text
    gen_ai.retrieval.documents gen_ai.memory.query.text gen_ai.memory.records gen_ai.prompt
    gen_ai.completion gen_ai.evaluation.explanation gen_ai.guardrail.result.reason
    # OpenInference
    input.value output.value embedding.text llm.prompt_template.template llm.prompt_template.variables
    tool.parameters user_prompt crew_agents crew_tasks crew_inputs
    # OpenLLMetry
    traceloop.entity.input traceloop.entity.output traceloop.prompt.template
    traceloop.prompt.template_variables gen_ai.task.input gen_ai.task.output tool.arguments
    mcp.response.value
    # OpenLIT
    gen_ai.tool.args gen_ai.content.prompt gen_ai.content.completion gen_ai.content.revised_prompt
    # Langfuse
    langfuse.observation.input langfuse.observation.output langfuse.trace.input langfuse.trace.output
    langfuse.observation.metadata.instructions
    # Logfire, PydanticAI
    request_data response_data events all_messages_events pydantic_ai.all_messages final_result
    model_request_parameters tool_arguments tool_response response.model_output new_context logfire.msg
    # Vercel AI
    ai.prompt ai.prompt.messages ai.prompt.tools ai.response.text ai.response.object
    ai.response.reasoning ai.response.toolCalls ai.result.text ai.result.object ai.result.toolCalls
    ai.toolCall.args ai.toolCall.input ai.toolCall.result ai.toolCall.output ai.value ai.values
    # MLflow
    mlflow.spanInputs mlflow.spanOutputs mlflow.chat.tools mlflow.chat.messages
    # Google ADK
    gcp.vertex.agent.llm_request gcp.vertex.agent.llm_response gcp.vertex.agent.tool_call_args
    gcp.vertex.agent.tool_response gcp.vertex.agent.data
    # Laminar, LiveKit, Haystack, VoltAgent, Claude Code and others
    lmnr.span.input lmnr.span.output lk.user_input lk.chat_ctx lk.response.text lk.input_text
    lk.user_transcript lk.instructions lk.function_tools lk.response.function_calls
    lk.function_tool.arguments lk.function_tool.output haystack.component.input
    haystack.component.output haystack.pipeline.input_data haystack.pipeline.output_data
    haystack.agent.input haystack.agent.output llm.messages agent.messages input output inputs outputs
    instructions tools tool_input tool_output user_system_prompt
    """
    )
)
"""Names of attributes that hold prompts, answers, arguments and results."""
CONTENT_PREFIXES = (
    "llm.input_messages.",
    "llm.output_messages.",
    "llm.prompts.",
    "llm.choices.",
    "llm.tools.",
    "gen_ai.prompt.variable.",
    "retrieval.documents.",
    "reranker.",
    "embedding.embeddings.",
    "llm.request.functions.",
    "message.tool_calls.",
    "mcp.request.argument",
)
NUMBERED = re.compile(r"(gen_ai\.prompt\.|gen_ai\.completion\.)[0-9]+\.")
"""``gen_ai.prompt.0.content`` is content, and ``gen_ai.prompt.name`` is none."""
CONTENT_EVENTS = ("gen_ai.", "mlflow.chunk.", "llm.content.")
DROPPED_SUFFIXES = (".embedding.vector", ".embedding_vector", "llm.headers")
"""Whole vectors, and what was sent beside a request: never kept."""
FAILURE_TEXTS = frozenset(
    {"exception.message", "exception.stacktrace", "error.message", "langfuse.observation.status_message"}
)
"""Texts of exceptions, which can quote what was sent."""
STRUCTURE_PREFIXES = tuple(
    _names(
        """
    # OpenTelemetry GenAI, and what others put beside it
    gen_ai.operation. gen_ai.provider. gen_ai.system gen_ai.request. gen_ai.response. gen_ai.usage.
    gen_ai.agent. gen_ai.tool. gen_ai.workflow. gen_ai.conversation. gen_ai.output. gen_ai.token.
    gen_ai.client. gen_ai.server. gen_ai.openai. gen_ai.embeddings. gen_ai.data_source.
    gen_ai.evaluation. gen_ai.memory. gen_ai.guardrail. gen_ai.user gen_ai.sdk. gen_ai.cost.
    gen_ai.aggregated_usage. gen_ai.prompt.name gen_ai.prompt.version gen_ai.is_streaming
    gen_ai.task.id gen_ai.task.name gen_ai.task.status gen_ai.task.parent. gen_ai.serialized.
    gen_ai.event. openai. anthropic. aws. azure. mcp.
    # OpenInference
    openinference. llm.model_name llm.provider llm.system llm.token_count. llm.cost. llm.finish_reason
    llm.request.type llm.request.model llm.response. llm.prompt_template.version input.mime_type
    output.mime_type embedding.model_name
    # OpenLLMetry
    llm.usage. llm.is_streaming llm.user llm.frequency_penalty llm.presence_penalty llm.top_k
    llm.temperature llm.top_p traceloop.span. traceloop.entity. traceloop.workflow. traceloop.prompt.
    # Langfuse, LangSmith, MLflow, Logfire, Vercel AI
    langfuse.observation.type langfuse.observation.model.name langfuse.observation.level
    langfuse.observation.usage_details langfuse.observation.cost_details langfuse.internal.
    langfuse.observation.completion_start_time langfuse.observation.prompt. langsmith.span.kind
    mlflow.spanType mlflow.llm. mlflow.chat.tokenUsage logfire.json_schema logfire.level_num
    logfire.span_type ai.model. ai.operationId ai.response. ai.usage. ai.settings. ai.toolCall.
    # What is general
    server. http. error.type exception.type exception.escaped service. code. telemetry. operation.
    otel. rpc. watchkeeper.
    """
    )
)
"""What conventions name beside content: models, numbers, kinds. Not the application's words."""
LONGEST_NAME = 256
"""A longer text is no name, whatever it is called."""
DOCUMENTS = ("metadata", "langfuse.trace.metadata.")
"""Documents that the application attaches on purpose."""
LABELS = (
    "traceloop.association.properties.",
    "langfuse.environment",
    "langfuse.release",
    "langfuse.version",
    "langfuse.user.",
    "langfuse.session.",
    "langfuse.trace.",
    "langfuse.observation.metadata.",
    "ai.telemetry.",
)
"""What the application says of a span, under names of a dialect."""
PARAMETERS = frozenset(
    {
        "llm.invocation_parameters",
        "embedding.invocation_parameters",
        "langfuse.observation.model.parameters",
        "langsmith.metadata.ls_invocation_params",
        "ai.response.providerMetadata",
    }
)
"""Documents of a request's parameters, among which some senders leave instructions and tools."""
PARAMETER_TEXTS = frozenset(
    {"model", "model_name", "model_id", "service_tier", "tool_choice", "encoding_format", "type", "effort"}
)
"""Members of documents whose texts are no content."""

GENAI_PREFIXES = ("gen_ai.", "openinference.", "llm.", "traceloop.", "mcp.", "langfuse.", "ai.")
CONTEXT = frozenset({"gen_ai.conversation.id", "gen_ai.prompt.name", "gen_ai.prompt.version"})
"""Names that label any span of a conversation, and make none a GenAI span."""
KINDS = (
    "openinference.span.kind",
    "langfuse.observation.type",
    "langsmith.span.kind",
    "mlflow.spanType",
    "gen_ai.operation.name",
    "llm.request.type",
)
"""Attributes that say what a span is, the strongest first."""
CALL_KINDS = frozenset(
    {
        "llm",
        "embedding",
        "generation",
        "chat_model",
        "chat",
        "text_completion",
        "generate_content",
        "embeddings",
        "completion",
    }
)
COSTS = ("operation.cost", "llm.cost.total", "gen_ai.usage.cost")
FINISH_REASONS = (
    "gen_ai.response.finish_reasons",
    "llm.finish_reason",
    "ai.response.finishReason",
    "gen_ai.completion.0.finish_reason",
    "anthropic.message.stop_reason",
)


def is_content(name: str) -> bool:
    return name in CONTENT or name.startswith(CONTENT_PREFIXES) or NUMBERED.match(name) is not None


def is_dropped(name: str) -> bool:
    return name.endswith(DROPPED_SUFFIXES)


def is_structure(name: str, value: Any) -> bool:
    """Whether an attribute says what a convention names, and nothing that anybody wrote."""
    is_short = not isinstance(value, str) or len(value) <= LONGEST_NAME
    is_other = is_content(name) or name in PARAMETERS or name in FAILURE_TEXTS
    return name.startswith(STRUCTURE_PREFIXES) and is_short and not is_other


def is_genai(attributes: Mapping[str, Any]) -> bool:
    """Whether a span with these is one of a GenAI instrumentation."""
    return any(key.startswith(GENAI_PREFIXES) and key not in CONTEXT for key in attributes)


def is_call(attributes: Mapping[str, Any]) -> bool:
    """Whether a span with these is a request to a model."""
    kind = _kind(attributes)
    return kind in CALL_KINDS or kind.endswith((".dogenerate", ".dostream", ".doembed"))


def is_embedding(attributes: Mapping[str, Any]) -> bool:
    return "embed" in _kind(attributes)


def _kind(attributes: Mapping[str, Any]) -> str:
    kind = next(
        (attributes[name] for name in KINDS if name in attributes), attributes.get("ai.operationId", "")
    )
    return str(kind).strip('"').lower()
