"""Erasures round by round: what is interrupted, what comes late, what several collectors have to do."""

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from watchkeeper_collector.app.erasing import SpoolFolder
from watchkeeper_collector.erasure import worker as worker_module
from watchkeeper_collector.erasure.tables import ErasureTables
from watchkeeper_collector.erasure.targets import Finder
from watchkeeper_collector.erasure.worker import ErasureWorker
from watchkeeper_collector.errors import StoreUnavailableError
from watchkeeper_collector.otlp.erasing import without_name
from watchkeeper_collector.state.state import State

from tests.otlp.requests import key_values, log_request, make_span, trace_request
from tests.otlp.storage import Tables
from tests.unit.spool.driving import make_spool

USER = "erin-canary"
LETTER = {"received_ns": 1, "reason": "refused"}


class Folder:
    """A collector's own, with what a test says of it."""

    def __init__(self) -> None:
        self.is_drained = True

    def is_drained_of(self, until_ns: int) -> bool:
        assert until_ns > 0
        return self.is_drained

    def remove_name(self, project: str, name: str) -> Mapping[str, int]:
        return {"dead letters: removed": 1} if (project, name) == ("shop", USER) else {}


@pytest.fixture(scope="module")
def made(engine_dsn: str) -> Iterator[Tables]:
    tables = Tables(engine_dsn, "erasures", ())
    yield tables
    tables.drop()


@pytest.fixture
def tables(made: Tables) -> Tables:
    made.clear(("spans", "span_content", "otel_logs", "trace_index", "otel_metrics_gauge"))
    made.received_ns = time.time_ns()
    return made


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """That old files go is seen in `test_erasure.py`; it takes the engine a while."""
    monkeypatch.setattr(worker_module, "holds_old_parts", lambda *_: False)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = State(f"sqlite:///{tmp_path / 'state.db'}")
    opened.migrate()
    yield opened
    opened.close()


def collector(tables: Tables, state: State, name: str = "one", *, may_run: bool = True) -> ErasureWorker:
    finder = Finder(ErasureTables(tables, tables.database), ("user.id", "enduser.id"))
    marked: list[tuple[str, Sequence[int]]] = []
    made = ErasureWorker(
        state.erasures,
        {"user": finder, "session": Finder(finder.tables, ("session.id",))},
        Folder(),
        collector=name,
        touch=lambda project, hours: marked.append((project, hours)),
        may_run=lambda: may_run,
    )
    made.marked = marked  # type: ignore[attr-defined]
    return made


def send(tables: Tables, number: int, user: str = USER) -> None:
    span = make_span(
        {"user.id": user, "gen_ai.operation.name": "chat", "gen_ai.input.messages": f"say {number}"},
        trace_id=number.to_bytes(16, "big"),
        start_time_unix_nano=time.time_ns() - 10**10,
    )
    tables.send("traces", trace_request(span), segment_id=f"e{number}")


def users(tables: Tables) -> list[str]:
    rows = tables.query(f"SELECT UserId FROM {tables.database}.spans ORDER BY UserId").rows
    return [user for (user,) in rows]


def finish(worker: ErasureWorker, state: State, erasure_id: str) -> Mapping[str, int]:
    ends_at_s = time.monotonic() + 120
    while (found := state.erasures.get("shop", erasure_id)).state != "done":
        assert time.monotonic() < ends_at_s, found
        worker.run_round()
        time.sleep(0.05)
    return found.report


def test_all_collectors_that_are_there_clean_their_folders_first(tables: Tables, state: State) -> None:
    one, two = collector(tables, state), collector(tables, state, "two", may_run=False)
    two.run_round()
    send(tables, 1)
    send(tables, 2, "frank")
    erasure = state.erasures.add("shop", "user", USER, "k")
    for _ in range(3):
        one.run_round()
    assert users(tables) == ["frank"]
    assert "1 collectors" in state.erasures.get("shop", erasure.id).phase
    two._folder.is_drained = False  # type: ignore[attr-defined]
    two.run_round()
    one.run_round()
    assert state.erasures.get("shop", erasure.id).state == "running"
    two._folder.is_drained = True  # type: ignore[attr-defined]
    send(tables, 3)  # what had waited there
    two.run_round()
    report = finish(one, state, erasure.id)
    assert users(tables) == ["frank"]
    assert (report["spans: removed"], report["dead letters: removed"]) == (2, 2)
    assert one.marked  # type: ignore[attr-defined]


def test_an_erasure_goes_on_wherever_it_was_interrupted(
    tables: Tables, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(tables, 1)
    erasure = state.erasures.add("shop", "user", USER, "k")
    for step in ("edit_mentions", "write_anew", "drop_notes"):
        with monkeypatch.context() as patched:

            def fail(*_: Any) -> None:
                raise StoreUnavailableError("The store went away.")

            patched.setattr(worker_module, step, fail)
            with pytest.raises(StoreUnavailableError):
                collector(tables, state).run_round()
        assert state.erasures.get("shop", erasure.id).failure == "The store went away."
    finish(collector(tables, state), state, erasure.id)
    found = state.erasures.get("shop", erasure.id)
    assert (found.failure, found.subject, users(tables)) == ("", "", [])
    left = "SELECT count() FROM {d}.erasure_subjects UNION ALL SELECT count() FROM {d}.erasure_targets"
    assert {row[0] for row in tables.query(left.replace("{d}", tables.database)).rows} == {0}


def test_spans_of_before_that_come_later_open_it_again(tables: Tables, state: State) -> None:
    worker = collector(tables, state)
    erasure = state.erasures.add("shop", "user", USER, "k")
    assert finish(worker, state, erasure.id) == {"dead letters: removed": 1}
    send(tables, 4)
    worker._late_at_s = float("-inf")
    worker.run_round()
    assert worker.status.erasures_reopened == 1
    assert finish(worker, state, erasure.id)["spans: removed"] == 1
    assert users(tables) == []


def test_a_short_id_is_not_looked_for_in_texts(tables: Tables, state: State) -> None:
    send(tables, 1, "7")
    send(tables, 17, "frank")
    erasure = state.erasures.add("shop", "user", "7", "k")
    finish(collector(tables, state), state, erasure.id)
    assert users(tables) == ["frank"]
    kept = tables.query(f"SELECT InputText FROM {tables.database}.span_content").rows
    assert kept == [("say 17",)]


def test_metrics_and_logs_that_name_a_user_go_with_them(tables: Tables, state: State) -> None:
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="calls")
    for user in (USER, "frank"):
        point = metric.gauge.data_points.add(as_int=1, time_unix_nano=time.time_ns())
        point.attributes.extend(key_values({"enduser.id": user}))
    tables.send("metrics", request, segment_id="m")
    tables.send("logs", log_request("bye", {"user.id": USER}), segment_id="l")
    erasure = state.erasures.add("shop", "user", USER, "k")
    report = finish(collector(tables, state), state, erasure.id)
    assert (report["otel_metrics_gauge: removed"], report["otel_logs: removed"]) == (1, 1)
    left = tables.query(f"SELECT Attributes['enduser.id'] FROM {tables.database}.otel_metrics_gauge").rows
    assert left == [("frank",)]


def test_another_project_with_the_same_user_is_left_alone(tables: Tables, state: State) -> None:
    send(tables, 1)
    erasure = state.erasures.add("bank", "user", USER, "k")
    worker = collector(tables, state)
    while state.erasures.get("bank", erasure.id).state != "done":
        worker.run_round()
        time.sleep(0.05)
    assert users(tables) == [USER]


def test_dead_letters_lose_what_names_the_user(tmp_path: Path) -> None:
    spool = make_spool(tmp_path / "spool")
    spool.open()
    hers = make_span({"user.id": USER}, span_id=b"1" * 8)
    his = make_span({"user.id": "frank"}, span_id=b"2" * 8)
    bodies = [trace_request(hers, his), trace_request(hers), trace_request(his)]
    letters = spool.dead_letters
    for body in bodies:
        letters.park("traces", "shop", "k", body.SerializeToString(), 2, **LETTER)  # type: ignore[arg-type]
    letters.park("traces", "bank", "k", bodies[1].SerializeToString(), 1, **LETTER)  # type: ignore[arg-type]
    assert SpoolFolder(spool).remove_name("shop", USER) == {
        "dead letters: edited": 1,
        "dead letters: removed": 1,
    }
    mine = [letters.read(letter.id) for letter in letters.list(project="shop")]
    assert [(letter.items, USER.encode() in body) for letter, body in mine] == [(2, False), (1, False)]
    assert len(letters.list(project="bank")) == 1
    spool.release()


def test_a_request_that_cannot_be_read_is_removed_whole() -> None:
    assert without_name("traces", b"\xff" + USER.encode(), USER) == (b"", 1)
    assert without_name("traces", b"\xffabc", USER) == (b"\xffabc", 0)
