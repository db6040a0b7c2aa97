"""The migration files."""

from watchkeeper_collector.state.migration import Migration, load_migrations


def test_each_migration_has_a_number_of_its_own() -> None:
    numbers = [migration.number for migration in load_migrations()]
    assert numbers == sorted(set(numbers))


def test_every_migration_opens_with_why() -> None:
    assert all(migration.sql.startswith("-- ") for migration in load_migrations())


def test_statements_end_at_a_semicolon_that_ends_a_line() -> None:
    sql = "-- Why; and\n-- how\nCREATE TABLE a (\n    b TEXT DEFAULT ';x'\n);\n\nDROP TABLE a;\n"
    assert Migration(1, "a", sql).statements() == [
        "CREATE TABLE a (\n    b TEXT DEFAULT ';x'\n)",
        "DROP TABLE a",
    ]


def test_applied_migrations_never_change() -> None:
    assert {migration.label: migration.checksum[:16] for migration in load_migrations()} == {
        "0001_keys": "f3130314b7663c00",
        "0002_leases": "dd1a64e1f0a51b7a",
        "0003_operations": "115b48ceeea18bca",
        "0004_alerts": "e27b6af1094160e0",
        "0005_notifications": "aa1e571d837cdb9e",
        "0006_rules": "4f97fdeca506d07f",
        "0007_access": "4f196f427ea82a45",
        "0008_redaction": "3ef7f0d5bd30bde6",
        "0009_retention": "f975db6c37454ec8",
        "0010_baselines": "2fb82a2664a7d910",
    }
