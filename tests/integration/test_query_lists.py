"""Lists of traces and spans, and single traces, on both kinds of engine."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from watchkeeper_collector.errors import InvalidQueryError, NotFoundError
from watchkeeper_collector.query import newest
from watchkeeper_collector.query import trace as trace_module
from watchkeeper_collector.query import traces as traces_module
from watchkeeper_collector.query.messages import Conversation, SpanContent, read_conversation
from watchkeeper_collector.query.pages import Page
from watchkeeper_collector.query.ranked_traces import RANKS, rank_traces
from watchkeeper_collector.query.source import Slice
from watchkeeper_collector.query.spans import list_spans
from watchkeeper_collector.query.times import SECOND_NS, Window
from watchkeeper_collector.query.trace import get_trace
from watchkeeper_collector.query.traces import list_traces

from tests.query import NOON, NOON_NS, Shelf, Span, nanoseconds, open_shelf

LONG_AGO = (datetime(1971, 5, 6, tzinfo=UTC) - NOON).total_seconds()
FAR_AHEAD = (datetime(2199, 1, 1, tzinfo=UTC) - NOON).total_seconds()


@pytest.fixture(scope="module", params=["engine_dsn", "server_dsn"], ids=["embedded", "server"])
def opened(request: pytest.FixtureRequest) -> Iterator[Shelf]:
    with open_shelf(request.getfixturevalue(request.param), "query_lists") as shelf:
        yield shelf


@pytest.fixture
def shelf(opened: Shelf) -> Iterator[Shelf]:
    yield opened
    opened.clear()


def everything(**options: Any) -> Slice:
    return Slice("shop", may_search_content=True, **options)


def all_pages(ask: Callable[[str], Page]) -> list[list[dict[str, Any]]]:
    pages, cursor = [], ""
    while True:
        page = ask(cursor)
        pages.append(page.items)
        if page.next_cursor is None:
            return pages
        cursor = page.next_cursor


def trace_ids(shelf: Shelf, **options: Any) -> list[str]:
    return [found["trace_id"] for found in list_traces(shelf.source, everything(**options), limit=100).items]


def test_spans_come_newest_first_and_each_on_one_page(shelf: Shelf) -> None:
    shelf.put(*(Span(id=f"{n:02}", trace=f"t{n // 3}", after_s=n // 2) for n in range(11)))
    pages = all_pages(lambda cursor: list_spans(shelf.source, everything(), limit=4, cursor=cursor))
    assert [len(page) for page in pages] == [4, 4, 3]
    ids = [span["span_id"] for page in pages for span in page]
    assert ids == sorted(ids, key=lambda id_: (int(id_) // 2, f"t{int(id_) // 3}", id_), reverse=True)


def test_a_cursor_stays_right_while_spans_arrive(shelf: Shelf) -> None:
    shelf.put(*(Span(id=f"{n}", after_s=n) for n in range(4)))
    first = list_spans(shelf.source, everything(), limit=2)
    shelf.put(Span(id="new", after_s=100))
    second = list_spans(shelf.source, everything(), limit=2, cursor=first.next_cursor or "")
    assert [span["span_id"] for span in second.items] == ["1", "0"]
    assert second.next_cursor is None


def test_a_span_is_shown_with_the_names_of_its_columns(shelf: Shelf) -> None:
    shelf.put(Span(model="gpt-4o", cost_usd=0.25, duration_ms=1.5, input_tokens=None))
    shown = list_spans(shelf.source, everything(), limit=1).items[0]
    assert shown["response_model"] == "gpt-4o"
    assert (shown["duration"], shown["duration_ms"]) == (1_500_000, 1.5)
    assert shown["timestamp"] == "2026-11-20T12:00:00.000000000Z"
    assert (shown["cost_usd"], shown["input_tokens"], shown["is_duplicate"]) == (0.25, None, False)
    json.dumps(shown, allow_nan=False)


def test_spans_say_how_their_words_begin(shelf: Shelf) -> None:
    shelf.put(Span(id="1", input="Hello " + "x" * 500, output="Good day"), Span(id="2", after_s=-1))
    spans = list_spans(shelf.source, everything(), limit=2, with_words=True).items
    assert [span["output_text"] for span in spans] == ["Good day", ""]
    assert spans[0]["input_text"] == "Hello " + "x" * 294


def test_a_window_of_spans_holds_its_start_and_not_its_end(shelf: Shelf) -> None:
    shelf.put(*(Span(id=f"{n}", after_s=n) for n in range(3)))
    window = Window(NOON_NS, NOON_NS + 2 * SECOND_NS)
    spans = list_spans(shelf.source, everything(window=window), limit=9).items
    assert [span["span_id"] for span in spans] == ["1", "0"]


def test_no_project_sees_anothers_rows(shelf: Shelf) -> None:
    shelf.put(Span(trace="theirs", project="rival", input="secret"), Span(trace="ours", project="shop"))
    assert trace_ids(shelf) == ["ours"]
    assert trace_ids(shelf, filter="project:rival OR secret OR is:root") == ["ours"]
    with pytest.raises(NotFoundError, match="no trace 'theirs' in this project"):
        get_trace(shelf.source, "shop", "theirs", read_conversation=None, limit=1)


def test_the_same_trace_id_in_two_projects_is_two_traces(shelf: Shelf) -> None:
    shelf.put(Span(id="a", trace="t", project="shop"), Span(id="b", trace="t", project="rival", after_s=-9))
    found = list_traces(shelf.source, everything(), limit=9).items
    assert [(trace["span_count"], trace["timestamp"]) for trace in found] == [
        (1, "2026-11-20T12:00:00.000000000Z")
    ]


def test_a_trace_is_summed_up_over_all_its_spans(shelf: Shelf) -> None:
    shelf.put(
        Span(
            id="root",
            name="POST /chat",
            kind="chain",
            duration_ms=4000,
            extra={"ServiceName": "web"},
            user="u1",
        ),
        Span(id="1", parent="root", after_s=1, model="gpt-4o", cost_usd=0.5, input_tokens=100, session="s1"),
        Span(
            id="2", parent="1", after_s=2, model="gpt-4o", cost_usd=0.5, input_tokens=100, is_duplicate=True
        ),
        Span(id="3", parent="root", after_s=3, kind="tool", is_error=True, duration_ms=2500),
        Span(id="4", parent="root", after_s=2, model="claude", extra={"CostSource": "unpriced"}),
    )
    [found] = list_traces(shelf.source, everything(), limit=9).items
    assert found == {
        "trace_id": "t1",
        "name": "POST /chat",
        "service_name": "web",
        "root_span_id": "root",
        "is_error": False,
        "timestamp": "2026-11-20T12:00:00.000000000Z",
        "duration": 5_500_000_000,
        "duration_ms": 5500.0,
        "span_count": 5,
        "call_count": 2,
        "error_count": 1,
        "unpriced_call_count": 1,
        "input_tokens": 100,
        "output_tokens": None,
        "cost_usd": 0.5,
        "services": ["web"],
        "models": ["claude", "gpt-4o"],
        "users": ["u1"],
        "sessions": ["s1"],
        "environments": [],
        "releases": [],
    }


def test_a_trace_whose_root_never_came_has_the_name_of_its_first_span(shelf: Shelf) -> None:
    shelf.put(Span(id="2", parent="gone", after_s=1, name="later"), Span(id="1", parent="gone", name="first"))
    [found] = list_traces(shelf.source, everything(), limit=9).items
    assert (found["name"], found["root_span_id"]) == ("first", None)


def test_traces_come_by_their_start_whichever_span_the_filter_keeps(shelf: Shelf) -> None:
    shelf.put(
        Span(id="1", trace="long", after_s=0),
        Span(id="2", trace="long", parent="1", after_s=60, user="u"),
        Span(id="3", trace="short", after_s=30, user="u"),
        Span(id="4", trace="other", after_s=40, user="x"),
    )
    assert trace_ids(shelf) == ["other", "short", "long"]
    assert trace_ids(shelf, filter="user:u") == ["short", "long"]
    assert trace_ids(shelf, filter="user:u", window=Window(NOON_NS + 50 * SECOND_NS)) == ["long"]


@pytest.mark.parametrize(("spans_a_trace", "growth"), [(1, 2), (8, 16)])
def test_traces_come_once_each_however_they_lie(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, spans_a_trace: int, growth: int
) -> None:
    """Long traces beside short ones: those that started earlier show up among the newest spans."""
    monkeypatch.setattr(traces_module, "SPANS_A_TRACE", spans_a_trace)
    monkeypatch.setattr(newest, "GROWTH", growth)
    for number in range(12):
        length = 7 if number % 3 == 0 else 1
        shelf.put(
            *(
                Span(id=f"{number}-{n}", trace=f"{number:02}", after_s=number * 10 + n * 40)
                for n in range(length)
            )
        )
    pages = all_pages(lambda cursor: list_traces(shelf.source, everything(), limit=5, cursor=cursor))
    assert [len(page) for page in pages] == [5, 5, 2]
    assert [found["trace_id"] for page in pages for found in page] == [f"{n:02}" for n in reversed(range(12))]


def test_traces_that_start_together_are_on_one_page_each(shelf: Shelf) -> None:
    shelf.put(*(Span(id=f"{n}", trace=f"{n}") for n in range(5)))
    pages = all_pages(lambda cursor: list_traces(shelf.source, everything(), limit=2, cursor=cursor))
    assert [found["trace_id"] for page in pages for found in page] == ["4", "3", "2", "1", "0"]


@pytest.mark.parametrize("order", RANKS)
def test_traces_come_by_their_rank_and_each_on_one_page(shelf: Shelf, order: str) -> None:
    """The first trace has the newest and the least of everything."""
    shelf.put(
        *(
            Span(
                id=f"{trace}-{n}",
                trace=f"{trace}",
                after_s=-trace,
                duration_ms=trace,
                cost_usd=0.1,
                input_tokens=5,
                output_tokens=2,
                is_error=True,
            )
            for trace in range(1, 6)
            for n in range(trace)
        )
    )
    pages = all_pages(
        lambda cursor: rank_traces(shelf.source, everything(), order=order, limit=2, cursor=cursor)
    )
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [found["trace_id"] for page in pages for found in page] == ["5", "4", "3", "2", "1"]


def test_a_trace_ranks_by_all_its_spans_whichever_of_them_the_filter_keeps(shelf: Shelf) -> None:
    shelf.put(
        Span(id="1", trace="dear", cost_usd=1.0),
        Span(id="2", trace="dear", model="small", cost_usd=0.1),
        Span(id="3", trace="cheap", model="small", cost_usd=0.5),
        Span(id="4", trace="other", cost_usd=9.0),
    )
    found = rank_traces(shelf.source, everything(filter="model:small"), order="cost_usd", limit=9).items
    assert [(trace["trace_id"], trace["cost_usd"]) for trace in found] == [("dear", 1.1), ("cheap", 0.5)]


@pytest.mark.parametrize("after_s", [LONG_AGO, FAR_AHEAD])
def test_a_clock_gone_astray_ranks(shelf: Shelf, after_s: float) -> None:
    shelf.put(
        Span(id="1", trace="t", after_s=after_s, day=date(2026, 11, 20)),
        Span(id="2", trace="t", extra={"Duration": 2**64 - 1}),
    )
    found = rank_traces(shelf.source, everything(), order="duration", limit=9).items
    assert [trace["trace_id"] for trace in found] == ["t"]


@pytest.mark.parametrize("after_s", [LONG_AGO, FAR_AHEAD])
def test_absurd_clocks_are_found(shelf: Shelf, after_s: float) -> None:
    shelf.put(
        Span(id="1", trace="absurd", after_s=after_s, day=date(2026, 11, 20), output="Bonjour"),
        Span(id="2", trace="usual"),
    )
    time_ns = NOON_NS + round(after_s * 1e9)
    assert set(trace_ids(shelf)) == {"absurd", "usual"}
    assert trace_ids(shelf, window=Window(time_ns - 1, time_ns + 1)) == ["absurd"]
    assert trace_ids(shelf, filter="bonjour") == ["absurd"]
    found = get_trace(shelf.source, "shop", "absurd", read_conversation=read_conversation, limit=9)
    assert [span["span_id"] for span in found["spans"]] == ["1"]


def test_a_trace_over_centuries_is_whole(shelf: Shelf) -> None:
    today = date(2026, 11, 20)
    shelf.put(
        *(Span(id=f"{n}", after_s=after_s, day=today) for n, after_s in enumerate([LONG_AGO, 0.0, FAR_AHEAD]))
    )
    found = get_trace(shelf.source, "shop", "t1", read_conversation=None, limit=9)
    assert [span["span_id"] for span in found["spans"]] == ["0", "1", "2"]


def test_a_trace_comes_page_by_page_in_the_order_of_start(shelf: Shelf) -> None:
    shelf.put(*(Span(id=f"{n}", after_s=(n * 7) % 5) for n in range(5)))
    pages, cursor = [], ""
    while cursor is not None:
        found = get_trace(shelf.source, "shop", "T1", read_conversation=None, limit=2, cursor=cursor)
        pages.append([span["span_id"] for span in found["spans"]])
        cursor = found["next_cursor"]
        assert found["span_count"] == 5
    assert pages == [["0", "3"], ["1", "4"], ["2"]]


def test_content_is_hidden_from_those_who_may_not_see_it(shelf: Shelf) -> None:
    shelf.put(Span(content={"gen_ai.input.messages": "[]"}, attributes={"tenant": "acme"}))
    [span] = get_trace(shelf.source, "shop", "t1", read_conversation=None, limit=9)["spans"]
    assert (span["content_hidden"], span["attributes"]) == (True, {"tenant": "acme"})
    assert "input_messages" not in span


def test_content_comes_from_the_span_its_events_and_its_logs(shelf: Shelf) -> None:
    span = Span(attributes={"tenant": "acme"})
    shelf.put(span)
    shelf.put_content(span, {"gen_ai.output.messages": "[1]"})
    shelf.put_content(
        span, {"body": '{"content": "Hi"}', "role": "user"}, source="log", name="gen_ai.user.message"
    )
    seen: list[SpanContent] = []

    def read(content: SpanContent) -> Conversation:
        seen.append(content)
        return Conversation(input_messages=[{"role": "user", "parts": []}])

    [shown] = get_trace(shelf.source, "shop", "t1", read_conversation=read, limit=9)["spans"]
    assert seen[0].attributes == {"gen_ai.output.messages": "[1]"}
    [log] = seen[0].logs
    assert (log.name, log.body, log.attributes) == (
        "gen_ai.user.message",
        '{"content": "Hi"}',
        {"role": "user"},
    )
    assert shown["attributes"] == {"tenant": "acme", "gen_ai.output.messages": "[1]"}
    assert shown["input_messages"] == [{"role": "user", "parts": []}]
    assert (shown["content_hidden"], shown["content_logs"][0]["name"]) == (False, "gen_ai.user.message")


def test_messages_are_read_in_the_form_of_the_conventions(shelf: Shelf) -> None:
    text = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "Wo ist meine Bestellung?"}]}])
    shelf.put(Span(content={"gen_ai.input.messages": text}, extra={"Operation": "chat"}))
    [span] = get_trace(shelf.source, "shop", "t1", read_conversation=read_conversation, limit=9)["spans"]
    assert span["input_messages"] == json.loads(text)


def test_a_page_with_much_content_has_fewer_spans(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace_module, "MOST_CONTENT_BYTES", 2_500)
    monkeypatch.setattr(trace_module, "FEW_SPANS", 1)
    shelf.put(*(Span(id=f"{n}", after_s=n, content={"gen_ai.prompt": "x" * 1_000}) for n in range(5)))
    sizes, cursor = [], ""
    while cursor is not None:
        found = get_trace(
            shelf.source, "shop", "t1", read_conversation=read_conversation, limit=9, cursor=cursor
        )
        sizes.append(len(found["spans"]))
        cursor = found["next_cursor"]
    assert sizes == [2, 2, 1]


def test_events_links_hashes_and_inheritance_are_readable(shelf: Shelf) -> None:
    shelf.put(
        Span(
            extra={
                "Events.Timestamp": [NOON_NS + 5], "Events.Name": ["retry"],
                "Events.Attributes": [{"n": "1"}],
                "Links.TraceId": ["t0"], "Links.SpanId": ["s0"], "Links.TraceState": [""],
                "Links.Attributes": [{"why": "batch"}], "InputHash": 255, "Inherited": 3,
            }
        )
    )  # fmt: skip
    [span] = get_trace(shelf.source, "shop", "t1", read_conversation=None, limit=9)["spans"]
    assert span["events"] == [
        {"timestamp": "2026-11-20T12:00:00.000000005Z", "name": "retry", "attributes": {"n": "1"}}
    ]
    assert span["links"] == [
        {"trace_id": "t0", "span_id": "s0", "trace_state": "", "attributes": {"why": "batch"}}
    ]
    assert (span["input_hash"], span["output_hash"]) == ("00000000000000ff", "")
    assert span["inherited"] == ["user_id", "session_id"]


def test_a_hostile_duration_is_no_fault(shelf: Shelf) -> None:
    shelf.put(Span(extra={"Duration": 2**64 - 1}))
    [found] = list_traces(shelf.source, everything(), limit=9).items
    assert found["duration"] == 2**64 - 1


@pytest.mark.parametrize("cursor", ["x", "W10", "WzEsMl0", "ééé", "bnVsbA", "WyJhIiwiYiIsImMiXQ", "A" * 5000])
def test_a_cursor_that_no_list_gave_is_refused(shelf: Shelf, cursor: str) -> None:
    for ask in (list_spans, list_traces):
        with pytest.raises(InvalidQueryError, match="none that this list gave"):
            ask(shelf.source, everything(), limit=1, cursor=cursor)


def test_times_of_tests_are_those_of_the_engine(shelf: Shelf) -> None:
    shelf.put(Span())
    rows = shelf.store.query(
        f"SELECT toUnixTimestamp64Nano(Timestamp) FROM {shelf.source.database}.spans"
    ).rows
    assert rows == [(nanoseconds(NOON),)]
