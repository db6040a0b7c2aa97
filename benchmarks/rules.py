"""``rules``: what an evaluation of many alert rules costs."""

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from watchkeeper_collector.alerts.evaluation.evaluating import Providers, SourceOf, evaluate
from watchkeeper_collector.alerts.evaluation.memory import Memory
from watchkeeper_collector.alerts.rules.files import read_rule_texts
from watchkeeper_collector.alerts.rules.rule import Rule
from watchkeeper_collector.query.connection import Answer
from watchkeeper_collector.query.source import Source
from watchkeeper_collector.store.client import Store
from watchkeeper_collector.store.migration import migrate

from benchmarks import options
from benchmarks.clock import Timing, middle, timed
from benchmarks.machine import calibrate, describe_machine
from benchmarks.progress import showing
from benchmarks.report import Cell, Report, Table, publish
from benchmarks.server_process import BenchmarkError

DAYS = 29
SPANS_PER_INSERT = 500_000
PLAIN = Path(__file__).with_name("plain_spans.sql").read_text("utf-8")
MS = 1000
COLUMNS = ("rules", "rules evaluated", "queries", "wall, ms", "CPU, ms")

SHAPES: Mapping[str, str] = {
    "outage, 1m": (
        "measure: server_errors, by: [provider], window: 1m, condition: '>= 10', and: ['erring_models >= 2']"
    ),
    "error rate by model, 5m": "measure: error_rate, by: [model], condition: '> 10%'",
    "error rate by two dimensions, 5m": "measure: error_rate, by: [environment, model], condition: '> 10%'",
    "rate limited, 5m": "measure: rate_limited_rate, by: [provider], condition: '> 5%'",
    "errors by tenant, 1h": "measure: errors, by: [attr.app.tenant], window: 1h, condition: '> 50'",
    "p95 by model, 5m": "measure: latency_p95_ms, by: [model], condition: '> 8s'",
    "p95 against last week, 5m": (
        "measure: latency_p95_ms, by: [model], change: {against: week}, condition: '> 2x'"
    ),
    "p95 of the first token, 5m": "measure: ttft_p95_ms, by: [model], condition: '> 2s'",
    "spend of a user, 1h": "measure: cost_usd, by: [user], window: 1h, share_of: [], condition: '> 25%'",
    "spend against a week's mean, 1d": (
        "measure: cost_usd, by: [user], window: 1d, change: {against: mean}, condition: '> 3x'"
    ),
    "tokens by model, 5m": "measure: output_tokens, by: [model], condition: '> 10M'",
    "truncated answers, 15m": "measure: truncation_rate, by: [model], window: 15m, condition: '> 90%'",
    "empty answers, 15m": "measure: empty_rate, by: [model], window: 15m, condition: '> 2%'",
    "tools that fail, 15m": "measure: tool_error_rate, by: [tool], window: 15m, condition: '> 20%'",
    "runaway traces, 15m": "measure: max_calls_per_trace, window: 15m, condition: '> 50'",
    "users, 1h": "measure: users, window: 1h, condition: '< 1'",
    "no traffic, 15m": "measure: calls, window: 15m, absence: {season: week, expected: 30}",
    "fast burn, 6h": "burn_rate: {objective: 0.9, speed: fast}",
    "slow burn, 3d": "burn_rate: {objective: 0.9, speed: slow}",
    "token surge, 7d of hours": (
        "measure: output_tokens, by: [model], window: 1h, anomaly: {trigger: 1h, recovery: 1h}"
    ),
}


class Counting:
    """A store that counts the queries."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.queries = 0

    def query(
        self,
        sql: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
    ) -> Answer:
        self.queries += 1
        return self._store.query(sql, parameters, settings=settings)

    def raw_query(
        self,
        sql: str,
        fmt: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
    ) -> bytes:
        self.queries += 1
        return self._store.raw_query(sql, fmt, parameters, settings=settings)


def measure_rules(
    *,
    spans: Annotated[int, typer.Option(min=1000, max=20_000_000)] = 10_000_000,
    rules: Annotated[int, typer.Option(min=len(SHAPES), max=2_000)] = 1_000,
    repeats: Annotated[int, typer.Option(min=1, max=20)] = 3,
    folder: options.Folder = None,
    markdown: options.Markdown = False,
    out: options.Out = None,
) -> None:
    """One evaluation of many rules of twenty shapes, each with a filter of its own, over 29 days of spans.

    The store is this process's own: CPU is of the evaluation and of the engine's work for it.

    $ python -m benchmarks rules

    $ python -m benchmarks rules --spans 1000000 --rules 200 --markdown
    """
    with options.working_folder(folder) as work:
        machine = describe_machine(work)
        with closing(Store(f"chdb://{work / 'clickhouse'}")) as store:
            _fill(store, spans)
            with showing("Evaluating"):
                rows = _measure(store, build_rules(rules), repeats)
    title = f"{rules:,} alert rules of {len(SHAPES)} shapes over {spans:,} spans of {DAYS} days"
    details = {"calibration_us": calibrate()}
    publish(Report(machine, [Table(title, COLUMNS, rows)], details=details), is_markdown=markdown, out=out)


def build_rules(count: int) -> dict[str, list[Rule]]:
    """As many of each shape, each with another filter; by shape."""
    per_shape = count // len(SHAPES)
    groups = []
    for number, fields in enumerate(SHAPES.values()):
        members = (f"{{alert: R{place}, {fields}, filter: '{_filter(place)}'}}" for place in range(per_shape))
        groups.append(f"{{name: '{number}', rules: [{', '.join(members)}]}}")
    found = read_rule_texts({"rules.yml": f"groups: [{', '.join(groups)}]"})
    if found.faults:
        raise BenchmarkError("\n".join(fault.render() for fault in found.faults))
    names = list(SHAPES)
    by_shape: dict[str, list[Rule]] = {name: [] for name in names}
    for rule in found.rules:
        by_shape[names[int(rule.group)]].append(rule)
    return by_shape


def _filter(place: int) -> str:
    """Each keeps some part of the spans; the first keeps all."""
    features, services = ("search", "chat", "summarise", "rank", "translate"), ("shop", "support", "search")
    match place % 5:
        case 0:
            return "" if place == 0 else f"attr.app.tenant:t{place % 40}"
        case 1:
            return f"feature:{features[place // 5 % 5]} service:{services[place % 3]}"
        case 2:
            return f"user:(u{place} OR u{place + 1} OR u{place + 2})"
        case 3:
            return f"environment:production -feature:{features[place // 5 % 5]} cost:>{place / 1e4}"
        case _:
            return f"service:{services[place % 3]} latency:>{place * 20}ms"


def _fill(store: Store, spans: int) -> None:
    migrate(store)
    pause_ns = int(DAYS * 86_400 * 1e9) // spans
    fixed = {"since_ns": time.time_ns() - spans * pause_ns, "pause_ns": pause_ns}
    sql = PLAIN.replace("{database}", "watchkeeper")
    with showing(f"Making up {spans:,} spans") as report:
        for first in range(0, spans, SPANS_PER_INSERT):
            count = min(SPANS_PER_INSERT, spans - first)
            store.command(
                sql, fixed | {"first": first, "count": count}, settings={"max_partitions_per_insert_block": 0}
            )
            report((first + count) / spans)


def _measure(store: Store, by_shape: Mapping[str, Sequence[Rule]], repeats: int) -> list[list[Cell]]:
    """All together, for the first time and when the history is remembered, and each shape by itself."""
    everything = [rule for rules in by_shape.values() for rule in rules]
    remembering = Providers(memory=Memory())
    _evaluate(store, everything, 1, remembering)
    rows = [
        _row("all together", everything, *_evaluate(store, everything, repeats)),
        _row("all together, again", everything, *_evaluate(store, everything, repeats, remembering)),
    ]
    parts = {**by_shape, "one of each shape": [rules[0] for rules in by_shape.values()]}
    return rows + [_row(name, rules, *_evaluate(store, rules, repeats)) for name, rules in parts.items()]


def _evaluate(
    store: Store,
    rules: Sequence[Rule],
    repeats: int,
    providers: Providers = Providers(),  # noqa: B008 - frozen
) -> tuple[int, Timing]:
    """The queries of one evaluation, and the median of its times."""
    timings, queries = [], 0
    for _ in range(repeats):
        counting = Counting(store)
        with timed() as timing:
            found = evaluate(rules, datetime.now(UTC), _always(Source(counting)), ["default"], providers)
        problems = {one.problem for one in found if one.problem}
        if problems:
            raise BenchmarkError(f"Rules could not be evaluated: {'; '.join(problems)}")
        timings.append(timing)
        queries = counting.queries
    return queries, middle(timings)


def _always(source: Source) -> SourceOf:
    return lambda _: source


def _row(name: str, rules: Sequence[Rule], queries: int, timing: Timing) -> list[Cell]:
    return [name, len(rules), queries, timing.wall_s * MS, timing.cpu_s * MS]
