"""Fills the templates: ``{{macro:parameter|argument}}``; macros nest, the innermost is rendered first.

``{placeholder}`` in single braces is left alone: the migration runner fills it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest

from watchkeeper_schemas.cost import costed
from watchkeeper_schemas.protobuf import render_columns, render_type

from watchkeeper_collector.store.conventions import decoding, texts
from watchkeeper_collector.store.conventions.data import literals, load, load_template, quote
from watchkeeper_collector.store.conventions.sources import (
    NOTHING,
    Names,
    document_fields,
    read_runs,
    render_document,
    render_path,
)

INNERMOST = re.compile(r"\{\{((?:(?!\{\{|\}\}).)*)\}\}", re.DOTALL)
COMMENT = re.compile(r"^[ \t]*--.*\n", re.MULTILINE)
ATTRIBUTE = re.compile(r"\{\{attribute\|([^{}]+)\}\}")
EMPTY = "('', 'null', 'None', '[]', '{}')"
ZERO = "('0', '0.0', '-1')"


class Template:
    """Renders templates; the names of attributes that ``template`` asks for are known beforehand."""

    def __init__(self, template: str) -> None:
        self._template = template
        columns = load("columns")
        self._sources: dict[str, Sequence[str]] = {
            name: entry["sources"] for name, entry in columns.items() if "sources" in entry
        }
        self._sources |= {f"usage.{unit}": entry["sources"] for unit, entry in columns["usage"].items()}
        content = columns["content"]
        self._sources |= {f"content.{side}": content[side] for side in ("input", "output")}
        self._sources["content.any"] = [
            key for pair in zip_longest(content["input"], content["output"]) for key in pair if key
        ]
        self._documents = document_fields(s for sources in self._sources.values() for s in sources)
        self._names, self._resource_names = Names(), Names()
        self._number_names()
        self._macros: Mapping[str, Callable[[str, str], str]] = self._build_macros()

    def render(self) -> str:
        """Replace every macro, innermost first."""
        text = self._template
        while found := INNERMOST.search(text):
            text = text[: found.start()] + self._expand(found[1]) + text[found.end() :]
        return text

    def _number_names(self) -> None:
        for sources in self._sources.values():
            for kind, run in read_runs(sources):
                if kind == "span":
                    self._names.range_of(run)
                elif kind == "resource":
                    self._resource_names.range_of(run)
        for name in (*self._documents, *ATTRIBUTE.findall(self._template)):
            self._names.range_of((name,))

    def _expand(self, call: str) -> str:
        head, _, argument = call.partition("|")
        name, _, parameter = head.partition(":")
        if name in self._macros:
            return self._macros[name](parameter, argument)
        return texts.macro(name, argument)

    def _build_macros(self) -> Mapping[str, Callable[[str, str], str]]:
        values = load("values")
        return {
            "codes": lambda _, names: self._codes("codes", self._names, names),
            "resource_codes": lambda _, names: self._codes("resource_codes", self._resource_names, names),
            "documents": lambda *_: self._parsed_documents(),
            "attribute": lambda _, name: self._pick((name,), "codes"),
            "text": lambda column, _: self._first_text(self._sources[column]),
            "vendor": lambda column, _: self._first_text(self._sources[column], unless=framework()),
            "texts": lambda column, _: self._texts(self._sources[column]),
            "count": lambda _, numbers: count(numbers),
            "count_or_zero": lambda _, numbers: count_or_zero(numbers),
            "name_of": lambda column, _: self._name_of(column),
            "usage_details": lambda *_: self._usage_details(),
            "canonical": lambda table, text: transform(values[table], text, "''"),
            "known": lambda table, text: transform(values[table], text, text),
            "match": lambda table, text: match_first(values[table], text),
            "matches_any": lambda table, text: f"match({text}, {quote('|'.join(values[table]['scopes']))})",
            "names": lambda table, _: literals(values[table]["names"]),
            "is_content": lambda _, name: is_content(name),
            "is_dropped": lambda _, name: is_dropped(name),
            "is_content_event": lambda _, name: is_content_event(name),
            "envelope": lambda _, document: texts.envelope(document),
            "scalars": lambda _, document: texts.scalars(document),
            "messages": lambda _, arguments: texts.messages(*arguments.split("|")),
            "input_text": lambda _, messages: texts.input_text(messages),
            "output_text": lambda _, messages: texts.output_text(messages),
            "other_output_text": lambda _, parsed: texts.other_output_text(parsed),
            "tool_calls": lambda _, messages: texts.tool_calls(messages),
            "time": lambda _, nanoseconds: decoding.time(nanoseconds),
            "attributes": lambda _, pairs: decoding.attributes(pairs),
            "record_columns": lambda signal, _: render_columns(signal),
            "message_type": lambda signal, message: render_type(signal, message),
            "decoded_spans": lambda _, source: part("decode", source),
            "normalised_spans": lambda _, source: normalised_spans(source),
            "flat_text": lambda prefix, roles: texts.flat_text(prefix, *roles.split("|")),
        }

    def _codes(self, alias: str, names: Names, map_column: str) -> str:
        """One array of numbers for each numbering, beside the names in ``map_column``."""
        arrays = (
            f"arrayMap((k, v) -> if(v IN {EMPTY}, {NOTHING}, {names.render(at, 'k')}),"
            f" mapKeys({map_column}), mapValues({map_column})) AS {alias}_{at}"
            for at in range(len(names.numberings))
        )
        return ",\n            ".join(arrays)

    def _pick(self, run: tuple[str, ...], alias: str, unless: str = "") -> str:
        """The first value of a run of names, empty where there is none; ``unless``: values that are passed over."""
        names, values = (
            (self._names, "texts") if alias == "codes" else (self._resource_names, "resource_texts")
        )
        found = names.range_of(run)
        codes = f"{alias}_{found.numbering}"
        if found.first == found.last and not unless:
            return f"{values}[indexOf({codes}, {found.first})]"
        inside = f"c BETWEEN {found.first} AND {found.last}"
        chosen = f"arrayFilter(c -> {inside}, {codes})"
        if unless:
            chosen = f"arrayFilter((c, v) -> {inside} AND NOT ({unless}), {codes}, {values})"
        return f"{values}[indexOf({codes}, arrayMin({chosen}))]"

    def _reads(self, sources: Sequence[str], unless: str = "") -> list[str]:
        """One expression for each attribute run and each path into a document, in order."""
        reads: list[str] = []
        for kind, run in read_runs(sources):
            if kind == "document":
                reads += [self._path(source) for source in run]
            else:
                reads.append(self._pick(run, "codes" if kind == "span" else "resource_codes", unless))
        return reads

    def _path(self, source: str) -> str:
        document, *path = source.split("/")
        return render_path(f"document_{list(self._documents).index(document)}", path)

    def _first_text(self, sources: Sequence[str], unless: str = "") -> str:
        reads = self._reads(sources, unless)
        return reads[0] if len(reads) == 1 else f"arrayFirst(t -> t != '', [{', '.join(reads)}])"

    def _texts(self, sources: Sequence[str]) -> str:
        """What all sources of a count say, in order."""
        return f"[{', '.join(self._reads(sources, f'v IN {ZERO}') + self._zeros(sources))}]"

    def _zeros(self, sources: Sequence[str]) -> list[str]:
        """A run of names gives its first count that is not zero: whether it has a zero is said apart."""
        runs = [run for kind, run in read_runs(sources) if kind == "span"]
        return [self._pick(run, "codes") for run in runs if len(run) > 1]

    def _name_of(self, column: str) -> str:
        """The name of the attribute that :meth:`_pick` takes the value from."""
        found = self._names.range_of(tuple(self._sources[column]))
        inside = f"arrayFilter(c -> c BETWEEN {found.first} AND {found.last}, codes_{found.numbering})"
        return f"names[indexOf(codes_{found.numbering}, arrayMin({inside}))]"

    def _parsed_documents(self) -> str:
        """Every document that some column wants a key of, parsed once."""
        parsed = (
            f"{render_document(self._pick((name,), 'codes'), name, fields)} AS document_{at}"
            for at, (name, fields) in enumerate(self._documents.items())
        )
        return ",\n            ".join(parsed)

    def _usage_details(self) -> str:
        """Map of every other billable unit, as its source says it."""
        units = load("columns")["usage"]
        pairs = (f"{quote(unit)}, {self._first_text(self._sources[f'usage.{unit}'])}" for unit in units)
        return f"map({', '.join(pairs)})"


def count(numbers: str) -> str:
    """First positive number, as Nullable(UInt64). Zero is not a count: senders write it for "unknown"."""
    found = f"arrayFirst(t -> t > 0, arrayMap(t -> round(toFloat64OrZero(t)), {numbers}))"
    return f"accurateCastOrNull(nullIf({found}, 0), 'UInt64')"


def count_or_zero(numbers: str) -> str:
    """A positive number, else zero where some source says so."""
    return f"ifNull({count(numbers)}, if(hasAny({numbers}, ['0', '0.0']), 0, NULL))"


def part(name: str, source: str) -> str:
    """One of the conventions' SQL templates, rendered over a source of rows."""
    return Template(COMMENT.sub("", load_template(name)).strip()).render().replace("{source}", source)


def normalised_spans(source: str) -> str:
    """The whole way of spans: normalised, with what their trace shares, with their cost."""
    shared = part("share", f"({part('normalise', source)})")
    return costed(f"({shared})", "{database}.prices")


def transform(table: Mapping[str, Sequence[str]], expression: str, default: str) -> str:
    """Spelling → canonical value, compared in lower case."""
    pairs = [(spelling, value) for value, spellings in table.items() for spelling in spellings]
    spellings, values = literals(p[0] for p in pairs), literals(p[1] for p in pairs)
    return f"transform(lower({expression}), [{spellings}], [{values}], {default})"


def match_first(table: Mapping[str, str], expression: str) -> str:
    """The value of the first pattern that matches, else empty."""
    pairs = ", ".join(
        f"match({expression}, {quote(pattern)}), {quote(value)}" for value, pattern in table.items()
    )
    return f"multiIf({pairs}, '')"


def framework() -> str:
    """Whether the value ``v`` names a framework: nobody bills by it."""
    return f"lower(v) IN ({literals(load('values')['frameworks']['names'])})"


def is_content(name: str) -> str:
    content = load("columns")["content"]
    exact = literals([*content["input"], *content["output"], *content["other"]])
    prefixes = " OR ".join(f"startsWith({name}, {quote(prefix)})" for prefix in content["prefixes"])
    numbered = "|".join(re.escape(prefix) for prefix in content["numbered"])
    return f"({name} IN ({exact}) OR {prefixes} OR match({name}, {quote(f'^({numbered})[0-9]+[.]')}))"


def is_dropped(name: str) -> str:
    suffixes = load("columns")["content"]["dropped_suffixes"]
    return "(" + " OR ".join(f"endsWith({name}, {quote(suffix)})" for suffix in suffixes) + ")"


def is_content_event(name: str) -> str:
    prefixes = load("columns")["content"]["events"]
    return "(" + " OR ".join(f"startsWith({name}, {quote(prefix)})" for prefix in prefixes) + ")"
