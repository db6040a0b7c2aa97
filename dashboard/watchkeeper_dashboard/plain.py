"""The one way of telemetry's text onto a page: as text.

Models, users, span names, errors, prompts and answers are whatever a sender wrote. Streamlit reads Markdown
in labels and messages, Plotly reads HTML in labels and hover texts, and a browser reads what ``st.html`` is
given. Every string that came from a sender passes through the function for its place:

========================  ==========================================================
:func:`clean`             cells of ``st.dataframe``, ``st.text``, ``st.code``
:func:`markdown`          labels, captions and messages of Streamlit
:func:`html`              inside our own HTML
:func:`figure`            labels, legends and hover texts of Plotly
:func:`file_name`         names of downloads
========================  ==========================================================
"""

import html as markup
import re
from typing import Any

# Controls, and what turns the direction of text around: they make a text look like another.
UNSEEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)
PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
# A word joiner: nothing to see, but `:name:` is no emoji any more and `www.` no link.
JOINER = "\u2060"
LINK_START = re.compile(r"(?i)(www|https?|ftp|mailto|xmpp)(?=\\?[.:])")
NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")
LONGEST_NAME_CHARS = 80


def clean(text: Any) -> str:
    """The text with unseen characters made visible; line breaks and tabs stay."""
    return UNSEEN.sub("\ufffd", "" if text is None else str(text))


def short(text: Any, chars: int) -> str:
    """One line of at most so many characters, for a place that has no room for more."""
    line = " ".join(clean(text).split())
    return line if len(line) <= chars else line[: chars - 1].rstrip() + "…"


def markdown(text: Any) -> str:
    """What Streamlit's Markdown shows as the text itself: no link, image, formula, colour or emoji."""
    line = " ".join(clean(text).split())
    escaped = PUNCTUATION.sub(_escape, line)
    return LINK_START.sub(rf"\1{JOINER}", escaped)


def html(text: Any) -> str:
    """What a browser shows as the text itself, in content and in quoted attributes."""
    return markup.escape(clean(text), quote=True)


def figure(text: Any, chars: int = 60) -> str:
    """What Plotly shows as the text itself: it reads tags and entities, and ``%{…}`` in templates."""
    return markup.escape(short(text, chars), quote=False).replace("%{", f"%{JOINER}{{")


def file_name(text: Any) -> str:
    """A name without folders and without characters that a shell or a header reads."""
    name = NOT_IN_NAMES.sub("-", clean(text)).strip(".-")
    return name[:LONGEST_NAME_CHARS] or "watchkeeper"


def _escape(found: re.Match[str]) -> str:
    sign = found[0]
    return f"\\{sign}{JOINER}" if sign in ":@" else f"\\{sign}"
