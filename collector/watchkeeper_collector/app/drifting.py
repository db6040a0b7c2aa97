"""Drift, wired: the job that checks windows, and what the API and alert rules ask of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter

from watchkeeper_collector.alerts.evaluation.drift import ANY, FindVerdicts, Severity, Verdict
from watchkeeper_collector.api import baselines as baselines_api
from watchkeeper_collector.api import drift as drift_api
from watchkeeper_collector.api import releases as releases_api
from watchkeeper_collector.app.backend import Backend
from watchkeeper_collector.drift.answering import DriftAnswers
from watchkeeper_collector.drift.baselines import Saved
from watchkeeper_collector.drift.release_answers import ReleaseAnswers
from watchkeeper_collector.drift.results import Result, newest_results
from watchkeeper_collector.drift.worker import DriftStatus, DriftWorker
from watchkeeper_collector.query.filters.parsing import parse_filter
from watchkeeper_collector.query.limits import Limits
from watchkeeper_collector.query.source import Source
from watchkeeper_collector.query.times import EPOCH
from watchkeeper_collector.settings import Settings
from watchkeeper_collector.state.state import State
from watchkeeper_collector.store.opening import OpenedStore

LEASE_S = 300.0
"""A window takes less, also a great project's with all of its slices."""
ANSWER_TIME_S = 10.0
JOB_LIMITS = Limits(timeout_s=300.0, memory_bytes=2 << 30)
MOST_BASELINES = 200
SLICE_LABELS = {"project": "", "model": "model", "prompt": "prompt", "feature": "application_feature"}
"""What alerts call the slice; ``feature`` is what they call the feature of answers that drifted."""
SEVERITIES: dict[str, Severity] = {"no": "none", "minor": "minor", "major": "major", "unknown": "unknown"}


@dataclass(frozen=True, slots=True)
class Drifting:
    """The worker and the routers. ``close`` it before the store."""

    worker: DriftWorker
    store: OpenedStore
    routers: Sequence[APIRouter]
    is_enabled: bool

    def start(self) -> None:
        if self.is_enabled:
            self.worker.start()

    def close(self, timeout_s: float) -> None:
        """Wait so long for the window that is being checked: it is checked again at the next start."""
        if self.is_enabled:
            self.worker.close(timeout_s)
        self.store.close()

    def statuses(self) -> dict[str, DriftStatus]:
        return {"drift": self.worker.status}


def build_drifting(settings: Settings, state: State, backend: Backend) -> Drifting:
    """The job works on a store of its own: what people ask does not wait for it."""
    lease = state.lease("drift", ttl_s=LEASE_S)
    store = OpenedStore(
        settings.store_dsn, backend.opening, answer_timeout_s=round(JOB_LIMITS.timeout_s + ANSWER_TIME_S)
    )
    source = backend.source(store)
    worker = DriftWorker(
        Source(store, source.database, JOB_LIMITS),
        store,
        _watched(state),
        window_s=settings.drift_window_s,
        baseline_days=settings.drift_baseline_days,
        may_run=lambda: not backend.opening.problem and lease.acquire(),
    )
    answers = DriftAnswers(backend.source(backend.queries), state.baselines.get)
    routers = (
        drift_api.build_router(answers),
        releases_api.build_router(ReleaseAnswers(backend.source(backend.queries), answers)),
        baselines_api.build_router(state.baselines, _check_filter),
    )
    return Drifting(worker, store, routers, settings.drift_enabled)


def build_find_verdicts(source: Source) -> FindVerdicts:
    """What alert rules on drift ask."""

    def find(project: str, at: datetime, windows: int) -> list[Verdict]:
        at_ns = round((at - EPOCH).total_seconds() * 1_000) * 1_000_000
        return [_verdict(result) for result in newest_results(source, project, at_ns, windows)]

    return find


def _verdict(result: Result) -> Verdict:
    """A feature's verdict, or under ``any`` the whole slice's, with the labels that tell series apart."""
    length_s = (result.window_end - result.window_start).total_seconds()
    labels = {"window": f"{length_s / 3600:g}h", SLICE_LABELS[result.slice_by]: result.slice_value}
    figures: dict[str, float | str] = {
        "reason": result.reason,
        "baseline": result.baseline,
        "before": result.before,
        "after": result.after,
        "before_units": float(result.before_units),
        "after_units": float(result.after_units),
    }
    return Verdict(
        feature=result.feature or ANY,
        slice={name: text for name, text in labels.items() if text},
        window_end=result.window_end,
        severity=SEVERITIES[result.answer],
        effect=result.effect,
        figures=figures,
        link="/drift",
    )


def _watched(state: State) -> Callable[[str], Sequence[Saved]]:
    def find(project: str) -> Sequence[Saved]:
        return [one for one in state.baselines.list(project, limit=MOST_BASELINES) if one.is_watched]

    return find


def _check_filter(text: str) -> None:
    parse_filter(text)
