"""What reaches the terminal: hostile text, tables, numbers."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper_collector.cli.console import (
    Column,
    clean,
    print_json,
    print_table,
    render_number,
    render_table,
)

from tests.otlp.requests import seeded

COLUMNS = (Column("MODEL", is_flexible=True), Column("CALLS", is_number=True))
TURNS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029\ufeff"
ESCAPES = st.sampled_from(
    ["\x1b", "\x9b", "\x1b[", "\x1b]", "\x07", "\x1b\\", "0;", "m", "\u202e", "\ud800", "\n"]
)


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x9b31mred", "red"),
        ("\x1b]0;owned\x07title", "title"),
        ("\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\", "click"),
        ("\x1bP+q544e\x1b\\after", "after"),
        ("\x1b[2J\x1b[Hcleared", "cleared"),
        ("\x1bcreset", "reset"),
        ("\x1b]52;c;ZWNobyBoaQ==\x07clipboard", "clipboard"),
        ("one\r\ntwo\tthree\u2028four", "one two three four"),
        ("over\x08\x08\x08\x08write", "overwrite"),
        ("user\u202egnp.exe", "usergnp.exe"),
        ("half \ud800 a pair", "half a pair"),
        ("hidden\U000e0041\U000e0042", "hidden"),
        ("never closed \x1b]0;title", "never closed"),
    ],
)
def test_escape_sequences_and_controls_never_reach_a_terminal(hostile: str, harmless: str) -> None:
    assert clean(hostile) == harmless


@pytest.mark.parametrize(
    "text", ["¿Qué tal?", "「東京」は雨です", "مرحبا بالعالم", "👩‍👩‍👧 family", "Zürich 100 %"]
)
def test_text_of_every_language_stays_as_it_is(text: str) -> None:
    assert clean(text) == text


@seeded
@given(st.lists(st.text() | ESCAPES).map("".join))
def test_clean_text_is_one_printable_line_and_cleaning_again_changes_nothing(text: str) -> None:
    cleaned = clean(text)
    assert not any(
        unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} or char in TURNS for char in cleaned
    )
    assert clean(cleaned) == cleaned


def test_table_is_aligned_and_has_no_trailing_blanks() -> None:
    lines = render_table(COLUMNS, [("gpt-5-mini", "12"), ("東京モデル", "3,456")], 80)
    assert lines == ["MODEL       CALLS", "gpt-5-mini     12", "東京モデル  3,456"]


def test_table_in_a_pipe_cuts_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(COLUMNS, [("m" * 500, "1")], empty="nothing")
    assert "m" * 500 in capsys.readouterr().out


def test_table_fits_a_narrow_terminal() -> None:
    lines = render_table(COLUMNS, [("a-model-with-a-very-long-name", "1,234,567")], 24)
    assert all(len(line) <= 24 for line in lines)
    assert lines[1].endswith("1,234,567")
    assert "…" in lines[1]


def test_cells_are_cleaned_and_never_markup(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(COLUMNS, [("[red]\x1b[31mx[/red]", "1")], empty="nothing")
    assert "[red]x[/red]" in capsys.readouterr().out


def test_table_without_rows_says_so_beside_the_output(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(COLUMNS, [], empty="Nothing was called.")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "Nothing was called.\n")


def test_json_holds_the_same_values_and_no_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"text": "a\x1b[31m\x9b\u202e東京\U000e0041\ud800\nb"}
    print_json(value)
    text = capsys.readouterr().out
    assert json.loads(text) == value
    assert "東京" in text
    assert not any(char in text for char in "\x1b\x9b\u202e\U000e0041\ud800")


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "usd", "-"),
        (0, "usd", "$0.00"),
        (0.00012, "usd", "$0.0001"),
        (0.0000007, "usd", "<$0.0001"),
        (1234.5, "usd", "$1,234.50"),
        (812.4, "ms", "812 ms"),
        (34_567, "ms", "34.57 s"),
        (0.0416, "ratio", "4.2 %"),
        (1234567, "count", "1,234,567"),
        (12.3456, "tokens_per_second", "12.35"),
    ],
)
def test_numbers_read_by_their_unit(value: float | None, unit: str, text: str) -> None:
    assert render_number(value, unit) == text
