"""Dimensions: what a measure is split by, and the text that filters compare."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from watchkeeper_collector.errors import InvalidQueryError
from watchkeeper_collector.query.bindings import Bindings

LONGEST_KEY = 256


@dataclass(frozen=True, slots=True)
class Dimension:
    """A named expression over ``spans`` that is text, empty where a span has none."""

    name: str
    sql: str
    description: str


DIMENSIONS = {
    dimension.name: dimension
    for dimension in (
        Dimension("project", "Project", "What the API key belongs to"),
        Dimension("service", "ServiceName", "The application, by `service.name`"),
        Dimension("environment", "Environment", "Such as `production`"),
        Dimension("release", "Release", "Version of the application"),
        Dimension("provider", "Provider", "Who serves the model"),
        Dimension(
            "model",
            "if(ResponseModel != '', ResponseModel, RequestModel)",
            "The model that answered, else the one asked for",
        ),
        Dimension("request_model", "RequestModel", "The model asked for"),
        Dimension("operation", "Operation", "`chat`, `embeddings`, `execute_tool`, …"),
        Dimension("kind", "Kind", "`llm`, `embedding`, `tool`, `agent`, `chain`, `retriever`, …"),
        Dimension("agent", "AgentName", "Name of the agent"),
        Dimension("workflow", "WorkflowName", "Name of the workflow"),
        Dimension("tool", "ToolName", "Name of the tool, on tool spans"),
        Dimension("user", "UserId", "The end user"),
        Dimension("session", "SessionId", "The conversation"),
        Dimension("feature", "Feature", "The part of the application"),
        Dimension("prompt", "PromptName", "Name of the prompt template"),
        Dimension("prompt_version", "PromptVersion", "Version of the prompt template"),
        Dimension("key", "ApiKeyId", "Id of the API key that sent the span"),
        Dimension("error_type", "ErrorType", "Class or code of the error"),
        Dimension(
            "error_status", "if(ErrorStatus = 0, '', toString(ErrorStatus))", "HTTP status of the error"
        ),
        Dimension(
            "finish_reason", "FinishReason", "`stop`, `length`, `tool_call`, `content_filter`, `error`"
        ),
        Dimension("refusal_cue", "RefusalCue", "By which words the answer declines"),
        Dimension("guardrail", "GuardrailResult", "`pass`, `warn`, `modify` or `block`"),
        Dimension("script", "OutputScript", "Script of the answer: `Latn`, `Hani`, `Cyrl`, …"),
        Dimension("service_tier", "ServiceTier", "Tier that the provider served from"),
        Dimension("cost_source", "CostSource", "`computed`, `reported` or `unpriced`"),
        Dimension("convention", "Convention", "In which dialect the span was written"),
        Dimension("span_name", "SpanName", "Name of the span"),
    )
}

KEYED_DIMENSIONS = {
    dimension.name: dimension
    for dimension in (
        Dimension("attr", "SpanAttributes[{key}]", "An attribute of the span: `attr.tenant`"),
        Dimension(
            "resource", "ResourceAttributes[{key}]", "An attribute of the resource: `resource.host.name`"
        ),
    )
}


def find_dimension(name: str, bindings: Bindings) -> Dimension:
    """The dimension of that name; the key of ``attr.<key>`` is bound, so that it never is SQL."""
    if name in DIMENSIONS:
        return DIMENSIONS[name]
    prefix, _, key = name.partition(".")
    keyed = KEYED_DIMENSIONS.get(prefix)
    if keyed is None or not key:
        raise InvalidQueryError(unknown(name, "dimension", [*DIMENSIONS, "attr.<key>", "resource.<key>"]))
    if len(key) > LONGEST_KEY:
        raise InvalidQueryError(f"The key of the dimension '{name[:40]}…' is longer than {LONGEST_KEY}.")
    return Dimension(name, keyed.sql.replace("{key}", bindings.bind(key)), keyed.description)


def unknown(name: str, noun: str, known: Iterable[str]) -> str:
    """Words for a name that there isn't: what it may have meant, and what there is."""
    names = list(known)
    meant = get_close_matches(name, names, n=1)
    guess = f" Did you mean '{meant[0]}'?" if meant else ""
    return f"There is no {noun} '{name[:60]}'.{guess} There is: {', '.join(names)}."
