"""Laws of the filter language."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from watchkeeper_collector.errors import InvalidQueryError
from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.filters.fields import FLAGS, NUMBER_FIELDS, TEXT_FIELDS
from watchkeeper_collector.query.filters.text_search import like_pattern
from watchkeeper_collector.query.source import Slice, Source
from watchkeeper_collector.query.spans import list_spans

from tests.query import KnownNames, Shelf, Span, open_shelf

PLACEHOLDER = re.compile(r"\{p\d+:[A-Za-z0-9()]+\}")
MARK = "Zq9"
HOSTILE = st.text(
    alphabet=st.one_of(
        st.sampled_from("'\"\\`{}()%_*:;,-./#=<>$@\n\t\0 AORND"), st.characters(codec="utf-8")
    ),
    max_size=30,
).map(lambda text: text + MARK)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def compiled(text: str) -> tuple[str, Bindings]:
    bindings = Bindings()
    return " AND ".join(
        Slice("shop", filter=text, may_search_content=True).conditions(bindings, Source(KnownNames(MARK)))
    ), bindings


def refusal_of(text: str) -> InvalidQueryError | None:
    """Any other error is a fault."""
    try:
        compiled(text)
    except InvalidQueryError as error:
        return error
    return None


PLACES = [
    "{}",
    "service:{}",
    "-user:{}",
    "attr.{}:x",
    "attr.k:{}",
    "has:{}",
    "name:=({})",
    "(a OR {})",
    "trace:({} OR b)",
]


@given(st.sampled_from(PLACES), HOSTILE)
def test_a_hostile_value_never_reaches_sql_text(place: str, value: str) -> None:
    """The text is the same for every value, but for the placeholders; the value is among those bound."""
    text = place.replace("{}", quoted(value))
    if refusal_of(text) is not None:
        return
    sql, bindings = compiled(text)
    assert MARK.lower() not in sql.lower()
    assert "{" not in PLACEHOLDER.sub("", sql)
    assert any(MARK.lower() in str(bound).lower() for bound in bindings.values.values())


@given(st.text(max_size=60))
def test_any_text_is_a_filter_or_an_error_with_its_place(text: str) -> None:
    error = refusal_of(text)
    if error is not None:
        assert 1 <= error.details["column"] <= len(text) + 1
        assert error.details["expected"]


@given(
    st.lists(
        st.sampled_from(["(", ")", "a", "-", "OR", "AND", "NOT", "model:", "x*", '"q"', ">=", "1..2"]),
        max_size=25,
    )
)
def test_any_row_of_tokens_is_a_filter_or_an_error_with_its_place(tokens: list[str]) -> None:
    error = refusal_of(" ".join(tokens))
    assert error is None or error.details["column"] >= 1


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_pattern_holds_no_wildcard_but_the_stars(before: str, after: str) -> None:
    before, after = before.replace("*", ""), after.replace("*", "")
    pattern = like_pattern(f"{before}*{after}")
    bare = re.sub(r"\\(.)", "", pattern, flags=re.DOTALL)
    assert bare.count("%") == 1
    assert "_" not in bare


TERMS = st.one_of(
    st.sampled_from([f"is:{name}" for name in FLAGS]),
    st.sampled_from([f"has:{name}" for name in (*NUMBER_FIELDS, *TEXT_FIELDS)]),
    st.builds(
        "{}:{}".format, st.sampled_from(list(TEXT_FIELDS)), st.sampled_from(["a", "gpt*", "*", "llm", '""'])
    ),
    st.builds(
        "{}:{}".format, st.sampled_from(list(NUMBER_FIELDS)), st.sampled_from([">1", "<=100", "0..5", "3"])
    ),
    st.sampled_from(["refund", '"refund policy"', "返金", "re*", "attr.n:>1", "attr.n:2", "has:attr.n"]),
)
EXPRESSIONS = st.recursive(
    TERMS,
    lambda inner: st.one_of(
        st.builds("-({})".format, inner),
        st.builds("({} OR {})".format, inner, inner),
        st.builds("({} {})".format, inner, inner),
    ),
    max_leaves=4,
)
ROWS = [
    Span(
        id="1", model="gpt-4o", cost_usd=0.5, input_tokens=3, output_tokens=1, input="refund policy", user="a"
    ),
    Span(
        id="2",
        kind="tool",
        name="re",
        attributes={"n": "2"},
        output="返金ポリシー",
        parent="1",
        is_error=True,
    ),
    Span(
        id="3", is_duplicate=True, attributes={"n": "x"}, extra={"ErrorStatus": 3, "CostSource": "unpriced"}
    ),
]


@pytest.fixture(scope="module")
def shelf(engine_dsn: str) -> Iterator[Shelf]:
    with open_shelf(engine_dsn, "query_laws") as opened:
        opened.put(*ROWS)
        yield opened


def found(shelf: Shelf, text: str) -> set[str]:
    spans = list_spans(shelf.source, Slice("shop", filter=text, may_search_content=True), limit=10)
    return {span["span_id"] for span in spans.items}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EXPRESSIONS, EXPRESSIONS)
def test_filters_are_a_boolean_algebra(shelf: Shelf, one: str, other: str) -> None:
    all_ids = {row.id for row in ROWS}
    of_one, of_other = found(shelf, one), found(shelf, other)
    assert found(shelf, f"-({one})") == all_ids - of_one
    assert found(shelf, f"({one}) OR ({other})") == of_one | of_other
    assert found(shelf, f"({one}) ({other})") == of_one & of_other
