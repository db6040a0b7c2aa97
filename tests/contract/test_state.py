"""What the state store does, in SQLite and in PostgreSQL alike."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Inspector, inspect, text
from watchkeeper_collector.errors import (
    ConfigurationError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    StateUnavailableError,
)
from watchkeeper_collector.state.database import Database
from watchkeeper_collector.state.keys import SCOPES
from watchkeeper_collector.state.migration import Migration, load_migrations, migrate
from watchkeeper_collector.state.state import State
from watchkeeper_collector.state.tables import METADATA

Open = Callable[[], State]
LABELS = [migration.label for migration in load_migrations()]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty state store."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/state.db"
    return str(request.getfixturevalue("postgresql").create_database())


@pytest.fixture
def open_state(url: str) -> Iterator[Open]:
    """Opens the store once more, as another process would."""
    opened: list[State] = []

    def open_one() -> State:
        opened.append(State(url))
        return opened[-1]

    yield open_one
    for state in opened:
        state.close()


@pytest.fixture
def state(open_state: Open) -> State:
    state = open_state()
    state.migrate()
    state.keys.ring.refresh()
    return state


# --- migrations


def test_migrations_are_applied_once_and_in_order(open_state: Open) -> None:
    state = open_state()
    assert state.migrate() == LABELS
    assert state.migrate() == []
    assert open_state().migrate() == []


def test_collectors_that_start_together_migrate_once(open_state: Open) -> None:
    states = [open_state() for _ in range(6)]
    start = threading.Barrier(len(states))

    def migrate_one(state: State) -> list[str]:
        start.wait(10)
        return state.migrate()

    with ThreadPoolExecutor(len(states)) as pool:
        applied = list(pool.map(migrate_one, states))
    assert sorted(applied, key=len) == [[]] * 5 + [LABELS]


def test_migrated_schema_is_the_one_the_tables_describe(state: State) -> None:
    with state.database.read() as connection:
        found = inspect(connection)
        assert set(found.get_table_names()) == set(METADATA.tables)
        assert {name: shape(found, name) for name in METADATA.tables} == {
            name: {
                "columns": [(column.name, column.nullable) for column in table.columns],
                "key": [column.name for column in table.primary_key.columns],
                "references": sorted(key.target_fullname for key in table.foreign_keys),
            }
            for name, table in METADATA.tables.items()
        }


def shape(found: Inspector, name: str) -> dict[str, object]:
    references = [
        f"{key['referred_table']}.{key['referred_columns'][0]}" for key in found.get_foreign_keys(name)
    ]
    return {
        "columns": [(column["name"], column["nullable"]) for column in found.get_columns(name)],
        "key": found.get_pk_constraint(name)["constrained_columns"],
        "references": sorted(references),
    }


def test_migration_changed_after_it_was_applied_is_refused(state: State) -> None:
    first, *others = load_migrations()
    changed = Migration(first.number, first.name, first.sql + "-- and more\n")
    with pytest.raises(ConfigurationError, match="'0001_keys' of the state store was changed"):
        migrate(state.database, [changed, *others])


def test_store_of_a_newer_version_is_refused(state: State) -> None:
    later = Migration(9999, "later", "CREATE TABLE later (id TEXT NOT NULL PRIMARY KEY);\n")
    migrate(state.database, [*load_migrations(), later])
    with pytest.raises(ConfigurationError, match="'9999_later', which this version does not know"):
        state.migrate()


def test_migration_that_fails_leaves_the_store_as_it_was(state: State) -> None:
    broken = Migration(
        9999, "broken", "CREATE TABLE half (id TEXT NOT NULL PRIMARY KEY);\nCREATE NONSENSE;\n"
    )
    with pytest.raises(StateUnavailableError):
        migrate(state.database, [*load_migrations(), broken])
    with state.database.read() as connection:
        assert "half" not in inspect(connection).get_table_names()
    assert state.migrate() == []


# --- projects


def test_project_is_made_once(state: State) -> None:
    state.projects.ensure("shop")
    state.projects.ensure("shop")
    (project,) = state.projects.list()
    assert (project.id, project.name) == ("shop", "shop")
    assert datetime.now(UTC) - project.created_at < timedelta(minutes=1)


@pytest.mark.parametrize("name", ["", ".", "-shop", "a b", "a/b", "a\0", "é", "x" * 64, "shop\n"])
def test_project_with_a_bad_name_is_refused(state: State, name: str) -> None:
    with pytest.raises(InvalidRequestError, match="can't name a project"):
        state.projects.ensure(name)


# --- keys


def test_key_opens_its_project_with_its_scopes(state: State) -> None:
    key, secret = state.keys.create("shop", "laptop", ["read", "ingest"])
    principal = state.keys.authenticate(secret)
    assert principal is not None
    assert (principal.project, principal.key_id) == ("shop", key.id)
    assert principal.allows("read")
    assert not principal.allows("content")
    with pytest.raises(ForbiddenError, match=f"'{key.id}' lacks the scope 'content'"):
        principal.check_scope("content")
    assert key.scopes == ("ingest", "read")


def test_admin_key_has_every_scope(state: State) -> None:
    _, secret = state.keys.create("shop", "root", ["admin"])
    principal = state.keys.authenticate(secret)
    assert principal is not None
    for scope in SCOPES:
        principal.check_scope(scope)


def test_key_ingests_unless_told_otherwise(state: State) -> None:
    key, _ = state.keys.create("shop", "laptop")
    assert key.scopes == ("ingest",)


def test_wrong_secret_of_a_right_key_opens_nothing(state: State) -> None:
    _, one = state.keys.create("shop", "one")
    _, other = state.keys.create("shop", "other")
    assert state.keys.authenticate(one.partition(".")[0] + "." + other.partition(".")[2]) is None
    assert state.keys.authenticate(one[:-1]) is None
    assert state.keys.authenticate("") is None


def test_key_is_listed_without_its_secret(state: State) -> None:
    key, secret = state.keys.create("shop", "laptop", ["ingest"], datetime(2100, 1, 1, tzinfo=UTC))
    state.keys.create("other", "server")
    assert [listed.name for listed in state.keys.list()] == ["laptop", "server"]
    assert state.keys.list("shop") == [key]
    assert secret.partition(".")[2] not in repr(state.keys.list())


def test_secret_is_nowhere_in_the_store(state: State) -> None:
    _, secret = state.keys.create("shop", "laptop")
    with state.database.read() as connection:
        rows = connection.execute(text("SELECT * FROM api_keys")).all()
    assert secret.partition(".")[2] not in repr(rows)


def test_revoked_key_opens_nothing_at_once(state: State) -> None:
    key, secret = state.keys.create("shop", "laptop")
    revoked = state.keys.revoke(key.id)
    assert revoked.revoked_at is not None
    assert state.keys.authenticate(secret) is None
    assert state.keys.revoke(key.id) == revoked


def test_key_of_another_project_is_not_there_to_revoke(state: State) -> None:
    key, secret = state.keys.create("shop", "laptop")
    with pytest.raises(NotFoundError, match=f"no API key '{key.id}'"):
        state.keys.revoke(key.id, project="other")
    with pytest.raises(NotFoundError):
        state.keys.revoke("missing")
    assert state.keys.authenticate(secret) is not None


def test_expired_key_opens_nothing(state: State) -> None:
    expires_at = datetime(2100, 1, 1, tzinfo=UTC)
    _, secret = state.keys.create("shop", "laptop", expires_at=expires_at)
    state.keys.ring._now = lambda: expires_at - timedelta(microseconds=1)
    assert state.keys.authenticate(secret) is not None
    state.keys.ring._now = lambda: expires_at
    assert state.keys.authenticate(secret) is None
    assert state.keys.has_any()


@pytest.mark.parametrize(
    "expires_at",
    [datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1)],  # noqa: DTZ001 - the zone that is missing
)
def test_expiry_in_the_past_or_without_a_zone_is_refused(state: State, expires_at: datetime) -> None:
    with pytest.raises(InvalidRequestError, match="must lie ahead and name its zone"):
        state.keys.create("shop", "laptop", expires_at=expires_at)


def test_expiry_in_another_zone_is_the_same_time(state: State) -> None:
    expires_at = datetime.fromisoformat("2100-01-01T02:00:00+02:00")
    state.keys.create("shop", "laptop", expires_at=expires_at)
    assert state.keys.list()[0].expires_at == datetime(2100, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("name", ["", "a\0b", "a\nb", "\ud800", "x" * 201])
def test_key_with_a_bad_name_is_refused(state: State, name: str) -> None:
    with pytest.raises(InvalidRequestError, match="can't name a key"):
        state.keys.create("shop", name)


@pytest.mark.parametrize("scopes", [[], ["ingest", "write"]])
def test_key_with_bad_scopes_is_refused(state: State, scopes: list[str]) -> None:
    with pytest.raises(InvalidRequestError, match="Expected some of: ingest, read, content, alerts, admin"):
        state.keys.create("shop", "laptop", scopes)


def test_store_has_a_key_until_the_last_is_revoked(state: State) -> None:
    assert not state.keys.has_any()
    key, _ = state.keys.create("shop", "laptop")
    assert state.keys.has_any()
    state.keys.revoke(key.id)
    assert not state.keys.has_any()


def test_other_process_sees_new_and_revoked_keys_by_itself(state: State, open_state: Open) -> None:
    door = open_state()
    door.keys.start()
    key, secret = state.keys.create("shop", "laptop")
    wait_until(lambda: door.keys.authenticate(secret) is not None)
    state.keys.revoke(key.id)
    wait_until(lambda: door.keys.authenticate(secret) is None)


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline, "too late"
        time.sleep(0.01)


def test_last_use_is_recorded_when_the_collector_stops(state: State, open_state: Open) -> None:
    _, secret = state.keys.create("shop", "used")
    state.keys.create("shop", "unused")
    door = open_state()
    door.keys.start()
    before = datetime.now(UTC)
    door.keys.authenticate(secret)
    assert state.keys.list()[0].last_used_at is None
    door.keys.close()
    used, unused = state.keys.list()
    assert used.last_used_at is not None
    assert before <= used.last_used_at <= datetime.now(UTC)
    assert unused.last_used_at is None


def test_last_use_never_goes_back(state: State, open_state: Open) -> None:
    _, secret = state.keys.create("shop", "used")
    late = open_state()
    late.keys.ring.refresh()
    late.keys.authenticate(secret)
    state.keys.authenticate(secret)
    state.keys.ring.flush()
    newest = state.keys.list()[0].last_used_at
    late.keys.ring.flush()
    assert state.keys.list()[0].last_used_at == newest


# --- leases


def test_lease_has_one_holder_at_a_time(state: State, open_state: Open) -> None:
    ours, theirs = (one.lease("settling", ttl_s=60) for one in (state, open_state()))
    assert ours.acquire()
    assert not theirs.acquire()
    assert ours.acquire(), "a holder renews"
    theirs.release()
    assert not theirs.acquire(), "only the holder releases"
    ours.release()
    assert theirs.acquire()


def test_leases_of_different_work_are_apart(state: State, open_state: Open) -> None:
    assert state.lease("settling", ttl_s=60).acquire()
    assert open_state().lease("pricing", ttl_s=60).acquire()


def test_lease_of_a_dead_holder_runs_out(state: State, open_state: Open) -> None:
    assert state.lease("settling", ttl_s=0).acquire()
    theirs = open_state().lease("settling", ttl_s=60)
    assert theirs.acquire()
    assert not state.lease("settling", ttl_s=0).acquire()


def test_contenders_for_a_lease_never_both_win(state: State, open_state: Open) -> None:
    leases = [
        state.lease("settling", ttl_s=60),
        *(open_state().lease("settling", ttl_s=60) for _ in range(5)),
    ]
    start = threading.Barrier(len(leases))

    def contend(contender: int) -> list[bool]:
        won = []
        for _ in range(5):
            start.wait(10)
            won.append(leases[contender].acquire())
            start.wait(10)
            leases[contender].release()
        return won

    with ThreadPoolExecutor(len(leases)) as pool:
        rounds = list(zip(*pool.map(contend, range(len(leases))), strict=True))
    assert [sum(won) for won in rounds] == [1] * 5


# --- the database


def test_failed_transaction_writes_nothing(state: State) -> None:
    with pytest.raises(ZeroDivisionError):
        write_and_fail(state)
    with state.database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM leases")).scalar() == 0


def write_and_fail(state: State) -> None:
    with state.database.write() as connection:
        connection.execute(text("INSERT INTO leases VALUES ('a', 'b', '2100-01-01 00:00:00')"))
        raise ZeroDivisionError


def test_writers_wait_for_each_other(url: str, state: State) -> None:
    def add(number: int) -> None:
        other = Database(url)
        with other.write() as connection:
            statement = text("INSERT INTO leases VALUES (:name, 'b', '2100-01-01 00:00:00')")
            connection.execute(statement, {"name": str(number)})
            time.sleep(0.01)
        other.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(24)))
    with state.database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM leases")).scalar() == 24


def test_store_that_answers_passes_its_check(state: State) -> None:
    state.database.check()
    assert abs(datetime.now(UTC) - clock_of(state)) < timedelta(seconds=5)


def clock_of(state: State) -> datetime:
    with state.database.read() as connection:
        return state.database.now(connection)
