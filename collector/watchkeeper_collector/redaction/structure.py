"""Names of attributes that hold what conventions number and enumerate: models, ids, versions.

Secrets and a project's own patterns are looked for in them too. Personal data is not: a response's id of
digits is no telephone number, and a masked model has no price. What holds people's words, addresses or URLs
is not in here.
"""

from functools import cache
from importlib.resources import files
from tomllib import loads

LONGEST_VALUE = 256
"""A longer text is no id, whatever it is called."""
NAMES = """
    gen_ai.operation.name gen_ai.provider.name gen_ai.system gen_ai.output.type gen_ai.token.type
    gen_ai.request.model gen_ai.request.choice.count gen_ai.request.seed gen_ai.request.encoding_formats
    gen_ai.response.model gen_ai.response.id gen_ai.response.finish_reasons gen_ai.response.service_tier
    gen_ai.response.system_fingerprint gen_ai.tool.name gen_ai.tool.type gen_ai.tool.call.id
    gen_ai.agent.id gen_ai.agent.version gen_ai.prompt.name gen_ai.prompt.version gen_ai.evaluation.name
    openinference.span.kind llm.model_name llm.provider llm.system llm.request.type llm.request.model
    llm.response.model llm.response.id llm.finish_reason llm.is_streaming traceloop.span.kind
    langfuse.observation.type langfuse.observation.model.name langfuse.observation.usage_details
    langfuse.observation.cost_details langsmith.span.kind mlflow.spanType mlflow.llm.model
    mlflow.llm.provider mlflow.chat.tokenUsage logfire.span_type logfire.level_num ai.operationId
    ai.model.id ai.model.provider ai.response.id ai.response.model ai.response.timestamp
    ai.response.finishReason operation.cost service.name service.namespace service.version
    service.instance.id server.address server.port error.type exception.type http.status_code
    http.response.status_code http.method http.request.method code.lineno code.line.number thread.id
    process.pid process.runtime.name process.runtime.version process.runtime.description os.type os.version
    host.arch watchkeeper.release watchkeeper.score.id watchkeeper.score.type watchkeeper.score.source
"""
EXACT = frozenset(NAMES.split())
PREFIXES = (
    *("gen_ai.usage.", "gen_ai.cost.", "gen_ai.openai.", "llm.token_count.", "llm.usage.", "llm.cost."),
    *("ai.usage.", "telemetry.", "langfuse.internal.", "watchkeeper.content.", "watchkeeper.redaction."),
    *("watchkeeper.cost.", "watchkeeper.stream."),
)
NAMELESS = frozenset({"body", "exception.message", "exception.stacktrace", "error.message"})
"""Names that say nothing of a value: they do not speak for what stands behind them."""


def is_structure(name: str) -> bool:
    return name in EXACT or name.startswith(PREFIXES)


@cache
def user_names() -> tuple[str, ...]:
    """Where dialects say who the user is: attributes, and members of documents behind a slash."""
    text = files("watchkeeper_schemas").joinpath("conventions/columns.toml").read_text("utf-8")
    sources: list[str] = loads(text)["user_id"]["sources"]
    return tuple(dict.fromkeys(source.removeprefix("@") for source in sources))
