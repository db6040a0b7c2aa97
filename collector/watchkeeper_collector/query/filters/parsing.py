"""From the text of a filter to what it says; every error names the column and what was expected."""

import re
from collections.abc import Callable
from functools import cache
from typing import Any, cast

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from watchkeeper_collector.errors import InvalidQueryError
from watchkeeper_collector.query.filters.grammar import GRAMMAR
from watchkeeper_collector.query.filters.syntax import (
    And,
    Compares,
    Expression,
    FreeText,
    Matches,
    Not,
    Or,
    Term,
    Value,
    depth_of,
)

MOST_CHARS = 4_096
MOST_TERMS = 200
MOST_DEPTH = 32
ESCAPED = re.compile(r"\\(.)", re.DOTALL)
CONDITION = "a condition (model:gpt-4o) or words to search for"
EXPECTED = {
    "FIELD": CONDITION,
    "COMPARISON": "a value",
    "_CLOSE": "')'",
    "_OR": "'OR'",
    "$END": "the end",
}


def parse_filter(text: str) -> Expression | None:
    """Read a filter; ``None`` for one that is empty. Raises ``InvalidQueryError``."""
    if len(text) > MOST_CHARS:
        raise InvalidQueryError(
            f"The filter has {len(text):,} characters; at most {MOST_CHARS:,} are read.",
            details={"column": MOST_CHARS + 1, "expected": f"at most {MOST_CHARS} characters"},
        )
    try:
        parsed: Any = _parser().parse(text)  # lark says Tree; the builder made it an expression
    except UnexpectedInput as error:
        raise _explain(error, text) from None
    return cast("Expression | None", parsed)


def fault(message: str, column: int, expected: str) -> InvalidQueryError:
    """An error at a place of the filter."""
    return InvalidQueryError(
        f"Filter, column {column}: {message}", details={"column": column, "expected": expected}
    )


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", transformer=Builder())


class Builder(Transformer[Token, Expression | None]):
    """Builds the expression while the text is read, so that no nesting is deeper than allowed."""

    def start(self, found: list[Expression]) -> Expression | None:
        return found[0] if found else None

    def any_of(self, found: list[Expression]) -> Expression:
        return _combined(Or, found)

    def all_of(self, found: list[Expression]) -> Expression:
        return _combined(And, found)

    def group(self, found: list[Expression]) -> Expression:
        return found[0]

    def negated(self, found: list[Expression]) -> Expression:
        return Not(found[0], _deeper(found))

    def free_text(self, found: list[Value]) -> Expression:
        if not any(char.isalnum() or not char.isascii() for char in found[0].text):
            raise fault(
                f"'{found[0].text}' has no letter or digit to search for.", found[0].column, CONDITION
            )
        return FreeText(found[0])

    def term(self, found: list[Any]) -> Expression:
        name, *conditions = found
        field, _, key = name[:-1].partition(".")
        return Term(field, _unquoted(key), tuple(conditions), _column(name))

    def condition(self, found: list[Any]) -> Matches | Compares:
        return Matches(found[0]) if len(found) == 1 else Compares(str(found[0]), found[1])  # type: ignore[arg-type]

    def value(self, found: list[Token]) -> Value:
        return Value(_unquoted(found[0]), found[0].type == "QUOTED", _column(found[0]))


def _combined(
    kind: Callable[[tuple[Expression, ...], int], Expression], found: list[Expression]
) -> Expression:
    if len(found) == 1:
        return found[0]
    if len(found) > MOST_TERMS:
        raise fault(f"there are more than {MOST_TERMS} conditions side by side.", 1, "fewer conditions")
    return kind(tuple(found), _deeper(found))


def _deeper(found: list[Expression]) -> int:
    depth = 1 + max(map(depth_of, found))
    if depth > MOST_DEPTH:
        raise fault(f"conditions are nested more than {MOST_DEPTH} deep.", 1, "less nesting")
    return depth


def _unquoted(text: str) -> str:
    return ESCAPED.sub(r"\1", text[1:-1]) if text.startswith('"') else str(text)


def _column(token: Token) -> int:
    return (token.start_pos or 0) + 1


def _explain(error: UnexpectedInput, text: str) -> InvalidQueryError:
    if isinstance(error, UnexpectedCharacters):
        return fault("the quote that opens here is not closed.", (error.pos_in_stream or 0) + 1, "'\"'")
    if not isinstance(error, UnexpectedToken):  # the end of the text is a token too
        raise error
    token, expected = error.token, _expected(error)
    if token.type == "$END":
        return fault(f"the filter ends too early. Expected {expected}.", len(text) + 1, expected)
    return fault(f"'{token}' is not expected here. Expected {expected}.", _column(token), expected)


def _expected(error: UnexpectedToken) -> str:
    names = set(error.expected)
    words = [word for name, word in EXPECTED.items() if name in names]
    return " or ".join(words) if words else "a value"
