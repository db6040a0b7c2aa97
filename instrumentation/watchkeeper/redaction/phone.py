"""Telephone numbers of all countries: by their form, or by a word that speaks of one.

What can be nothing but a telephone number (``+49 30 …``, ``(212) 555-…``) is taken as it stands; digits that
could be anything need a word. With ``phonenumbers`` installed, numbers with a country code are held against
that country's plan, and numbers of chosen regions are known without a word.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

from watchkeeper.redaction.context import Context
from watchkeeper.redaction.finding import Finding
from watchkeeper.redaction.phone_words import DENYING, FOLLOWING, SIGNS, SPEAKING

CONTEXT = Context(SPEAKING, DENYING, following=FOLLOWING, signs=SIGNS)
EXTENSION = r"(?:[ ,;]{0,2}+(?:(?:ext|extn|extension|durchwahl|poste|anexo|доб)\.?[ :]?+|x|#)\d{1,6}+)?+"
FORMS = ("international", "prefixed", "enclosed", "american", "national", "plain")
FEWEST, MOST = 7, 15
"""Digits of a number: E.164 has no more."""
CODES = re.compile(
    r"1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]"
    r"|2[1-689]\d|3[578]\d|42\d|50\d|59\d|6[789]\d|80\d|8[578]\d|9[679]\d"
)
"""Calling codes of countries (ITU-T E.164)."""


@cache
def _forms() -> re.Pattern[str]:
    """What numbers look like, the surest first. Every part is bounded or possessive."""
    begin = r"(?<![A-Za-z0-9])(?<!\d[.:/_=-])(?<![A-Za-z][-_/])(?<![$€£¥₹%#])"
    end = r"(?![A-Za-wyz0-9]|x[a-z])(?!-[A-Za-z]{0,3}\d|[.:/]\d|%)"
    more = r"(?:[ .\-/]{0,2}+\(?\d{1,12}+\)?){0,7}+"
    area = r"(?:[1-9]\d?[ .-]?+)?\((?:0\d{1,4}|\+?\d{1,3})\)[ ./-]{0,2}+"
    inner = r"(?:(?P<inner>[ ./-])\d{2,4}+(?:(?P=inner)\d{2,4}+){0,3}+)?+"
    return re.compile(
        rf"{begin}(?:"
        rf"(?P<international>\+[ ]?+\(?[1-9]\d{{0,14}}+\)?{more})"
        rf"|(?P<prefixed>00[ -]?+[1-9]\d{{0,14}}+{more})"
        rf"|(?P<enclosed>{area}\d{{2,10}}+(?:[ ./-]\d{{2,6}}+){{0,4}}+)"
        r"|(?P<american>(?:1[ .-])?[2-9]\d{2}[ .-]\d{3}[ .-]\d{4})"
        rf"|(?P<national>0\d{{1,4}}+[ ./-]{{1,2}}+\d{{2,8}}+{inner}(?![ ./-]\d))"
        r"|(?P<plain>\d{1,8}+(?:[ ./-]\d{1,8}+){1,5}+|\d{7,13}+)"
        rf"){EXTENSION}{end}"
    )


@cache
def _stretches() -> re.Pattern[str]:
    """Where digits stand together; most texts have none of these."""
    return re.compile(r"[+(0-9](?:[ ./+()-]{0,3}+[0-9]){5,}+")


@cache
def _digits() -> re.Pattern[str]:
    return re.compile(r"\D+")


DATE = re.compile(
    r"(?:19|20)\d\d[-./ ](?:0?[1-9]|1[0-2])[-./ ](?:0?[1-9]|[12]\d|3[01])(?!\d)"
    r"|(?:0?[1-9]|[12]\d|3[01])[-./ ](?:0?[1-9]|[12]\d|3[01])[-./ ](?:19|20)\d\d(?!\d)"
    r"|(?:19|20)\d\d[ -](?:19|20)\d\d(?!\d)|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)"
)
"""How a date, or a span of years, begins."""


class PhoneDetector:
    """A number stands for its digits, with a plus where it has its country's code."""

    name = "phone"

    def __init__(self, regions: Sequence[str] = ()) -> None:
        self._plan = _NumberingPlan(regions) if find_spec("phonenumbers") else None

    def __call__(self, text: str) -> Iterator[Finding]:
        for stretch in _stretches().finditer(text):
            position = stretch.start()
            while position < stretch.end():
                found = _forms().match(text, position)
                number = _read_number(found) if found else None
                if number is not None and self._is_phone(text, number):
                    yield Finding(number.start, number.end, self.name, number.plain)
                    position = number.end
                else:
                    position = _next_group(text, position)

    def _is_phone(self, text: str, number: "_Number") -> bool:
        if not FEWEST <= len(_digits().sub("", number.text)) <= MOST + 3 or DATE.match(number.text):
            return False
        said = CONTEXT.says(text, number.start, number.end)
        if number.form == "international":
            return said is True or self._is_international(number)
        if said is None:
            return _has_sure_form(number) or (
                self._plan is not None and self._plan.has_in_regions(number.text)
            )
        return said and not _are_years(number.text)

    def _is_international(self, number: "_Number") -> bool:
        """The country's code has to exist. A sum with a plus before it is as long by chance only."""
        if CODES.match(number.plain, 1) is None or not _has_usual_length(number.plain):
            return False
        return self._plan is None or not number.text.lstrip("+").isdigit() or self._plan.has(number.plain)


@dataclass(frozen=True, slots=True)
class _Number:
    """Something written like a number. ``form`` is how; ``inner`` are its separators."""

    form: str
    text: str
    start: int
    end: int
    plain: str


def _read_number(found: re.Match[str]) -> _Number:
    form = next(name for name in FORMS if found[name] is not None)
    text, end = found[form], found.end()
    if form in ("international", "prefixed"):
        text = _longest(text)
        end = end if len(text) == len(found[form]) else found.start() + len(text)
    digits = _digits().sub("", text)
    if form == "prefixed":
        return _Number("international", text, found.start(), end, "+" + digits[2:])
    return _Number(form, text, found.start(), end, ("+" if form == "international" else "") + digits)


def _longest(text: str) -> str:
    """Without the groups of digits behind a number: it may be followed by a date."""
    digits, end = 0, len(text)
    for group in re.finditer(r"\d+\)?", text):
        digits += len(group[0].rstrip(")"))
        if digits > MOST + 3:  # an access code may stand before it
            break
        end = group.end()
    return text[:end]


class _NumberingPlan:
    """What ``phonenumbers`` knows; imported when the first number is asked for, on the exporting thread."""

    def __init__(self, regions: Sequence[str]) -> None:
        self._regions = regions

    def has(self, number: str) -> bool:
        """Whether the country of a number with its code has numbers as long."""
        return self._is("is_possible_number", number, None)

    def has_in_regions(self, number: str) -> bool:
        return any(self._is("is_valid_number", number, region) for region in self._regions)

    @staticmethod
    def _is(question: str, number: str, region: str | None) -> bool:
        import phonenumbers  # noqa: PLC0415 - its tables take a while, and not every text has a number

        try:
            return bool(getattr(phonenumbers, question)(phonenumbers.parse(number, region)))
        except phonenumbers.NumberParseException:
            return False


def _has_sure_form(number: _Number) -> bool:
    """Whether hardly anything else is written like it."""
    digits = len(number.plain)
    separators: list[str] = re.findall(r"\D+", number.text)
    match number.form:
        case "enclosed":
            return digits >= 9
        case "american":
            return separators[-1] == separators[-2]
        case "national":
            last = len(number.text) - number.text.rfind(separators[-1]) - 1
            return 9 <= digits <= (16 if number.plain.startswith("011") else 12) and (
                len(separators) > 1 or (separators[0] in "-/ " and last > 4)
            )
    return False


def _has_usual_length(number: str) -> bool:
    """A plus and digits with the country's code; North America and Russia have 11."""
    return len(number) == 12 if number[1] in "17" else 10 <= len(number) <= 16


def _are_years(text: str) -> bool:
    return all(len(group) == 4 and group[:2] in ("19", "20") for group in re.findall(r"\d+", text))


@cache
def _beginnings() -> re.Pattern[str]:
    """Where digits begin, or a sign before them."""
    return re.compile(r"(?<![0-9])[0-9]|[+(]")


def _next_group(text: str, start: int) -> int:
    found = _beginnings().search(text, start + 1)
    return found.start() if found else len(text)
