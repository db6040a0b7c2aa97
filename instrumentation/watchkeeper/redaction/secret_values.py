"""Which texts in the place of a secret are one, and which only stand for one."""

import re

PLACEHOLDERS = frozenset(
    {
        *("string", "str", "text", "value", "field", "any", "object", "int", "bool", "bytes", "none", "null"),
        *(
            "nil",
            "undefined",
            "true",
            "false",
            "required",
            "optional",
            "hidden",
            "masked",
            "redacted",
            "empty",
        ),
        *(
            "example",
            "changeme",
            "change_me",
            "default",
            "todo",
            "tbd",
            "n/a",
            "input",
            "output",
            "self",
            "env",
        ),
        *(
            "environ",
            "var",
            "password",
            "passwd",
            "pwd",
            "pass",
            "secret",
            "token",
            "key",
            "apikey",
            "api_key",
        ),
        *("bearer", "basic", "credentials", "username", "user"),
    }
)
TEMPLATE = re.compile(
    r"^(?:<|\{|\[|\$[({]|\$[A-Z_]{3}|%\(|%[A-Z_]+%|%s)|\.\.\.|…|\*\*\*|xxxx"
    r"|(?i:your[_-]|_here\b|my[_-](?:secret|password|token|key))"
)
IDENTIFIERS = re.compile(r"[A-Za-z_]+(?:\.[A-Za-z_]+)*")
WORDS = re.compile(r"[a-z]{1,12}(?:[_-]+[a-z]{1,12})+")


def is_placeholder(value: str) -> bool:
    """Whether a reader is meant to put a secret there, or a program does."""
    plain = value.strip(".,:;!?").lower()
    return plain in PLACEHOLDERS or TEMPLATE.search(value) is not None or len(set(plain)) < 3


def is_word_like(value: str) -> bool:
    """Words with hyphens: a name in a style sheet, or a note to the reader; or one character repeated."""
    return WORDS.fullmatch(value) is not None or len(set(value[-12:].lower())) < 3


def is_identifier(value: str) -> bool:
    """A name of code, plain or dotted, rather than a value."""
    return IDENTIFIERS.fullmatch(value) is not None


def is_mixed(value: str) -> bool:
    """Letters with digits, or with signs inside: neither a word of a sentence nor a name of code."""
    plain = value.rstrip(".,:;!?")
    if len(plain) < 5 or is_identifier(plain) or not any(map(str.isalpha, plain)):
        return False
    return not plain.replace("-", "").replace("'", "").isalpha()


def is_random(value: str) -> bool:
    """As long and as mixed as generated keys are."""
    digits = sum(map(str.isdigit, value))
    is_cased = value != value.lower() and value != value.upper()
    return len(value) >= 12 and (digits >= 2 or (is_cased and len(value) >= 20 and not is_identifier(value)))
