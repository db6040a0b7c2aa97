"""Templates of labels and annotations: what they can say, and that they can do nothing else."""

from typing import Any

import pytest
from watchkeeper_collector.alerts.rules.templates import MOST_EXPANDED_CHARS, check_template, expand
from watchkeeper_collector.errors import InvalidRequestError

KNOWN: dict[str, Any] = {
    "labels": {"model": "gpt-4o", "items": "label of the name", "evil": "{{ value }}<b>"},
    "value": 0.1234,
    "figures": {"window_s": 5_400.0, "cost": 12.5, "small": 0.00042, "big": 1_234_567.0, "words": "a"},
    "links": {"trace": "t1"},
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("plain", "plain"),
        ("{{ labels.model }} at {{ value | percent }}", "gpt-4o at 12.34%"),
        ("{{ labels['model'] }}{{ labels.missing }}.", "gpt-4o."),
        ("{{ labels.items }}", "label of the name"),
        ("{{ labels.evil }}", "{{ value }}<b>"),
        ("{{ figures.window_s | duration }}", "1h30m"),
        ("{{ figures.cost | usd }} {{ figures.small | usd }}", "$12.50 $0.00042"),
        ("{{ figures.big | humanize }}", "1.235M"),
        ("{{ figures.cost | ms }} {{ figures.big | ms }}", "12.5 ms 1235 s"),
        ("{{ figures.missing | default('-') }}", "-"),
        ("{{ figures.words | percent }}", "a"),
        ("{% if value > 0.1 %}high{% else %}low{% endif %}", "high"),
        ("{{ 'big' if figures.big > 5 else 'small' }}", "big"),
        ("{{ links.trace }}{{ links.none }}", "t1"),
    ],
)
def test_a_template_says_what_it_is_given(template: str, text: str) -> None:
    check_template(template)
    assert expand(template, **KNOWN) == text


@pytest.mark.parametrize(
    "template",
    [
        "{% for x in labels %}{% endfor %}",
        "{{ range(100000000) }}",
        "{{ 'a' * 1000000000 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ 'a' ~ 'b' }}",
        "{{ labels.model.upper() }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ self }}",
        "{% set x = 1 %}",
        "{% include 'x' %}",
        "{% macro a() %}{% endmacro %}",
        "{{ value | attr('__class__') }}",
        "{{ value | pprint }}",
        "{{ (1, 2) }}{{ [1] }}{{ {} }}",
        "{{ os }}",
        "{{",
        "{{ " + "(" * 5_000 + ")" * 5_000 + " }}",
        "x" * 5_000 + "{{ value }}",
    ],
)
def test_what_could_do_more_than_say_is_refused(template: str) -> None:
    with pytest.raises(InvalidRequestError):
        check_template(template)
    assert expand(template, **KNOWN).startswith("<error expanding template: ")


@pytest.mark.parametrize(
    "template",
    ["{{ value / 0 }}", "{{ labels.model - 1 }}", "{{ figures.missing }}", "{{ ''.__class__ }}"],
)
def test_an_expansion_that_fails_is_a_text_and_no_error(template: str) -> None:
    check_template(template)
    assert expand(template, **KNOWN).startswith("<error expanding template: ")


def test_no_attribute_of_an_object_is_in_reach() -> None:
    assert expand("{{ labels.__class__ }}{{ labels.keys }}", **KNOWN) == ""
    assert "nothing named" in expand("{{ value.real }}", **KNOWN)


def test_an_expanded_text_is_bounded() -> None:
    known = KNOWN | {"labels": {"a": "x" * 100_000}}
    assert len(expand("{{ labels.a }}" * 200, **known)) == MOST_EXPANDED_CHARS


def test_a_value_that_is_unknown_is_a_dash() -> None:
    assert expand("{{ value | percent }}", **(KNOWN | {"value": None})) == "-"
