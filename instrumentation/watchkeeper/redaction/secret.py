"""Credentials: keys and tokens known by their form, and whatever stands where a password does."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

from watchkeeper.redaction.finding import Finding
from watchkeeper.redaction.secret_names import find_named
from watchkeeper.redaction.secret_values import is_placeholder, is_word_like

B = r"(?<![A-Za-z0-9])"
"""Tokens begin where a word does: behind an underscore too, as in ``key_AKIA…``."""
E = r"(?![A-Za-z0-9_-])"


SHORTEST_TOKEN = 14
_TOKEN_SIGNS = bytes(
    code if code < 128 and (chr(code).isalnum() or chr(code) in "_-./+=:") else 32 for code in range(256)
)


class Form(NamedTuple):
    """A pattern that is only looked for in texts with a long token that has one of ``marks`` in it."""

    marks: Sequence[str]
    pattern: str


FORMS: Sequence[Form] = (
    # Models: OpenAI, Anthropic, OpenRouter, DeepSeek, Langfuse and others alike; then each its own.
    Form(("sk-", "sk_", "pk-lf-", "rk_", "csk-"), rf"{B}(?:c?sk-|pk-lf-)[A-Za-z0-9_-]{{12,}}+"),
    Form(("sk_", "rk_", "pk_live", "whsec_"), rf"{B}(?:[sr]k_(?:live|test|prod)_|whsec_)[\w+/=]{{10,}}+"),
    Form(("gsk_",), rf"{B}gsk_[A-Za-z0-9]{{20,}}+"),
    Form(("xai-", "pplx-", "nvapi-", "r8_", "hf_", "api_org_", "fw_", "tgp_v1_"),
         rf"{B}(?:(?:xai|pplx|nvapi)-[\w-]{{20,}}+|(?:r8|hf|api_org|fw|tgp_v1)_[\w-]{{20,}}+)"),
    Form(("lsv2_", "ls__"), rf"{B}(?:lsv2_(?:pt|sk)_|ls__)[A-Za-z0-9_]{{20,}}+"),
    Form(("wk_",), rf"{B}wk_[A-Za-z0-9]{{4,}}+\.[\w-]{{16,}}+"),
    # Clouds.
    Form(("AKIA", "ASIA", "ABIA", "ACCA", "A3T"), rf"{B}A(?:KIA|SIA|BIA|CCA|3T[A-Z0-9])[A-Z0-9]{{16}}{E}"),
    Form(("ABSK", "bedrock-api-key-"), rf"{B}(?:ABSK|bedrock-api-key-)[A-Za-z0-9+/=]{{40,}}+"),
    Form(("AIza", "ya29.", "GOCSPX-", "1//0", "AQ.A"),
         rf"{B}(?:AIza[\w-]{{30,}}+|ya29\.[\w-]{{20,}}+|GOCSPX-[\w-]{{20,}}+|1//0[\w-]{{30,}}+|AQ\.A[\w-]{{30,}}+)"),
    Form(("dop_v1_", "doo_v1_", "dor_v1_"), rf"{B}do[opr]_v1_[a-f0-9]{{64}}"),
    Form(("dapi", "HRKU-", "hvs.", "hvb.", ".atlasv1.", "dp.pt.", "pul-"),
         rf"{B}(?:dapi[a-f0-9]{{32}}|HRKU-[\w-]{{30,}}+|hv[sb]\.[\w-]{{24,}}+|[A-Za-z0-9]{{14}}\.atlasv1\.[\w=-]{{60,}}+"
         r"|dp\.[a-z]{2}\.[A-Za-z0-9]{40,}+|pul-[a-f0-9]{40})"),
    Form(("sbp_", "sb_secret_", "pscale_", "vercel_", "vcp_"),
         rf"{B}(?:sbp_[a-f0-9]{{40}}|sb_secret_[\w-]{{20,}}+|pscale_[a-z]+_[\w-]{{32,}}+|(?:vercel|vcp)_[A-Za-z0-9]{{24,}}+)"),
    # Code and packages.
    Form(("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
         rf"{B}(?:gh[pousr]_[A-Za-z0-9]{{30,}}+|github_pat_[A-Za-z0-9_]{{22,}}+)"),
    Form(("glpat-", "gldt-", "glrt-", "glptt-", "glft-", "glsoat-", "glcbt-", "glimt-", "glagent-", "gloas-"),
         rf"{B}gl(?:pat|dt|rt|ptt|ft|soat|cbt|imt|agent|oas)-[\w.-]{{20,}}+"),
    Form(("npm_", "pypi-", "dckr_", "rubygems_", "PMAK-"),
         rf"{B}(?:npm_[A-Za-z0-9]{{36}}|pypi-[\w-]{{50,}}+|dckr_(?:pat|oat)_[\w-]{{20,}}+|rubygems_[a-f0-9]{{48}}"
         r"|PMAK-[a-f0-9-]{40,}+)"),
    # Chats, mail and payment.
    Form(("xox", "xapp-"), rf"{B}(?:xox[abeoprs](?:\.xox[a-z])?-[\w-]{{10,}}+|xapp-\d-[\w-]{{10,}}+)"),
    Form(("hooks.slack.com/", "/api/webhooks/", ".webhook.office.com/"),
         r"hooks\.slack\.com/(?:services|workflows|triggers)/[\w/-]{10,}+|/api/webhooks/\d{10,}+/[\w-]{20,}+"
         r"|\.webhook\.office\.com/webhookb2/[\w@/-]{20,}+"),
    Form((":AA",), rf"{B}\d{{8,10}}:AA[\w-]{{32,}}+"),
    Form(("SG.", "key-", "-us", "SK", "EAAA", "sq0"),
         rf"{B}(?:SG\.[\w-]{{16,}}+\.[\w-]{{16,}}+|key-[a-f0-9]{{32}}{E}|[a-f0-9]{{32}}-us\d{{1,2}}{E}|SK[a-f0-9]{{32}}{E}"
         r"|EAAA[\w-]{50,}+|sq0[a-z]{3}-[\w-]{20,}+)"),
    Form(("shpat_", "shpca_", "shppa_", "shpss_", "ATATT", "lin_api_", "ntn_", "secret_", "figd_", "NRAK-"),
         rf"{B}(?:shp(?:at|ca|pa|ss)_[a-fA-F0-9]{{32}}|ATATT[\w=-]{{20,}}+|lin_api_[A-Za-z0-9]{{30,}}+|ntn_[A-Za-z0-9]{{40,}}+"
         r"|secret_[A-Za-z0-9]{40,}+|figd_[\w-]{30,}+|NRAK-[A-Z0-9]{20,}+)"),
    Form(("glsa_", "glc_", "sntry", "phx_", "dd_", "AGE-SECRET-KEY-1"),
         rf"{B}(?:gl(?:sa|c)_[\w+/=-]{{30,}}+|sntry[su]_[\w+/=-]{{30,}}+|phx_[A-Za-z0-9]{{30,}}+|AGE-SECRET-KEY-1[A-Z0-9]{{50,}}+)"),
    # Tokens and keys of any maker.
    Form(("eyJ",), rf"{B}eyJ[\w-]{{8,}}+\.(?:eyJ)?[\w-]{{4,}}+(?:\.[\w-]*+){{0,3}}+"),
    Form(("sig=", "Signature=", "Security-Token="),
         r"(?<=sig=)[\w%+/=-]{30,}+|(?<=Signature=)[\w%+/=-]{30,}+|(?<=Security-Token=)[\w%+/=-]{30,}+"),
    # The last one has spaces, and is looked for in the whole text.
    Form((),
         r"-----BEGIN [A-Z0-9 ]{0,40}?PRIVATE KEY(?: BLOCK)?-----[^-\"'{}<>`]*+"
         r"(?:-(?!----END)[^-\"'{}<>`]*+)*+"
         r"(?:-----END [A-Z0-9 ]{0,40}?PRIVATE KEY(?: BLOCK)?-----)?|PuTTY-User-Key-File-\d:[^\"'{}<>`]*+"),
)  # fmt: skip


@cache
def _marks() -> Sequence[tuple[str, int]]:
    """Each mark with the number of the form that it stands for."""
    return [(mark, number) for number, form in enumerate(FORMS) for mark in form.marks]


def _forms_in(text: str) -> Iterable[int]:
    """Numbers of the forms whose marks stand in the text's long tokens, of which most texts have few."""
    tokens = text.encode("utf-8", "replace").translate(_TOKEN_SIGNS).split()
    long = b" ".join([token for token in tokens if len(token) >= SHORTEST_TOKEN]).decode()
    marks = [number for mark, number in _marks() if mark in long] if long else []
    return dict.fromkeys([*marks, *([len(FORMS) - 1] if "PRIVATE KEY" in text or "PuTTY-" in text else [])])


@cache
def _pattern(number: int) -> re.Pattern[str]:
    return re.compile(FORMS[number].pattern)


@cache
def _authority() -> re.Pattern[str]:
    """The password of an address: ``scheme://user:password@host``."""
    return re.compile(
        r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{1,20}+://[^\s/@:\"'<>]{0,100}+:(?P<password>[^\s/\"'<>]{1,200})@"
    )


class SecretDetector:
    """A secret stands for itself. Of assignments, headers and addresses only the secret part is found."""

    name = "secret"

    def __call__(self, text: str) -> Iterator[Finding]:
        for number in _forms_in(text):
            for found in _pattern(number).finditer(text):
                if not is_word_like(found[0]):
                    yield self._finding(text, *found.span())
        if "://" in text:
            for found in _authority().finditer(text):
                if not is_placeholder(found["password"]):
                    yield self._finding(text, *found.span("password"))
        for start, end in find_named(text):
            yield self._finding(text, start, end)

    def _finding(self, text: str, start: int, end: int) -> Finding:
        value = text[start:end].rstrip()
        return Finding(start, start + len(value), self.name, value)
