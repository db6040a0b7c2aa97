"""Comparisons with amounts, as people write them: ``> 5%``, ``>= $10``, ``> 2s``, ``> 2x``."""

import re
from typing import cast

from watchkeeper_collector.alerts.rules.condition import Also, Bound, Scale, Sign
from watchkeeper_collector.errors import InvalidRequestError
from watchkeeper_collector.query.measures import Unit, find_measure

SIGNS = (">=", "<=", "==", "!=", ">", "<")
COMPARISON = re.compile(rf"\s*({'|'.join(SIGNS)})\s*(\S(?:.*\S)?)\s*", re.DOTALL)
ALSO = re.compile(r"\s*([A-Za-z_][^\s<>=!]*)\s*((?:[<>]=?|[=!]=).*)", re.DOTALL)
NUMBER = re.compile(
    r"([+-]?)\$?((?:[0-9]{1,18}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})(?:e[+-]?[0-9]{1,2})?) ?([a-zµ%]*)",
    re.IGNORECASE,
)
TIMES_MS = {"us": 1e-3, "µs": 1e-3, "ms": 1.0, "": 1.0, "s": 1e3, "m": 60e3, "h": 3_600e3}
SCALES = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9}
SHARES = {"": 1.0, "%": 0.01}
EXAMPLES: dict[str, str] = {
    "ms": "a duration such as 2s or 350ms",
    "ratio": "a share such as 5% or 0.05",
    "usd": "an amount such as $10 or 0.5",
    "score": "a number such as 0.8",
}
COUNT_EXAMPLE = "a number such as 30, 10k or 1.5M"


def read_amount(text: str, unit: str) -> float:
    """A number in the unit of a measure; ``%`` only of shares. Raises ``InvalidRequestError``."""
    found = NUMBER.fullmatch(text.strip())
    scale = _scales(unit).get(found[3]) if found is not None else None
    if found is None or scale is None or ("$" in text and unit != "usd"):
        expected = EXAMPLES.get(unit, COUNT_EXAMPLE)
        raise InvalidRequestError(f"'{text[:60]}' is no such amount. Expected {expected}.")
    return float(f"{found[1]}{found[2]}") * scale


def read_comparison(text: str, what: str = "condition") -> tuple[Sign, str]:
    """The sign, and the text of the amount after it."""
    found = COMPARISON.fullmatch(text)
    if found is None:
        raise InvalidRequestError(
            f"'{text[:60]}' is no {what}. Expected one of {' '.join(SIGNS)} and an amount, such as '> 5%'."
        )
    return cast("Sign", found[1]), found[2]


def read_bound(text: str, unit: str, recover: str | None = None) -> Bound:
    """``recover`` is the amount at which it is over, on the other side of the condition's."""
    sign, amount = read_comparison(text)
    value = read_amount(amount, unit)
    return Bound(sign, value, None if recover is None else _recovery(sign, value, read_amount(recover, unit)))


def read_change(text: str, unit: str, recover: str | None = None) -> tuple[Bound, Scale]:
    """``> 2x`` is a factor, ``> 50%`` a change by that share, all else one by so much."""
    sign, amount = read_comparison(text)
    scale, value = _read_scaled(amount, unit)
    if recover is None:
        return Bound(sign, value), scale
    recover_scale, recovered = _read_scaled(recover, unit)
    if recover_scale != scale:
        raise InvalidRequestError(
            f"'{recover[:60]}' is not measured as '{amount[:60]}' is. Expected both as factors (2x), as"
            " shares (50%), or as amounts."
        )
    return Bound(sign, value, _recovery(sign, value, recovered)), scale


def read_also(text: str) -> Also:
    """``calls >= 30``."""
    found = ALSO.fullmatch(text)
    if found is None:
        raise InvalidRequestError(
            f"'{text[:60]}' is no further condition. Expected one such as 'calls >= 30'."
        )
    return Also(found[1], read_bound(found[2], unit_of(found[1])))


def unit_of(measure: str) -> Unit:
    """Raises ``InvalidQueryError`` for a measure that there isn't."""
    return find_measure(measure).unit


def _read_scaled(text: str, unit: str) -> tuple[Scale, float]:
    bare = text.strip()
    if bare.endswith("x"):
        return "factor", read_amount(bare[:-1], "factor")
    if bare.endswith("%"):
        return "percent", read_amount(bare, "ratio")
    return "absolute", read_amount(bare, unit)


def _recovery(sign: Sign, value: float, recover: float) -> float:
    """Only a recovery on the clear side of the condition keeps an alert from flapping."""
    is_right = {">": recover < value, ">=": recover < value, "<": recover > value, "<=": recover > value}
    if not is_right.get(sign, False):
        raise InvalidRequestError(
            f"An alert on '{sign} {value:g}' can't end at {recover:g}: 'recover' lies on the other side,"
            " below for > and >=, above for < and <=."
        )
    return recover


def _scales(unit: str) -> dict[str, float]:
    match unit:
        case "ms":
            return TIMES_MS
        case "ratio":
            return SHARES
        case "factor" | "score":
            return {"": 1.0}
        case _:
            return SCALES
