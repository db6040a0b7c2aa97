"""The migration files, and what of them is applied once."""

import re

import pytest
from watchkeeper_collector.store.layout import Layout
from watchkeeper_collector.store.schema import Migration, load_migrations

TABLE = """-- Why; and
-- how.
CREATE TABLE {local:calls} {on_cluster}
(
    TraceId String DEFAULT ';x',
    EventDay Date
)
ENGINE = {engine}
ORDER BY TraceId
TTL EventDay + INTERVAL {span_retention_days} DAY DELETE
SETTINGS {durable};

"""
VIEW = """CREATE MATERIALIZED VIEW {database}.calls_of_doors {on_cluster} TO {database}.calls AS
SELECT TraceId FROM {database}.doors;
"""
LEG = "CREATE TABLE {database}.leg {on_cluster} ENGINE = Null EMPTY AS\nSELECT 1 AS one;\n"
ONE = Layout()
MANY = Layout(cluster="prod")


def checksum(sql: str) -> str:
    return Migration(1, "calls", sql).checksum


def test_migrations_are_numbered_from_one_without_a_gap() -> None:
    migrations = load_migrations()
    assert [migration.number for migration in migrations] == list(range(1, len(migrations) + 1))


def test_every_migration_opens_with_why() -> None:
    assert all(migration.sql.startswith("-- ") for migration in load_migrations())


def test_statements_end_at_a_semicolon_that_ends_a_line() -> None:
    migration = Migration(1, "calls", TABLE + VIEW)
    statements = [*migration.tables(ONE), *(view.made_by for view in migration.views(ONE))]
    assert [statement.split("\n")[0] for statement in statements] == [
        "CREATE TABLE IF NOT EXISTS watchkeeper.calls",
        "CREATE MATERIALIZED VIEW IF NOT EXISTS watchkeeper.calls_of_doors  TO watchkeeper.calls AS",
    ]
    assert "DEFAULT ';x'" in statements[0]


def test_the_checksum_is_that_of_what_is_made_once() -> None:
    sql = TABLE + VIEW
    assert checksum(sql) == "104936f56f436818b6321987052573688da9c2327e7254cc0886b0e4f133da04"
    assert checksum(sql.replace("-- how.", "-- why not.")) == checksum(sql)
    assert checksum(sql.replace("SELECT TraceId ", "SELECT lower(TraceId) AS TraceId ")) == checksum(sql)
    assert checksum(sql.replace("TraceId String", "TraceId FixedString(32)")) != checksum(sql)


def test_views_legs_and_retentions_are_what_can_change() -> None:
    changeables = list(Migration(1, "calls", TABLE + VIEW + LEG).changeables(ONE))
    assert [(one.name, one.change, one.columns_of) for one in changeables] == [
        (
            "watchkeeper.calls TTL",
            "ALTER TABLE watchkeeper.calls MODIFY TTL EventDay + INTERVAL 90 DAY DELETE",
            "",
        ),
        (
            "watchkeeper.calls_of_doors",
            "ALTER TABLE watchkeeper.calls_of_doors MODIFY QUERY SELECT TraceId FROM watchkeeper.doors",
            "",
        ),
        ("watchkeeper.leg columns", "ALTER TABLE watchkeeper.leg", "SELECT 1 AS one"),
    ]


def test_on_a_cluster_everything_is_changed_on_every_node() -> None:
    for one in Migration(1, "calls", TABLE + VIEW + LEG).changeables(MANY):
        assert re.match(r"ALTER TABLE \S+ ON CLUSTER 'prod'", one.change)


def test_on_a_cluster_a_local_table_has_one_over_all_shards() -> None:
    local, distributed = Migration(1, "calls", TABLE).tables(MANY)
    assert local.startswith("CREATE TABLE IF NOT EXISTS watchkeeper.calls_local ON CLUSTER 'prod'\n")
    assert "ReplicatedMergeTree('/clickhouse/tables/{shard}/watchkeeper/calls_local', '{replica}')" in local
    assert " replicated_deduplication_window = 10000" in local
    assert distributed == (
        "CREATE TABLE IF NOT EXISTS watchkeeper.calls ON CLUSTER 'prod' AS watchkeeper.calls_local"
        " ENGINE = Distributed('prod', 'watchkeeper', 'calls_local', cityHash64(TraceId))"
    )


@pytest.mark.parametrize("layout", [ONE, MANY], ids=["one server", "cluster"])
def test_no_placeholder_is_left(layout: Layout) -> None:
    allowed = {"{shard}", "{replica}"} if layout.cluster else set()
    for migration in load_migrations():
        changes = [change.change for change in migration.changeables(layout)]
        for statement in [
            *migration.tables(layout),
            *(view.made_by for view in migration.views(layout)),
            *changes,
        ]:
            assert set(re.findall(r"\{[a-z_:]+\}", statement)) <= allowed
            assert "{{" not in statement
