"""Secrets that are told by their name: ``password=…``, ``"api_key": "…"``, ``Authorization: …``."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from watchkeeper.redaction.secret_values import is_identifier, is_mixed, is_placeholder, is_random

LOGINS = (
    *(
        "pass",
        "pwd",
        "kennwort",
        "mot de passe",
        "contraseña",
        "senha",
        "wachtwoord",
        "hasło",
        "heslo",
        "lösenord",
    ),
    *(
        "adgangskode",
        "salasana",
        "jelszó",
        "şifre",
        "parola",
        "пароль",
        "密码",
        "密碼",
        "パスワード",
        "비밀번호",
    ),
)
OWNERS = (
    *("api", "access", "account", "private", "auth", "encryption", "signing", "license", "shared", "secret"),
    *("subscription", "master", "service", "app"),
)
"""Whose ``key`` is a secret; others open maps and doors."""
LONGEST = 1024
"""Characters of a value that are looked at; tokens of known forms may be longer."""

SIGN = r"[\"'\]]{0,2}+[ \t]{0,3}+(?:=>|:=|[:=](?!=))[ \t]{0,3}+(?:[brf](?=[\"']))?"
VALUE = (
    rf"(?:\"(?P<double>[^\"\n]{{3,{LONGEST}}}+)\"|'(?P<single>[^'\n]{{3,{LONGEST}}}+)'"
    rf"|(?P<bare>[^\s\"'`,;&<>()\[\]{{}}|]{{4,{LONGEST}}}+))"
)
HEADER_VALUE = rf"[^\s\"',;()}}\[\\]{{6,{LONGEST}}}+"


@dataclass(frozen=True, slots=True)
class Named:
    """``tail`` is what follows one of ``names``, in small letters; its last group is the value, which
    ``accepts`` judges by the text, the name's place in it, and what was found.
    """

    names: Sequence[str]
    tail: Callable[[], re.Pattern[str]]
    accepts: Callable[[str, int, re.Match[str]], bool]


def find_named(text: str) -> Iterator[tuple[int, int]]:
    """Where values stand that their names tell for secrets."""
    lowered = _lowered(text)
    for names, named in _by_name(is_ascii=text.isascii()):
        place = lowered.find(names)
        while place >= 0:
            end = place + len(names)
            found = named.tail().match(text, end)
            if found is not None and named.accepts(lowered, place, found):
                start, stop = found.span(found.lastgroup or 0)
                if found.lastgroup == "told":  # at the end of a sentence
                    stop = start + len(text[start:stop].rstrip(".,;:?"))
                yield start, stop
                end = found.end()
            place = lowered.find(names, end)


def _lowered(text: str) -> str:
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(small if len(small := letter.lower()) == 1 else letter for letter in text)


@cache
def _by_name(*, is_ascii: bool) -> Sequence[tuple[str, Named]]:
    return [(name, named) for named in NAMED for name in named.names if name.isascii() or not is_ascii]


@cache
def _login() -> re.Pattern[str]:
    kind = r"(?:(?<=pass)(?:w(?:or[dt]|d)|phrase|code|(?<![A-Za-z]pass)(?=[\"' ]?[=:]))|(?<!pass))"
    spoken = r"(?:[ ]\w{1,16}+){0,3}?[ ](?:is|are|was|to|ist|lautet|es|est|é|è)[ :]+"
    return re.compile(
        rf"(?i){kind}(?:(?:[_-]\w{{1,24}}+|s)?{SIGN}{VALUE}|{spoken}[\"'`]?(?P<told>[^\s\"'`<>]{{5,{LONGEST}}}+))"
    )


@cache
def _key() -> re.Pattern[str]:
    more = r"(?:[ _-]?(?:access|api|client|app|key|token|id)){0,2}s?"
    return re.compile(rf"(?i){more}(?![A-Za-z_])(?:[ ]\w{{1,16}}+){{0,2}}?(?:{SIGN}|[ ]is[ ]){VALUE}")


@cache
def _header() -> re.Pattern[str]:
    scheme = r"(?:(?:bearer|basic|token|apikey|api-key|key|digest|negotiate|bot)[ ]+)?"
    return re.compile(
        rf"(?i)[\"'\]]{{0,2}}+[ ]*+[:=][ ]*+(?:b(?=[\"']))?[\"']?"
        rf"(?P<scheme>{scheme})(?P<header>{HEADER_VALUE})"
    )


@cache
def _cookie() -> re.Pattern[str]:
    return re.compile(rf"[\"'\]]{{0,2}}+[ ]*+[:=][ ]*+[\"']?(?P<cookie>[\w.-]+=[^\r\n\"']{{6,{LONGEST}}}+)")


@cache
def _bearer() -> re.Pattern[str]:
    return re.compile(rf"[ ]*+(?P<bearer>[\w.~+/=-]{{8,{LONGEST}}}+)")


def _accepts_login(text: str, place: int, found: re.Match[str]) -> bool:  # noqa: ARG001 - the others look there
    value = found[found.lastgroup or 0]
    if is_placeholder(value):
        return False
    if found.lastgroup in ("double", "single"):
        return " " not in value.strip()
    if found.lastgroup == "told" or is_mixed(value):
        return is_mixed(value)
    is_code = is_identifier(value) and text[found.end() : found.end() + 1] in tuple("([.,)")
    return not is_code and found[0][: -len(value)].endswith("=")


def _accepts_key(text: str, place: int, found: re.Match[str]) -> bool:
    if text.startswith("key", place) and not text[max(0, place - 16) : place].rstrip(" _-").endswith(OWNERS):
        return False
    value = found[found.lastgroup or 0]
    if " " in value or is_placeholder(value):
        return False
    is_of_header = text[place - 1 : place] == "-" and not is_identifier(value) and is_mixed(value)
    return is_random(value) or is_of_header


def _accepts_header(text: str, place: int, found: re.Match[str]) -> bool:  # noqa: ARG001
    value = found["header"]
    if is_placeholder(value):
        return False
    is_cased = value != value.lower() and value != value.upper()
    return (
        is_mixed(value)
        or (bool(found["scheme"]) and is_cased)
        or (len(value) >= 16 and not is_identifier(value))
    )


def _accepts_cookie(text: str, place: int, found: re.Match[str]) -> bool:  # noqa: ARG001 - the others look there
    return not is_placeholder(found["cookie"])


def _accepts_bearer(text: str, place: int, found: re.Match[str]) -> bool:  # noqa: ARG001 - the others look there
    value = found["bearer"]
    return is_mixed(value) and not is_placeholder(value) and (len(value) >= 16 or is_random(value))


NAMED: Sequence[Named] = (
    Named(("authorization",), _header, _accepts_header),
    Named(("cookie",), _cookie, _accepts_cookie),
    Named(("bearer ",), _bearer, _accepts_bearer),
    Named(LOGINS, _login, _accepts_login),
    Named(("token", "secret", "key", "credential"), _key, _accepts_key),
)
