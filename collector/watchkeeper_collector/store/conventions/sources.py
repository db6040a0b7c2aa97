"""Where a column's value comes from: sources in order, in runs that are read alike.

An attribute is looked up by a number: one pass over a span's attributes turns each name into its number
(``codes_0``, …; names are dictionary-encoded, so that costs next to nothing), and a column takes the value
with the smallest number in its own range. That is some ten times faster than asking the map for each of
several hundred names. A JSON document is parsed once, for all that any column wants of it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from watchkeeper_collector.store.conventions.data import literals, quote

NOTHING = 65535
"""The number of a name that nobody asks for, and of a value that says nothing."""
PYTHON_REPR = "_token_details"  # LangSmith writes these documents as Python, not as JSON


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers ``first`` to ``last`` of one numbering stand for the names of one run, in order."""

    numbering: int
    first: int
    last: int


@dataclass(slots=True)
class Names:
    """Numbers attribute names. A name may stand in several runs: then it has a number in several numberings."""

    numberings: list[dict[str, int]] = field(default_factory=list)
    ranges: dict[tuple[str, ...], Range] = field(default_factory=dict)

    def range_of(self, names: tuple[str, ...]) -> Range:
        """The numbers of a run of names, given to it now if it is new."""
        if names not in self.ranges:
            self.ranges[names] = self._known_name(names) or self._number(names)
        return self.ranges[names]

    def _known_name(self, names: tuple[str, ...]) -> Range | None:
        """Where a single name has a number already, as one of a run."""
        if len(names) > 1:
            return None
        places = ((at, taken[names[0]]) for at, taken in enumerate(self.numberings) if names[0] in taken)
        return next((Range(at, number, number) for at, number in places), None)

    def _number(self, names: tuple[str, ...]) -> Range:
        at = next((n for n, taken in enumerate(self.numberings) if not taken.keys() & set(names)), None)
        if at is None:
            at = len(self.numberings)
            self.numberings.append({})
        first = len(self.numberings[at]) + 1
        self.numberings[at].update((name, first + rank) for rank, name in enumerate(names))
        return Range(at, first, first + len(names) - 1)

    def render(self, at: int, name: str) -> str:
        """The SQL that numbers one name."""
        taken = self.numberings[at]
        return f"transform({name}, [{literals(taken)}], [{', '.join(map(str, taken.values()))}], {NOTHING})"


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


def render_document(attribute: str, name: str, fields: Mapping[str, Any]) -> str:
    """The SQL that parses a document, given the SQL that reads its attribute."""
    text = f"if(startsWith({attribute}, '\"'), JSONExtractString({attribute}), {attribute})"
    if name.endswith(PYTHON_REPR):
        text = f"replaceAll({attribute}, '\\'', '\"')"
    return f"JSONExtract({text}, {quote(render_type(fields))})"


def render_path(alias: str, path: Sequence[str]) -> str:
    steps = "".join(f"[{int(step) + 1}]" if step.isdigit() else f".`{step}`" for step in path)
    return f"{alias}{steps}"
