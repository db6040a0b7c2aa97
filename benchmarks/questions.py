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
    return [*page_questions(days), *other_questions(days)]


def page_questions(days: int) -> list[Question]:
    """What the pages of the dashboard ask for when they are opened: over a day, and over all days."""
    whole, cards = (
        f"-{days}d",
        "calls,cost_usd,error_rate,latency_p95_ms,ttft_p95_ms,input_tokens,output_tokens,users",
    )
    spend, speed = (
        "cost_usd,calls,cost_per_call_usd",
        "latency_p50_ms,latency_p95_ms,latency_p99_ms,ttft_p95_ms",
    )
    facets = "model,provider,service,environment,release,feature,status,kind,user,attr.app.tenant"
    return [
        Question("overview: cards with change, 24 h", *_query(cards, compare="previous")),
        Question(f"overview: cards with change, {days} d", *_query(cards, start=whole, compare="previous")),
        Question("overview: sparklines, 24 h", *_query(cards, step="15m")),
        Question(f"overview: sparklines, {days} d", *_query(cards, start=whole, step="6h")),
        Question("spend: by model, stacked, 24 h", *_query("cost_usd", by="model", step="1h", top=8)),
        Question(
            f"spend: by model, stacked, {days} d",
            *_query("cost_usd", by="model", start=whole, step="1d", top=8),
        ),
        Question(
            f"spend: by feature and model, {days} d",
            *_query(spend, by="feature,model", start=whole, compare="previous"),
        ),
        Question("spend: by user, 24 h", *_query(spend, by="user", top=20)),
        Question(f"spend: by user, {days} d", *_query("cost_usd", by="user", start=whole, limit=20)),
        Question("performance: percentiles, 24 h", *_query(speed, step="15m")),
        Question(f"performance: percentiles, {days} d", *_query(speed, start=whole, step="6h")),
        Question(
            f"performance: by model, {days} d",
            *_query(f"{speed},tokens_per_second", by="model,provider", start=whole),
        ),
        Question(
            "performance: heat map, 24 h", "/histogram", {"of": "latency_ms", "start": "-24h", "step": "15m"}
        ),
        Question(
            f"performance: heat map, {days} d",
            "/histogram",
            {"of": "latency_ms", "start": whole, "step": "6h"},
        ),
        Question(
            "errors: rate by service, 7 d", *_query("error_rate,errors", by="service", start="-7d", step="6h")
        ),
        Question("traces: newest 50", "/traces", {"limit": 50}),
        Question("traces: newest 50 with an error", "/traces", {"limit": 50, "filter": "status:error"}),
        Question("traces: facets, 24 h", "/facets", {"fields": facets, "start": "-24h"}),
        Question(f"traces: facets, {days} d", "/facets", {"fields": facets, "start": whole}),
        Question("traces: one, with content", "/traces/{trace}", {}),
        Question(
            f"quality: rates by prompt, {days} d",
            *_query("empty_rate,truncation_rate,tool_error_rate", by="prompt,prompt_version", start=whole),
        ),
    ]


def other_questions(days: int) -> list[Question]:
    """What people type, programs poll, and pages ask for now and then."""
    whole, words = f"-{days}d", build_words()
    return [
        Question(
            "50 dear traces of a day", "/traces", {"start": "-24h", "filter": "model:gpt-4.1* cost:>0.01"}
        ),
        Question("newest 100 spans, with words", "/spans", {"limit": 100, "with_words": "true"}),
        Question("spans of a user", "/spans", {"filter": "user:u77"}),
        Question("spans of a session", "/spans", {"filter": "session:s100"}),
        Question("cost per model, 24 h", *_query("cost_usd,input_tokens,output_tokens", by="model")),
        Question(
            f"cost per model, {days} d",
            *_query("cost_usd,input_tokens,output_tokens", by="model", start=whole),
        ),
        Question(f"users and sessions, {days} d", *_query("users,sessions,traces", start=whole)),
        Question(f"users, exactly, {days} d", *_query("users", start=whole, exact="true")),
        Question(
            f"completion of a user, {days} d",
            "/facets",
            {"fields": "user", "contains": "u77", "start": whole},
        ),
        Question(f"keys of attributes, {days} d", "/facets", {"fields": "attr.*", "start": whole}),
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
