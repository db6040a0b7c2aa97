"""Where a column's value comes from: sources in order, in runs that are read alike.

An attribute is found by a number. One pass over a span's attributes turns each name into its number (names
are dictionary-encoded, so that costs next to nothing) and sorts the values by it; a column takes the first
value of its own run. That is many times faster than asking a map for each of several hundred names.
A JSON document is parsed once, for all that any column wants of it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from watchkeeper_collector.errors import ConfigurationError
from watchkeeper_collector.store.conventions.data import literals, quote

WIDTH = 64
"""A run has room for so many names, and for each once more as a last resort."""
LAST_RESORT = WIDTH // 2
NOTHING = 65535
"""The number of a name that nobody asks for, and of a value that says nothing."""
PYTHON_REPR = ("input_details", "output_details")  # LangSmith writes these documents as Python, not as JSON


@dataclass(slots=True)
class Names:
    """Numbers attribute names: the n-th name of run r is r * WIDTH + n."""

    runs: list[tuple[str, ...]] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)

    def run(self, names: tuple[str, ...]) -> int:
        """The number of a run, given to it now if new. Raises ``ConfigurationError`` for a name twice."""
        if names not in self.runs:
            if taken := sorted(set(names) & self.numbers.keys()):
                raise ConfigurationError(f"The attribute '{taken[0]}' stands in two lists of columns.toml.")
            if len(names) > LAST_RESORT:
                raise ConfigurationError(
                    f"More than {LAST_RESORT} sources follow '{names[0]}' in columns.toml."
                )
            first = (len(self.runs) + 1) * WIDTH
            self.runs.append(names)
            self.numbers.update((name, first + rank) for rank, name in enumerate(names))
        return self.runs.index(names) + 1

    def render(self, name: str) -> str:
        """The SQL that numbers one name."""
        numbers = ", ".join(map(str, self.numbers.values()))
        return f"transform({name}, [{literals(self.numbers)}], [{numbers}], {NOTHING})"


def read_runs(sources: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Consecutive sources of one kind: ``span``, ``resource`` (without its @) or ``document``."""
    for kind, run in groupby(sources, kind_of):
        yield kind, tuple(source.removeprefix("@") for source in run)


def kind_of(source: str) -> str:
    return "resource" if source.startswith("@") else "document" if "/" in source else "span"


def document_fields(sources: Iterable[str]) -> Mapping[str, Any]:
    """Document → the tree of keys that are wanted of it; a leaf is an empty tree."""
    tree: dict[str, Any] = {}
    for source in sources:
        if kind_of(source) == "document":
            at = tree
            for step in source.split("/"):
                at = at.setdefault(step, {})
    return tree


def render_type(fields: Mapping[str, Any]) -> str:
    """The type that one parse of a document fills; what is absent stays empty."""
    if not fields:
        return "String"
    if any(key.isdigit() for key in fields):
        (inner,) = fields.values()
        return f"Array({render_type(inner)})"
    return "Tuple(" + ", ".join(f"`{key}` {render_type(inner)}" for key, inner in fields.items()) + ")"


def render_document(text: str, name: str, fields: Mapping[str, Any]) -> str:
    """The SQL that parses a document, given the SQL of its text; what is no object holds nothing."""
    json = f"replaceAll({text}, '\\'', '\"')" if name in PYTHON_REPR else text
    return f"arrayMap(t -> JSONExtract(if(startsWith(t, '{{'), t, ''), {quote(render_type(fields))}), [{json}])[1]"


def render_object(text: str) -> str:
    """The SQL of a document as an object, empty where it is neither object nor list."""
    return (
        f"multiIf(startsWith({text}, '{{'), {text},"
        f" startsWith({text}, '['), concat('{{\"messages\":', {text}, '}}'), '')"
    )


def render_path(alias: str, path: Sequence[str]) -> str:
    steps = "".join(f"[{int(step) + 1}]" if step.isdigit() else f".`{step}`" for step in path)
    return f"{alias}{steps}"
