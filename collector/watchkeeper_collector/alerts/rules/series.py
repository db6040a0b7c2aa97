"""Reads what a rule looks at: measure, filter and dimensions, each checked by the registries of queries."""

import re
from collections.abc import Sequence

from watchkeeper_collector.errors import InvalidQueryError, InvalidRequestError
from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.dimensions import find_dimension
from watchkeeper_collector.query.filters.compiling import FilterCompiler
from watchkeeper_collector.query.filters.parsing import parse_filter
from watchkeeper_collector.query.filters.syntax import FreeText, walk
from watchkeeper_collector.query.measures import find_measure, is_score
from watchkeeper_collector.query.question import MOST_DIMENSIONS

LABEL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}", re.ASCII)
RESERVED_LABELS = frozenset({"alertname", "project"})
NO_LABEL = re.compile(r"[^A-Za-z0-9_]")


def check_measure(name: str) -> None:
    """Raises ``InvalidQueryError``."""
    find_measure(name)


def check_filter(text: str) -> None:
    """Raises ``InvalidQueryError``, with the column in its details."""
    expression = parse_filter(text)
    if expression is None:
        return
    words = next((part for part in walk(expression) if isinstance(part, FreeText)), None)
    if words is not None:
        raise InvalidQueryError(
            f"A rule's filter can't search prompts and answers for '{words.value.text[:60]}'. Expected fields"
            " only, such as feature:support.",
            details={"column": words.value.column},
        )
    FilterCompiler(Bindings()).compile(expression)


def check_dimension(name: str) -> str:
    """The name. Raises ``InvalidQueryError``."""
    find_dimension(name, Bindings())
    return name


def read_dimensions(names: Sequence[str], measures: Sequence[str]) -> tuple[str, ...]:
    """What a rule splits by: its dimensions but the project, which every series says anyway."""
    found = tuple(name for name in names if name != "project")
    if len(found) > MOST_DIMENSIONS:
        raise InvalidRequestError(f"A rule splits by at most {MOST_DIMENSIONS} dimensions, not {len(found)}.")
    labels = [label_of(name) for name in found]
    for name, label in zip(found, labels, strict=True):
        if labels.count(label) > 1 or label in RESERVED_LABELS:
            raise InvalidRequestError(
                f"Two dimensions would give the label '{label[:60]}': leave '{name[:60]}' out."
            )
    if any(map(is_score, measures)) and not all(map(is_score, measures)):
        raise InvalidRequestError("Scores are no spans: a rule on 'score.<name>' has no other measures.")
    return found


def label_of(dimension: str) -> str:
    """The dimension as the name of a label: ``attr.tenant`` is ``attr_tenant``."""
    return NO_LABEL.sub("_", dimension)


def check_label_name(name: str) -> None:
    """Names that Alertmanager and Prometheus take, and that say nothing of where an alert comes from."""
    if name in RESERVED_LABELS:
        raise InvalidRequestError(f"The label '{name}' is ours to set. Take another name.")
    if not LABEL_NAME.fullmatch(name) or name.startswith("__"):
        raise InvalidRequestError(
            f"'{name[:60]}' is no name of a label. Expected letters, digits and '_', a letter first."
        )
