"""What a span may have from log records: aspects that it has as a whole from itself or from them.

`log_features` has a row for each record that names a span, with the features as the span itself would have
them. What a span was sent with is never replaced; `FromLogs` says what was not. Of several records the newest
that tells something counts, whatever the order in which they came; what was told once never becomes untold.
"""

from dataclasses import dataclass

from watchkeeper_collector.settling.survey import CALL
from watchkeeper_collector.settling.whole_traces import LONGEST_VALUE

TEXT, WORD, NUMBER, SHARE, FLAG, LIST = "text", "word", "number", "share", "flag", "list"
"""A word may be told to be empty, a text may not."""
WORD_MARK = "="


@dataclass(frozen=True, slots=True)
class Column:
    """A column of `spans`. ``told``: SQL over what a span's records tell, as text, empty for nothing.

    ``inherited`` is its bit in the column of that name, if other spans may have given it.
    """

    name: str
    told: str
    type: str = TEXT
    inherited: int = 0

    @property
    def stored(self) -> str:
        """SQL: what the span has of itself or of records, as text."""
        if self.type != TEXT:
            return as_text(self.name, self.type)
        if self.inherited:
            return f"if(bitAnd(Inherited, {self.inherited}) = 0, toString({self.name}), '')"
        return f"toString({self.name})"

    def replaced(self, text: str) -> str:
        """SQL: the value that a text stands for; what the column has if it is empty."""
        if self.type == TEXT:
            return f"ifNull(nullIf({text}, ''), toString({self.name}))"
        if self.type == WORD:
            return f"if({text} = '', toString({self.name}), substring({text}, 2))"
        if self.type == SHARE:
            return f"ifNull(toFloat32OrNull({text}), {self.name})"
        if self.type == LIST:
            return f"if({text} = '', {self.name}, JSONExtract({text}, 'Array(UInt32)'))"
        number = f"ifNull(toUInt64OrNull({text}), toUInt64({self.name}))"
        return f"{number} = 1" if self.type == FLAG else number


def as_text(value: str, type_: str) -> str:
    """SQL: a value of a column's type as text, never empty but for what is not known."""
    match type_:
        case "word":
            return f"concat('{WORD_MARK}', toString({value}))"
        case "share" | "list":
            return f"toString({value})"
    return f"ifNull(toString(toUInt64({value})), '')"


@dataclass(frozen=True, slots=True)
class Aspect:
    """Columns that come together; ``bit`` says in `FromLogs` that they came on log records.

    ``is_there`` is SQL: whether a span has it. ``is_for_calls``: other spans don't take it over.
    """

    bit: int
    is_there: str
    columns: tuple[Column, ...]
    is_for_calls: bool = False

    @property
    def is_own(self) -> str:
        """SQL: true where the span was sent with it."""
        return f"(bitAnd(FromLogs, {self.bit}) = 0 AND ({self.is_there}))"

    def told(self, column: Column) -> str:
        """SQL: what records tell of a column, for a span of this kind."""
        return f"if({CALL}, {column.told}, '')" if self.is_for_calls else column.told


def newest(column: str) -> str:
    """SQL, an aggregate: the newest text that can be handed on."""
    is_told = f"{column} != '' AND length({column}) <= {LONGEST_VALUE} AND isValidUTF8({column})"
    return f"argMaxIf(toString({column}), (Timestamp, toString({column})), {is_told})"


def newest_count(column: str) -> str:
    """SQL, an aggregate: the newest known number, as text."""
    return f"ifNull(toString(argMax({column}, (Timestamp, {column}))), '')"


def of_answer(value: str, type_: str = NUMBER) -> str:
    """SQL: what the newest answer tells; {Name} stands for a feature of it."""
    places = {name: f"told_answer.{place}" for place, name in enumerate(ANSWER_FEATURES, 1)}
    return f"if(told_answered, {as_text(value.format(**places), type_)}, '')"


def answered(name: str, type_: str = NUMBER) -> Column:
    return Column(name, of_answer(f"{{{name}}}", type_), type_)


ANSWER_FEATURES = (
    "OutputChars", "OutputWords", "OutputHash", "OutputShingles", "IsBlank", "IsJson", "LooksLikeJson",
    "HasCodeFence", "ListItemCount", "HeadingCount", "RefusalCue", "IsApology", "IsQuestion", "OutputScript",
    "OutputScriptShare", "RepeatedShare", "ToolCallCount", "InvalidToolCallCount",
)  # fmt: skip
ANSWER = f"tuple({', '.join(ANSWER_FEATURES)})"
TOLD = {
    "told_user": newest("UserId"),
    "told_session": newest("SessionId"),
    "told_prompt_chars": "argMaxIf(InputChars, (Timestamp, InputHash), InputChars > 0)",
    "told_prompts": "arrayMap(p -> p.2, arraySort(groupUniqArrayIf((Timestamp, InputHash), InputHash != 0)))",
    "told_answered": "max(HasOutput)",
    "told_answer": f"argMaxIf({ANSWER}, (Timestamp, {ANSWER}), HasOutput)",
    "told_finish_reason": newest("FinishReason"),
    "told_input_tokens": newest_count("InputTokens"),
    "told_cache_read_tokens": newest_count("CacheReadTokens"),
    "told_cache_write_tokens": newest_count("CacheWriteTokens"),
    "told_output_tokens": newest_count("OutputTokens"),
    "told_reasoning_tokens": newest_count("ReasoningTokens"),
    "told_tokens_basis": newest("TokensBasis"),
    "told_provider": newest("Provider"),
    "told_request_model": newest("RequestModel"),
    "told_response_model": newest("ResponseModel"),
    "told_response_id": newest("ResponseId"),
}
"""What the records of one span tell together, as aggregates over them. A prompt may be told in several."""

USER = Aspect(1, "UserId != '' AND bitAnd(Inherited, 1) = 0", (Column("UserId", "told_user", inherited=1),))
SESSION = Aspect(
    2, "SessionId != '' AND bitAnd(Inherited, 2) = 0", (Column("SessionId", "told_session", inherited=2),)
)
PROMPT = Aspect(
    4,
    "InputChars > 0",
    (
        Column("InputChars", "if(empty(told_prompts), '', toString(told_prompt_chars))", NUMBER),
        Column(
            "InputHash",
            "multiIf(empty(told_prompts), '', length(told_prompts) = 1, toString(told_prompts[1]),"
            " toString(cityHash64(told_prompts)))",
            NUMBER,
        ),
    ),
)
ANSWERED = Aspect(
    8,
    "HasOutput",
    (
        Column("HasOutput", "if(told_answered, '1', '')", FLAG),
        answered("OutputChars"),
        answered("OutputWords"),
        answered("OutputHash"),
        answered("OutputShingles", LIST),
        Column("IsEmpty", of_answer("Kind = 'llm' AND {IsBlank} AND {ToolCallCount} = 0"), FLAG),
        answered("IsJson", FLAG),
        # What the span asked for stays.
        Column("IsJsonExpected", of_answer("nullIf({LooksLikeJson}, false)"), FLAG),
        answered("HasCodeFence", FLAG),
        answered("ListItemCount"),
        answered("HeadingCount"),
        Column("IsRefusal", of_answer("{RefusalCue} != ''"), FLAG),
        answered("RefusalCue", WORD),
        answered("IsApology", FLAG),
        answered("IsQuestion", FLAG),
        answered("OutputScript", WORD),
        answered("OutputScriptShare", SHARE),
        answered("RepeatedShare", SHARE),
        answered("ToolCallCount"),
        answered("InvalidToolCallCount"),
    ),
)
FINISH = Aspect(
    16,
    "FinishReason != ''",
    (
        Column("FinishReason", "told_finish_reason"),
        Column(
            "IsTruncated",
            "if(told_finish_reason = '', '', toString(toUInt8(told_finish_reason = 'length')))",
            FLAG,
        ),
    ),
)
TOKENS = Aspect(
    32,
    "InputTokens IS NOT NULL OR OutputTokens IS NOT NULL",
    (
        Column("InputTokens", "told_input_tokens", NUMBER),
        Column("CacheReadTokens", "told_cache_read_tokens", NUMBER),
        Column("CacheWriteTokens", "told_cache_write_tokens", NUMBER),
        Column("OutputTokens", "told_output_tokens", NUMBER),
        Column("ReasoningTokens", "told_reasoning_tokens", NUMBER),
        Column("TokensBasis", "told_tokens_basis"),
    ),
    is_for_calls=True,
)
PROVIDER = Aspect(64, "Provider != ''", (Column("Provider", "told_provider"),), is_for_calls=True)
REQUEST_MODEL = Aspect(
    128, "RequestModel != ''", (Column("RequestModel", "told_request_model"),), is_for_calls=True
)
# A call that was not sent with the model of the response has that of the request there.
RESPONSE_MODEL = Aspect(
    256,
    "ResponseModel NOT IN ('', if(bitAnd(FromLogs, 128) = 0, RequestModel, ''))",
    (
        Column(
            "ResponseModel",
            "multiIf(told_response_model != '', told_response_model, IsError, '', told_request_model)",
        ),
    ),
    is_for_calls=True,
)
RESPONSE_ID = Aspect(512, "ResponseId != ''", (Column("ResponseId", "told_response_id"),), is_for_calls=True)

ASPECTS = (
    USER, SESSION, PROMPT, ANSWERED, FINISH, TOKENS, PROVIDER, REQUEST_MODEL, RESPONSE_MODEL, RESPONSE_ID,
)  # fmt: skip
OF_PRICE = (TOKENS, PROVIDER, REQUEST_MODEL, RESPONSE_MODEL)
OF_TWINS = (TOKENS, REQUEST_MODEL, RESPONSE_MODEL, RESPONSE_ID)
"""With these a span may turn out to be the same call as one in another trace."""
COLUMNS = tuple((aspect, column) for aspect in ASPECTS for column in aspect.columns)
