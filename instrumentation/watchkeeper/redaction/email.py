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


@cache
def _address() -> re.Pattern[str]:
    """Each part is taken whole or not at all, so that no text makes it slow."""
    local = r"[\w.%+'!#$*^~-]"
    return re.compile(
        rf"(?<!{local})(?P<local>(?:{local}++|\"[^\"\s@]{{1,64}}+\"))@"
        r"(?P<domain>\[\d{1,3}(?:\.\d{1,3}){3}\]|(?:[^\W_](?:[\w-]*+)\.)++(?P<top>xn--[a-z0-9-]++|[^\W\d_]{2,24}+))"
        r"(?![\w@])"
    )


class EmailDetector:
    """An address stands for itself in lower case."""

    name = "email"

    def __call__(self, text: str) -> Iterator[Finding]:
        if "@" not in text:
            return
        for found in _address().finditer(text):
            start = found.start() + _leading(found["local"])
            if start < found.end("local") and not _is_name_of_code(text, found):
                yield Finding(start, found.end(), self.name, text[start : found.end()].lower())


def _leading(local: str) -> int:
    """How many characters at its start are punctuation around the address."""
    return len(local) - len(local.lstrip("'.*~!#$^-"))


def _is_name_of_code(text: str, found: re.Match[str]) -> bool:
    """Remote repositories, files, packages; and accounts of a URL, which are credentials."""
    before = text[max(0, found.start() - 3) : found.start()]
    if found["local"] == "git" and (before.endswith("//") or text.startswith(":", found.end())):
        return True
    return (found["top"] or "").lower() in ENDINGS or text.startswith("(", found.end())
