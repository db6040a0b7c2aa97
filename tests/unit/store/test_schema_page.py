"""docs/schema.md names every column that is there to be read."""

import re
from pathlib import Path

import pytest

from tests.storage import SNAPSHOT

PAGE = (Path(__file__).parents[3] / "docs" / "schema.md").read_text("utf-8")
TABLES = dict(
    re.findall(r"CREATE TABLE watchkeeper\.(\w+)\n\(\n(.*?)\n\)\n", SNAPSHOT.read_text("utf-8"), re.DOTALL)
)
KEEPING = (
    "spans", "span_content", "trace_index", "otel_traces", "otel_logs", "log_features", "rollup_1h",
    "model_prices",
)  # fmt: skip
OF_ALL_TABLES = {"Project", "RetentionClass", "EventDay", "ReceivedAt", "SegmentId", "ApiKeyId"}


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def named(text: str) -> set[str]:
    return set(re.findall(r"`(\w+)`", text))


@pytest.mark.parametrize("table", KEEPING)
def test_every_column_is_explained(table: str) -> None:
    columns = {name.partition(".")[0] for name in re.findall(r"^ {4}`([\w.]+)`", TABLES[table], re.MULTILINE)}
    as_the_exporters = named(section("spans")) if table == "otel_traces" else set()
    assert columns - OF_ALL_TABLES - named(section(table)) - as_the_exporters == set()


def test_columns_of_all_tables_are_explained_once() -> None:
    assert named(section("Conventions of all tables")) >= OF_ALL_TABLES


def test_every_statement_on_the_page_is_about_tables_that_exist() -> None:
    asked = set(re.findall(r"FROM watchkeeper\.(\w+)", PAGE))
    assert asked
    assert asked <= TABLES.keys()
