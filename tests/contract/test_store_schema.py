"""What migrations must do, whichever engine is behind the store."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from watchkeeper_collector.app.collector import build_collector
from watchkeeper_collector.errors import ConfigurationError, StoreUnavailableError
from watchkeeper_collector.settings import load_settings
from watchkeeper_collector.store import schema
from watchkeeper_collector.store.client import Store
from watchkeeper_collector.store.connection import read_credentials
from watchkeeper_collector.store.conventions import template
from watchkeeper_collector.store.layout import Layout
from watchkeeper_collector.store.migration import Plan, build_plan, migrate, schema_version
from watchkeeper_collector.store.opening import Opening
from watchkeeper_collector.store.schema import load_migrations

from tests.clickhouse_server import ClickHouseServer
from tests.otlp.requests import make_span, trace_request
from tests.otlp.storage import RECEIVED_NS, Tables
from tests.storage import SNAPSHOT, drop, dump_schema

LABELS = [migration.label for migration in load_migrations()]
LAYOUT = Layout("schema_contract")


@pytest.fixture(scope="module", params=["engine_dsn", "server_dsn"], ids=["embedded", "server"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """A store that was migrated from nothing to this version."""
    with closing(Store(request.getfixturevalue(request.param))) as opened:
        assert schema_version(opened, LAYOUT) == 0
        assert migrate(opened, LAYOUT) == LABELS
        yield opened
        drop(opened, LAYOUT)


class InterruptedStore(Store):
    """A store that takes so many statements, then none: as if the process had been killed before the next."""

    statements_left = 0

    def command(self, sql: str, *arguments: Any, **options: Any) -> None:
        self._count()
        super().command(sql, *arguments, **options)

    def insert(self, table: str, columns: Sequence[str], rows: Any, **options: Any) -> None:
        self._count()
        super().insert(table, columns, rows, **options)

    def _count(self) -> None:
        if self.statements_left == 0:
            raise StoreUnavailableError("Killed.")
        self.statements_left -= 1


def shown(store: Store, layout: Layout) -> str:
    return dump_schema(store, layout.database).replace(layout.database, "watchkeeper")


def test_a_fresh_store_gets_the_reviewed_schema(store: Store) -> None:
    assert shown(store, LAYOUT) == SNAPSHOT.read_text("utf-8"), (
        "The schema is another one. See what changed: `python -m tests.storage` writes it to the snapshot."
    )


def test_a_second_run_does_nothing(store: Store) -> None:
    assert migrate(store, LAYOUT) == []
    assert build_plan(store, LAYOUT).statements(LAYOUT) == []
    assert schema_version(store, LAYOUT) == len(LABELS)


def test_a_plan_for_a_store_without_a_database_is_everything(store: Store) -> None:
    plan = build_plan(store, Layout("not_there_yet"))
    assert [migration.label for migration in plan.pending] == LABELS
    assert plan.changes == []


def test_a_migration_that_is_interrupted_again_and_again_gets_there(store: Store) -> None:
    layout = replace(LAYOUT, database="interrupted")
    with closing(InterruptedStore(store.dsn)) as interrupted:
        attempts = 0
        while build_plan(store, layout) != Plan():
            interrupted.statements_left = attempts
            attempts += 1
            try:
                migrate(interrupted, layout)
            except StoreUnavailableError:
                assert build_plan(store, layout) != Plan()
    assert shown(store, layout) == shown(store, LAYOUT)
    assert migrate(store, layout) == []
    drop(store, layout)


def test_a_store_of_a_newer_version_is_left_alone(store: Store) -> None:
    columns = ("Number", "Name", "Checksum")
    store.insert("schema_migrations", columns, [(9999, "future", "")], database=LAYOUT.database)
    with pytest.raises(ConfigurationError, match=r"'9999_future'.* A newer version wrote it: upgrade"):
        migrate(store, LAYOUT)
    store.command(f"DELETE FROM {LAYOUT.database}.schema_migrations WHERE Number = 9999")
    assert migrate(store, LAYOUT) == []


def test_a_file_that_was_changed_after_it_was_applied_is_refused(store: Store) -> None:
    [(checksum,)] = store.query(
        f"SELECT Checksum FROM {LAYOUT.database}.schema_migrations WHERE Number = 1"
    ).rows
    set_checksum(store, "changed")
    with pytest.raises(ConfigurationError, match=r"'0001_spans'.* put the change into a new migration"):
        migrate(store, LAYOUT)
    set_checksum(store, checksum)
    assert migrate(store, LAYOUT) == []


def set_checksum(store: Store, checksum: str) -> None:
    update = f"ALTER TABLE {LAYOUT.database}.schema_migrations UPDATE Checksum = {{checksum:String}}"
    store.command(f"{update} WHERE Number = 1", {"checksum": checksum}, settings={"mutations_sync": 1})


def test_another_retention_is_taken_over_in_place(store: Store) -> None:
    before = shown(store, LAYOUT)
    longer = replace(LAYOUT, content_retention_days=45, span_retention_days=120)
    changed = migrate(store, longer)
    assert {f"{LAYOUT.database}.{table} TTL" for table in ("spans", "span_content", "otel_logs")} <= set(
        changed
    )
    sql = "SELECT name, create_table_query FROM system.tables WHERE database = {database:String}"
    created = dict(store.query(sql, {"database": LAYOUT.database}).rows)
    assert "TTL EventDay + toIntervalDay(120) SETTINGS" in created["spans"]
    assert "TTL EventDay + toIntervalDay(45) SETTINGS" in created["span_content"]
    assert "toIntervalDay(120), EventDay + toIntervalDay(45) WHERE HoldsContent" in created["otel_logs"]
    assert "toIntervalDay(120)" in created["told_spans_of_known"]
    assert migrate(store, longer) == []

    migrate(store, LAYOUT)
    assert shown(store, LAYOUT) == before


@pytest.fixture(scope="module")
def tables(request: pytest.FixtureRequest, engine_dsn: str) -> Iterator[Tables]:
    opened = Tables(engine_dsn, "schema_changes", only=())
    yield opened
    opened.drop()


def test_views_change_without_losing_what_is_inserted_meanwhile(tables: Tables) -> None:
    stopped, sent = threading.Event(), []

    def send() -> None:
        while not stopped.is_set():
            segment = f"meanwhile-{len(sent)}"
            span = make_span({"gen_ai.operation.name": "chat"}, start_time_unix_nano=RECEIVED_NS)
            sent.append((segment, tables.send("traces", trace_request(span), segment_id=segment)))

    sender = threading.Thread(target=send)
    sender.start()
    for days in (90, 91, 92):
        changed = migrate(tables, replace(tables.layout, span_retention_days=20_000 + days))
        assert f"{tables.database}.told_spans_of_known" in changed
    stopped.set()
    sender.join()
    assert len(sent) > 1
    assert {segment: tables.sink.stored_items("traces", segment) for segment, _ in sent} == dict(sent)


@pytest.fixture
def newer_conventions(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A leg gives one more column, and the next leg reads it."""
    changes: Mapping[str, tuple[str, str]] = {
        "read_spans": ("    empty(names) AS is_bare,", "    empty(names) AS is_bare,\n    'newer' AS word,"),
        "known_spans": ("SELECT\n    * EXCEPT '", "SELECT\n    concat(word, 's') AS words,\n    * EXCEPT '"),
    }

    def load(name: str) -> str:
        text = original(name)
        before, after = changes.get(name, ("", ""))
        assert before in text
        return text.replace(before, after) if before else text

    original = template.load_template
    monkeypatch.setattr(template, "load_template", load)
    schema.render.cache_clear()
    yield
    schema.render.cache_clear()


@pytest.mark.usefixtures("newer_conventions")
def test_tables_between_views_follow_what_the_views_give(tables: Tables) -> None:
    changed = migrate(tables, tables.layout)
    assert changed.index(f"{tables.database}.read_spans columns") < changed.index(
        f"{tables.database}.known_spans_of_read"
    )
    sql = "SELECT table FROM system.columns WHERE database = {database:String} AND name = 'words'"
    assert ("known_spans",) in tables.query(sql, {"database": tables.database}).rows
    span = make_span({"gen_ai.operation.name": "chat"}, start_time_unix_nano=RECEIVED_NS)
    tables.send("traces", trace_request(span), segment_id="after")
    assert tables.count("spans", "after") == 1
    assert migrate(tables, tables.layout) == []


SECRET = "it's {database} a \\pass-phrase"


def test_prices_are_read_as_the_user_whose_password_is_shown_to_nobody(store: Store) -> None:
    """A server with users lets nobody in as `default`, as whom a dictionary without a user reads."""
    layout = replace(LAYOUT, database="with_user", user="default", password=SECRET)
    plan = build_plan(store, layout)
    [dictionary] = [one for one in plan.statements(layout) if "DICTIONARY" in one]
    assert "SOURCE(CLICKHOUSE(USER 'default' PASSWORD '[HIDDEN]' QUERY 'SELECT" in dictionary
    assert not any("pass-phrase" in statement for statement in [*plan.statements(layout), repr(layout)])

    migrate(store, layout)
    assert "pass-phrase" not in dump_schema(store, "with_user")
    assert migrate(store, layout) == []
    assert migrate(store, replace(layout, password="another")) == ["with_user.prices"]
    drop(store, layout)


def test_a_changed_user_is_taken_over_by_the_prices(store: Store) -> None:
    prices = f"{LAYOUT.database}.prices"
    before = shown(store, LAYOUT)
    assert migrate(store, replace(LAYOUT, user="stranger", password="x")) == [prices]
    with pytest.raises(StoreUnavailableError, match="stranger"):
        store.command(f"SYSTEM RELOAD DICTIONARY {prices}")

    user, password = read_credentials(store.dsn)
    assert migrate(store, replace(LAYOUT, user=user, password=password)) == [prices]
    store.command(f"SYSTEM RELOAD DICTIONARY {prices}")
    migrate(store, LAYOUT)
    assert shown(store, LAYOUT) == before


def test_of_two_migrations_at_once_one_waits_and_finds_nothing_to_do(store: Store) -> None:
    layout, lock = replace(LAYOUT, database="at_once"), threading.Lock()
    applied: list[list[str]] = []
    threads = [
        threading.Thread(target=lambda: applied.append(migrate(store, layout, lock=lock))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert applied == [LABELS, []]
    drop(store, layout)


def test_collectors_that_start_at_once_on_one_server_migrate_it_once(tmp_path: Path) -> None:
    with ClickHouseServer(tmp_path / "server") as server, closing(Store(server.dsn)) as store:
        shared = {"dsn": server.dsn, "state_dsn": f"sqlite:///{tmp_path / 'state.db'}"}
        collectors = [build_collector(load_settings(None, data_dir=tmp_path / n, **shared)) for n in "ab"]
        collectors[0].state.migrate()
        openings = [Opening(collector.backend._migrate, lambda: None) for collector in collectors]
        for opening in openings:
            opening.start()
        while any(opening.problem for opening in openings):
            time.sleep(0.05)
        sql = "SELECT Number, count() FROM watchkeeper.schema_migrations GROUP BY Number ORDER BY Number"
        assert store.query(sql).rows == [(number + 1, 1) for number in range(len(LABELS))]
        for collector in collectors:
            collector.backend.store.close()
            collector.state.close()


CLUSTER = Layout(cluster="prod")


@pytest.mark.parametrize("migration", load_migrations(), ids=lambda migration: migration.label)
def test_the_engine_parses_what_a_cluster_gets(engine_dsn: str, migration: schema.Migration) -> None:
    statements = [*migration.tables(CLUSTER), *(view.made_by for view in migration.views(CLUSTER))]
    statements += [
        f"{one.change} ADD COLUMN x UInt8" for one in migration.changeables(CLUSTER) if one.columns_of
    ]
    statements += [one.change for one in migration.changeables(CLUSTER) if not one.columns_of]
    with closing(Store(engine_dsn)) as store:
        for statement in statements:
            assert store.query(f"EXPLAIN AST {statement}").rows
            assert " ON CLUSTER 'prod'" in statement


def test_on_a_cluster_every_table_that_keeps_rows_is_replicated() -> None:
    statements = [
        statement
        for migration in load_migrations()
        for statement in (*migration.tables(CLUSTER), *(view.made_by for view in migration.views(CLUSTER)))
    ]
    keeping = [one for one in statements if "MergeTree" in one]
    assert len(keeping) == len({path(one) for one in keeping})
    for statement in keeping:
        name = statement.split()[5].removeprefix("watchkeeper.")
        assert path(statement) in (
            f"/clickhouse/tables/{{shard}}/watchkeeper/{name}",
            f"/clickhouse/tables/watchkeeper/{name}",
        )
        assert "replicated_deduplication_window" in statement
        assert "non_replicated" not in statement


def path(statement: str) -> str:
    return statement.partition("MergeTree('")[2].partition("'")[0]


def test_on_a_cluster_rows_of_a_shard_are_read_through_a_distributed_table() -> None:
    statements = [
        statement
        for migration in load_migrations()
        for statement in (*migration.tables(CLUSTER), *(view.made_by for view in migration.views(CLUSTER)))
    ]
    local = {one.split()[5] for one in statements if one.split()[5].endswith("_local")}
    distributed = {one.split()[5] for one in statements if "ENGINE = Distributed('prod'" in one}
    assert distributed == {name.removesuffix("_local") for name in local}
