"""Labels and annotations with ``{{ labels.model }}`` in them, expanded so that nothing can go wrong.

Templates are Jinja2's, of which only a small part is allowed: names, items, comparisons, ``if`` and the
filters below. Without loops, calls, assignments and products an expansion takes no longer than its text is
long, so it is bounded by construction, and nothing is in reach that a template could do harm with.
"""

import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import Template, TemplateError, nodes
from jinja2.runtime import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from watchkeeper_collector.alerts.rules.durations import render_duration
from watchkeeper_collector.errors import InvalidRequestError

MOST_CHARS = 4_096
MOST_EXPANDED_CHARS = 16_384
NAMES = ("labels", "value", "figures", "links")
ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Const,
    nodes.Filter, nodes.CondExpr, nodes.If, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not,
    nodes.Add, nodes.Sub, nodes.Div, nodes.Neg,
)  # fmt: skip


def expand(
    template: str,
    *,
    labels: Mapping[str, str],
    value: float | None,
    figures: Mapping[str, float | str],
    links: Mapping[str, str],
) -> str:
    """The text; a template that fails becomes ``<error expanding template: …>``, as Prometheus' do."""
    if "{" not in template:
        return template
    try:
        known = {"labels": _Texts(labels), "value": value, "figures": figures, "links": _Texts(links)}
        return _compile(template).render(known)[:MOST_EXPANDED_CHARS]
    except (InvalidRequestError, TemplateError, ArithmeticError, TypeError, ValueError, LookupError) as error:
        reason = error.message if isinstance(error, InvalidRequestError) else str(error)
        return f"<error expanding template: {reason or type(error).__name__}>"[:500]


def check_template(template: str) -> None:
    """Raises ``InvalidRequestError``."""
    _compile(template)


@lru_cache(maxsize=4_096)
def _compile(text: str) -> Template:
    if len(text) > MOST_CHARS:
        raise InvalidRequestError(f"The template is longer than {MOST_CHARS:,} characters.")
    try:
        tree = ENVIRONMENT.parse(text)
        _check(tree)
        return ENVIRONMENT.from_string(tree)
    except (TemplateError, RecursionError, SyntaxError, MemoryError) as error:
        reason = str(error).partition("\n")[0][:200] or type(error).__name__
        raise InvalidRequestError(f"The template can't be read: {reason}") from None


def _check(tree: nodes.Template) -> None:
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, ALLOWED):
            raise InvalidRequestError(
                f"A template has no use for '{type(node).__name__.lower()}'. It takes names, filters,"
                " comparisons and if."
            )
        if isinstance(node, nodes.Name) and node.name not in NAMES:
            raise InvalidRequestError(
                f"There is no '{node.name[:60]}' in a template. There is: {', '.join(NAMES)}."
            )
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            raise InvalidRequestError(
                f"There is no filter '{node.name[:60]}'. There is: {', '.join(FILTERS)}."
            )


class _Texts(dict[str, str]):
    """Texts by name; one that is missing is empty, as a label without a value is."""

    def __missing__(self, name: str) -> str:
        return ""


class _Environment(ImmutableSandboxedEnvironment):
    """Reaches items of mappings and nothing else: no attribute of any object."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Mapping) and isinstance(argument, str):
            try:
                return obj[argument]
            except KeyError:
                return self.undefined(f"there is no '{argument[:60]}'", name=argument)
        raise TypeError(f"there is nothing named '{argument}' in '{obj!s:.60}'")


def _number(show: Callable[[float], str]) -> Callable[[Any], str]:
    """What is no number stays as it is; no number at all is ``-``."""

    def shown(value: Any) -> str:
        if value is None:
            return "-"
        if isinstance(value, bool) or not isinstance(value, int | float):
            return str(value)
        return show(float(value)) if math.isfinite(value) else str(value)

    return shown


def _humanize(value: float) -> str:
    """Four digits and a prefix of size, as Prometheus' filter of the name."""
    for prefix, size in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(value) >= size:
            return f"{value / size:.4g}{prefix}"
    return f"{value:.4g}"


def _usd(value: float) -> str:
    return f"${value:,.2f}" if abs(value) >= 1 or value == 0 else f"${value:.4g}"


def _milliseconds(value: float) -> str:
    return f"{value:.4g} ms" if abs(value) < 1_000 else f"{value / 1_000:.4g} s"


def _default(value: Any, fallback: str = "") -> Any:
    return fallback if isinstance(value, StrictUndefined) or value is None or value == "" else value


FILTERS: Mapping[str, Callable[..., Any]] = {
    "percent": _number(lambda value: f"{100 * value:.4g}%"),
    "usd": _number(_usd),
    "duration": _number(lambda value: render_duration(round(value, 3))),
    "ms": _number(_milliseconds),
    "humanize": _number(_humanize),
    "round": _number(lambda value: f"{value:.0f}"),
    "upper": lambda value: str(value).upper(),
    "lower": lambda value: str(value).lower(),
    "default": _default,
}


def _environment() -> _Environment:
    environment = _Environment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
    environment.filters.clear()
    environment.filters.update(FILTERS)
    environment.globals.clear()
    environment.tests.clear()
    return environment


ENVIRONMENT = _environment()
