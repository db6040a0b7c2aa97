"""Which spans a filter finds, on both kinds of engine."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from watchkeeper_collector.errors import ForbiddenError
from watchkeeper_collector.query.source import Slice
from watchkeeper_collector.query.spans import list_spans
from watchkeeper_collector.query.times import SECOND_NS, Window

from tests.query import NOON_NS, Shelf, Span, open_shelf

DAY_NS = 86_400 * SECOND_NS
ROWS = [
    Span(
        id="gpt", model="gpt-4o-2024-08-06", cost_usd=0.2, duration_ms=2500, user="u1", name="chat gpt-4o",
        input_tokens=900, output_tokens=200, attributes={"tenant": "acme", "score": "0.9", "a b": "x"},
        input="What is your Refund Policy?", output="Refunds take 14 days; see GPT-4o's terms (C++).",
        extra={"ServiceName": "web", "IsStreaming": True, "TimeToFirstTokenMs": 350.0},
    ),
    Span(
        id="mini", model="gpt-4o-mini", cost_usd=0.01, duration_ms=80, user="u2", name="chat", trace="t2",
        input_tokens=20_000, output_tokens=1, attributes={"tenant": "100%_off"},
        input="返金ポリシーを教えてください。GPTを使う", output="Die MÜLLER GmbH zahlt zurück. 50% off_now",
        extra={"ResourceAttributes": {"host.name": "h1"}, "ServiceName": "api"},
    ),
    Span(
        id="err", model="claude", is_error=True, user="", name="Refund lookup", trace="t3", parent="x",
        input="policy refund",
        extra={"ErrorStatus": 429, "ErrorType": "RateLimitError", "RequestModel": "claude-3"},
    ),
    Span(id="dup", model="claude", is_duplicate=True, trace="t3", parent="err", kind="llm", user="u1"),
    Span(
        id="old", kind="tool", name="search", trace="t4", after_s=-5 * 86_400, output="refund policy of old"
    ),
]  # fmt: skip
ALL = {row.id for row in ROWS}

FOUND = {
    "": ALL,
    "model:gpt-4o*": {"gpt", "mini"},
    "model:gpt-4o-mini": {"mini"},
    'model:"gpt-4o*"': set(),
    "model:*mini": {"mini"},
    "model:GPT-4O*": set(),
    "request_model:claude-3": {"err"},
    "user:(u1 OR u2)": {"gpt", "mini", "dup"},
    "user:(u2 OR x*)": {"mini"},
    "user:*": {"gpt", "mini", "dup"},
    'user:""': {"err", "old"},
    "-user:*": {"err", "old"},
    "has:user": {"gpt", "mini", "dup"},
    "status:error": {"err"},
    "-status:error model:claude": {"dup"},
    "status:ok user:u1": {"gpt", "dup"},
    "cost:>0.1": {"gpt"},
    "cost:>$0.1": {"gpt"},
    "cost:0.01..0.2": {"gpt", "mini"},
    "cost:..0.1": {"mini"},
    "-cost:>0.1": {"mini", "err", "dup", "old"},
    "has:cost": {"gpt", "mini"},
    "cost:(0.2 OR <=0.01)": {"gpt", "mini"},
    "latency:>=2s": {"gpt"},
    "latency:>=2500": {"gpt"},
    "latency:<100ms latency:>=80ms": {"mini"},
    "latency:2.5s": {"gpt"},
    "ttft:<0.5s": {"gpt"},
    "input_tokens:>=20k": {"mini"},
    "tokens:1100": {"gpt"},
    "error_status:429": {"err"},
    "-has:error_status user:u1": {"gpt", "dup"},
    "attr.tenant:acme": {"gpt"},
    "attr.tenant:100%_*": {"mini"},
    "attr.tenant:100*": {"mini"},
    "attr.tenant:1__%*": set(),
    "attr.score:>0.5": {"gpt"},
    'attr."a b":x': {"gpt"},
    "has:attr.tenant": {"gpt", "mini"},
    "-attr.tenant:acme": ALL - {"gpt"},
    "resource.host.name:h1": {"mini"},
    "has:resource.host.name": {"mini"},
    "is:streaming": {"gpt"},
    "is:duplicate": {"dup"},
    "is:root": {"gpt", "mini", "old"},
    "is:call": {"gpt", "mini", "err"},
    "NOT is:root OR kind:tool": {"err", "dup", "old"},
    "-(is:root OR is:duplicate)": {"err"},
    "is:root AND service:web": {"gpt"},
    "trace:t3 -is:duplicate": {"err"},
    "name:chat*": {"gpt", "mini"},
    "project:rival": set(),
    "refund": {"gpt", "err", "old"},
    "REFUND policy": {"gpt", "err", "old"},
    '"refund policy"': {"gpt", "old"},
    '"Policy Refund"': {"err"},
    "refunds": {"gpt"},
    "refun": set(),
    "refun*": {"gpt", "err", "old"},
    "*fund*": {"gpt", "err", "old"},
    "-refund": {"mini", "dup"},
    "lookup": {"err"},
    "gpt-4o": {"gpt"},
    '"C++"': {"gpt"},
    "返金": {"mini"},
    "返金ポリシー": {"mini"},
    '"返金ポリシーを教えて"': {"mini"},
    "教え*": {"mini"},
    "müller": {"mini"},
    '"müller gmbh"': {"mini"},
    "zurück": {"mini"},
    "zurü*": {"mini"},
    '"50% off_now"': {"mini"},
    "50%": {"mini"},
    "refund status:error": {"err"},
    "refund OR 返金": {"gpt", "err", "old", "mini"},
}


@pytest.fixture(scope="module", params=["engine_dsn", "server_dsn"], ids=["embedded", "server"])
def shelf(request: pytest.FixtureRequest) -> Iterator[Shelf]:
    with open_shelf(request.getfixturevalue(request.param), "query_filters") as opened:
        opened.put(*ROWS, Span(id="theirs", project="rival", input="refund policy 返金", user="u1"))
        yield opened


def found(shelf: Shelf, text: str, **options: Any) -> set[str]:
    slice_ = Slice("shop", filter=text, **{"may_search_content": True, **options})
    return {span["span_id"] for span in list_spans(shelf.source, slice_, limit=100).items}


@pytest.mark.parametrize("text", FOUND)
def test_filter_finds_its_spans(shelf: Shelf, text: str) -> None:
    assert found(shelf, text) == FOUND[text]


@pytest.mark.parametrize("text", [text for text in FOUND if text])
def test_a_filter_and_its_negation_share_all_spans_between_them(shelf: Shelf, text: str) -> None:
    assert found(shelf, f"-({text})") == ALL - FOUND[text]


def test_words_are_found_within_their_window_only(shelf: Shelf) -> None:
    week = Window(NOON_NS - 7 * DAY_NS, NOON_NS + DAY_NS)
    hour = Window(NOON_NS - DAY_NS // 24, NOON_NS + DAY_NS)
    assert found(shelf, '"refund policy"', window=week) == {"gpt", "old"}
    assert found(shelf, '"refund policy"', window=hour) == {"gpt"}


def test_words_of_content_that_came_on_a_log_are_found(shelf: Shelf) -> None:
    shelf.put_content(ROWS[3], {}, source="log", input_text="Umtausch bitte")
    assert found(shelf, "umtausch") == {"dup"}


def test_who_may_not_see_content_does_not_search_it(shelf: Shelf) -> None:
    with pytest.raises(ForbiddenError, match="the scope 'content'"):
        found(shelf, "refund", may_search_content=False)
    assert found(shelf, "name:Refund*", may_search_content=False) == {"err"}


@pytest.mark.parametrize(
    "text", ["refund", '"refund policy"', "gpt-4o", '"müller gmbh"', "refun*"], ids=range(5)
)
def test_words_are_looked_up_in_the_text_index(shelf: Shelf, text: str) -> None:
    """All but a script without spaces, which the index does not cut into words."""
    from watchkeeper_collector.query.bindings import Bindings  # noqa: PLC0415

    bindings = Bindings()
    conditions = Slice("shop", filter=text, may_search_content=True).conditions(bindings, shelf.source)
    subquery = in_parentheses(conditions[-1].partition("GLOBAL IN")[2])
    plan = shelf.store.query(f"EXPLAIN indexes = 1 {subquery}", bindings.values)
    lines = "\n".join(row[0] for row in plan.rows)
    assert re.search(r"Name: words|text index .*words", lines)


def in_parentheses(text: str) -> str:
    """What stands in the first pair of parentheses."""
    depth = 0
    for place, char in enumerate(text):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if depth == 0 and char == ")":
            return text[text.index("(") + 1 : place]
    raise ValueError(text)
