"""``alert_pack``: how often shipped rules are wrong on healthy traffic, and how soon they see trouble."""

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer
from watchkeeper_collector.alerts.evaluation.evaluating import Providers, SourceOf, evaluate_history
from watchkeeper_collector.alerts.evaluation.history import MOST_OVERLAP
from watchkeeper_collector.alerts.preview import Episode, find_episodes
from watchkeeper_collector.alerts.rules.condition import Budget, BurnRate, Change, Drift, series_of
from watchkeeper_collector.alerts.rules.files import load_rule_files
from watchkeeper_collector.alerts.rules.rule import Rule
from watchkeeper_collector.query.source import Source
from watchkeeper_collector.store.client import Store
from watchkeeper_collector.store.layout import Layout
from watchkeeper_collector.store.migration import migrate

from benchmarks import options
from benchmarks.alert_incidents import BUDGET, INCIDENTS, Incident, KeptBudget, fill_agents
from benchmarks.machine import calibrate, describe_machine
from benchmarks.progress import showing
from benchmarks.report import Cell, Report, Table, publish
from benchmarks.server_process import BenchmarkError

HEALTHY = Path(__file__).with_name("healthy_spans.sql").read_text("utf-8")
WELL: Mapping[str, float] = {
    "failing": 0, "limited": 0, "slowness": 1, "talkative": 1, "dearness": 1, "greed": 1, "cut": 0,
    "empty": 0, "broken": 0, "fenced": 0, "refusing": 0, "leaking": 0, "guarded": 1, "volume": 1,
}  # fmt: skip
"""What an incident changes: see ``healthy_spans.sql``."""
START = datetime(2026, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)
WARM_UP_DAYS = 8
"""Before the first evaluation: rules that compare look a week back."""
KEPT_DAYS = 20_000
BEFORE, AFTER = timedelta(hours=1), timedelta(minutes=30)
"""An incident's rule is evaluated from so long before it until so long after its end."""
DEAR_S = 4 * 3_600.0
"""Rules whose every evaluation is queries of its own are evaluated so often at most."""
MANY = 4
"""A rule with a series for each user is evaluated so often in its window."""


@dataclass(slots=True)
class Findings:
    """Of one rule over the healthy days."""

    rule: Rule
    every_s: float
    evaluations: int = 0
    episodes: list[Episode] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the spans are, and how rules are evaluated over them."""

    store: Store
    source_of: SourceOf
    providers: Providers

    def follow(self, rule: Rule, start: datetime, end: datetime, every_s: float) -> tuple[list[Episode], int]:
        """What the rule's alerts do between two times, and after how many evaluations."""
        evaluations = []
        for first in _days(start, end):
            moments = list(_moments(first, min(end, first + DAY), every_s))
            evaluations += evaluate_history(
                rule, moments, self.source_of, ["default"], providers=self.providers
            )
        if problems := {one.problem for one in evaluations if one.problem}:
            raise BenchmarkError(f"{rule.alert} could not be evaluated: {'; '.join(sorted(problems))}")
        return find_episodes(rule, evaluations), len(evaluations)


def measure_alert_pack(
    *,
    days: Annotated[int, typer.Option(min=1, max=60, help="Healthy ones.")] = 30,
    calls_per_minute: Annotated[float, typer.Option(min=1, max=1000, help="Of a working day's mean.")] = 20,
    seed: Annotated[int, typer.Option(help="Of the traffic.")] = 1,
    pace: Annotated[
        int, typer.Option(min=1, help="Healthy days: only every so many of a rule's evaluations.")
    ] = 1,
    rule: Annotated[list[str] | None, typer.Option(help="Only this one, or these.")] = None,
    folder: options.Folder = None,
    markdown: options.Markdown = False,
    out: options.Out = None,
) -> None:
    """False alarms of the rules that ship over weeks of healthy traffic, and how soon each sees its incident.

    Time is simulated: the rules are evaluated, and their alerts followed, over stored spans at the times at
    which they would have been. A rule with a window of hours is evaluated at most 60 times in it, one with
    a series for each user or a budget less often: the table says how often.

    $ python -m benchmarks alert_pack

    $ python -m benchmarks alert_pack --days 7 --rule LatencyP95High --markdown
    """
    rules = _load_rules(rule or ())
    with options.working_folder(folder) as work:
        machine = describe_machine(work)
        with closing(Store(f"chdb://{work / 'clickhouse'}")) as store:
            stage = _build_stage(store)
            traffic = Traffic(store, calls_per_minute, seed)
            began_s = time.process_time()
            healthy = _measure_healthy(stage, traffic, rules, days, pace)
            caught = list(_measure_incidents(stage, traffic, rules, days))
            details = {"calibration_us": calibrate(), "cpu_s": round(time.process_time() - began_s)}
    tables = [_table_of_false_alarms(healthy, days), _table_of_incidents(caught)]
    publish(Report(machine, tables, details=details), is_markdown=markdown, out=out)


@dataclass(slots=True)
class Traffic:
    """Makes up spans, in order of time."""

    store: Store
    calls_per_minute: float
    seed: int
    sent: int = 0

    def fill(self, start: datetime, end: datetime, changed: Mapping[str, float] = WELL) -> None:
        """Candidates come three times as often as calls on the mean; the season keeps some of them."""
        pause_s = 60 / (self.calls_per_minute * 3 / 0.8)  # a fifth of what is kept is tools
        count = int((end - start).total_seconds() / pause_s)
        fixed = {"seed": self.seed, "from_s": start.timestamp(), "pause_s": pause_s}
        place = {"first": self.sent, "count": count}
        shares = {name: float(value) for name, value in {**WELL, **changed}.items()}
        sql = HEALTHY.replace("{database}", "watchkeeper")
        self.store.command(sql, fixed | place | shares, settings={"max_partitions_per_insert_block": 0})
        self.sent += count


def _load_rules(names: Collection[str]) -> list[Rule]:
    """Those of the pack but for drift, whose verdicts have a benchmark of their own."""
    found = load_rule_files([str(files("watchkeeper_schemas").joinpath("alerts/pack"))])
    wanted = [one for one in found.rules if not names or one.alert in names]
    rules = [one for one in wanted if not isinstance(one.condition, Drift)]
    if found.faults or not rules:
        raise BenchmarkError(
            "\n".join(fault.render() for fault in found.faults) or f"There is no rule {' or '.join(names)}."
        )
    return rules


def _build_stage(store: Store) -> Stage:
    migrate(
        store,
        Layout(
            content_retention_days=KEPT_DAYS,
            span_retention_days=KEPT_DAYS,
            aggregate_retention_days=KEPT_DAYS,
        ),
    )
    source = Source(store)
    return Stage(store, lambda _: source, Providers(list_budgets=_list_budgets))


def _list_budgets(project: str) -> Sequence[KeptBudget]:
    return [BUDGET] if project == "default" else []


def _measure_healthy(
    stage: Stage, traffic: Traffic, rules: Sequence[Rule], days: int, pace: int
) -> list[Findings]:
    with showing("Making up healthy days") as report:
        for day in range(WARM_UP_DAYS + days):
            traffic.fill(START + day * DAY, START + (day + 1) * DAY)
            report((day + 1) / (WARM_UP_DAYS + days))
    begin = START + WARM_UP_DAYS * DAY
    found = [Findings(rule, _pace_s(rule, pace)) for rule in rules]
    with showing("Following rules over them") as report:
        for place, one in enumerate(found, 1):
            one.episodes, one.evaluations = stage.follow(one.rule, begin, begin + days * DAY, one.every_s)
            report(place / len(found))
    return found


def _measure_incidents(
    stage: Stage, traffic: Traffic, rules: Sequence[Rule], days: int
) -> Iterator[tuple[Incident, Rule, Episode | None, datetime]]:
    """Each at noon of a day of its own."""
    by_name = {rule.alert: rule for rule in rules}
    day = START + (WARM_UP_DAYS + days) * DAY
    wanted = [one for one in INCIDENTS if one.alert in by_name]
    with showing("Incidents") as report:
        for place, incident in enumerate(wanted, 1):
            begin, end = day + timedelta(hours=12), day + timedelta(hours=12) + incident.lasts
            traffic.fill(day, begin)
            traffic.fill(begin, end, incident.changed)
            fill_agents(stage.store, begin, incident)
            traffic.fill(end, day + DAY)
            rule = by_name[incident.alert]
            episodes, _ = stage.follow(rule, begin - BEFORE, end + AFTER, _pace_s(rule, is_short=True))
            seen = [one for one in episodes if one.started_at >= begin]
            yield incident, rule, seen[0] if seen else None, begin
            day += DAY
            report(place / len(wanted))


def _pace_s(rule: Rule, pace: int = 1, *, is_short: bool = False) -> float:
    """The rule's own interval, or a whole number of them where its windows are long."""
    condition, series = rule.condition, series_of(rule.condition)
    longest_s = series.window_s if series is not None else 0.0
    if isinstance(condition, BurnRate):
        longest_s = max((window.long_s for window in condition.windows), default=0.0)
    is_of_many = series is not None and "user" in series.by and not is_short
    wanted_s = longest_s / (MANY if is_of_many else MOST_OVERLAP)
    is_dear = isinstance(condition, Budget) or (
        isinstance(condition, BurnRate) and condition.objective is None
    )
    if is_dear or (isinstance(condition, Change) and condition.windows > 1):
        wanted_s = 300.0 if is_short else DEAR_S
    return rule.interval_s * max(pace, -(-wanted_s // rule.interval_s))


def _days(start: datetime, end: datetime) -> Iterator[datetime]:
    while start < end:
        yield start
        start += DAY


def _moments(start: datetime, end: datetime, every_s: float) -> Iterator[datetime]:
    every = timedelta(seconds=every_s)
    at = START + -(-(start - START) // every) * every
    while at < end:
        yield at
        at += every


def _table_of_false_alarms(found: Sequence[Findings], days: int) -> Table:
    rows: list[Sequence[Cell]] = [
        [
            one.rule.alert, one.rule.labels.get("severity", ""), round(one.every_s), one.evaluations,
            len(one.episodes), round(len(one.episodes) * 7 / days, 2),
        ]
        for one in found
    ]  # fmt: skip
    pages = [row for row in rows if row[1] == "page"]
    for name, some in (("all that page", pages), ("all", rows[:])):
        alarms = sum(int(str(row[4])) for row in some)
        rows.append(
            [name, "", "", sum(int(str(row[3])) for row in some), alarms, round(alarms * 7 / days, 2)]
        )
    columns = ("rule", "severity", "evaluated every, s", "evaluations", "false alarms", "a week")
    return Table(f"{days} healthy days", columns, rows)


def _table_of_incidents(found: Sequence[tuple[Incident, Rule, Episode | None, datetime]]) -> Table:
    rows: list[Sequence[Cell]] = []
    for incident, rule, episode, begin in found:
        after_s = None if episode is None else (episode.started_at - begin).total_seconds() + rule.offset_s
        verdict = "no" if after_s is None or after_s > incident.within.total_seconds() else "yes"
        after = "never" if after_s is None else round(after_s / 60, 1)
        rows.append([incident.name, rule.alert, incident.within.total_seconds() / 60, after, verdict])
    columns = ("incident", "rule", "to be seen within, min", "seen after, min", "in time")
    return Table("Incidents", columns, rows)
