"""The SQL of questions, and the questions that are none."""

from pathlib import Path
from typing import Any

import pytest
from watchkeeper_collector.errors import InvalidQueryError
from watchkeeper_collector.query.aggregation import Table, rest_statement, series_statement, table_statement
from watchkeeper_collector.query.question import Question
from watchkeeper_collector.query.relation import Origin
from watchkeeper_collector.query.source import Slice, Source
from watchkeeper_collector.query.times import SECOND_NS, Window

SNAPSHOTS = Path(__file__).parents[2] / "data" / "snapshots" / "queries"
DAY = Window(1_795_132_800 * SECOND_NS, 1_795_219_200 * SECOND_NS)
HOUR_NS = 3_600 * SECOND_NS
NOWHERE = Source(None)  # type: ignore[arg-type]  # statements are only composed

QUESTIONS = {
    "total": Question(Slice("shop", DAY), ["calls", "cost_usd"]),
    "by_model_and_tenant": Question(
        Slice("shop", DAY, "-status:error cost:>0.1"),
        ["error_rate", "latency_p95_ms"],
        ["model", "attr.tenant"],
    ),
    "mixed_populations": Question(
        Slice("shop", DAY), ["calls", "tool_error_rate"], ["service"], order="service"
    ),
    "all_spans": Question(Slice("shop"), ["spans"], ["kind"], limit=7),
    "hourly_with_other": Question(
        Slice("shop", DAY), ["calls"], ["model", "user"], step_ns=HOUR_NS, limit=2, has_other=True
    ),
    "hourly": Question(Slice("shop", DAY), ["calls", "error_rate"], ["model"], step_ns=HOUR_NS),
}


GROUPS = Table(("model", "user", "calls"), [("gpt-4o", "u1", 2), ("", "u2", 1)], is_truncated=True)


def statement_of(question: Question) -> tuple[str, dict[str, Any]]:
    if question.step_ns is None:
        statement = table_statement(Origin(NOWHERE, question), question.limit)
    else:
        statement = series_statement(Origin(NOWHERE, question), GROUPS if question.has_other else None)
    return statement.sql, statement.bindings.values


@pytest.mark.parametrize("name", QUESTIONS)
def test_sql_of_a_question_is_the_reviewed_one(name: str) -> None:
    """A changed query is looked at as SQL: write what the failure shows into the file."""
    sql, values = statement_of(QUESTIONS[name])
    shown = f"{sql}\n" + "".join(f"-- {key} = {value!r}\n" for key, value in values.items())
    assert shown == (SNAPSHOTS / f"{name}.sql").read_text("utf-8")


def test_sql_of_all_other_groups_is_the_reviewed_one() -> None:
    origin = Origin(NOWHERE, QUESTIONS["hourly_with_other"])
    statement = rest_statement(origin, [("gpt-4o", "u1"), ("", "u2")])
    assert f"{statement.sql}\n" == (SNAPSHOTS / "other.sql").read_text("utf-8")


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (Question(Slice("shop"), []), "1 to 20 measures, not 0"),
        (Question(Slice("shop"), ["calls"] * 21), "1 to 20 measures, not 21"),
        (Question(Slice("shop"), ["calls"], ["a", "b", "c", "d"]), "at most three|at most 3"),
        (Question(Slice("shop"), ["calls", "calls"]), "'calls' is asked for twice"),
        (Question(Slice("shop"), ["calls", "score.x"]), "apart from other measures"),
        (Question(Slice("shop"), ["score."]), "There is no measure 'score.'"),
        (Question(Slice("shop"), ["calls"], order="cost_usd"), "The order 'cost_usd' is not of this query"),
        (Question(Slice("shop"), ["calls"], order="m0; DROP TABLE spans"), "is not of this query"),
        (
            Question(Slice("shop", DAY), ["calls"], ["user"], HOUR_NS // 3_600, limit=100),
            "Take a longer step",
        ),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(question: Question, words: str) -> None:
    with pytest.raises(InvalidQueryError, match=words):
        statement_of(question)
