"""Names of the OpenTelemetry GenAI conventions, newest, and ours where they have none.

The conventions left OpenTelemetry's own Python package, so the strings stand here.
"""

from collections.abc import Mapping
from dataclasses import fields

from watchkeeper.reading import Attributes, Request, Response, Usage

OPERATION = "gen_ai.operation.name"
PROVIDER = "gen_ai.provider.name"
REQUEST_MODEL = "gen_ai.request.model"
REQUEST_STREAM = "gen_ai.request.stream"
RESPONSE_MODEL = "gen_ai.response.model"
RESPONSE_ID = "gen_ai.response.id"
FINISH_REASONS = "gen_ai.response.finish_reasons"
TIME_TO_FIRST_CHUNK = "gen_ai.response.time_to_first_chunk"
SERVER_ADDRESS = "server.address"
SERVER_PORT = "server.port"
ERROR_TYPE = "error.type"
RPC_STATUS = "rpc.response.status_code"

INPUT_MESSAGES = "gen_ai.input.messages"
OUTPUT_MESSAGES = "gen_ai.output.messages"
SYSTEM_INSTRUCTIONS = "gen_ai.system_instructions"
TOOL_DEFINITIONS = "gen_ai.tool.definitions"
TOOL_NAME = "gen_ai.tool.name"
TOOL_ARGUMENTS = "gen_ai.tool.call.arguments"
TOOL_RESULT = "gen_ai.tool.call.result"
AGENT_NAME = "gen_ai.agent.name"
PROMPT_VARIABLE = "gen_ai.prompt.variable."

COST = "operation.cost"
"""USD. The name that Logfire and PydanticAI use."""
COST_BASIS = "watchkeeper.cost.basis"
CONTENT_KEPT = "watchkeeper.content.kept"
"""Why the content is there: ``all``, ``sampled``, ``error``, ``refusal``, ``truncated``, ``empty``,
``slow``, ``dear``.
"""
CONTENT_REDACTED = "watchkeeper.content.redacted"
"""``true`` when redaction ran; ``failed`` when it failed and the content was dropped."""
REDACTION_DETECTORS = "watchkeeper.redaction.detectors"
"""Names of the detectors that ran, beside that of secrets, which is on by default."""
REDACTION_HITS = "watchkeeper.redaction.hits"
"""How many values were found; ``.email`` and so on behind it says by which detector."""
CONTENT_CUT = "watchkeeper.content.cut"
STREAM_STATE = "watchkeeper.stream.state"
"""``complete``, ``partial`` (left before its end) or ``failed``."""
STREAM_CHUNKS = "watchkeeper.stream.chunks"
TIME_PER_CHUNK = "watchkeeper.stream.time_per_output_chunk"

USAGE = {
    "input_tokens": "gen_ai.usage.input_tokens",
    "output_tokens": "gen_ai.usage.output_tokens",
    "cache_read_tokens": "gen_ai.usage.cache_read.input_tokens",
    "cache_write_tokens": "gen_ai.usage.cache_write.input_tokens",
    "cache_write_1h_tokens": "anthropic.usage.cache_creation.ephemeral_1h_input_tokens",
    "reasoning_tokens": "gen_ai.usage.reasoning.output_tokens",
    "input_audio_tokens": "gen_ai.usage.audio.input_tokens",
    "output_audio_tokens": "gen_ai.usage.audio.output_tokens",
    "cache_audio_read_tokens": "gen_ai.usage.audio.cache_read.input_tokens",
    "input_image_tokens": "gen_ai.usage.image.input_tokens",
    "output_image_tokens": "gen_ai.usage.image.output_tokens",
    "input_text_tokens": "gen_ai.usage.text.input_tokens",
    "output_text_tokens": "gen_ai.usage.text.output_tokens",
    "web_searches": "anthropic.usage.server_tool_use.web_search_requests",
}
USAGE_FIELDS = tuple(usage.name for usage in fields(Usage))


def redaction_attributes(detectors: str, hits: Mapping[str, int]) -> Attributes:
    """The mark of a span over which redaction ran."""
    marks: Attributes = {CONTENT_REDACTED: "true"}
    if detectors:
        marks[REDACTION_DETECTORS] = detectors
    if hits:
        marks[REDACTION_HITS] = sum(hits.values())
        marks.update((f"{REDACTION_HITS}.{name}", count) for name, count in hits.items())
    return marks


def request_attributes(request: Request) -> Attributes:
    attributes = dict(request.attributes)
    if request.model:
        attributes[REQUEST_MODEL] = request.model
    if request.is_stream:
        attributes[REQUEST_STREAM] = True
    return attributes


def response_attributes(response: Response) -> Attributes:
    attributes = dict(response.attributes)
    if response.model:
        attributes[RESPONSE_MODEL] = response.model
    if response.id:
        attributes[RESPONSE_ID] = response.id
    if response.finish_reasons:
        attributes[FINISH_REASONS] = response.finish_reasons
    if response.error_type:
        attributes[ERROR_TYPE] = response.error_type
    for name in USAGE_FIELDS:
        if (tokens := getattr(response.usage, name)) is not None:
            attributes[USAGE[name]] = tokens
    return attributes
