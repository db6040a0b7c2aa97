"""Secrets that are told by their name: ``password=…``, ``"api_key": "…"``, ``Authorization: …``."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from watchkeeper.redaction.secret_values import is_identifier, is_mixed, is_placeholder, is_random

LOGIN_NAMES = (
    r"passw(?:or)?d|passwort|passwd|pwd|passphrase|passcode|kennwort|mot de passe|contraseña|senha|"
    r"wachtwoord|hasło|heslo|lösenord|adgangskode|salasana|jelszó|şifre|parola|пароль|密码|密碼|パスワード|비밀번호"
)
KEY_NAMES = (
    r"(?:access|refresh|auth|id|bearer|session|api|bot|oauth|security|app|user)[ _-]?tokens?|"
    r"(?<![A-Za-z])tokens?|"
    r"secret(?:[ _-]?(?:access|api|client|app))?(?:[ _-]?(?:key|token|id))?|client[ _-]?secret|"
    r"(?:api|access|account|private|auth|encryption|signing|license|shared|subscription)[ _-]?keys?|apikey|"
    r"credentials?"
)
SIGN = r"[\"'\]]{0,2}+[ \t]{0,3}+(?:=>|:=|[:=](?!=))[ \t]{0,3}+(?:[brf](?=[\"']))?"
VALUE = r"(?:\"(?P<double>[^\"\n]{3,}+)\"|'(?P<single>[^'\n]{3,}+)'|(?P<bare>[^\s\"'`,;&<>()\[\]{}|]{4,}+))"


@dataclass(frozen=True, slots=True)
class Named:
    """``pattern`` is looked for in texts that have one of ``marks``, in small letters, in them; its last
    group is the value, which ``accepts`` judges.
    """

    marks: Sequence[str]
    pattern: Callable[[], re.Pattern[str]]
    accepts: Callable[[str, re.Match[str]], bool]


@cache
def _passwords() -> re.Pattern[str]:
    return re.compile(rf"(?i)(?:{LOGIN_NAMES})s?(?:[_-]\w{{1,24}}+)?{SIGN}{VALUE}")


@cache
def _told_passwords() -> re.Pattern[str]:
    spoken = r"(?:[ ]\w{1,16}+){0,3}?[ ](?:is|are|was|to|ist|lautet|es|est|é|è)[ :]+"
    return re.compile(rf"(?i)(?:{LOGIN_NAMES}){spoken}[\"'`]?(?P<told>[^\s\"'`<>]{{5,}}+)")


@cache
def _tokens() -> re.Pattern[str]:
    return re.compile(rf"(?i)(?:{KEY_NAMES})(?![A-Za-z])(?:[ ]\w{{1,16}}+){{0,2}}?(?:{SIGN}|[ ]is[ ]){VALUE}")


@cache
def _headers() -> re.Pattern[str]:
    begin = r"[\"'\]]{0,2}+[ ]*+[:=][ ]*+(?:b(?=[\"']))?[\"']?"
    scheme = r"(?:(?:bearer|basic|token|apikey|api-key|key|digest|negotiate|bot)[ ]+)?"
    return re.compile(
        rf"(?i)(?:(?:proxy-)?authorization{begin}{scheme}(?P<credentials>[^\s\"',;)}}\\]{{6,}}+)"
        rf"|(?:x-)?(?:goog-)?(?:api|auth|access)-(?:key|token){begin}(?P<key>[^\s\"',;)}}\\]{{6,}}+)"
        rf"|cookie{begin}(?P<cookie>[\w.-]+=[^\r\n\"']{{6,}}+)"
        r"|\bbearer[ ]+(?P<bearer>[\w.~+/=-]{8,}+))"
    )


def _accepts_password(text: str, found: re.Match[str]) -> bool:
    value = found[found.lastgroup or 0]
    if is_placeholder(value):
        return False
    if found.lastgroup != "bare":
        return " " not in value.strip()
    is_code = is_identifier(value) and text[found.end() : found.end() + 1] in tuple("([.,)")
    is_set = found[0][: -len(value)].endswith("=") and not is_code
    return is_mixed(value) or (is_set and not is_code)


def _accepts_told_password(text: str, found: re.Match[str]) -> bool:  # noqa: ARG001 - the others look around
    return is_mixed(found["told"]) and not is_placeholder(found["told"])


def _accepts_token(text: str, found: re.Match[str]) -> bool:  # noqa: ARG001 - the others look around
    value = found[found.lastgroup or 0]
    return is_random(value) and not is_placeholder(value) and " " not in value


def _accepts_header(text: str, found: re.Match[str]) -> bool:  # noqa: ARG001 - the others look around
    value = found[found.lastgroup or 0]
    if found.lastgroup == "bearer":
        return is_mixed(value) and (len(value) >= 16 or is_random(value))
    return found.lastgroup == "cookie" or is_mixed(value) or len(value) >= 16


_LOGIN_MARKS = tuple(LOGIN_NAMES.replace("passw(?:or)?d", "password|passwd").split("|"))
NAMED: Sequence[Named] = (
    Named(("authorization", "-key", "-token", "bearer", "cookie"), _headers, _accepts_header),
    Named(_LOGIN_MARKS, _passwords, _accepts_password),
    Named(_LOGIN_MARKS, _told_passwords, _accepts_told_password),
    Named(("token", "secret", "key", "credential"), _tokens, _accepts_token),
)
