"""Alerting, wired: the rules, their evaluation, the engine, and what the API and the metrics tell of it."""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.resources import files
from typing import Any

from fastapi import APIRouter

from watchkeeper_collector.alerts.engine.deadline import DeadlineConnection
from watchkeeper_collector.alerts.engine.engine import Engine, Evaluate
from watchkeeper_collector.alerts.engine.history import HistoryWriter
from watchkeeper_collector.alerts.engine.worker import AlertWorker
from watchkeeper_collector.alerts.evaluation.evaluating import Providers, evaluate
from watchkeeper_collector.alerts.evaluation.memory import Memory
from watchkeeper_collector.alerts.evaluation.sample import Evaluation
from watchkeeper_collector.alerts.rules.book import RuleBook
from watchkeeper_collector.alerts.rules.rule import Rule
from watchkeeper_collector.api import alert_rules as alert_rules_api
from watchkeeper_collector.api import alerts as alerts_api
from watchkeeper_collector.app.access import build_operator_check
from watchkeeper_collector.app.alert_rules import AlertRules
from watchkeeper_collector.app.backend import Backend
from watchkeeper_collector.app.drifting import build_find_verdicts
from watchkeeper_collector.app.notifying import Notifying, build_notifying
from watchkeeper_collector.query.source import Source
from watchkeeper_collector.settings import Settings
from watchkeeper_collector.spool import Spool
from watchkeeper_collector.state.operations import Budget
from watchkeeper_collector.state.state import State
from watchkeeper_collector.store.opening import OpenedStore

LEASE_S = 30.0
"""A collector that evaluates and is killed is missed so long, and the seconds until others look."""
MOST_BUDGETS = 1_000
PACK = "default"
PACK_FOLDER = "alerts/pack"
ANSWER_TIME_S = 10.0


@dataclass(frozen=True, slots=True)
class Alerting:
    """What evaluates and notifies, and the routers that tell of it. ``close`` it before the store."""

    worker: AlertWorker
    history: HistoryWriter
    notifying: Notifying
    store: OpenedStore
    routers: Sequence[APIRouter]
    is_enabled: bool

    def start(self) -> None:
        if self.is_enabled:
            self.worker.start()
            self.history.start()
            self.notifying.start()

    def close(self, timeout_s: float) -> None:
        """Within the time, as far as what is under way allows."""
        if self.is_enabled:
            closing = threading.Thread(target=self.history.close, daemon=True)
            closing.start()
            self.worker.close(timeout_s)
            closing.join(timeout_s)
            self.notifying.notifier.close(timeout_s)
        self.store.close()

    def statuses(self) -> dict[str, Any]:
        """What the workers count, by their names."""
        return {
            "alerts": self.worker.status,
            "alert_history": self.history.status,
            "notifications": self.notifying.notifier.status,
        }


def build_alerting(settings: Settings, state: State, spool: Spool, backend: Backend) -> Alerting:
    """The one place where the parts of alerting meet."""
    answer_s = round(settings.query_timeout_s + ANSWER_TIME_S)
    store = OpenedStore(settings.store_dsn, backend.opening, answer_timeout_s=answer_s)
    source = backend.source(store)
    lease = state.lease("alerts", ttl_s=LEASE_S)
    book = RuleBook(find_patterns(settings.alert_rules), state.rules.all)
    statements, queries = backend.source(backend.statements), backend.source(backend.queries)
    rules = AlertRules(book, state.rules, _always(queries), build_providers(state, queries, statements))
    engine = Engine(
        state.alerts,
        lease,
        build_evaluate(state, source, statements, settings.query_timeout_s),
        lag_s=spool.lag_s,
    )
    shown = alerts_api.Alerting(state.alerts, queries, lambda: book.problem, settings.alerts_enabled)
    notifying = build_notifying(settings, state, build_operator_check(settings))
    return Alerting(
        worker=AlertWorker(engine, book, lease, is_open=lambda: not backend.opening.problem),
        history=HistoryWriter(state.alerts, store, source.database, may_run=lease.acquire),
        notifying=notifying,
        store=store,
        routers=(
            alert_rules_api.build_router(rules),
            *notifying.routers,
            alerts_api.build_router(shown),
        ),
        is_enabled=settings.alerts_enabled,
    )


def build_evaluate(state: State, source: Source, statements: Source, timeout_s: float) -> Evaluate:
    """Evaluates a group's rules over all projects within the time."""
    memory = Memory()

    def find(rules: Sequence[Rule], at: datetime) -> Sequence[Evaluation]:
        asked, stated = (
            replace(one, connection=DeadlineConnection(one.connection, timeout_s))
            for one in (source, statements)
        )
        providers = replace(build_providers(state, asked, stated), memory=memory)
        projects = [project.id for project in state.projects.list()]
        return evaluate(rules, at, _always(asked), projects, providers)

    return find


def build_providers(state: State, source: Source, statements: Source) -> Providers:
    """What rules need beside spans."""

    def list_budgets(project: str) -> Sequence[Budget]:
        return state.budgets.list(project, limit=MOST_BUDGETS)

    return Providers(list_budgets, build_find_verdicts(source), _always(statements))


def find_patterns(given: Iterable[str]) -> list[str]:
    """Where rule files are, with the folder of the rules that come with Watchkeeper by its name."""
    pack = str(files("watchkeeper_schemas").joinpath(PACK_FOLDER))
    return [pack if pattern == PACK else pattern for pattern in given]


def _always(source: Source) -> Callable[[str], Source]:
    """The same source for every project: the slice of a query says whose spans it is about."""
    return lambda _: source
