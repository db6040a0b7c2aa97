"""What people and dashboards ask: a name and a path of the API for each question."""

from typing import Any, NamedTuple

from benchmarks.vocabulary import build_words


class Question(NamedTuple):
    """``{trace}`` in the path stands for a trace of the middle of the time."""

    name: str
    path: str
    parameters: dict[str, Any]


def build_questions(days: int) -> list[Question]:
    """The longest window is ``days``."""
    whole, words = f"-{days}d", build_words()
    return [
        Question("newest 50 traces", "/traces", {"limit": 50}),
        Question("newest 50 traces with an error", "/traces", {"limit": 50, "filter": "status:error"}),
        Question(
            "50 dear traces of a day", "/traces", {"start": "-24h", "filter": "model:gpt-4.1* cost:>0.01"}
        ),
        Question("one trace, with content", "/traces/{trace}", {}),
        Question("newest 100 spans, with words", "/spans", {"limit": 100, "with_words": "true"}),
        Question("spans of a user", "/spans", {"filter": "user:u77"}),
        Question("spans of a session", "/spans", {"filter": "session:s100"}),
        Question("calls and cost by model, hourly, 24 h", *_query("calls,cost_usd", by="model", step="1h")),
        Question(
            f"calls and cost by model, daily, {days} d",
            *_query("calls,cost_usd", by="model", step="1d", start=whole),
        ),
        Question("cost per model, 24 h", *_query("cost_usd,input_tokens,output_tokens", by="model")),
        Question(
            f"cost per model, {days} d",
            *_query("cost_usd,input_tokens,output_tokens", by="model", start=whole),
        ),
        Question("cost per user, 24 h", *_query("cost_usd,calls", by="user", order="-cost_usd", limit=20)),
        Question("p95 latency by model, hourly, 24 h", *_query("latency_p95_ms", by="model", step="1h")),
        Question(f"p50 and p99 latency, {days} d", *_query("latency_p50_ms,latency_p99_ms", start=whole)),
        Question(
            "error rate by service, 7 d", *_query("error_rate,calls", by="service", step="6h", start="-7d")
        ),
        Question(f"users and sessions, {days} d", *_query("users,sessions,traces", start=whole)),
        Question(
            "overview, 24 h", *_query("calls,traces,cost_usd,error_rate,latency_p95_ms,users", step="auto")
        ),
        Question("calls with an attribute, 24 h", *_query("calls,cost_usd", filter="attr.app.tenant:t7")),
        Question(
            f"calls with an attribute, {days} d",
            *_query("calls,cost_usd", filter="attr.app.tenant:t7", start=whole),
        ),
        Question(f"cost by an attribute, {days} d", *_query("cost_usd", by="attr.app.tenant", start=whole)),
        Question(
            "text search, a phrase of two frequent words", "/traces", {"filter": f'"{words[3]} {words[8]}"'}
        ),
        Question("text search, two rare words", "/traces", {"filter": f"{words[1950]} {words[1990]}"}),
        Question("text search, in vain", "/traces", {"filter": "zzqqzz"}),
        Question("status", "/status", {}),
    ]


def _query(measures: str, **parameters: Any) -> tuple[str, dict[str, Any]]:
    return "/query", {"measures": measures, "start": "-24h"} | parameters
