"""Renders the normalising SELECT from the conventions' data files.

``columns.toml`` says which attributes feed a column, ``values.toml`` what spellings mean,
``macros.toml`` how one message of any shape is read; ``normalise.sql`` puts them together. A template
names a macro as ``{{name:parameter|argument}}``; macros nest, the innermost is rendered first.
"""

import json
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

INNERMOST = re.compile(r"\{\{((?:(?!\{\{|\}\}).)*)\}\}", re.DOTALL)
DATA = files("watchkeeper_schemas").joinpath("conventions")

TEXT_COLUMNS = (
    "operation", "request_model", "response_model", "response_id", "service_tier", "system_fingerprint",
    "reported_cost_usd", "finish_reason", "user_id", "session_id", "prompt_name", "prompt_version",
    "agent_name", "workflow_name", "tool_name", "tool_arguments", "release", "environment", "feature",
    "error_type", "error_status", "error_message", "server_address", "is_streaming",
)  # fmt: skip


@cache
def load(name: str) -> dict[str, Any]:
    """One of the conventions' TOML files, by its stem."""
    return tomllib.loads(DATA.joinpath(f"{name}.toml").read_text("utf-8"))


def quote(text: str) -> str:
    """An SQL string literal."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def literals(values: Sequence[str]) -> str:
    return ", ".join(map(quote, values))


def read_source(source: str) -> str:
    """The SQL that reads one source of ``columns.toml`` as a string, empty where it is absent."""
    key, *path = source.split("/")
    attribute = f"R[{quote(key[1:])}]" if key.startswith("@") else f"A[{quote(key)}]"
    if not path:
        return attribute
    steps = ", ".join(str(int(step) + 1) if step.isdigit() else quote(step) for step in path)
    last = next(step for step in reversed(path) if not step.isdigit())
    document = f"replaceAll({attribute}, '\\'', '\"')" if key.endswith("_token_details") else unquote(attribute)
    # The substring test is far cheaper than parsing a document that lacks the key.
    needle = quote(json.dumps(last)) if not key.endswith("_token_details") else quote(last)
    return f"if(position({attribute}, {needle}) > 0, trim(BOTH '\"' FROM JSONExtractRaw({document}, {steps})), '')"


def unquote(expression: str) -> str:
    return f"if(startsWith({expression}, '\"'), JSONExtractString({expression}), {expression})"


def first_of(sources: Sequence[str], condition: Callable[[str], str], otherwise: str = "''") -> str:
    """The first source that meets the condition; later ones are not even evaluated then."""
    pairs = ", ".join(f"{condition(read)}, {read}" for read in map(read_source, sources))
    return f"multiIf({pairs}, {otherwise})"


def text(name: str) -> str:
    """First non-empty source; ``null`` and JSON quotes are no text."""
    return first_of(load("columns")[name]["sources"], lambda read: f"{read} NOT IN ('', 'null', 'None')")


def count(sources: Sequence[str], *, zero_counts: bool) -> str:
    """First positive number, as Nullable(UInt64). An explicit zero is weak: kept only where ``zero_counts``."""
    zero = "NULL"
    if zero_counts:
        zero = f"if(arrayExists(v -> toFloat64OrNull(v) = 0, [{', '.join(map(read_source, sources))}]), '0', NULL)"
    found = first_of(sources, lambda read: f"toFloat64OrZero({read}) >= 1", zero)
    return f"accurateCastOrNull(round(toFloat64OrNull({found})), 'UInt64')"


def transform(table: Mapping[str, Sequence[str]], expression: str, default: str) -> str:
    """Spelling → canonical value, compared in lower case."""
    pairs = [(spelling, value) for value, spellings in table.items() for spelling in spellings]
    spellings, values = literals([p[0] for p in pairs]), literals([p[1] for p in pairs])
    return f"transform(lower({expression}), [{spellings}], [{values}], {default})"


def match_first(table: Mapping[str, str], expression: str) -> str:
    """The value of the first pattern that matches, else empty."""
    pairs = ", ".join(f"match({expression}, {quote(pattern)}), {quote(value)}" for value, pattern in table.items())
    return f"multiIf({pairs}, '')"


def is_content(key: str) -> str:
    content = load("columns")["content"]
    exact = literals([*content["input"], *content["output"], *content["other"]])
    prefixes = " OR ".join(f"startsWith({key}, {quote(prefix)})" for prefix in content["prefixes"])
    numbered = "|".join(re.escape(prefix) for prefix in content["numbered"])
    return f"({key} IN ({exact}) OR {prefixes} OR match({key}, {quote(f'^({numbered})[0-9]+[.]')}))"


def is_dropped(key: str) -> str:
    suffixes = load("columns")["content"]["dropped_suffixes"]
    return "(" + " OR ".join(f"endsWith({key}, {quote(suffix)})" for suffix in suffixes) + ")"


def is_content_event(name: str) -> str:
    prefixes = load("columns")["content"]["events"]
    return "(" + " OR ".join(f"startsWith({name}, {quote(prefix)})" for prefix in prefixes) + ")"


def document(side: str) -> str:
    """The attribute that holds one side of the conversation as one document, by the order of the sources."""
    return first_of(load("columns")["content"][side], lambda read: f"{read} != ''")


def format_name() -> str:
    """Which attribute (or flattened family) holds the content: what a reader has to expect in ``Content``."""
    content = load("columns")["content"]
    flat = [
        "arrayExists(k -> startsWith(k, 'llm.input_messages.') OR startsWith(k, 'llm.output_messages.'), mapKeys(A)), 'llm.messages'",
        "arrayExists(k -> match(k, '^gen_ai[.](prompt|completion)[.][0-9]+[.]'), mapKeys(A)), 'gen_ai.prompt.N'",
    ]
    single = [f"A[{quote(key)}] != '', {quote(key)}" for pair in zip_longest(content) for key in pair]
    return f"multiIf({', '.join([*single[:2], *flat, *single[2:]])}, '')"


def zip_longest(content: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
    inputs, outputs = list(content["input"]), list(content["output"])
    longest = max(len(inputs), len(outputs))
    return [(*inputs[i : i + 1], *outputs[i : i + 1]) for i in range(longest)]


def usage_details() -> str:
    """Map of every other billable unit that is known and not zero."""
    pairs = ", ".join(
        f"{quote(unit)}, ifNull({count(entry['sources'], zero_counts=False)}, 0)"
        for unit, entry in load("columns")["usage"].items()
    )
    return f"mapFilter((k, v) -> v > 0, map({pairs}))"


def flat_text(prefix: str, role_suffix: str, wanted_role: str) -> str:
    """The text of flattened messages (``prefix N .message.content``): of all, or the newest of one role.

    Evaluated for rows that have such keys only; the index set keeps the lambda's captures small.
    """
    number = f"toInt32OrZero(extract(k, {quote('^' + re.escape(prefix) + '([0-9]+)')}))"
    body = role_suffix.removesuffix("role")
    pattern = f"^{re.escape(prefix)}[0-9]+{re.escape(body)}(content|contents[.][0-9]+[.]message_content[.]text)$"
    keys = f"arrayFilter((k, v) -> match(k, {quote(pattern)}) AND v != '', mapKeys(A), mapValues(A))"
    value = "if(startsWith(A[k], '['), " + parts_text("JSONExtractArrayRaw(A[k])") + ", A[k])"
    if wanted_role:
        roles = (
            f"arrayMap(k -> {number}, arrayFilter((k, v) -> startsWith(k, {quote(prefix)}) AND endsWith(k, {quote(role_suffix)})"
            f" AND lower(v) IN ({quote(wanted_role)}, 'human'), mapKeys(A), mapValues(A)))"
        )
        of_role = f"arrayFilter((k, n) -> has({roles}, n), {keys}, arrayMap(k -> {number}, {keys}))"
        keys = f"arrayFilter((k, n) -> n = arrayMax(arrayMap(k -> {number}, {of_role})), {of_role}, arrayMap(k -> {number}, {of_role}))"
    joined = f"arrayStringConcat(arrayMap(k -> {value}, arraySort(k -> {number}, {keys})), '\\n')"
    return f"if(arrayExists(k -> startsWith(k, {quote(prefix)}), mapKeys(A)), {joined}, '')"


def parts_text(parts: str) -> str:
    part = macro("part_text", "p")
    return f"arrayStringConcat(arrayFilter(t -> t != '', arrayMap(p -> {part}, {parts})), '\\n')"


def message_text(message: str) -> str:
    """Text of one message of any provider's shape. ``message`` must be a plain name: it is repeated often."""
    return (
        f"multiIf(JSONType({message}) = 'String', JSONExtractString({message}), "
        f"JSONType({message}, 'content') = 'String', JSONExtractString({message}, 'content'), "
        f"JSONType({message}, 'parts') = 'Array', {parts_text(f'JSONExtractArrayRaw({message}, \'parts\')')}, "
        f"JSONType({message}, 'content') = 'Array', {parts_text(f'JSONExtractArrayRaw({message}, \'content\')')}, "
        f"JSONExtractString({message}, 'text'))"
    )


def unwrapped(items: str) -> str:
    """Messages without their envelopes (``choices[].message.kwargs``), two layers deep at the most."""
    return f"arrayMap(m -> {macro('inner', 'm')}, arrayMap(m -> {macro('inner', 'm')}, {items}))"


def items_of(doc: str, keys: Sequence[str], otherwise: str) -> str:
    """The list of messages in a document: the document itself or what one of its keys holds."""
    found = ", ".join(f"JSONType({doc}, {quote(k)}) = 'Array', JSONExtractArrayRaw({doc}, {quote(k)})" for k in keys)
    listed = f"multiIf(startsWith({doc}, '['), JSONExtractArrayRaw({doc}), {found}, {otherwise})"
    return f"arrayFlatten(arrayMap(i -> if(startsWith(i, '['), JSONExtractArrayRaw(i), [i]), {listed}))"


def input_text(doc: str) -> str:
    """The newest user message of an input document; the document itself where it is no JSON."""
    items = items_of(doc, ("messages", "input", "contents", "prompts"), input_fallback(doc))
    texts = (
        f"arrayMap(m -> if(JSONType(m) = 'String' OR {macro('role', 'm')} IN ('user', 'human', 'humanmessage', 'message', ''), "
        f"{message_text('m')}, ''), {unwrapped(items)})"
    )
    return document_text(doc, f"arrayLast(t -> t != '', {texts})")


def input_fallback(doc: str) -> str:
    keys = ("input", "prompt", "contents", "query", "question", "text", "content", "message")
    reads = ", ".join(f"JSONType({doc}, {quote(k)}) = 'String', [JSONExtractRaw({doc}, {quote(k)})]" for k in keys)
    return f"multiIf({reads}, JSONType({doc}, 'contents') = 'Object', [JSONExtractRaw({doc}, 'contents')], [])"


OUTPUT_LISTS = ("choices", "output", "candidates", "generations", "messages")


def output_items(doc: str) -> str:
    return unwrapped(items_of(doc, OUTPUT_LISTS, f"[{doc}]"))


def output_text(doc: str) -> str:
    """The answer in an output document: the text of its assistant messages, without reasoning and tool calls."""
    texts = (
        f"arrayMap(m -> if({macro('role', 'm')} IN ('user', 'human', 'tool', 'system', 'reasoning', 'function_call'), '', "
        f"{message_text('m')}), {output_items(doc)})"
    )
    return document_text(doc, f"arrayStringConcat(arrayFilter(t -> t != '', {texts}), '\\n')")


def document_text(doc: str, from_json: str) -> str:
    return (
        f"multiIf({doc} = '', '', startsWith({doc}, '\"'), JSONExtractString({doc}), "
        f"(startsWith({doc}, '[') OR startsWith({doc}, '{{')) AND isValidJSON({doc}), {from_json}, {doc})"
    )


def tool_call_count(doc: str) -> str:
    """How many tools an output document calls."""
    part = macro("is_tool_call_part", "p")
    per_message = (
        f"JSONLength(m, 'tool_calls') + toUInt64({macro('is_tool_call_part', 'm')})"
        f" + arrayCount(p -> {part}, JSONExtractArrayRaw(m, 'parts')) + arrayCount(p -> {part}, JSONExtractArrayRaw(m, 'content'))"
    )
    return (
        f"if(position({doc}, 'tool') > 0 OR position({doc}, 'unction') > 0, "
        f"arraySum(m -> {per_message}, {output_items(doc)}), 0)"
    )


def macro(name: str, argument: str) -> str:
    snippet: str = load("macros")[name]
    return f"({' '.join(snippet.split())})".replace("$", argument)


@dataclass(frozen=True)
class Renderer:
    """Renders templates; ``base_columns`` are the columns that pass through unchanged."""

    base_columns: Sequence[str] = field(default_factory=tuple)

    def render(self, template: str) -> str:
        """Replace every macro, innermost first. ``{placeholder}`` in single braces is left alone."""
        while found := INNERMOST.search(template):
            template = template[: found.start()] + self._expand(found[1]) + template[found.end() :]
        return template

    def _expand(self, call: str) -> str:
        head, _, argument = call.partition("|")
        name, _, parameter = head.partition(":")
        columns, values = load("columns"), load("values")
        match name:
            case "columns":
                return ",\n    ".join(self.base_columns)
            case "texts":
                return ",\n                ".join(f"{text(column)} AS x_{column}" for column in TEXT_COLUMNS)
            case "candidates":
                return f"[{', '.join(map(read_source, columns[parameter]['sources']))}]"
            case "count":
                return count(columns[parameter]["sources"], zero_counts=False)
            case "count_or_zero":
                return count(columns[parameter]["sources"], zero_counts=True)
            case "canonical":
                return transform(values[parameter], argument, "''")
            case "known":
                return transform(values[parameter], argument, argument)
            case "match":
                return match_first(values[parameter], argument)
            case "matches_any":
                return f"match({argument}, {quote('|'.join(values[parameter]['scopes']))})"
            case "names":
                return literals(values[parameter]["names"])
            case "is_content":
                return is_content(argument)
            case "is_dropped":
                return is_dropped(argument)
            case "is_content_event":
                return is_content_event(argument)
            case "input_document":
                return document("input")
            case "output_document":
                return document("output")
            case "format":
                return format_name()
            case "usage_details":
                return usage_details()
            case "flat_text":
                role_suffix, _, wanted = argument.partition("|")
                return flat_text(parameter, role_suffix, wanted)
            case "input_text":
                return input_text(argument)
            case "output_text":
                return output_text(argument)
            case "tool_call_count":
                return tool_call_count(argument)
            case _:
                return macro(name, argument)
