"""Matchers, as Alertmanager reads them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper_collector.alerts.notify.routing.matchers import (
    Matcher,
    build_matcher,
    matches_all,
    read_matchers,
    render_matchers,
)
from watchkeeper_collector.errors import InvalidRequestError


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('severity="page"', [("severity", "=", "page")]),
        ("severity=page", [("severity", "=", "page")]),
        ("severity = page ", [("severity", "=", "page")]),
        ('{a="b", c!="d"}', [("a", "=", "b"), ("c", "!=", "d")]),
        ('{a=~"b.*",c!~"d|e",}', [("a", "=~", "b.*"), ("c", "!~", "d|e")]),
        (r'a="say \"hi\"\\\n"', [("a", "=", 'say "hi"\\\n')]),
        ('a=""', [("a", "=", "")]),
        ("a=", [("a", "=", "")]),
        ('attr.tenant="x"', [("attr.tenant", "=", "x")]),
        ('"odd name"="x"', [("odd name", "=", "x")]),
        ("{}", []),
        ("", []),
    ],
)
def test_matcher_is_read(text: str, found: list[tuple[str, str, str]]) -> None:
    assert [(one.name, one.operator, one.value) for one in read_matchers([text])] == found


@pytest.mark.parametrize(
    "text",
    ["severity", "=x", 'a="b', 'a="b" c="d"', 'a=~"("', 'a=~"(?=x)"', "{a=b", "9=x", "a=b,,c=d"],
)
def test_matcher_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError, match=r"no matcher|no regular expression"):
        read_matchers([text])


@pytest.mark.parametrize(
    ("text", "labels", "holds"),
    [
        ('a="b"', {"a": "b"}, True),
        ('a="b"', {}, False),
        ('a=""', {}, True),
        ('a!="b"', {}, True),
        ('a=~"b"', {"a": "bb"}, False),
        ('a=~"b+"', {"a": "bb"}, True),
        ('a=~".*"', {}, True),
        ('a=~".+"', {}, False),
        ('a=~"x.y"', {"a": "x\ny"}, True),
        ('a!~"b+"', {"a": "bb"}, False),
        ('a!~"b+"', {"a": "c"}, True),
        ('{a="b",c="d"}', {"a": "b"}, False),
    ],
)
def test_matcher_matches_as_alertmanagers_does(text: str, labels: dict[str, str], *, holds: bool) -> None:
    assert matches_all(read_matchers([text]), labels) is holds


@given(st.lists(st.tuples(st.from_regex(r"[a-z_][a-z0-9_.]{0,5}", fullmatch=True), st.text(max_size=20))))
def test_what_is_rendered_is_read_again(pairs: list[tuple[str, str]]) -> None:
    matchers = [build_matcher(name, "=", value) for name, value in pairs[:20]]
    found = read_matchers([render_matchers(matchers)])
    assert sorted((one.name, one.value) for one in found) == sorted((one.name, one.value) for one in matchers)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(InvalidRequestError):
        assert all(isinstance(one, Matcher) for one in read_matchers([text]))


def test_pattern_that_backtracks_for_ever_elsewhere_takes_no_time() -> None:
    (matcher,) = read_matchers(['a=~"(a+)+$"'])
    assert not matcher.matches({"a": "a" * 50_000 + "b"})
