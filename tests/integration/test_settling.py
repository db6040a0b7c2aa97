"""Settling on the real engine: values and duplicates, late and foreign spans, outages, clusters."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from watchkeeper_collector.errors import StoreUnavailableError
from watchkeeper_collector.settling import settlement, span_table, survey, worker
from watchkeeper_collector.store.client import Store

from tests.settling import SECOND_NS, SettlingStore, open_settling

CAPTURES = Path(__file__).parents[1] / "data" / "captures"
HOSTILE = "o'brien\\' OR 1=1 --\t\n{x:String} \N{SNOWMAN}"


@pytest.fixture(scope="module")
def engine(engine_dsn: str) -> Iterator[SettlingStore]:
    with open_settling(engine_dsn, "settling_test") as store:
        yield store


@pytest.fixture
def store(engine: SettlingStore) -> Iterator[SettlingStore]:
    yield engine
    engine.clear()


def span(span_id: str, parent_id: str = "", **columns: Any) -> dict[str, Any]:
    return {"TraceId": "t1", "SpanId": span_id, "ParentSpanId": parent_id, **columns}


def llm(span_id: str, parent_id: str = "", **columns: Any) -> dict[str, Any]:
    call = {"Kind": "llm", "RequestModel": "gpt-4o", "InputTokens": 100, "OutputTokens": 20}
    return span(span_id, parent_id, **(call | {"Duration": SECOND_NS, "ScopeName": "client"} | columns))


def users(store: SettlingStore, project: str = "shop") -> dict[str, str]:
    return {span_id: row["UserId"] for span_id, row in store.state(project).items()}


def duplicates(store: SettlingStore, project: str = "shop") -> dict[str, str]:
    state = store.state(project).items()
    assert all(row["IsDuplicate"] == bool(row["DuplicateOf"]) for _, row in state)
    return {span_id: row["DuplicateOf"] for span_id, row in state if row["IsDuplicate"]}


def test_spans_take_the_values_of_a_root_that_came_later(store: SettlingStore) -> None:
    store.put(span("a", "root"), span("b", "a"))
    store.settle()
    store.put(
        span(
            "root",
            UserId="ann",
            SessionId="s1",
            PromptName="greet",
            PromptVersion="v7",
            Release="1.2",
            Environment="prod",
            Feature="search",
        )
    )
    counts = store.settle()
    state = store.state()
    assert counts.completed == 1
    for span_id, inherited in {"root": 0, "a": 63, "b": 63}.items():
        assert state[span_id]["Inherited"] == inherited
        assert list(state[span_id].values())[:7] == ["ann", "s1", "greet", "v7", "1.2", "prod", "search"]


def test_who_keeps_sums_is_told_before_and_after_which_spans_change(store: SettlingStore) -> None:
    told: list[Any] = []
    seen: list[str] = []
    later_ns = store.now_ns + SECOND_NS
    store.put(span("a", "root", Timestamp=later_ns), span("root", UserId="ann", SessionId="s1"))
    store.command(f"UPDATE {store.database}.spans SET UserId = '', Inherited = 0 WHERE SpanId = 'a'")

    def touch(extents: Any) -> None:
        told.extend(extents)
        seen.append(users(store)["a"])

    store.worker(touch=touch).run_round()
    assert told == [("shop", store.now_ns, later_ns)] * 2
    assert seen == ["", "ann"]


def test_a_settled_store_is_left_alone(store: SettlingStore) -> None:
    store.put(span("root", UserId="ann"), span("a", "root"), llm("c", "a"), llm("d", "c"))
    first, second = store.settle(), store.settle()
    assert (first.corrected, first.duplicates) == (4 - 1, 1)
    assert (second.completed, second.corrected) == (0, 0)


def test_settling_says_when_it_changed_a_span(store: SettlingStore) -> None:
    store.put(span("root", UserId="ann"), span("a", "root"), {**span("x"), "TraceId": "t2"})
    store.settle()
    rows = store.query(
        "SELECT SpanId, toUnixTimestamp64Milli(SettledAt) FROM settling_test.spans ORDER BY SpanId"
    ).rows
    now_ms = store.now_ns // 1_000_000
    assert list(rows) == [("a", now_ms), ("root", now_ms), ("x", 0)]


def test_what_the_insert_took_over_is_corrected_by_what_comes_later(store: SettlingStore) -> None:
    guessed: dict[str, Any] = {"UserId": "ann", "Inherited": 1}
    store.put(
        span("root", **guessed),
        span("x", "root", UserId="ann"),
        span("y", "root", **guessed),
        span("z", "y", **guessed),
    )
    store.settle()
    store.put(span("yy", "y", UserId="bob"), span("zz", "z"))
    store.settle()
    assert users(store) == {"root": "", "x": "ann", "y": "", "yy": "bob", "z": "", "zz": ""}
    store.put(span("top", UserId="eve"))
    store.settle()
    assert users(store)["zz"] == "eve"


def test_projects_that_use_one_trace_id_share_nothing(store: SettlingStore) -> None:
    store.put(span("root", UserId="ann"), span("a", "root"), span("b", "root", Project="other"))
    store.settle()
    assert users(store) == {"root": "ann", "a": "ann"}
    assert users(store, "other") == {"b": ""}


def test_values_of_any_kind_are_passed_on_as_they_are(store: SettlingStore) -> None:
    store.put(span("root", UserId=HOSTILE), span("a", "root"), span("b", "lost", SessionId=HOSTILE))
    store.settle()
    assert users(store) == {"root": HOSTILE, "a": HOSTILE, "b": HOSTILE}
    hostile_ids = {"TraceId": "t'\\", "Project": "sh'op\\"}
    store.put(
        {**span("ro'ot\\", UserId="ann"), **hostile_ids},
        {**span("a", "ro'ot\\", UserId="bob"), **hostile_ids},
    )
    store.put({**span("b", "ro'ot\\"), **hostile_ids})
    store.settle()
    assert users(store, "sh'op\\") == {"ro'ot\\": "ann", "a": "bob", "b": "ann"}


def test_values_too_long_to_pass_on_stay_where_they_are(store: SettlingStore) -> None:
    store.put(span("root", UserId="x" * 5_000, SessionId="s"), span("a", "root"))
    store.settle()
    assert users(store) == {"root": "x" * 5_000, "a": ""}
    assert store.state()["a"]["SessionId"] == "s"


def test_a_twin_in_another_trace_is_found_when_it_comes_later(store: SettlingStore) -> None:
    store.put(llm("outer", ResponseId="r1", ScopeName="framework", FinishReason="stop"))
    store.settle()
    assert duplicates(store) == {}
    store.put(llm("inner", ResponseId="r1") | {"TraceId": "t2"})
    store.settle()
    assert duplicates(store) == {"inner": "outer"}


def test_a_duplicate_counts_again_when_a_later_span_contradicts(store: SettlingStore) -> None:
    store.put(llm("outer"), llm("inner1", "outer"))
    store.settle()
    assert duplicates(store) == {"inner1": "outer"}
    store.put(llm("inner2", "outer"))
    store.settle()
    assert duplicates(store) == {}


def test_a_duplicate_keeps_its_cost(store: SettlingStore) -> None:
    store.put(llm("outer", CostUsd=0.5), llm("inner", "outer", CostUsd=0.5))
    store.settle()
    rows = store.query("SELECT SpanId, CostUsd, IsDuplicate FROM settling_test.spans ORDER BY SpanId").rows
    assert list(rows) == [("inner", 0.5, True), ("outer", 0.5, False)]


def test_reading_a_stored_response_is_no_second_call(store: SettlingStore) -> None:
    store.put(
        llm("call", ResponseId="r1"),
        span("fetch", "call", Kind="other", Operation="fetch_response", ResponseId="r1", Duration=9),
    )
    store.settle()
    assert duplicates(store) == {}


def expected(capture: Path) -> Mapping[str, Any]:
    found: dict[str, Any] = json.loads(capture.read_text("utf-8"))
    return found


def requests_of(capture: Path) -> list[bytes]:
    case = capture.name.removesuffix(".expect.json")
    files = sorted(capture.parent.glob(f"{case}.otlp")) + sorted(capture.parent.glob(f"{case}.[0-9].otlp"))
    return [file.read_bytes() for file in files]


@pytest.mark.parametrize("projects", ["one each", "one for all"])
def test_captured_calls_count_once_in_every_dialect(store: SettlingStore, projects: str) -> None:
    """Also where all are in one project: different calls of the captures share response ids."""
    captures = sorted(CAPTURES.glob("*/*.expect.json"))
    dialects = {capture: str(capture) if projects == "one each" else "all" for capture in captures}
    store.send(*((project, body) for capture, project in dialects.items() for body in requests_of(capture)))
    store.settle()
    stored = {project: duplicates(store, project) for project in set(dialects.values())}
    found = {span_id: other for marks in stored.values() for span_id, other in marks.items()}
    wanted = {
        call["span_id"]: call["duplicate_of"]
        for capture in captures
        for call in expected(capture)["llm_spans"]
        if call.get("duplicate_of") and requests_of(capture)
    }
    assert found == wanted
    assert len(wanted) > 40


def test_captured_users_and_sessions_reach_every_call_of_their_trace(store: SettlingStore) -> None:
    """A trace in which somebody names the user: all its calls have it."""
    captures = sorted(CAPTURES.glob("*/*.expect.json"))
    store.send(*((str(capture), body) for capture in captures for body in requests_of(capture)))
    store.settle()
    sql = """SELECT Project, TraceId FROM settling_test.spans GROUP BY Project, TraceId
        HAVING uniqExactIf({column}, {column} != '' AND bitAnd(Inherited, {bit}) = 0) = 1
            AND countIf({column} = '') > 0"""
    for column, bit in (("UserId", "1"), ("SessionId", "2")):
        assert list(store.query(sql.replace("{column}", column).replace("{bit}", bit)).rows) == []


class Outage(Store):
    """Fails at the given statement, as a store does that is going away."""

    def __init__(self, store: SettlingStore, fails_at: int) -> None:
        self.store, self.left = store, fails_at

    def query(self, *arguments: Any, **options: Any) -> Any:
        self._count()
        return self.store.query(*arguments, **options)

    def command(self, *arguments: Any, **options: Any) -> None:
        self._count()
        self.store.command(*arguments, **options)

    def _count(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise StoreUnavailableError("ClickHouse is not available: test")


def test_an_outage_at_any_statement_only_postpones(store: SettlingStore) -> None:
    failures = 0
    for fails_at in range(1, 40, 2):
        store.put(
            span("root", UserId="ann"), span("a", "root"), llm("c", "a"), llm("d", "c", UserId="bob"),
            {**span("r2", UserId="eve"), "TraceId": "t2"}, {**span("x2", "r2"), "TraceId": "t2"},
        )  # fmt: skip
        outage = Outage(store, fails_at)
        settling = worker.SettlingWorker(outage, store.database, clock_ns=lambda: store.now_ns)
        try:
            settling.run_round()
        except StoreUnavailableError:
            failures += 1
            settling.run_round()
        assert users(store) == {"root": "ann", "a": "ann", "c": "ann", "d": "bob", "r2": "eve", "x2": "eve"}
        assert duplicates(store) == {"d": "c"}
        store.clear()
        if outage.left > 0:
            break
    assert failures > 5


def test_a_failed_round_is_told_and_repeated_by_the_thread(store: SettlingStore) -> None:
    store.put(span("root", UserId="ann"), span("a", "root"))
    settling = worker.SettlingWorker(
        Outage(store, 2), store.database, interval_s=0.01, clock_ns=lambda: store.now_ns
    )
    settling.start()
    while settling.status.rounds == 0:
        time.sleep(0.01)
    settling.close()
    assert settling.status.failed_rounds == 1
    assert settling.status.last_error == "ClickHouse is not available: test"
    assert users(store) == {"root": "ann", "a": "ann"}


def test_a_worker_without_the_lease_does_nothing(store: SettlingStore) -> None:
    asked = threading.Event()

    def may_run() -> bool:
        asked.set()
        return False

    settling = store.worker(interval_s=0.01, may_run=may_run)
    settling.start()
    asked.wait()
    settling.close()
    assert settling.status.rounds == 0


def test_a_round_looks_at_what_came_since_the_last(store: SettlingStore) -> None:
    settling = store.worker()
    settling.run_round()
    store.now_ns += 5 * SECOND_NS
    store.put(span("root", UserId="ann"), span("a", "root"))
    assert settling.run_round().completed == 1
    store.now_ns += 3600 * SECOND_NS
    settling.run_round()  # sweeps
    store.now_ns += 5 * SECOND_NS
    assert settling.run_round().looked_at == 0


def test_a_late_span_completes_a_trace_that_began_long_ago(store: SettlingStore) -> None:
    store.put(span("a", "root"))
    settling = store.worker()
    settling.run_round()
    began_ns = store.now_ns
    store.now_ns += 7200 * SECOND_NS
    settling.run_round()
    store.put(span("root", UserId="ann", Timestamp=began_ns - SECOND_NS))
    store.now_ns += 5 * SECOND_NS
    assert settling.run_round().completed == 1
    assert users(store) == {"root": "ann", "a": "ann"}


def test_a_twin_that_comes_hours_later_is_found_in_its_trace(store: SettlingStore) -> None:
    began_ns = store.now_ns
    store.put(llm("outer", ResponseId="r1", FinishReason="stop"))
    settling = store.worker()
    settling.run_round()
    store.now_ns += 7200 * SECOND_NS
    settling.run_round()
    store.put(llm("inner", "outer", ResponseId="r1", Timestamp=began_ns))
    store.now_ns += 5 * SECOND_NS
    settling.run_round()
    assert duplicates(store) == {"inner": "outer"}


def test_a_late_value_reaches_a_trace_without_a_root(store: SettlingStore) -> None:
    store.put(span("a", "lost"))
    settling = store.worker()
    settling.run_round()
    store.now_ns += 7200 * SECOND_NS
    settling.run_round()
    store.put(span("b", "lost", UserId="ann"))
    store.now_ns += 5 * SECOND_NS
    settling.run_round()
    assert users(store) == {"a": "ann", "b": "ann"}


def test_spans_that_became_visible_late_are_found_when_told_of(store: SettlingStore) -> None:
    settling = store.worker()
    settling.run_round()
    received_ns = store.now_ns - 1800 * SECOND_NS
    store.put(span("root", UserId="ann", ReceivedAt=received_ns), span("a", "root", ReceivedAt=received_ns))
    store.now_ns += 5 * SECOND_NS
    assert settling.run_round().looked_at == 0
    settling.look_back_to(received_ns)
    assert settling.run_round().completed == 1


def test_a_sweep_finds_what_nobody_told_of(store: SettlingStore) -> None:
    settling = store.worker()
    settling.run_round()
    for trace_id, received_ns in (
        ("t1", store.now_ns - 3 * 3600 * SECOND_NS),
        ("t2", store.now_ns + 9000 * 3600 * SECOND_NS),
    ):
        of_trace = {"TraceId": trace_id, "ReceivedAt": received_ns}
        store.put({**span(f"root-{trace_id}", UserId="ann"), **of_trace})
        store.put({**span(f"a-{trace_id}", f"root-{trace_id}"), **of_trace})
    store.now_ns += 601 * SECOND_NS
    assert settling.run_round().completed == 2


def test_absurd_times_and_ids_do_no_harm(store: SettlingStore) -> None:
    far_ns = 7_000_000_000 * SECOND_NS
    store.put(span("root", UserId="ann", Timestamp=0), span("a", "root", Timestamp=far_ns), span("b", "a"))
    store.put({**span(""), "TraceId": ""}, {**span("z", UserId="bob"), "TraceId": ""})
    store.put({**span("y", UserId="bob"), "TraceId": "x" * 5_000}, {**span("q", "y"), "TraceId": "x" * 5_000})
    store.settle()
    assert users(store) == {"": "", "z": "bob", "root": "ann", "a": "ann", "b": "ann", "y": "bob", "q": ""}


def test_large_batches_are_cut(store: SettlingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "SURVEY_SPANS", 7)
    monkeypatch.setattr(settlement, "MOST_TRACES", 5)
    monkeypatch.setattr(settlement, "MOST_SPANS", 6)
    monkeypatch.setattr(span_table, "PIECE_BYTES", 40)
    rows = []
    for number in range(20):
        trace = {"TraceId": f"t{number}"}
        rows += [
            {**span(f"root{number}", UserId="ann"), **trace},
            {**llm(f"a{number}", f"root{number}", UserId="bob" if number % 2 else "ann"), **trace},
            {**llm(f"b{number}", f"a{number}"), **trace},
        ]
    store.put(*rows)
    store.settle()
    wanted = {f"b{number}": "bob" if number % 2 else "ann" for number in range(20)}
    assert {span_id: user for span_id, user in users(store).items() if span_id[0] == "b"} == wanted
    assert duplicates(store) == {f"b{number}": f"a{number}" for number in range(20)}


def test_a_trace_too_large_for_its_tree_is_counted(
    store: SettlingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settlement, "MOST_SPANS", 2)
    store.put(span("root", UserId="ann"), span("a", "root", UserId="bob"), span("b", "a"))
    store.put(
        *({**llm(name), "TraceId": "t2"} for name in "xy"), {**span("z", SessionId="s"), "TraceId": "t2"}
    )
    settling = store.worker()
    settling.run_round()
    assert settling.status.traces_too_large == 2
    assert {row["SessionId"] for span_id, row in store.state().items() if span_id in "xyz"} == {"s"}


def test_a_trace_of_fifty_thousand_spans_is_settled(store: SettlingStore) -> None:
    store.command(
        """INSERT INTO settling_test.normalised_spans
            (Project, EventDay, Timestamp, ReceivedAt, TraceId, SpanId, ParentSpanId, UserId, Kind, Duration)
        SELECT 'shop', '2026-11-25', fromUnixTimestamp64Nano({now_ns:Int64} + number),
            fromUnixTimestamp64Nano({now_ns:Int64}), 't1', toString(number),
            if(number = 0, '', toString(number - 1)),
            multiIf(number = 0, 'ann', number = 25000, 'bob', ''), if(number % 2, 'llm', ''), 50000 - number
        FROM numbers(50000)""",
        {"now_ns": store.now_ns},
    )
    store.settle()
    rows = store.query("SELECT UserId, count() FROM settling_test.spans GROUP BY UserId ORDER BY UserId").rows
    assert list(rows) == [("ann", 25_000), ("bob", 25_000)]


def test_updates_on_a_cluster_go_to_the_local_tables(store: SettlingStore) -> None:
    seen = []

    class Cluster(Outage):
        def command(self, sql: str, *arguments: Any, **options: Any) -> None:
            seen.append(sql.partition(" SET")[0])

    store.put(span("root", UserId="ann"), span("a", "root"))
    settling = worker.SettlingWorker(Cluster(store, 0), store.database, "main", clock_ns=lambda: store.now_ns)
    settling.run_round()
    assert seen[0] == "UPDATE settling_test.spans_local ON CLUSTER 'main'"


def test_updates_are_taken_into_their_parts_after_a_while(store: SettlingStore) -> None:
    def told() -> int:
        """The engine lists what it was told to apply as a mutation."""
        sql = """SELECT count() FROM system.mutations
            WHERE database = {database:String} AND command LIKE '%APPLY PATCHES%'"""
        return int(store.query(sql, {"database": store.database}).rows[0][0])

    settling = store.worker()
    store.put(span("root", UserId="ann"), span("a", "root"))
    settling.run_round()
    before = told()
    store.now_ns += 601 * SECOND_NS
    settling.run_round()
    applied = told()
    assert applied > before
    assert users(store) == {"root": "ann", "a": "ann"}
    store.now_ns += 601 * SECOND_NS
    settling.run_round()
    assert told() == applied


def test_more_than_a_parameter_holds_is_settled_on_a_server(server_dsn: str) -> None:
    """Over HTTP one parameter is 128 KiB at the most."""
    long_user, long_session = f"{HOSTILE}{'y' * 200}", "s" * 300
    rows: list[dict[str, Any]] = []
    with open_settling(server_dsn, "settling_served") as served:
        for number in range(1_500):
            trace = {"TraceId": f"{number:032x}"}
            session = {"SessionId": long_session} if number % 2 else {}
            rows.append({**span("r", UserId=f"{number} {long_user}"), **trace})
            rows.append({**llm("a", "r", **session), **trace})
            rows.append({**llm("b", "a"), **trace})
        served.put(*rows)
        served.settle()
        found = served.query(
            """SELECT uniqExact(UserId), countIf(UserId = ''), countIf(SessionId != ''), countIf(IsDuplicate)
            FROM settling_served.spans"""
        ).rows
    assert list(found) == [(1_500, 0, 3 * 750, 1_500)]
