"""The audit in SQLite and in PostgreSQL alike: what is written of a change, and that nobody changes that."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from watchkeeper_collector.errors import ConflictError, StateUnavailableError
from watchkeeper_collector.state.audit import GENESIS, Entry, Head, Wanted, build_entries
from watchkeeper_collector.state.audit_proof import Proof, prove
from watchkeeper_collector.state.deeds import CURRENT, Deed, doing
from watchkeeper_collector.state.state import State

NOON = datetime(2026, 11, 25, 12, 0, 0, 123456, UTC)
VIEW = {"page": "traces", "name": "Slow", "query": "start=-24h"}
DEED = Deed(actor="key:a", project="shop", source="192.0.2.7", action="POST /views")


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def state(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('state')}/state.db"
    else:
        url = str(request.getfixturevalue("postgresql").create_database())
    opened = State(url)
    opened.migrate()
    opened.keys.ring.refresh()
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def _empty(request: pytest.FixtureRequest) -> None:
    if "state" not in request.fixturenames:
        return
    state: State = request.getfixturevalue("state")
    with state.database.write() as connection:
        for table in ("audit_entries", "audit_heads", "views", "api_keys", "projects"):
            connection.execute(text(f"DELETE FROM {table}"))


def deed(**facts: object) -> Deed:
    return replace(DEED, **{"changes": [], **facts})  # type: ignore[arg-type]


def entries(state: State, project: str = "shop") -> list[Entry]:
    return list(state.audit.chain(project))


def proof(state: State, project: str = "shop", noted: Head | None = None) -> Proof:
    heads = {head.project: head for head in state.audit.heads()}
    return prove(project, state.audit.chain(project), heads.get(project), noted)


def test_a_change_tells_the_rows_before_and_after_in_its_own_transaction(state: State) -> None:
    with doing(deed()) as made:
        view = state.views.add("shop", "a", VIEW)
    with doing(deed(action="PUT /views")):
        state.views.replace("shop", view.id, {**VIEW, "name": "Slower"})
    with doing(deed(action="DELETE /views")):
        state.views.remove("shop", view.id)
    assert made.is_kept
    before = [
        json.loads(entry.before)["views"][0]["name"] if entry.before else "" for entry in entries(state)
    ]
    after = [json.loads(entry.after)["views"][0]["name"] if entry.after else "" for entry in entries(state)]
    assert (before, after) == (["", "Slow", "Slower"], ["Slow", "Slower", ""])
    assert [entry.source for entry in entries(state)] == ["192.0.2.7"] * 3
    assert proof(state).problem == ""


def test_a_change_that_is_undone_leaves_no_entry(state: State) -> None:
    with doing(deed()):
        state.views.add("shop", "a", VIEW)
        with pytest.raises(ConflictError):
            state.views.add("shop", "a", VIEW)
    assert len(entries(state)) == 1


def test_a_change_whose_entry_can_not_be_written_is_undone(state: State) -> None:
    with state.database.write() as connection:
        connection.execute(text("ALTER TABLE audit_heads RENAME TO elsewhere"))
    try:
        with doing(deed()), pytest.raises(StateUnavailableError):
            state.views.add("shop", "a", VIEW)
    finally:
        with state.database.write() as connection:
            connection.execute(text("ALTER TABLE elsewhere RENAME TO audit_heads"))
    assert state.views.list("shop", limit=10) == []


def test_what_nobody_does_is_not_written_down(state: State) -> None:
    state.views.add("shop", "a", VIEW)
    with doing(deed(actor="")):
        state.projects.list()
    assert state.audit.chains() == []
    assert CURRENT.get() is None


def test_an_entry_is_written_once_although_a_deed_is_under_way(state: State) -> None:
    with doing(deed()) as under_way:
        state.audit.keep([under_way])
    assert len(entries(state)) == 1


def test_several_transactions_of_one_deed_each_tell_what_they_changed(state: State) -> None:
    with doing(deed()) as under_way:
        state.views.add("shop", "a", VIEW)
        state.projects.ensure("shop")
        state.views.add("shop", "a", VIEW | {"name": "Slower"})
        under_way.is_over = True
        state.views.add("shop", "a", VIEW | {"name": "Slowest"})
    assert [json.loads(entry.after)["views"][0]["name"] for entry in entries(state)] == ["Slow", "Slower"]


def test_what_a_link_changes_is_written_down_too(state: State) -> None:
    with doing(deed(actor="", project="")):
        state.views.add("shop", "", VIEW)
    assert [entry.actor for entry in entries(state)] == ["link"]


def test_the_secret_of_a_key_is_in_no_entry(state: State) -> None:
    with doing(deed(project="", actor="cli:root")):
        _, secret = state.keys.create("shop", "app", ["read"])
    (entry,) = entries(state)
    assert "[redacted]" in entry.after
    with state.database.read() as connection:
        (kept,) = connection.execute(text("SELECT secret_hash FROM api_keys")).scalars()
    assert kept not in entry.after
    assert secret.partition(".")[2] not in entry.after


def test_writers_at_the_same_time_make_one_chain_without_a_gap(state: State) -> None:
    start = threading.Barrier(4)

    def write(number: int) -> None:
        start.wait(10)
        for _ in range(5):
            state.audit.keep([deed(), deed(project="bank"), deed(actor=f"key:{number}")])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert [entry.number for entry in entries(state)] == list(range(1, 41))
    assert (proof(state).problem, proof(state, "bank").problem) == ("", "")


def test_entries_are_filtered_and_paged_newest_first(state: State) -> None:
    state.audit.keep([deed(actor=f"key:{number % 2}", kind="read") for number in range(6)])
    state.audit.keep([deed(project="bank")])
    found = state.audit.newest("shop", Wanted(actor="key:1", kind="read"), limit=2)
    assert [entry.number for entry in found] == [6, 4]
    assert [e.number for e in state.audit.newest("shop", Wanted(before_number=4), limit=9)] == [3, 2, 1]
    assert state.audit.newest("shop", Wanted(end=found[0].at), limit=9) == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_entries SET actor = 'key:b' WHERE number = 2",
        "UPDATE audit_entries SET after = after || ' ' WHERE number = 3",
        "UPDATE audit_entries SET hash = 'f' || substr(hash, 2) WHERE number = 2",
        "UPDATE audit_entries SET number = 9 WHERE number = 3",
        "UPDATE audit_entries SET project = 'bank' WHERE number = 1",
        "DELETE FROM audit_entries WHERE number = 2",
        "DELETE FROM audit_entries WHERE number = 3",
        "DELETE FROM audit_heads",
        "UPDATE audit_heads SET number = 2",
    ],
)
def test_what_was_changed_afterwards_is_found(state: State, change: str) -> None:
    state.audit.keep([deed(body={"n": number}) for number in range(3)])
    with state.database.write() as connection:
        if "'f' ||" in change:
            connection.execute(
                text("UPDATE audit_entries SET hash = 'e' || substr(hash, 2) WHERE number = 2")
            )
        connection.execute(text(change))
    assert proof(state).problem


def test_a_chain_written_anew_is_found_by_an_end_that_was_noted(state: State) -> None:
    state.audit.keep([deed(), deed()])
    (noted,) = state.audit.heads()
    with state.database.write() as connection:
        connection.execute(text("DELETE FROM audit_entries"))
        connection.execute(text("DELETE FROM audit_heads"))
    assert "is gone" in proof(state, noted=noted).problem
    state.audit.keep([deed(actor="key:other"), deed()])
    assert proof(state).problem == ""
    assert proof(state, noted=noted).problem == "Entry 2 is another one than was noted."


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_flipped_bit_of_any_field_is_found(data: st.DataObject) -> None:
    head = Head("shop", 0, GENESIS)
    chain = build_entries(head, [deed(body={"n": n}, target={"id": n}) for n in range(3)], NOON)
    place = data.draw(st.integers(0, 2))
    texts = [name for name, found in asdict(chain[place]).items() if isinstance(found, str) and found]
    name = data.draw(st.sampled_from(texts))
    value = bytearray(getattr(chain[place], name).encode())
    at = data.draw(st.integers(0, len(value) - 1))
    value[at] ^= 1 << data.draw(st.integers(0, 6))
    chain[place] = replace(chain[place], **{name: value.decode("utf-8", "replace")})
    end = Head("shop", 3, chain[2].hash)
    assert prove("shop", chain, end).problem


def test_file_of_sqlite_holds_no_secret(tmp_path: Path) -> None:
    opened = State(f"sqlite:///{tmp_path}/state.db")
    opened.migrate()
    body = {"url": "https://hooks.example.com/T0/hush-hush", "password": "hush-hush", "text": "hush-hush"}
    opened.audit.keep([deed(body=body, target={"user_id": "hush-hush"})])
    opened.close()
    assert all(b"hush-hush" not in path.read_bytes() for path in tmp_path.iterdir())
