"""What goes wrong in the traffic that alert rules are measured on, and how soon its rule is to see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from watchkeeper_collector.store.client import Store

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

AGENT_COLUMNS = (
    "Project", "EventDay", "Timestamp", "TraceId", "SpanId", "SpanName", "ServiceName", "Duration", "Kind",
    "Operation", "Provider", "RequestModel", "ResponseModel", "CostUsd", "CostSource", "Environment",
    "ToolName", "ToolArgsHash",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class KeptBudget:
    """A budget as rules know it."""

    id: str
    name: str
    filter: str
    period: str
    time_zone: str
    limit_usd: float


BUDGET = KeptBudget("all", "all", "", "month", "UTC", 6_000.0)
"""Healthy traffic spends about two thirds of it."""


@dataclass(frozen=True, slots=True)
class Incident:
    """``changed``: parameters of ``healthy_spans.sql``. ``agent``: a trace of calls, like tools, cost each.

    ``within`` is when its rule is to fire at the latest, counted from the first call that is not well.
    """

    name: str
    alert: str
    within: timedelta
    changed: Mapping[str, float] = field(default_factory=dict)
    lasts: timedelta = HOUR
    agent: tuple[int, int, float] | None = None


INCIDENTS: Sequence[Incident] = (
    Incident(
        "one call in ten fails, for hours", "ErrorBudgetSlowBurn", 10 * HOUR, {"failing": 0.1}, 12 * HOUR
    ),
    Incident("a provider is down", "ProviderOutage", 2 * MINUTE, {"failing": 1}, 10 * MINUTE),
    Incident("a third of the calls fail", "ErrorRateHigh", 10 * MINUTE, {"failing": 0.33}),
    Incident("a third of the calls fail", "ErrorBudgetFastBurn", 40 * MINUTE, {"failing": 0.33}),
    Incident("15 % are over the rate limit", "RateLimited", 12 * MINUTE, {"limited": 0.15}),
    Incident("answers take three times as long", "LatencyP95High", 20 * MINUTE, {"slowness": 3}),
    Incident("first tokens take three times as long", "FirstTokenP95High", 20 * MINUTE, {"slowness": 3}),
    Incident("a tenth of the answers are empty", "EmptyAnswers", 20 * MINUTE, {"empty": 0.12}),
    Incident("a quarter of the answers are cut", "TruncatedAnswers", 45 * MINUTE, {"cut": 0.25}, 90 * MINUTE),
    Incident("half of the JSON is none", "FormatBreak", 15 * MINUTE, {"broken": 0.5}),
    Incident("answers come in code fences", "CodeFenceShift", 45 * MINUTE, {"fenced": 0.9}, 90 * MINUTE),
    Incident(
        "a fifth of the users are refused", "RefusalRateShift", 45 * MINUTE, {"refusing": 0.2}, 90 * MINUTE
    ),
    Incident("guardrails step in five times as often", "GuardrailTrips", HOUR, {"guarded": 6}, 90 * MINUTE),
    Incident("secrets in telemetry", "SecretLeak", 5 * MINUTE, {"leaking": 0.05}, 10 * MINUTE),
    Incident("answers four times as long", "TokenSurge", HOUR, {"talkative": 4}, 90 * MINUTE),
    Incident("one user spends 500 times as much", "UserAbuse", 30 * MINUTE, {"greed": 500}),
    Incident("one user spends 500 times as much", "SpendAnomalyOfUser", 2 * HOUR, {"greed": 500}, 3 * HOUR),
    Incident("everything costs 50 times as much", "SpendFastBurn", HOUR, {"dearness": 50}, 2 * HOUR),
    Incident("nobody calls", "NoTraffic", 20 * MINUTE, {"volume": 0}),
    Incident("an agent in circles", "RunawayAgent", 7 * MINUTE, agent=(90, 0, 0.0)),
    Incident("a tool called alike", "RepeatedToolCall", 3 * MINUTE, agent=(0, 12, 0.0)),
    Incident("one trace costs $30", "DearTrace", 5 * MINUTE, agent=(15, 0, 2.0)),
)


def fill_agents(store: Store, begin: datetime, incident: Incident) -> None:
    """One trace of an agent, a call or tool call every four seconds."""
    if incident.agent is None:
        return
    calls, alike, cost_usd = incident.agent
    rows = [_row(begin + timedelta(seconds=4 * place), place, cost_usd, is_tool=place >= calls)
            for place in range(calls + alike)]  # fmt: skip
    store.insert("spans", AGENT_COLUMNS, rows, database="watchkeeper")


def _row(at: datetime, place: int, cost_usd: float, *, is_tool: bool) -> list[object]:
    kind, operation = ("tool", "execute_tool") if is_tool else ("llm", "chat")
    provider, model = ("", "") if is_tool else ("openai", "gpt-5")
    return [
        "default", at.date(), at, f"{int(at.date().strftime('%Y%m%d')):032x}", f"{place:016x}", operation,
        "assistant", 1_000_000_000, kind, operation, provider, model, model, None if is_tool else cost_usd,
        "" if is_tool else "computed", "production", "search" if is_tool else "", 7 if is_tool else 0,
    ]  # fmt: skip
