"""What people keep in the state store, in SQLite and in PostgreSQL alike."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zlib import crc32

import pytest
from watchkeeper_collector.errors import ConflictError, NotFoundError
from watchkeeper_collector.state.records import Records
from watchkeeper_collector.state.state import State

BUDGET = {"name": "all", "filter": "", "period": "month", "time_zone": "UTC", "limit_usd": 12.5}
VIEW = {"page": "traces", "name": "slow", "query": "start=-24h"}
COMMENT = {"trace_id": "ab", "span_id": "", "author": "Ada", "text": "Why — 'so'?"}
BASELINE = {
    "name": "launch", "filter": "", "release": "1.4", "is_watched": 1,
    "start_at": datetime(2026, 11, 1, tzinfo=UTC), "end_at": None,
}  # fmt: skip
RULE = {"name": "ErrorRateHigh", "document": "{}", "is_paused": 0}
KINDS: dict[str, dict[str, Any]] = {
    "budgets": BUDGET,
    "views": VIEW,
    "comments": COMMENT,
    "baselines": BASELINE,
    "rules": RULE,
}
"""A new kind of record is a line here."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def state(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('state')}/state.db"
    else:
        url = str(request.getfixturevalue("postgresql").create_database())
    opened = State(url)
    opened.migrate()
    yield opened
    opened.close()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def records(state: State, kind: str) -> Records[Any]:
    found: Records[Any] = getattr(state, kind)
    return found


@pytest.fixture
def project(request: pytest.FixtureRequest) -> str:
    """A project that no other test has."""
    return f"project-{crc32(request.node.nodeid.encode())}"


def test_a_record_is_as_it_was_made(records: Records[Any], kind: str, project: str) -> None:
    made = records.add(project, "key-1", KINDS[kind])
    assert {name: getattr(made, name) for name in KINDS[kind]} == KINDS[kind]
    assert (made.project, made.created_by, made.updated_at) == (project, "key-1", made.created_at)
    assert abs(datetime.now(UTC) - made.created_at) < timedelta(minutes=1)
    assert records.get(project, made.id) == made


def test_a_record_is_changed_and_removed(records: Records[Any], kind: str, project: str) -> None:
    made = records.add(project, "key-1", KINDS[kind])
    field = "text" if kind == "comments" else "name"
    changed = records.replace(project, made.id, {**KINDS[kind], field: "another"})
    assert (getattr(changed, field), changed.id, changed.created_at) == ("another", made.id, made.created_at)
    assert changed.updated_at >= made.updated_at
    records.remove(project, made.id)
    for step in (records.get, records.remove):
        with pytest.raises(NotFoundError, match=f"'{made.id}' in this project"):
            step(project, made.id)
    with pytest.raises(NotFoundError):
        records.replace(project, made.id, KINDS[kind])


def test_another_projects_records_are_not_there(records: Records[Any], kind: str, project: str) -> None:
    made = records.add(project, "", KINDS[kind])
    assert records.list("other", limit=10) == []
    for step in (records.get, records.remove):
        with pytest.raises(NotFoundError):
            step("other", made.id)
    with pytest.raises(NotFoundError):
        records.replace("other", made.id, KINDS[kind])
    assert records.get(project, made.id) == made


def test_records_are_listed_page_by_page(records: Records[Any], kind: str, project: str) -> None:
    field = "text" if kind == "comments" else "name"
    made = [records.add(project, "", {**KINDS[kind], field: f"number {place}"}) for place in range(5)]
    found: list[Any] = []
    while page := records.list(
        project, limit=2, after=(found[-1].created_at, found[-1].id) if found else None
    ):
        found += page
    assert found == made
    assert records.list(project, {field: "number 3"}, limit=9) == [made[3]]


def test_a_name_is_taken_once(state: State, project: str) -> None:
    for kind, what in (("budgets", "budget 'all'"), ("views", "view 'slow'")):
        records: Records[Any] = getattr(state, kind)
        records.add(project, "", KINDS[kind])
        second = records.add(project, "", {**KINDS[kind], "name": "second"})
        with pytest.raises(ConflictError, match=f"There is a {what} already"):
            records.add(project, "", KINDS[kind])
        with pytest.raises(ConflictError):
            records.replace(project, second.id, KINDS[kind])
        assert records.get(project, second.id) == second


def test_resolutions_are_newest_first_and_by_project(state: State, project: str) -> None:
    first = state.resolutions.resolve(project, "f" * 16, "key-1")
    again = state.resolutions.resolve(project, "f" * 16, "key-2")
    assert again >= first
    assert state.resolutions.all(project) == {"f" * 16: again}
    assert state.resolutions.all("other") == {}
    with pytest.raises(NotFoundError, match="is not resolved"):
        state.resolutions.reopen("other", "f" * 16)
    state.resolutions.reopen(project, "f" * 16)
    assert state.resolutions.all(project) == {}
