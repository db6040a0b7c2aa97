"""The SQL that rules of one shape share."""

from pathlib import Path

import pytest
from watchkeeper_collector.alerts.evaluation.ask import Ask
from watchkeeper_collector.alerts.evaluation.asking import build_sliding_statement, build_statement
from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.source import Source

SNAPSHOTS = Path(__file__).parents[3] / "data" / "snapshots" / "alerts"
NOWHERE = Source(None)  # type: ignore[arg-type]  # statements are only composed
START_NS, END_NS, MINUTE_NS = 1_795_132_800 * 10**9, 1_795_133_100 * 10**9, 60 * 10**9


def ask(filter_: str = "", **options: object) -> Ask:
    facts = {"measures": ("error_rate", "calls"), "by": ("model", "attr.tenant"), "projects": ("shop",)}
    return Ask(**{**facts, "filter": filter_, "start_ns": START_NS, "end_ns": END_NS, **options})  # type: ignore[arg-type]


STATEMENTS = {
    "one": lambda: build_statement([ask("status:error")], NOWHERE),
    "shared": lambda: build_statement(
        [ask("status:error"), ask("user:u1", projects=("shop", "other")), ask()], NOWHERE
    ),
    "steps": lambda: build_statement([ask(step_ns=MINUTE_NS, by=(), measures=("cost_usd",))], NOWHERE),
    "sliding": lambda: build_sliding_statement(ask(by=("model",)), MINUTE_NS, 100, NOWHERE),
    "scores": lambda: build_statement(
        [ask("status:ok", by=("model",), measures=("score.quality",))], NOWHERE
    ),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_sql_of_rules_is_the_reviewed_one(name: str) -> None:
    """A changed query is looked at as SQL: write what the failure shows into the file."""
    sql, bindings = STATEMENTS[name]()
    assert isinstance(bindings, Bindings)
    shown = f"{sql}\n" + "".join(f"-- {key} = {value!r}\n" for key, value in bindings.values.items())
    assert shown == (SNAPSHOTS / f"{name}.sql").read_text("utf-8")
