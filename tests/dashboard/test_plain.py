"""Telemetry's text comes out as text, whatever it holds."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper_dashboard import plain

from tests.dashboard.hostile import PAYLOADS
from tests.otlp.requests import seeded

ESCAPED = re.compile(r"\\[!-/:-@\[-`{-~]")
PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")


class Text(HTMLParser):
    """What a browser would show, and the tags that it would make."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.shown = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.shown += data


@pytest.mark.parametrize("payload", PAYLOADS)
def test_html_shows_the_text_itself_and_makes_no_tag(payload: str) -> None:
    found = Text(plain.html(payload))
    assert found.tags == []
    assert found.shown == plain.clean(payload)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_html_stays_inside_a_quoted_attribute(payload: str) -> None:
    found = Text(f'<span title="{plain.html(payload)}">x</span>')
    assert (found.tags, found.shown) == (["span"], "x")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_figures_get_no_tag_and_no_template(payload: str) -> None:
    shown = plain.figure(payload, 500)
    assert "<" not in shown
    assert "%{" not in shown
    assert Text(shown).tags == []


@seeded
@given(st.text())
def test_markdown_escapes_every_sign_that_markdown_reads(text: str) -> None:
    shown = plain.markdown(text)
    assert not PUNCTUATION.search(ESCAPED.sub("", shown))
    assert "\n" not in shown


@seeded
@given(st.text())
def test_markdown_takes_nothing_away_but_blanks(text: str) -> None:
    shown = ESCAPED.sub(lambda found: found[0][1], plain.markdown(text)).replace(plain.JOINER, "")
    assert shown == " ".join(plain.clean(text).split()).replace(plain.JOINER, "")


@pytest.mark.parametrize(
    "link", ["https://evil.example", "www.evil.example", "me@evil.example", "ftp://evil.example"]
)
def test_markdown_leaves_no_link_to_be_found(link: str) -> None:
    """A reader of Markdown looks for links in the text that is left after escapes."""
    unescaped = ESCAPED.sub(lambda found: found[0][1], plain.markdown(link))
    assert not re.search(r"https?://|www\.|ftp://|\w@\w", unescaped)


def test_what_is_unseen_becomes_visible() -> None:
    assert plain.clean("a\u202eb\x1b[0m\x00") == "a\ufffdb\ufffd[0m\ufffd"
    assert plain.clean("line\n\tnext") == "line\n\tnext"
    assert plain.clean(None) == ""


def test_short_text_is_one_line_of_its_length() -> None:
    assert plain.short("a  b\nc", 10) == "a b c"
    assert plain.short("abcdefghij", 5) == "abcd…"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../etc/passwd", "etc-passwd"),
        ("a b/c:d*e?.json", "a-b-c-d-e-.json"),
        ("\u202egnp.exe", "gnp.exe"),
        ("...", "watchkeeper"),
        ("x" * 200, "x" * 80),
    ],
)
def test_file_names_hold_no_path(name: str, expected: str) -> None:
    assert plain.file_name(name) == expected
