"""A collector: its parts, and the order in which they begin and end."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version

from starlette.routing import Router
from starlette.types import ASGIApp

from watchkeeper_collector.api import (
    backups,
    dead_letters,
    demo,
    erasure,
    facets,
    health,
    histogram,
    keys,
    prices,
    query,
    retention,
    spans,
    sql,
    status,
    traces,
    vocabulary,
)
from watchkeeper_collector.api.alert_families import AlertFamilies
from watchkeeper_collector.api.families import SpoolFamilies, WorkerFamilies
from watchkeeper_collector.api.frame import DOCS_PATH, build_api
from watchkeeper_collector.api.gate import Gate
from watchkeeper_collector.app import redacting
from watchkeeper_collector.app.access import (
    build_governance,
    build_metrics_guards,
    build_operator_check,
    build_people,
)
from watchkeeper_collector.app.alerting import Alerting, build_alerting
from watchkeeper_collector.app.backend import Backend
from watchkeeper_collector.app.backups import build_backups
from watchkeeper_collector.app.drifting import Drifting, build_drifting
from watchkeeper_collector.app.identity import load_identity
from watchkeeper_collector.app.keeping import build_keeper
from watchkeeper_collector.app.operations import build_aliases, build_operations, build_score_recording
from watchkeeper_collector.errors import ConfigurationError
from watchkeeper_collector.otlp.caller import Authenticate, Caller, read_secrets
from watchkeeper_collector.otlp.fair_use import Rates
from watchkeeper_collector.otlp.grpc_door import GrpcDoor
from watchkeeper_collector.otlp.http import build_routes
from watchkeeper_collector.otlp.ingest import Ingest
from watchkeeper_collector.otlp.limits import Limits
from watchkeeper_collector.query.messages import read_conversation
from watchkeeper_collector.redaction.policies import Policies
from watchkeeper_collector.settings import Settings
from watchkeeper_collector.spool import Spool
from watchkeeper_collector.state.state import State
from watchkeeper_collector.telemetry import Telemetry

MOST_LETTERS = 1_000
VERSION = version("watchkeeper")


def build_collector(settings: Settings) -> "Collector":
    """All parts of a collector, wired; nothing is opened yet but the state store."""
    state = State(settings.state_url, holder=load_identity(settings.data_dir))
    spool, telemetry = _build_spool(settings), Telemetry()
    backend = Backend(settings, spool, state)
    telemetry.add_process(VERSION)
    telemetry.add_collector(SpoolFamilies(spool.stats))
    alerting = build_alerting(settings, state, spool, backend)
    drifting = build_drifting(settings, state, backend)
    telemetry.add_collector(WorkerFamilies(backend.statuses() | alerting.statuses() | drifting.statuses()))
    telemetry.add_collector(AlertFamilies(state.alerts))
    gate = _build_gate(settings, state)
    policies = redacting.build_policies(settings, state)
    ingest = Ingest(spool.append, _limits(settings), telemetry, _rates(settings), policies.find)
    door = _build_door(gate)
    api = _build_api(
        spool, state, backend, telemetry, gate,
        ingest=ingest, policies=policies, settings=settings, alerting=alerting, drifting=drifting,
    )  # fmt: skip
    http = Router(build_routes(ingest, door), redirect_slashes=False, default=api)
    grpc = GrpcDoor(
        ingest,
        door,
        host=settings.host,
        port=settings.grpc_port,
        certificates=settings.certificates,
    )
    return Collector(settings, state, policies, spool, backend, alerting, drifting, grpc, http)


@dataclass(frozen=True, slots=True)
class Collector:
    """``start`` it on the event loop that serves ``http``, and ``close`` it at the end."""

    settings: Settings
    state: State
    policies: Policies
    spool: Spool
    backend: Backend
    alerting: Alerting
    drifting: Drifting
    grpc: GrpcDoor
    http: ASGIApp

    async def start(self) -> int:
        """Open the gRPC door; returns its port. The store is opened in the background.

        Raises ``ConfigurationError`` and ``StateUnavailableError``; then it is to be closed too.
        """
        self.state.migrate()
        self.state.projects.ensure(self.settings.default_project)
        self.state.keys.start()
        self.policies.start()
        self._check_access()
        self.spool.start()
        port = await self.grpc.start()
        self.backend.opening.start()
        self.alerting.start()
        self.drifting.start()
        return port

    def retire(self) -> None:
        """Say on ``/readyz`` that this collector is about to end."""
        self.backend.retire()

    async def close(self, timeout_s: float) -> None:
        """Finish requests, make them durable, bring them to the store as far as the time allows.

        What is left waits on disk for the next start. ``http`` is served no more.
        """
        ends_at_s = time.monotonic() + timeout_s
        await self.grpc.close(timeout_s / 3)
        await self.spool.close()
        await asyncio.to_thread(self.alerting.close, timeout_s / 3)
        await asyncio.to_thread(self.drifting.close, timeout_s / 3)
        await asyncio.to_thread(self.backend.close, ends_at_s - time.monotonic())
        self.policies.close()
        self.state.close()
        self.spool.release()

    def _check_access(self) -> None:
        """Raise ``ConfigurationError`` where strangers could reach a collector that asks for no key."""
        settings = self.settings
        has_people = bool(settings.oidc_issuer)
        if not (settings.is_loopback or settings.insecure or has_people or self.state.keys.has_any()):
            raise ConfigurationError(
                f"The address '{settings.host}' can be reached from other machines, and no API key exists:"
                " anybody could read and write. Make a key first (`watchkeeper keys create`), listen on"
                " 127.0.0.1, or start with --insecure if the network itself keeps strangers out."
            )


def _build_spool(settings: Settings) -> Spool:
    return Spool(
        settings.spool_dir,
        segment_bytes=settings.segment_bytes,
        segment_age_s=settings.segment_age_s,
        commit_window_ms=settings.commit_window_ms,
        quota_bytes=settings.spool_quota_bytes,
        reserve_bytes=settings.disk_reserve_bytes,
        retry_window_s=settings.retry_window_s,
        chain=settings.chain,
    )


def _build_gate(settings: Settings, state: State) -> Gate:
    is_open = (settings.is_loopback or settings.insecure) and not settings.oidc_issuer
    return Gate(
        state.keys,
        read_secrets,
        open_project=settings.default_project if is_open else "",
        is_local=not settings.insecure,
    )


def _build_door(gate: Gate) -> Authenticate:
    def authenticate(headers: Mapping[str, str]) -> Caller:
        principal = gate.authenticate(headers)
        principal.check_scope("ingest")
        return Caller(principal.project, principal.key_id, principal.spans_per_s, principal.bytes_per_s)

    return authenticate


def _build_api(
    spool: Spool,
    state: State,
    backend: Backend,
    telemetry: Telemetry,
    gate: Gate,
    *,
    ingest: Ingest,
    policies: Policies,
    settings: Settings,
    alerting: Alerting,
    drifting: Drifting,
) -> ASGIApp:
    record = build_score_recording(ingest)
    is_operator = build_operator_check(settings)
    sources = status.Sources(
        version=VERSION,
        prices=backend.price_table(backend.status),
        is_embedded=backend.store.is_embedded,
        schema_version=backend.schema_version,
        check_state=state.database.check,
        problem=backend.problem,
        spool=spool.stats,
        workers=backend.statuses() | alerting.statuses() | drifting.statuses(),
        telemetry=telemetry,
        is_operator=is_operator,
        count_letters=lambda project: len(spool.dead_letters.list(limit=MOST_LETTERS, project=project)),
    )
    routers = (
        status.build_router(sources),
        query.build_router(backend.source(backend.queries)),
        histogram.build_router(backend.source(backend.queries)),
        facets.build_router(backend.source(backend.queries)),
        vocabulary.build_router(),
        traces.build_router(backend.source(backend.queries), read_conversation),
        spans.build_router(backend.source(backend.queries)),
        sql.build_router(backend.source(backend.statements)),
        prices.build_router(backend.price_table(backend.queries)),
        keys.build_router(state.keys),
        dead_letters.build_router(spool.dead_letters, redacting.build_replay(spool, ingest)),
        demo.build_router(backend.source(backend.queries), backend.erase, is_operator),
        *build_operations(backend.source(backend.queries), state, record, redacting.build_redact(policies)),
        redacting.build_router(state, policies),
        *build_governance(state),
        erasure.build_router(state.erasures),
        backups.build_router(build_backups(settings, spool, state, backend), is_operator),
        retention.build_router(build_keeper(backend.keeping, backend.queries, backend.retention.run_round)),
        *alerting.routers,
        *drifting.routers,
    )
    root = health.build_router(
        backend.problem, telemetry, DOCS_PATH, build_metrics_guards(settings, is_operator)
    )
    root.include_router(build_aliases(record))
    return build_api(
        root,
        routers,
        version=VERSION,
        authenticate=gate.authenticate,
        people=build_people(settings, state),
        keep=state.audit.keep,
    )


def _limits(settings: Settings) -> Limits:
    return Limits(settings.max_request_bytes, settings.max_request_elements, settings.max_attribute_bytes)


def _rates(settings: Settings) -> Rates:
    return Rates(settings.rate_limit_spans_per_s, settings.rate_limit_bytes_per_s)
