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


UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af"
"""Letters of scripts that put no space between a word and an address."""
TOP = re.compile(rf"xn--[A-Za-z0-9-]+|[A-Za-z]{{2,24}}(?=[{UNSPACED}_-]|$)|[^\W\d_]{{2,24}}")
ACCOUNT = re.compile(r"://[^\s/]*:[^\s/]*$")
"""What stands before the end of the password in an address."""
LEAD = re.compile(rf"[{UNSPACED}]+(?=[A-Za-z0-9])|['.*~!#$^-]+")


@cache
def _address() -> re.Pattern[str]:
    """Each part is taken whole or not at all, so that no text makes it slow."""
    local = r"[\w.%+'!#$*^~-]"
    return re.compile(
        rf"(?<!{local})(?P<local>(?:{local}++|\"[^\"\s@]{{1,64}}+\"))@"
        r"(?P<domain>\[\d{1,3}(?:\.\d{1,3}){3}\]|[^\W_][\w-]*+(?:\.[^\W_][\w-]*+)++)"
    )


class EmailDetector:
    """An address stands for itself in lower case."""

    name = "email"

    def __call__(self, text: str) -> Iterator[Finding]:
        if "@" not in text:
            return
        for found in _address().finditer(text):
            start = found.start() + _leading(found["local"])
            end = found.start("domain") + _domain_size(found["domain"])
            if (
                start < found.end("local")
                and end > found.start("domain")
                and not _is_remote(text, found, end)
            ):
                yield Finding(start, end, self.name, text[start:end].lower())


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


def _is_remote(text: str, found: re.Match[str], end: int) -> bool:
    """Whether it is the address of a repository, a password before a host, or code that multiplies matrices
    and calls a function.
    """
    if "://" in text and ACCOUNT.search(text, max(0, found.start() - 128), found.start()):
        return True
    if found["local"] == "git":
        return text.startswith(":", end) or text.startswith("//", max(0, found.start() - 2))
    return text.startswith("(", end)
