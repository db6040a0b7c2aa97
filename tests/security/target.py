"""A running collector to attack, with a victim's data in it, and what an attack costs it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
from watchkeeper_collector.settings import Settings
from watchkeeper_collector.state.state import State

from tests.collector import Answer, CollectorProcess
from tests.otlp.requests import make_span, trace_request

MIB = 1 << 20
CANARY = "canary-of-the-victim-41f7"
PROTOBUF = {"content-type": "application/x-protobuf"}
SETTINGS: Mapping[str, object] = {
    "segment_age_s": 0.1,
    "settle_interval_s": 3600,
    "query_timeout_s": 3,
    "query_memory_bytes": 512 * MIB,
    "content_retention_days": 36_500,
    "span_retention_days": 36_500,
}
ATTEMPTS = 3


@dataclass(frozen=True)
class Target:
    """``key`` may do everything in its project, `attacker`; ``operator`` sees how the collector is."""

    collector: CollectorProcess
    key: str
    operator: str

    def ask(self, path: str, *, method: str = "GET", body: Any = None, **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.collector.ask(path, method=method, key=self.key, body=body, headers=sent)

    def send(self, body: bytes, signal: str = "traces", **headers: str) -> int:
        sent = {"content_type": "application/x-protobuf"} | headers
        return self.ask(f"/v1/{signal}", method="POST", body=body, **sent).status

    def sql(self, query: str) -> Answer:
        return self.ask("/api/v1/sql", method="POST", body={"query": query})

    def is_well(self) -> bool:
        """Whether it answers and stores as ever."""
        return self.collector.ask("/readyz").status == 200 and self.send(usual()) == 200

    def until_drained(self) -> None:
        def has_drained() -> bool:
            return bool(self.collector.get("/api/v1/status", key=self.operator)["spool"]["segments"] == 0)

        self.collector.until(has_drained)

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.collector.http)
        return str(parts.hostname), int(parts.port or 0)

    def check_cost(self, attack: Callable[[], object], *, cpu_s: float, mib: int) -> None:
        """The best of some attempts: the collector's own work at that moment costs too."""
        costs: list[tuple[float, float]] = []
        for _ in range(ATTEMPTS):
            costs.append(self._cost(attack))
            if costs[-1][0] < cpu_s and costs[-1][1] < mib:
                return
        assert min(cost for cost, _ in costs) < cpu_s, f"CPU seconds: {costs}"
        assert min(grown for _, grown in costs) < mib, f"MiB: {costs}"

    def _cost(self, attack: Callable[[], object]) -> tuple[float, float]:
        process = psutil.Process(self.collector.process.pid)
        Path(f"/proc/{process.pid}/clear_refs").write_text("5")  # the peak counts from here
        before_s, before_bytes = _cpu_s(process), process.memory_info().rss
        attack()
        return _cpu_s(process) - before_s, (_peak_bytes(process) - before_bytes) / MIB


def usual(**attributes: Any) -> bytes:
    return trace_request(make_span(attributes, start_time_unix_nano=time.time_ns())).SerializeToString()


def open_target(collector: CollectorProcess) -> Target:
    """Two projects with keys; the victim's has a trace, a session, a user, a score and a comment."""
    attacker, victim, operator = (
        _make_key(collector, project) for project in ("attacker", "victim", "default")
    )
    collector.until_ready()
    target, owned = Target(collector, attacker, operator), Target(collector, victim, operator)
    said = {"gen_ai.operation.name": "chat", "session.id": CANARY, "user.id": CANARY, "gen_ai.prompt": CANARY}
    assert owned.send(usual(**said)) == 200
    for path, body in (
        ("/api/v1/scores", {"name": CANARY, "value": 1, "session_id": CANARY, "comment": CANARY}),
        ("/api/v1/comments", {"trace_id": "ab" * 16, "text": CANARY}),
    ):
        assert owned.ask(path, method="POST", body=body).status in (201, 202)
    assert target.send(usual(**{"gen_ai.operation.name": "chat", "session.id": "mine"})) == 200
    owned.until_drained()
    return target


def _make_key(collector: CollectorProcess, project: str) -> str:
    """A key of its own project, by the command: the API makes none for others' projects."""
    state = State(Settings(data_dir=Path(str(collector.settings["data_dir"]))).state_url)
    try:
        return state.keys.create(project, "tests", ("ingest", "read", "content", "alerts", "admin"))[1]
    finally:
        state.close()


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _peak_bytes(process: psutil.Process) -> int:
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024
