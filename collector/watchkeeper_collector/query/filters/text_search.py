"""Free text: which spans have words in their prompt, answer or name.

Words are whole words, whatever their case; ``*`` makes them parts of words. The text index of
``span_content`` cuts at every ASCII character but letters and digits, so a word in a script without spaces is
part of a longer token there: such words, and parts of words, are searched for in the text itself.
"""

import re
from collections.abc import Callable, Sequence

from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.filters.syntax import Value

TOKEN = re.compile(r"[A-Za-z0-9\u0080-\U0010ffff]+")
PLAIN = re.compile(r"[A-Za-z0-9]+(?: [A-Za-z0-9]+)*")
ASCII_LOWER = str.maketrans({chr(upper): chr(upper + 32) for upper in range(ord("A"), ord("Z") + 1)})
LIKE_SPECIAL = re.compile(r"([\\%_])")

MOST_NAMES = 1_000

CONTENT = """(TraceId, SpanId) GLOBAL IN
        (
            SELECT TraceId, SpanId
            FROM {database}.span_content
            WHERE Project = {project}{days}
                AND {words}
        )"""


FindNames = Callable[[str, int], Sequence[str]]
"""Names of spans that meet a condition, at most so many."""


def match_text(
    value: Value, bindings: Bindings, *, database: str, project: str, days: str, find_names: FindNames
) -> str:
    """A condition on ``spans``. ``project`` is a placeholder, ``days`` a condition on the day, or empty."""
    content = (
        CONTENT.replace("{database}", database)
        .replace("{days}", f"\n                AND {days}" if days else "")
        .replace("{project}", project)
    )
    content = content.replace("{words}", f"({_in_column(value, 'Words', bindings)})")
    in_name = _in_name(value, bindings, find_names)
    return f"({in_name} OR {content})" if in_name else content


def _in_name(value: Value, bindings: Bindings, find_names: FindNames) -> str:
    """Names are few, and mostly none has the word: then the indexes of ``spans`` can follow the content."""
    condition = _in_column(value, "SpanName", bindings)
    names = find_names(condition, MOST_NAMES + 1)
    if len(names) > MOST_NAMES:
        return condition
    return f"SpanName IN {bindings.bind(sorted(names), 'Array(String)')}" if names else ""


def like_pattern(text: str) -> str:
    """The pattern of LIKE for a text in which ``*`` stands for any characters."""
    return like_literally(text).replace("*", "%")


def like_literally(text: str) -> str:
    """The pattern of LIKE for a text in which nothing stands for anything else."""
    return LIKE_SPECIAL.sub(r"\\\1", text)


def _in_column(value: Value, column: str, bindings: Bindings) -> str:
    phrase = " ".join(value.text.split())
    if "*" in phrase and not value.is_quoted:
        pattern = f"%{like_pattern(phrase.strip('*').translate(ASCII_LOWER))}%"
        like = f"lower({column}) LIKE" if phrase.isascii() else f"{column} ILIKE"
        return f"{like} {bindings.bind(pattern)}"
    if PLAIN.fullmatch(phrase):
        function = "hasPhrase" if " " in phrase else "hasToken"
        return f"{function}(lower({column}), {bindings.bind(phrase.translate(ASCII_LOWER))})"
    exact = f"positionCaseInsensitiveUTF8({column}, {bindings.bind(phrase)}) > 0"
    return " AND ".join([*_prefilters(phrase, column, bindings), exact])


def _prefilters(phrase: str, column: str, bindings: Bindings) -> list[str]:
    """What the index can say about a phrase before its text is read: the whole words that are in it."""
    tokens = dict.fromkeys(TOKEN.findall(phrase))
    plain = [token.translate(ASCII_LOWER) for token in tokens if token.isascii()]
    accented = [_spellings(token) for token in tokens if not token.isascii() and _has_cases(token)]
    found = [f"hasAllTokens(lower({column}), {bindings.bind(plain, 'Array(String)')})"] if plain else []
    return found + [
        f"hasAnyTokens(lower({column}), {bindings.bind(spelled, 'Array(String)')})" for spelled in accented
    ]


def _has_cases(token: str) -> bool:
    """True for words in a script with capitals, which is one that puts spaces between words."""
    return all(char.isascii() or char.lower() != char.upper() for char in token)


def _spellings(token: str) -> list[str]:
    """How the index holds a word with other letters than ASCII's: those keep their case there."""
    cased = (token, token.lower(), token.upper(), token.capitalize())
    return sorted({spelled.translate(ASCII_LOWER) for spelled in cased})
