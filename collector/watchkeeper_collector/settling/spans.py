"""What settling reads of a span and decides about it."""

from dataclasses import dataclass

Value = tuple[str, ...]
"""The columns of one field together: a prompt's name belongs to its version."""

TraceKey = tuple[str, str]
"""Project and trace id: two projects may use one trace id."""

SpanKey = tuple[str, str, str]
"""Project, trace id and span id."""


@dataclass(frozen=True, slots=True)
class Field:
    """Something that a span takes over from its trace; ``bit`` says so in the column ``Inherited``."""

    bit: int
    columns: tuple[str, ...]

    @property
    def nothing(self) -> Value:
        return ("",) * len(self.columns)


FIELDS = (
    Field(1, ("UserId",)),
    Field(2, ("SessionId",)),
    Field(4, ("PromptName", "PromptVersion")),
    Field(8, ("Release",)),
    Field(16, ("Environment",)),
    Field(32, ("Feature",)),
)


@dataclass(frozen=True, slots=True)
class Call:
    """A request to a model, as far as it tells whether another span is the same request.

    No ``kind``: the span is no call. ``facts`` counts what the span knows of it (provider, models, id,
    tokens, content, …). ``ends_stream``: a log-like span that completes the span of a streamed call.
    """

    kind: str = ""
    scope: str = ""
    models: tuple[str, ...] = ()
    response_id: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    is_error: bool = False
    error_status: int = 0
    facts: int = 0
    input_hash: int = 0
    ends_stream: bool = False

    @property
    def has_tokens(self) -> bool:
        return self.input_tokens is not None or self.output_tokens is not None


@dataclass(frozen=True, slots=True)
class Settled:
    """What settling decides about a span: a value for each of ``FIELDS``, and the span that counts for it.

    ``duplicate_of`` is empty for a span that counts itself.
    """

    values: tuple[Value, ...] = tuple(field.nothing for field in FIELDS)
    duplicate_of: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A row of ``spans``. ``own`` are the bits of the fields whose value the span itself was sent with."""

    project: str
    trace_id: str
    span_id: str
    parent_id: str
    start_ns: int
    end_ns: int
    own: int = 0
    stored: Settled = Settled()
    call: Call = Call()

    @property
    def key(self) -> SpanKey:
        return self.project, self.trace_id, self.span_id

    @property
    def trace(self) -> TraceKey:
        return self.project, self.trace_id
