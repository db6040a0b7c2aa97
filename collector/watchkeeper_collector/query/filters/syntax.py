"""What a filter says, once it is read. Columns count from 1."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

Comparison = Literal[">", ">=", "<", "<=", "="]


@dataclass(frozen=True, slots=True)
class Value:
    """``is_quoted``: taken literally; else ``*`` stands for any characters and ``..`` for a range."""

    text: str
    is_quoted: bool
    column: int


@dataclass(frozen=True, slots=True)
class Matches:
    """``name:value``"""

    value: Value


@dataclass(frozen=True, slots=True)
class Compares:
    """``name:>value``"""

    comparison: Comparison
    value: Value


@dataclass(frozen=True, slots=True)
class Term:
    """A field and the conditions of which one must hold. ``key`` is that of ``attr.key``, else empty."""

    field: str
    key: str
    conditions: tuple[Matches | Compares, ...]
    column: int


@dataclass(frozen=True, slots=True)
class FreeText:
    """Words to search prompts, answers and span names for."""

    value: Value


@dataclass(frozen=True, slots=True)
class Not:
    expression: "Expression"
    depth: int


@dataclass(frozen=True, slots=True)
class And:
    expressions: tuple["Expression", ...]
    depth: int


@dataclass(frozen=True, slots=True)
class Or:
    expressions: tuple["Expression", ...]
    depth: int


Expression = Term | FreeText | Not | And | Or


def depth_of(expression: Expression) -> int:
    return expression.depth if isinstance(expression, Not | And | Or) else 1


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and all that it is made of."""
    yield expression
    match expression:
        case Not(expression=inner):
            yield from walk(inner)
        case And(expressions=parts) | Or(expressions=parts):
            for part in parts:
                yield from walk(part)


def without_fields(expression: Expression, names: Collection[str]) -> Expression | None:
    """The expression without what it demands of these fields (``attr.key`` with its key); ``None``: nothing.

    An ``OR`` goes if nothing else is in it, and else stays: without one of its parts it would say less.
    """
    match expression:
        case And(expressions=parts, depth=depth):
            rest = [found for part in parts if (found := without_fields(part, names)) is not None]
            return And(tuple(rest), depth) if len(rest) > 1 else next(iter(rest), None)
        case Or(expressions=parts):
            return expression if any(without_fields(part, names) is not None for part in parts) else None
        case Not(expression=inner):
            return expression if without_fields(inner, names) is not None else None
        case Term(field=field, key=key):
            return None if (f"{field}.{key}" if key else field) in names else expression
    return expression
