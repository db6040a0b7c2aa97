"""Reads columns from numbered names, by ``columns.toml``."""

from collections.abc import Iterable, Sequence
from itertools import chain

from watchkeeper_collector.store.conventions.data import literals, load, quote
from watchkeeper_collector.store.conventions.sources import LAST_RESORT, NOTHING, WIDTH, Names, read_runs

EMPTY = "('', 'null', 'None', '[]', '{}')"
ZERO = "('0', '0.0', '-1')"
IN_RESPONSE = "_in_response"
CONTENT_SIDES = {"request": "content.input", "response": "content.output"}


class Columns:
    """The columns of ``columns.toml``. ``attributes`` are further names that are asked for one by one."""

    def __init__(self, attributes: Iterable[str]) -> None:
        data = load("columns")
        self._sources: dict[str, Sequence[str]] = {n: e["sources"] for n, e in data.items() if "sources" in e}
        self._sources |= {f"usage.{unit}": entry["sources"] for unit, entry in data["usage"].items()}
        self._sources |= {f"content.{side}": data["content"][side] for side in ("input", "output")}
        self.names, self.resource_names = Names(), Names()
        for sources in self._sources.values():
            for is_resource, run in read_runs(sources):
                self._names_of(is_resource).run(run)
        for name in dict.fromkeys((*attributes, *chain(*data["document"].values()))):
            if name not in self.names.numbers and "/" not in name:
                self.names.run((name,))

    def _names_of(self, is_resource: bool) -> Names:  # noqa: FBT001 - which of two
        return self.resource_names if is_resource else self.names

    def attribute_numbers(self) -> str:
        """The numbers of a span's attributes."""
        return self._numbers("names", "texts", [name for name in self.names.numbers if "/" not in name])

    def document_numbers(self) -> str:
        """The numbers of the keys that documents gave up."""
        return self._numbers("document_keys", "document_texts", [n for n in self.names.numbers if "/" in n])

    def resource_numbers(self) -> str:
        """The numbers of a resource's attributes."""
        known = self.resource_names
        return self._numbers("resource_names", "resource_texts", known.numbers, known)

    def _numbers(self, names: str, texts: str, wanted: Iterable[str], known: Names | None = None) -> str:
        """One number for each name. A zero and a framework's name are taken where there is nothing else."""
        number = (known or self.names).render("k", wanted)
        last = f"if(v IN {ZERO} OR {is_framework('k', 'v')}, {LAST_RESORT}, 0)"
        return f"arrayMap((k, v) -> if(v IN {EMPTY}, {NOTHING}, {number} + {last}), {names}, {texts})"

    def pick(self, run: tuple[str, ...], *, is_resource: bool = False, prefix: str = "") -> str:
        """The first value of a run of names, empty where there is none."""
        prefix = "resource_" if is_resource else prefix
        known = self._names_of(is_resource)
        if len(run) == 1 and run not in known.runs:
            return f"{prefix}values[indexOf({prefix}order, {known.numbers[run[0]]})]"
        return f"{prefix}values[indexOf({prefix}runs, {known.run(run)})]"

    def text(self, column: str, prefix: str = "") -> str:
        """The first of a column's sources that is not empty."""
        runs = read_runs(self._sources[column])
        reads = [self.pick(run, is_resource=is_resource, prefix=prefix) for is_resource, run in runs]
        return reads[0] if len(reads) == 1 else f"arrayFirst(t -> t != '', [{', '.join(reads)}])"

    def name_of(self, column: str) -> str:
        """The name that a column is taken from."""
        return f"keys[indexOf(runs, {self.names.run(tuple(self._sources[column]))})]"

    def documents(self) -> str:
        """Pairs of a document's name and its text, from attributes sorted as ``attribute_values``."""
        sides = (f"({quote(name)}, {self.text(side, 'attribute_')})" for name, side in CONTENT_SIDES.items())
        others = (
            f"({quote(name.removesuffix(IN_RESPONSE))}, {self._document(name)})"
            for name in load("columns")["document"]
        )
        return f"[{', '.join((*sides, *others))}]"

    def keys_of(self, depth: int, level: str) -> str:
        """The keys of the documents of a level that are wanted, named by their path, with their values."""
        wanted = f"key.1 IN ({literals(self.names.beginnings(depth))})"
        inside = "JSONExtractKeysAndValuesRaw(if(startsWith(d.2, '{'), d.2, ''))"
        named = f"arrayMap(key -> (concat(d.1, '/', key.1), key.2), {inside})"
        return f"arrayFlatten(arrayMap(d -> arrayFilter(key -> {wanted}, {named}), {level}))"

    def usage_details(self) -> str:
        """Map of every other billable unit, as its source says it."""
        pairs = (f"{quote(unit)}, {self.text(f'usage.{unit}')}" for unit in load("columns")["usage"])
        return f"map({', '.join(pairs)})"

    def _document(self, name: str) -> str:
        """The text of a document. Its names may be content too: they are asked for one by one."""
        names = load("columns")["document"][name]
        reads = [self._document_source(source) for source in names]
        text = f"arrayFirst(t -> t != '', [{', '.join(reads)}])" if len(reads) > 1 else reads[0]
        return f"replaceAll({text}, '\\'', '\"')" if name.endswith("_details") else text

    def _document_source(self, source: str) -> str:
        side, _, key = source.partition("/")
        if not key:
            return self.pick((source,), prefix="attribute_")
        return f"JSONExtractRaw({self.text(CONTENT_SIDES[side], 'attribute_')}, {quote(key)})"


def is_framework(name: str, value: str) -> str:
    """Whether a source names a framework as the provider: nobody bills by it."""
    sources = literals(load("columns")["provider"]["sources"])
    frameworks = literals(load("values")["frameworks"]["names"])
    return f"({name} IN ({sources}) AND lower({value}) IN ({frameworks}))"


def run_of(number: str) -> str:
    return f"intDiv({number}, {WIDTH})"
