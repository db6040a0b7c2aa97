"""The SQL that reads what people wrote and models answered out of content attributes, whatever their shape.

A document is parsed once, into a type wide enough for every provider's messages; what is absent stays empty.
"""

from watchkeeper_collector.store.conventions.data import load, quote

PART = (
    "Tuple(type String, text String, content String, refusal String, thought Bool, functionCall String,"
    " function_call String, toolUse String, arguments String)"
)
CONSTRUCTOR = "Tuple(content String, type String, tool_calls Array(Tuple(id String)))"
MESSAGE = (
    f"Tuple(role String, type String, content String, text String, refusal String, parts Array({PART}),"
    f" blocks Array({PART}),"
    " tool_calls Array(Tuple(id String, arguments String, function Tuple(arguments String))),"
    f" arguments String, kwargs {CONSTRUCTOR}, data {CONSTRUCTOR}, finish_reason String)"
)
ENVELOPE = (
    "Tuple(messages Array(String), input Array(String), contents Array(String), output Array(String),"
    " choices Array(Tuple(text String, message String, finish_reason String)),"
    " candidates Array(Tuple(content String, finish_reason String, finishReason String)), message String,"
    " requests Array(Tuple(content String)),"
    " generations Array(Array(Tuple(text String, message String,"
    " generation_info Tuple(finish_reason String, model_name String)))),"
    " raw Tuple(choices Array(Tuple(finish_reason String))))"
)
SCALARS = ("input", "prompt", "contents", "query", "question", "message", "output", "result")
USERS = "('user', 'human', 'humanmessage')"
NOT_ANSWERS = (
    "('user', 'human', 'humanmessage', 'tool', 'toolmessage', 'system', 'developer', 'reasoning',"
    " 'function_call', 'function_call_output')"
)
FLAT_PREFIXES = {
    "input": "(?:llm[.]input_messages|gen_ai[.]prompt)[.]",
    "output": "(?:llm[.]output_messages|gen_ai[.]completion)[.]",
}
FLAT_NAMES = "^(llm[.](input|output)_messages|gen_ai[.](prompt|completion))[.][0-9]+[.]"
TEXT_PARTS = "('', 'text', 'input_text', 'output_text', 'refusal')"
TOOL_CALLS = "('tool_call', 'tool_use', 'tool-call', 'function_call')"


def macro(name: str, argument: str) -> str:
    """A snippet of ``macros.toml`` over an argument."""
    snippet: str = load("macros")[name]
    return f"({' '.join(snippet.split())})".replace("$", argument)


def joined(texts: str) -> str:
    return f"arrayStringConcat(arrayFilter(t -> t != '', {texts}), '\\n')"


def document(text: str, otherwise: str) -> str:
    """An attribute's document, else that of an event, out of one more layer of JSON where it is in one."""
    raw = f"arrayFirst(t -> t != '', [{text}, {otherwise}])"
    return f"arrayMap(t -> if(startsWith(t, '\"'), JSONExtractString(t), t), [{raw}])[1]"


def envelope(document: str) -> str:
    """What a document of JSON has of messages, each as JSON; a list counts as the messages of one."""
    text = (
        f"multiIf(startsWith({document}, '{{'), {document},"
        f" startsWith({document}, '['), concat('{{\"messages\":', {document}, '}}'), '')"
    )
    return f"JSONExtract({text}, {quote(ENVELOPE)})"


def scalar(document: str) -> str:
    """What a document has in place of messages: a text under a likely key, or the first of several."""
    fields = ", ".join(f"{name} String" for name in SCALARS)
    parsed = f"JSONExtract(if(startsWith({document}, '{{'), {document}, ''), 'Tuple({fields})')"
    texts = ", ".join(f"d.{name}" for name in SCALARS)
    whole = f"if(startsWith({document}, '[') AND NOT match({document}, '^.\\\\s*{{'), {document}, '')"
    raw = f"arrayMap(d -> [{texts}, {whole}], [{parsed}])[1]"
    listed = "if(startsWith(t, '['), JSONExtract(t, 'Array(String)')[1], t)"
    text = f"arrayMap(t -> if(startsWith(t, '\"'), JSONExtractString(t), t), arrayMap(t -> {listed}, {raw}))"
    return f"arrayFirst(t -> t != '' AND NOT match(t, '^[\\[{{]'), {text})"


def messages(document: str, parsed: str) -> str:
    """All messages of a document that :func:`envelope` took apart, wherever in it they are, parsed."""
    listed = (
        f"arrayConcat({parsed}.messages, {parsed}.input, {parsed}.contents, {parsed}.output,"
        f" {parsed}.choices.message, {parsed}.candidates.content, [{parsed}.message],"
        f" {parsed}.requests.content,"
        f" arrayFlatten({parsed}.generations).message, [if(startsWith({document}, '{{'), {document}, '')])"
    )
    flat = (
        f"arrayFlatten(arrayMap(m -> if(startsWith(m, '['), JSONExtract(m, 'Array(String)'), [m]), {listed}))"
    )
    return f"arrayMap(m -> JSONExtract(m, {quote(MESSAGE)}), arrayFilter(m -> startsWith(m, '{{'), {flat}))"


def content_with_texts(content: str, input_text: str, output_text: str) -> str:
    """Content with the decoded texts beside it, where there are any."""
    texts = f"map('InputText', {input_text}, 'OutputText', {output_text})"
    return f"mapConcat({content}, mapFilter((k, v) -> v != '', {texts}))"


def roles(listed: str) -> str:
    """Who said each message, in lower case."""
    role = "multiIf(m.role != '', m.role, m.kwargs.type != '', m.kwargs.type, m.type)"
    return f"arrayMap(m -> lower({role}), {listed})"


def message_texts(listed: str) -> str:
    """The text of each message: its parts, blocks or content, without reasoning and tool calls."""
    content = (
        "multiIf(m.content != '', m.content, m.kwargs.content != '', m.kwargs.content,"
        " m.data.content != '', m.data.content, m.refusal != '', m.refusal,"
        " startsWith(m.text, '{'), '', m.text)"
    )
    of_content = f"JSONExtract(if(startsWith(c, '['), c, ''), {quote(f'Array({PART})')})"
    nested = f"JSONExtract(if(match(c, '^{{\\s*\"(parts|role)\"'), c, ''), {quote(MESSAGE)}).parts"
    parts = f"arrayConcat(m.parts, m.blocks, {of_content}, {nested})"
    bare = "if(match(c, '^(\\[\\s*[{{]|{{\\s*\"(parts|role)\")'), '', c)".replace("{{", "{")
    return (
        f"arrayMap((m, c) -> arrayMap(p -> if(empty(p), {bare}, {parts_text('p')}), [{parts}])[1],"
        f" {listed}, arrayMap(m -> {content}, {listed}))"
    )


def parts_text(parts: str) -> str:
    text = "multiIf(p.content != '', p.content, p.text != '', p.text, p.refusal)"
    part = f"if(p.type IN {TEXT_PARTS} AND NOT p.thought, {text}, '')"
    return joined(f"arrayMap(p -> {part}, {parts})")


def newest_input(who: str, said: str) -> str:
    """The newest user message; one without a role where no user said anything."""
    by_user = f"arrayLast((t, r) -> t != '' AND r IN {USERS}, {said}, {who})"
    by_anyone = f"arrayLast((t, r) -> t != '' AND r IN ('', 'message', 'text'), {said}, {who})"
    return f"if({by_user} != '', {by_user}, {by_anyone})"


def joined_output(who: str, said: str) -> str:
    """The answer."""
    return joined(f"arrayFilter((t, r) -> r NOT IN {NOT_ANSWERS}, {said}, {who})")


def envelope_finish_reason(parsed: str) -> str:
    """Why the answer ended, where it stands beside the messages."""
    return (
        f"arrayFirst(r -> r != '', arrayConcat({parsed}.choices.finish_reason,"
        f" {parsed}.candidates.finish_reason, {parsed}.candidates.finishReason,"
        f" arrayFlatten({parsed}.generations).generation_info.finish_reason,"
        f" {parsed}.raw.choices.finish_reason))"
    )


def envelope_model(parsed: str) -> str:
    """The model that answered, where LangChain says so."""
    return f"arrayFlatten({parsed}.generations).generation_info.model_name[1]"


def other_output_text(parsed: str) -> str:
    """The answer of completions, which have texts in place of messages."""
    return joined(f"arrayConcat({parsed}.choices.text, arrayFlatten({parsed}.generations).text)")


def acts(listed: str) -> str:
    """What each message does beside speaking.

    How many tools it calls, how many of them with arguments that are no JSON object, whether its provider
    marks it as a refusal.
    """
    is_call = f"(p.type IN {TOOL_CALLS} OR p.functionCall != '' OR p.function_call != '' OR p.toolUse != '')"
    of_content = f"JSONExtract(if(startsWith(m.content, '['), m.content, ''), {quote(f'Array({PART})')})"
    of_lists = "length(m.tool_calls) + length(m.kwargs.tool_calls) + length(m.data.tool_calls)"
    calls = f"{of_lists} + arrayCount(p -> {is_call}, parts) + (m.type = 'function_call')"
    is_invalid, of_part = macro("is_invalid_arguments", "a"), macro("is_invalid_arguments", "p.arguments")
    told = "arrayConcat(m.tool_calls.arguments, m.tool_calls.function.arguments, [m.arguments])"
    in_parts = f"arrayCount(p -> p.type IN {TOOL_CALLS} AND {of_part}, parts)"
    invalid = f"{in_parts} + arrayCount(a -> {is_invalid}, {told})"
    refuses = "m.refusal != '' OR arrayExists(p -> p.type = 'refusal', parts)"
    parts = f"arrayConcat(m.parts, m.blocks, {of_content})"
    return f"arrayMap(m -> arrayMap(parts -> ({calls}, {invalid}, {refuses}), [{parts}])[1], {listed})"


def flat_text(side: str) -> str:
    """The text of flat messages (``llm.input_messages.N.message.content``): of all, or the newest user's."""
    prefix = FLAT_PREFIXES[side]
    number = f"toInt32OrZero(extract(k, '^{prefix}([0-9]+)'))"
    pattern = quote(f"^{prefix}[0-9]+[.](message[.])?(content|contents[.][0-9]+[.]message_content[.]text)$")
    pairs = f"arrayFilter((k, v) -> match(k, {pattern}) AND v != '', flat_names, flat_texts)"
    values = f"arrayFilter((v, k) -> match(k, {pattern}) AND v != '', flat_texts, flat_names)"
    if side == "input":
        is_user = f"match(k, '^{prefix}[0-9]+[.](message[.])?role$') AND lower(v) IN {USERS}"
        users = f"arrayMap(k -> {number}, arrayFilter((k, v) -> {is_user}, flat_names, flat_texts))"
        newest = f"arrayMax(arrayIntersect({users}, arrayMap(k -> {number}, {pairs})))"
        values = f"arrayFilter((v, k) -> {number} = {newest}, {values}, {pairs})"
        pairs = f"arrayFilter(k -> {number} = {newest}, {pairs})"
    listed = f"JSONExtract(v, {quote(f'Array({PART})')})"
    text = f"if(match(v, '^\\[\\s*{{'), {parts_text(listed)}, v)"
    ordered = f"arraySort((v, k) -> ({number}, k), {values}, {pairs})"
    return f"arrayStringConcat(arrayDistinct(arrayMap(v -> {text}, {ordered})), '\\n')"
