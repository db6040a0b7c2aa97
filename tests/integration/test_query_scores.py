"""Means of scores by the dimensions of what they are about."""

from collections.abc import Iterator
from typing import Any

import pytest
from watchkeeper_collector.query.comparison import answer
from watchkeeper_collector.query.exports import export_table
from watchkeeper_collector.query.limits import Limits
from watchkeeper_collector.query.question import Question
from watchkeeper_collector.query.source import Slice
from watchkeeper_collector.query.times import SECOND_NS, Window

from tests.query import NOON, NOON_NS, Shelf, Span
from tests.storage import drop, kept, migrated

HOUR_NS = 3_600 * SECOND_NS
DATABASE = "query_scores"
HOSTILE = "x' OR 1=1 --"


def score(
    name: str, value: float | None, trace: str, span: str = "", after_s: int = 0, **columns: Any
) -> dict[str, Any]:
    time_ns = NOON_NS + after_s * SECOND_NS
    return {
        "Project": "shop", "EventDay": NOON.date(), "Timestamp": time_ns, "ReceivedAt": time_ns,
        "Id": f"{name} {trace} {span}", "Name": name, "TraceId": trace, "SpanId": span, "Value": value,
        **columns,
    }  # fmt: skip


SCORES = [
    score("helpful", 1.0, "t1"),
    score("helpful", 0.0, "t2", "b2", after_s=4_000),
    score("helpful", 0.25, "t2", after_s=4_000),
    score("helpful", None, "t1", "a1"),
    score("helpful", 0.9, "", SessionId="s1"),
    score("helpful", 7.0, "t1", Project="rival"),
    score(HOSTILE, 3.0, "t1"),
    score("helpful", 0.5, "t1", after_s=-3_600, Id="said again"),
    score("helpful", 0.6, "t1", after_s=10, Id="said again"),
]
SPANS = [
    Span(id="a0", trace="t1", kind="chain", user="ann"),
    Span(id="a1", trace="t1", after_s=1, model="gpt-4o", attributes={"tenant": "acme"}),
    Span(id="b1", trace="t2", model="claude", user="bob"),
    Span(id="b2", trace="t2", after_s=1, model="gpt-4o", user="bob"),
]


@pytest.fixture(scope="module")
def shelf(engine_dsn: str) -> Iterator[Shelf]:
    store = migrated(engine_dsn, kept(DATABASE))
    opened = Shelf(store, DATABASE, Limits())
    opened.put(*SPANS)
    columns = [
        "Project",
        "EventDay",
        "Timestamp",
        "ReceivedAt",
        "Id",
        "Name",
        "TraceId",
        "SpanId",
        "SessionId",
        "Value",
    ]
    rows = [[row.get(column, "") for column in columns] for row in SCORES]
    store.insert("scores", columns, rows, database=DATABASE)
    yield opened
    drop(store, kept(DATABASE))
    store.close()


def ask(shelf: Shelf, *measures: str, filter: str = "", **options: Any) -> list[tuple[Any, ...]]:  # noqa: A002
    window = Window(NOON_NS, NOON_NS + 2 * HOUR_NS)
    table = answer(shelf.source, Question(Slice("shop", window, filter), measures, **options))
    return table.rows


def test_a_score_is_the_mean_of_what_was_said_last(shelf: Shelf) -> None:
    assert ask(shelf, "score.helpful") == [(pytest.approx((1.0 + 0.0 + 0.25 + 0.9 + 0.6) / 5),)]


def test_scores_have_the_dimensions_of_their_span_or_trace(shelf: Shelf) -> None:
    rows = ask(shelf, "score.helpful", by=["model"], order="model")
    assert rows == [("", 0.9), ("claude", 0.25), ("gpt-4o", pytest.approx(1.6 / 3))]
    assert ask(shelf, "score.helpful", by=["attr.tenant"], order="attr.tenant", filter="user:ann") == [
        ("acme", pytest.approx(0.8))
    ]


def test_scores_over_time_beside_the_window_before(shelf: Shelf) -> None:
    rows = ask(shelf, "score.helpful", by=["user"], step_ns=HOUR_NS, compare="previous", filter="user:bob")
    assert [row[1:] for row in rows] == [("bob", None, None, None), ("bob", 0.125, None, None)]


def test_the_name_of_a_score_is_never_sql(shelf: Shelf) -> None:
    assert ask(shelf, f"score.{HOSTILE}") == [(3.0,)]
    assert ask(shelf, "score.nobody gave it") == [(None,)]


def test_all_other_groups_of_a_score_are_one(shelf: Shelf) -> None:
    rows = ask(shelf, "score.helpful", by=["user"], limit=1, has_other=True)
    assert [row[0] for row in rows] == ["", None]


def test_scores_are_exported(shelf: Shelf) -> None:
    question = Question(Slice("shop", Window(NOON_NS, NOON_NS + HOUR_NS)), ["score.helpful"], ["model"])
    assert export_table(question, answer(shelf.source, question), "csv").startswith(
        b'"model","score.helpful"\n'
    )
