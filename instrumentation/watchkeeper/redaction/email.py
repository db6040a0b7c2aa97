"""E-mail addresses, also those of internationalised domains and names."""

import re
from collections.abc import Iterator
from functools import cache

from watchkeeper.redaction.finding import Finding

ENDINGS = frozenset(
    {
        *("png", "jpg", "jpeg", "gif", "svg", "webp", "bmp", "ico", "mp3", "mp4", "wav", "pdf", "txt", "csv"),
        *("css", "scss", "less", "js", "mjs", "cjs", "jsx", "ts", "tsx", "html", "map", "exe", "dll"),
        *("json", "yaml", "yml", "toml", "xml", "lock", "service", "socket", "slice", "scope", "timer"),
        *("target", "mount", "swap", "path", "device"),
    }
)
"""What ends names of files, packages and units that have an ``@`` in them, and is no top-level domain."""


LONGEST_LOCAL = 128
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af"
"""Letters of scripts that put no space between a word and an address."""
TOP = re.compile(rf"xn--[A-Za-z0-9-]+|[A-Za-z]{{2,24}}(?=[{UNSPACED}_-]|$)|[^\W\d_]{{2,24}}")
ACCOUNT = re.compile(r"://[^\s/]*:[^\s/]*$")
"""What stands before the end of the password in an address."""
LEAD = re.compile(rf"[{UNSPACED}]+(?=[A-Za-z0-9])|['.*~!#$^-]+")


@cache
def _local() -> re.Pattern[str]:
    """The end of a text; each run of signs is tried once, so that no text makes it slow."""
    signs = r"[\w.%+'!#$*^~-]"
    return re.compile(rf"(?<!{signs})(?:{signs}++|\"[^\"\s@]++\")\Z")


@cache
def _domain() -> re.Pattern[str]:
    return re.compile(r"\[\d{1,3}(?:\.\d{1,3}){3}\]|[^\W_][\w-]*+(?:\.[^\W_][\w-]*+)++")


class EmailDetector:
    """An address stands for itself in lower case."""

    name = "email"

    def __call__(self, text: str) -> Iterator[Finding]:
        place = text.find("@")
        while place >= 0:
            span = _address(text, place)
            if span is not None:
                yield Finding(*span, self.name, text[slice(*span)].lower())
            place = text.find("@", span[1] if span else place + 1)


def _address(text: str, place: int) -> tuple[int, int] | None:
    """From where to where the address around the ``@`` at ``place`` goes."""
    behind = text[place + 1 : place + 2]
    if not behind.isalnum() and behind != "[":
        return None
    before = text[max(0, place - LONGEST_LOCAL) : place]
    local, domain = _local().search(before), _domain().match(text, place + 1)
    if local is None or domain is None:
        return None
    start = place - len(local[0]) + _leading(local[0])
    end = place + 1 + _domain_size(domain[0])
    if start == place or end == place + 1 or _is_remote(text, start, place, end):
        return None
    return start, end


def _leading(local: str) -> int:
    """How many characters at its start are punctuation, or words, before the address."""
    lead = LEAD.match(local)
    return lead.end() if lead else 0


def _domain_size(domain: str) -> int:
    """Characters up to the last label that can be a top-level domain; 0 for names of files, packages, units.

    A word may be hung on by a hyphen.
    """
    labels = domain.split(".")
    while len(labels) > 1:
        top = TOP.match(labels[-1])
        rest = labels[-1][top.end() :] if top else ""
        if top and (not rest[:1].isalnum() or not rest[0].isascii()):
            return 0 if top[0].lower() in ENDINGS else len(".".join(labels)) - len(rest)
        labels.pop()
    return len(domain) if domain.startswith("[") else 0


def _is_remote(text: str, start: int, place: int, end: int) -> bool:
    """Whether it is the address of a repository, a password before a host, or code that multiplies matrices
    and calls a function.
    """
    if "://" in text and ACCOUNT.search(text, max(0, start - LONGEST_LOCAL), start):
        return True
    if text[start:place] == "git":
        return text.startswith(":", end) or text.startswith("//", max(0, start - 2))
    return text.startswith("(", end)
