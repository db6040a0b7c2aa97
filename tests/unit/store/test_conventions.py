"""How the conventions' data becomes SQL."""

import pytest
from watchkeeper_collector.errors import ConfigurationError
from watchkeeper_collector.store.conventions import Template
from watchkeeper_collector.store.conventions.data import literals, load, quote
from watchkeeper_collector.store.conventions.sources import LAST_RESORT, WIDTH, Names, read_runs


def test_names_of_a_run_are_numbered_in_order() -> None:
    names = Names()
    assert (names.run(("a", "b")), names.run(("c",)), names.run(("a", "b"))) == (1, 2, 1)
    assert names.numbers == {"a": WIDTH, "b": WIDTH + 1, "c": 2 * WIDTH}


def test_a_name_in_two_lists_is_an_error_that_names_it() -> None:
    names = Names()
    names.run(("a", "b"))
    with pytest.raises(ConfigurationError, match=r"'b' stands in two lists of columns\.toml"):
        names.run(("b", "c"))


def test_a_list_that_is_too_long_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match=r"sources follow 'n0' in columns\.toml"):
        Names().run(tuple(f"n{number}" for number in range(LAST_RESORT + 1)))


def test_sources_are_read_in_runs_of_one_kind() -> None:
    assert list(read_runs(["a", "usage/x", "@r", "@s", "c"])) == [
        (False, ("a", "usage/x")),
        (True, ("r", "s")),
        (False, ("c",)),
    ]


def test_only_wanted_names_are_numbered_in_sql() -> None:
    names = Names()
    names.run(("a", "it's"))
    assert names.render("k", ["it's"]) == rf"transform(k, ['it\'s'], [{WIDTH + 1}], 65535)"


def test_macros_nest_and_placeholders_stay() -> None:
    assert Template("SELECT {{unquoted|{{first|x}}}} FROM {database}.t").render() == (
        "SELECT (if(startsWith((if(startsWith(x, '['), JSONExtractString(x, 1), x)), '\"'),"
        " JSONExtractString((if(startsWith(x, '['), JSONExtractString(x, 1), x))),"
        " (if(startsWith(x, '['), JSONExtractString(x, 1), x)))) FROM {database}.t"
    )


def test_a_macro_that_nobody_wrote_is_an_error() -> None:
    with pytest.raises(KeyError, match="nonsense"):
        Template("{{nonsense|x}}").render()


@pytest.mark.parametrize(
    ("text", "literal"), [("plain", "'plain'"), ("it's", r"'it\'s'"), ("a\\b", r"'a\\b'"), ("\\'", r"'\\\''")]
)
def test_texts_become_literals(text: str, literal: str) -> None:
    assert quote(text) == literal


def test_lists_become_literals() -> None:
    assert literals(["a", "b'"]) == r"'a', 'b\''"


@pytest.mark.parametrize(
    "table", ["kind", "operation", "operation_of_kind", "provider", "finish_reason", "convention_by_name"]
)
def test_a_spelling_means_one_thing(table: str) -> None:
    spellings = [spelling for meant in load("values")[table].values() for spelling in meant]
    assert len(spellings) == len(set(spellings))


@pytest.mark.parametrize("table", ["kind", "operation", "operation_of_kind", "provider", "finish_reason"])
def test_spellings_are_compared_in_lower_case(table: str) -> None:
    assert all(one == one.lower() for meant in load("values")[table].values() for one in meant)
