"""Reads columns from numbered attributes and parsed documents, by ``columns.toml``."""

from collections.abc import Iterable, Sequence
from itertools import chain

from watchkeeper_collector.store.conventions.data import literals, load, quote
from watchkeeper_collector.store.conventions.sources import (
    LAST_RESORT,
    NOTHING,
    WIDTH,
    Names,
    document_fields,
    read_runs,
    render_document,
    render_path,
)

EMPTY = "('', 'null', 'None', '[]', '{}')"
CONTENT_SIDES = {"request": "content.input", "response": "content.output"}
ZERO = "('0', '0.0', '-1')"


class Columns:
    """The columns of ``columns.toml``. ``attributes`` are further names that are asked for one by one."""

    def __init__(self, attributes: Iterable[str]) -> None:
        data = load("columns")
        self._sources: dict[str, Sequence[str]] = {n: e["sources"] for n, e in data.items() if "sources" in e}
        self._sources |= {f"usage.{unit}": entry["sources"] for unit, entry in data["usage"].items()}
        self._sources |= {f"content.{side}": data["content"][side] for side in ("input", "output")}
        self._fields = document_fields(s for sources in self._sources.values() for s in sources)
        self.names, self.resource_names = Names(), Names()
        for column, sources in self._sources.items():
            if not column.startswith("document."):
                for kind, run in read_runs(sources):
                    if kind != "document":
                        self._names_of(kind).run(run)
        for name in dict.fromkeys((*attributes, *chain(*data["document"].values()))):
            if name not in self.names.numbers:
                self.names.run((name,))

    def _names_of(self, kind: str) -> Names:
        return self.names if kind == "span" else self.resource_names

    def numbers(self, names: str, texts: str, known: Names) -> str:
        """One number for each attribute. Zeros and names of frameworks count where there is nothing else."""
        last = f"if(v IN {ZERO} OR {is_framework('k', 'v')}, {LAST_RESORT}, 0)"
        return (
            f"arrayMap((k, v) -> if(v IN {EMPTY}, {NOTHING}, {known.render('k')} + {last}), {names}, {texts})"
        )

    def pick(self, kind: str, run: tuple[str, ...]) -> str:
        """The first value of a run of names, empty where there is none."""
        prefix = "" if kind == "span" else "resource_"
        if len(run) == 1 and run not in self._names_of(kind).runs:
            return f"{prefix}values[indexOf({prefix}order, {self._names_of(kind).numbers[run[0]]})]"
        return f"{prefix}values[indexOf({prefix}runs, {self._names_of(kind).run(run)})]"

    def text(self, column: str) -> str:
        """The first of a column's sources that is not empty."""
        reads = self._reads(column)
        return reads[0] if len(reads) == 1 else f"arrayFirst(t -> t != '', [{', '.join(reads)}])"

    def texts(self, column: str) -> str:
        """What all sources of a count say, in order."""
        return f"[{', '.join(self._reads(column))}]"

    def name_of(self, column: str) -> str:
        """The name of the attribute that a column without documents is taken from."""
        return f"keys[indexOf(runs, {self.names.run(tuple(self._sources[column]))})]"

    def documents(self) -> str:
        """Every document that some column wants a key of, parsed once."""
        parsed = (
            f"{render_document(self._document(name), name, fields)} AS document_{name}"
            for name, fields in self._fields.items()
        )
        return ",\n        ".join(parsed)

    def _document(self, name: str) -> str:
        """The text of a document. What is content too is asked for name by name."""
        if name in CONTENT_SIDES:
            return self.text(CONTENT_SIDES[name])
        reads = (self.pick("span", (source,)) for source in load("columns")["document"][name])
        return f"arrayFirst(t -> t != '', [{', '.join(reads)}])"

    def usage_details(self) -> str:
        """Map of every other billable unit, as its source says it."""
        pairs = (f"{quote(unit)}, {self.text(f'usage.{unit}')}" for unit in load("columns")["usage"])
        return f"map({', '.join(pairs)})"

    def _reads(self, column: str) -> list[str]:
        """One expression for each run of names and each path into a document, in order."""
        reads: list[str] = []
        for kind, run in read_runs(self._sources[column]):
            if kind == "document":
                reads += [self._path(source) for source in run]
            else:
                reads.append(self.pick(kind, run))
        return reads

    def _path(self, source: str) -> str:
        document, *path = source.split("/")
        return render_path(f"document_{document}", path)


def is_framework(name: str, value: str) -> str:
    """Whether an attribute names a framework as the provider: nobody bills by it."""
    sources = [source for source in load("columns")["provider"]["sources"] if "/" not in source]
    frameworks = literals(load("values")["frameworks"]["names"])
    return f"({name} IN ({literals(sources)}) AND lower({value}) IN ({frameworks}))"


def run_of(number: str) -> str:
    return f"intDiv({number}, {WIDTH})"
