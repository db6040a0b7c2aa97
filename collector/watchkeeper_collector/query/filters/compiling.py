"""From what a filter says to a condition on ``spans``. Values are bound, names come from the registries."""

from collections.abc import Callable
from dataclasses import dataclass, field

from watchkeeper_collector.errors import ForbiddenError
from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.dimensions import KEYED_DIMENSIONS, LONGEST_KEY, unknown
from watchkeeper_collector.query.filters.fields import (
    FLAGS,
    NUMBER_FIELDS,
    STATUSES,
    TEXT_FIELDS,
    Flag,
    NumberField,
)
from watchkeeper_collector.query.filters.numbers import read_number, read_range
from watchkeeper_collector.query.filters.parsing import fault
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
)
from watchkeeper_collector.query.filters.text_search import like_pattern

MAPS = {"attr": "SpanAttributes", "resource": "ResourceAttributes"}
NAMES = [*TEXT_FIELDS, *NUMBER_FIELDS, "status", "attr.<key>", "resource.<key>", "has", "is"]


@dataclass(frozen=True, slots=True)
class FilterCompiler:
    """``match_text`` gives the condition for words; ``None`` where the caller may not see content."""

    bindings: Bindings
    match_text: Callable[[Value], str] | None = field(default=None)

    def compile(self, expression: Expression) -> str:
        match expression:
            case And(expressions=parts):
                return self._join(" AND ", parts)
            case Or(expressions=parts):
                return self._join(" OR ", parts)
            case Not(expression=inner):
                return f"NOT ({self.compile(inner)})"
            case FreeText(value=value):
                return self._free_text(value)
            case Term():
                return self._term(expression)

    def _join(self, word: str, parts: tuple[Expression, ...]) -> str:
        return f"({word.join(map(self.compile, parts))})"

    def _free_text(self, value: Value) -> str:
        if self.match_text is None:
            raise ForbiddenError(
                f"The words '{value.text[:60]}' are searched for in prompts and answers, which needs an API"
                " key with the scope 'content'. Without it, filter by fields, such as name:chat*."
            )
        return self.match_text(value)

    def _term(self, term: Term) -> str:
        conditions = [self._condition(term, condition) for condition in term.conditions]
        return conditions[0] if len(conditions) == 1 else f"({' OR '.join(conditions)})"

    def _condition(self, term: Term, condition: Matches | Compares) -> str:
        if term.field in MAPS:
            return self._keyed(term, condition)
        if term.key:
            raise fault(
                f"'{term.field}' takes no key.", term.column, ", ".join(f"{name}.<key>" for name in MAPS)
            )
        if term.field in NUMBER_FIELDS:
            return self._number(NUMBER_FIELDS[term.field], condition)
        if term.field in TEXT_FIELDS:
            return self._text(TEXT_FIELDS[term.field].sql, term, condition)
        if term.field in {"is", "status"}:
            return self._flag(FLAGS if term.field == "is" else STATUSES, term, condition)
        if term.field == "has":
            return self._has(_plain(term, condition))
        message = f"{unknown(term.field, 'field', NAMES)} Words with a colon to search for go into quotes."
        raise fault(message, term.column, ", ".join(NAMES))

    def _keyed(self, term: Term, condition: Matches | Compares) -> str:
        if not 0 < len(term.key) <= LONGEST_KEY:
            raise fault(
                f"'{term.field}' needs a key of at most {LONGEST_KEY} characters: {term.field}.tenant:acme.",
                term.column,
                f"{term.field}.<key>:<value>",
            )
        sql = KEYED_DIMENSIONS[term.field].sql.replace("{key}", self.bindings.bind(term.key))
        if isinstance(condition, Compares) and condition.comparison != "=":
            return self._number(
                NumberField(f"{term.field}.{term.key}", f"toFloat64OrNull({sql})", "count", ""), condition
            )
        return self._text(sql, term, condition)

    def _text(self, sql: str, term: Term, condition: Matches | Compares) -> str:
        value = condition.value
        if isinstance(condition, Compares):
            if condition.comparison != "=":
                expected = "a value, or a pattern with '*'"
                raise fault(f"'{term.field}' is text. Expected {expected}.", value.column, expected)
            return f"{sql} = {self.bindings.bind(value.text)}"
        if value.is_quoted or "*" not in value.text:
            return f"{sql} = {self.bindings.bind(value.text)}"
        if not value.text.strip("*"):
            return f"{sql} != ''"
        return f"{sql} LIKE {self.bindings.bind(like_pattern(value.text))}"

    def _number(self, known: NumberField, condition: Matches | Compares) -> str:
        value = condition.value
        if isinstance(condition, Compares):
            return self._compare(known, condition.comparison, read_number(value.text, known, value))
        ends = read_range(known, value)
        if ends is None:
            return self._compare(known, "=", read_number(value.text, known, value))
        comparisons = zip((">=", "<="), ends, strict=True)
        parts = [self._compare(known, sign, end) for sign, end in comparisons if end is not None]
        return parts[0] if len(parts) == 1 else f"({' AND '.join(parts)})"

    def _compare(self, known: NumberField, comparison: str, number: float) -> str:
        """Unknown numbers meet no comparison, so that a negation finds them."""
        return f"ifNull({known.sql} {comparison} {self.bindings.bind(number, 'Float64')}, 0)"

    def _flag(self, flags: dict[str, Flag], term: Term, condition: Matches | Compares) -> str:
        value = _plain(term, condition)
        if value.text not in flags:
            known = [f"{term.field}:{name}" for name in flags]
            raise fault(
                unknown(f"{term.field}:{value.text}", "condition", known), value.column, ", ".join(flags)
            )
        return f"({flags[value.text].sql})"

    def _has(self, value: Value) -> str:
        prefix, _, key = value.text.partition(".")
        if prefix in MAPS and key:
            return f"mapContains({MAPS[prefix]}, {self.bindings.bind(key)})"
        if value.text in NUMBER_FIELDS:
            return f"isNotNull({NUMBER_FIELDS[value.text].sql})"
        if value.text in TEXT_FIELDS:
            return f"{TEXT_FIELDS[value.text].sql} != ''"
        if value.text in HAS:
            return HAS[value.text]
        known = [*TEXT_FIELDS, *NUMBER_FIELDS, *HAS, "attr.<key>", "resource.<key>"]
        raise fault(unknown(value.text, "field", known), value.column, ", ".join(known))


HAS = {"output": "HasOutput", "error": "IsError"}


def _plain(term: Term, condition: Matches | Compares) -> Value:
    if isinstance(condition, Compares):
        raise fault(f"'{term.field}' takes a name, not a comparison.", condition.value.column, "a name")
    return condition.value
