"""Fills the templates: ``{{macro:parameter|argument}}``; macros nest, the innermost is rendered first.

``{placeholder}`` in single braces is left alone: the migration runner fills it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from watchkeeper_schemas.cost import costed
from watchkeeper_schemas.protobuf import render_columns, render_type
from watchkeeper_schemas.staged import Stage, read_stages

from watchkeeper_collector.store.conventions import answers, decoding, refusals, texts, writing
from watchkeeper_collector.store.conventions.columns import Columns, run_of
from watchkeeper_collector.store.conventions.data import literals, load, load_template, quote

INNERMOST = re.compile(r"\{\{((?:(?!\{\{|\}\}).)*)\}\}", re.DOTALL)
COMMENT = re.compile(r"^[ \t]*--.*\n", re.MULTILINE)
ATTRIBUTE = re.compile(r"\{\{attribute\|([^{}]+)\}\}")


class Template:
    """Renders a template of SQL."""

    def __init__(self, template: str) -> None:
        self._template = template
        self._columns = Columns(ATTRIBUTE.findall(template))
        self._macros: Mapping[str, Callable[[str, str], str]] = self._build_macros()

    def render(self) -> str:
        """Replace every macro, innermost first."""
        text = self._template
        while found := INNERMOST.search(text):
            text = text[: found.start()] + self._expand(found[1]) + text[found.end() :]
        return text

    def _expand(self, call: str) -> str:
        head, _, argument = call.partition("|")
        name, _, parameter = head.partition(":")
        if name in self._macros:
            return self._macros[name](parameter, argument)
        return texts.macro(name, argument)

    def _build_macros(self) -> Mapping[str, Callable[[str, str], str]]:
        values, columns = load("values"), self._columns
        return {
            "numbers": lambda *_: columns.attribute_numbers(),
            "document_numbers": lambda *_: columns.document_numbers(),
            "resource_numbers": lambda *_: columns.resource_numbers(),
            "documents": lambda *_: columns.documents(),
            "keys_of": lambda depth, level: columns.keys_of(int(depth), level),
            "attribute": lambda _, name: columns.pick((name,)),
            "text": lambda column, _: columns.text(column),
            "name_of": lambda column, _: columns.name_of(column),
            "usage_details": lambda *_: columns.usage_details(),
            "count": lambda _, numbers: count(numbers),
            "count_or_zero": lambda _, numbers: count_or_zero(numbers),
            "canonical": lambda table, text: transform(values[table], text, "''"),
            "known": lambda table, text: transform(values[table], text, text),
            "match": lambda table, text: match_first(values[table], text),
            "matches_any": lambda table, text: f"match({text}, {quote('|'.join(values[table]['scopes']))})",
            "names": lambda table, _: literals(values[table]["names"]),
            "is_content": lambda _, name: is_content(name),
            "is_dropped": lambda _, name: is_dropped(name),
            "is_content_event": lambda _, name: is_content_event(name),
            "envelope": lambda _, document: texts.envelope(document),
            "envelope_finish_reason": lambda _, parsed: texts.envelope_finish_reason(parsed),
            "envelope_model": lambda _, parsed: texts.envelope_model(parsed),
            "scalar": lambda _, document: texts.scalar(document),
            "document": lambda _, arguments: texts.document(*arguments.split("|")),
            "messages": lambda _, arguments: texts.messages(*arguments.split("|")),
            "content_with_texts": lambda _, arguments: texts.content_with_texts(*arguments.split("|")),
            "roles": lambda _, messages: texts.roles(messages),
            "message_texts": lambda _, messages: texts.message_texts(messages),
            "newest_input": lambda _, arguments: texts.newest_input(*arguments.split("|")),
            "joined_output": lambda _, arguments: texts.joined_output(*arguments.split("|")),
            "input_text": lambda _, listed: texts.newest_input(
                texts.roles(listed), texts.message_texts(listed)
            ),
            "output_text": lambda _, listed: texts.joined_output(
                texts.roles(listed), texts.message_texts(listed)
            ),
            "other_output_text": lambda _, parsed: texts.other_output_text(parsed),
            "acts": lambda _, messages: texts.acts(messages),
            "refusal_beginning": lambda _, text: refusals.beginning(text),
            "refusal_cue": lambda _, beginning: refusals.cue(beginning),
            "apologies": lambda *_: quote("|".join(values["apology"]["words"])),
            "letter_scripts": lambda _, text: writing.letter_scripts(text),
            "main_script": lambda _, scripts: writing.main_script(scripts),
            "words": lambda _, arguments: writing.words(*arguments.split("|")),
            "smallest": lambda _, hashes: writing.smallest(hashes),
            "shingles": lambda _, hashes: writing.shingles(hashes),
            "answer_features": lambda _, arguments: answers.features(load_features(), *arguments.split("|")),
            "answer_columns": lambda but, answer: answers.columns(load_features(), answer, but.split(",")),
            "answer_feature": lambda name, answer: answers.feature(load_features(), answer, name),
            "time": lambda _, nanoseconds: decoding.time(nanoseconds),
            "attributes": lambda _, pairs: decoding.attributes(pairs),
            "record_columns": lambda signal, _: render_columns(signal),
            "message_type": render_type,
            "decoded_spans": lambda _, source: part("decoded_spans", source),
            "read_spans": lambda _, source: part("read_spans", source),
            "known_spans": lambda _, source: part("known_spans", source),
            "told_spans": lambda _, source: part("told_spans", source),
            "read_logs": lambda _, source: part("read_logs", source),
            "heard_logs": lambda _, source: part("heard_logs", source),
            "priced_spans": lambda _, source: priced_spans(source),
            "run_of": lambda _, number: run_of(number),
            "flat_names": lambda *_: quote(texts.FLAT_NAMES),
            "flat_text": lambda side, _: texts.flat_text(side),
        }


def count(number: str) -> str:
    """A number as Nullable(UInt64). Zero is not a count: senders write it for "unknown"."""
    return f"accurateCastOrNull(nullIf(round(toFloat64OrNull({number})), 0), 'UInt64')"


def count_or_zero(number: str) -> str:
    """A number as Nullable(UInt64), zero where some source says so."""
    return f"accurateCastOrNull(round(toFloat64OrNull({number})), 'UInt64')"


def part(name: str, source: str) -> str:
    """One of the conventions' SQL templates, rendered over a source of rows."""
    return Template(COMMENT.sub("", load_template(name)).strip()).render().replace("{source}", source)


@cache
def load_features() -> Sequence[Stage]:
    """The stages of the features of answers."""
    return read_stages(Template(load_template("answers")).render())


def priced_spans(source: str) -> str:
    """The last leg with the spans' cost."""
    return costed(f"({part('shared_spans', source)})", "{database}.prices")


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
