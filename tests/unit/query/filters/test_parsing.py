"""Filters that are read, and filters that are not, with the place of what is wrong."""

import pytest
from watchkeeper_collector.errors import InvalidQueryError
from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.filters.compiling import FilterCompiler
from watchkeeper_collector.query.filters.parsing import MOST_CHARS, MOST_DEPTH, MOST_TERMS, parse_filter
from watchkeeper_collector.query.filters.syntax import And, Compares, FreeText, Matches, Not, Or, Term, Value


def word(text: str, column: int) -> Value:
    return Value(text, is_quoted=False, column=column)


def compile_filter(text: str) -> str:
    parsed = parse_filter(text)
    assert parsed is not None
    return FilterCompiler(Bindings(), lambda _: "1").compile(parsed)


def free(text: str, column: int) -> FreeText:
    return FreeText(word(text, column))


@pytest.mark.parametrize("text", ["", "  ", "\n\t"])
def test_an_empty_filter_says_nothing(text: str) -> None:
    assert parse_filter(text) is None


def test_side_by_side_binds_tighter_than_or() -> None:
    a, b, c = free("a", 1), free("b", 6), free("c", 8)
    assert parse_filter("a OR b c") == Or((a, And((b, c), 2)), 3)
    assert parse_filter("a AND b") == And((free("a", 1), free("b", 7)), 2)


def test_minus_and_not_negate_what_follows() -> None:
    assert parse_filter("-a") == Not(free("a", 2), 2)
    assert parse_filter("NOT (a)") == Not(free("a", 6), 2)


def test_a_term_has_field_key_and_conditions() -> None:
    assert parse_filter("user:(u1 OR >2)") == Term(
        "user", "", (Matches(word("u1", 7)), Compares(">", word("2", 14))), 1
    )
    assert parse_filter('attr."a key".x:y') is not None
    assert parse_filter("attr.http.status:200") == Term("attr", "http.status", (Matches(word("200", 18)),), 1)


def test_quotes_keep_everything_and_backslash_keeps_quotes() -> None:
    assert parse_filter(r'name:"a \"b\" (c) OR \\"') == Term(
        "name", "", (Matches(Value('a "b" (c) OR \\', is_quoted=True, column=6)),), 1
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("model:ft:gpt-4o:acme", "ft:gpt-4o:acme"),
        ("attr.delta:-5", "-5"),
        ("name:a-b", "a-b"),
        ("name:a=b", "a=b"),
    ],
)
def test_a_value_may_hold_what_separates_elsewhere(text: str, value: str) -> None:
    parsed = parse_filter(text)
    assert isinstance(parsed, Term)
    assert parsed.conditions[0].value.text == value


@pytest.mark.parametrize("text", ["ORder", "ANDroid NOTe", "or", "and not"])
def test_keywords_are_whole_and_upper_case(text: str) -> None:
    assert parse_filter(text) is not None


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("model:", 7, "ends too early. Expected a value"),
        ("a OR", 5, "ends too early. Expected a condition"),
        ("OR a", 1, "'OR' is not expected here. Expected a condition"),
        ("a AND OR b", 7, "'OR' is not expected here"),
        ("model:gpt-4o)", 13, "')' is not expected here. Expected the end"),
        ("(a", 3, "Expected ')'"),
        ("()", 2, "')' is not expected here. Expected a condition"),
        ("user:(a b)", 9, "'b' is not expected here. Expected ')' or 'OR'"),
        ("user:()", 7, "')' is not expected here. Expected a value"),
        ('model:x "abc', 9, "the quote that opens here is not closed"),
        ("modle:gpt", 1, "no field 'modle'. Did you mean 'model'"),
        ("a (b http://x)", 6, "Words with a colon to search for go into quotes"),
        ("model.x:y", 1, "'model' takes no key"),
        ("attr:x", 1, "'attr' needs a key"),
        ("is:rot", 4, "no condition 'is:rot'. Did you mean 'is:root'"),
        ("status:429", 8, "There is: status:error, status:ok"),
        ("status:>4", 9, "takes a name, not a comparison"),
        ("has:usr", 5, "no field 'usr'. Did you mean 'user'"),
        ("release:>1.2", 10, "'release' is text"),
        ("cost:>abc", 7, "'abc' is no value for 'cost'. Expected an amount"),
        ("cost:1s", 6, "'1s' is no value for 'cost'"),
        ("latency:5x", 9, "Expected a duration such as 2s"),
        ("cost:gpt*", 6, "is no value for 'cost'"),
        ("cost:..", 6, "a range needs an end"),
        ("cost:1..x", 6, "'x' is no value"),
        ("cost:nan", 6, "is no value"),
        ("cost:1e400", 6, "is no value"),
        ("a -", 3, "no letter or digit to search for"),
        ('a "..."', 3, "no letter or digit to search for"),
        ("*", 1, "no letter or digit to search for"),
        (f"attr.{'k' * 257}:x", 1, "at most 256 characters"),
    ],
)
def test_an_error_names_the_column_and_what_was_expected(text: str, column: int, words: str) -> None:
    with pytest.raises(InvalidQueryError) as caught:
        compile_filter(text)
    assert words in caught.value.message
    assert caught.value.message.startswith(f"Filter, column {column}: ")
    assert caught.value.details["column"] == column
    assert caught.value.details["expected"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x" * (MOST_CHARS + 1), "4,097 characters"),
        ("a " * (MOST_TERMS + 1), "more than 200 conditions"),
        ("-" * MOST_DEPTH + "a", "more than 32 deep"),
        ("(a OR b " * MOST_DEPTH + ")" * MOST_DEPTH, "more than 32 deep"),
    ],
)
def test_a_filter_without_end_is_refused(text: str, words: str) -> None:
    with pytest.raises(InvalidQueryError, match=words):
        parse_filter(text)


def test_parentheses_alone_are_no_nesting() -> None:
    assert parse_filter("(" * 2_000 + "a" + ")" * 2_000) == free("a", 2_001)
