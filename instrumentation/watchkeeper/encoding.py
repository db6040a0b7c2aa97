"""Spans as OTLP's bytes, each written once."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, Status

from watchkeeper.protobuf import (
    FIXED32,
    FIXED64,
    MASK_64,
    SIZED,
    VARINT,
    encode_text,
    nested,
    pack_double,
    pack_fixed32,
    pack_fixed64,
    sized,
    tag,
    varint,
)

REMOTE_KNOWN, REMOTE = 1 << 8, 1 << 9
"""Flags of a span: whether its parent is in another process."""
FIELD_BYTES = 6
"""Most that a tag and a length take."""
Origin = tuple[Resource, InstrumentationScope | None]
"""Whom a span is from."""

# Tags by the numbers of fields in opentelemetry/proto/{common,resource,trace}/v1.
KEY, VALUE = tag(1, SIZED), tag(2, SIZED)
STRING, BOOL, INT, DOUBLE = tag(1, SIZED), tag(2, VARINT), tag(3, VARINT), tag(4, FIXED64)
ARRAY, PAIRS, BYTES = tag(5, SIZED), tag(6, SIZED), tag(7, SIZED)
ITEM = tag(1, SIZED)
"""Of arrays, of lists of pairs, of a request, and of a resource's attributes."""
TRACE_ID, SPAN_ID, TRACE_STATE, PARENT_ID = (tag(number, SIZED) for number in (1, 2, 3, 4))
NAME, KIND, START, END = tag(5, SIZED), tag(6, VARINT), tag(7, FIXED64), tag(8, FIXED64)
ATTRIBUTE, DROPPED_ATTRIBUTES = tag(9, SIZED), tag(10, VARINT)
EVENT, DROPPED_EVENTS = tag(11, SIZED), tag(12, VARINT)
LINK, DROPPED_LINKS = tag(13, SIZED), tag(14, VARINT)
STATUS, FLAGS = tag(15, SIZED), tag(16, FIXED32)
STATUS_MESSAGE, STATUS_CODE = tag(2, SIZED), tag(3, VARINT)
EVENT_TIME, EVENT_NAME, EVENT_ATTRIBUTE = tag(1, FIXED64), tag(2, SIZED), tag(3, SIZED)
LINK_ATTRIBUTE, LINK_FLAGS = tag(4, SIZED), tag(6, FIXED32)
SCOPE_NAME, SCOPE_VERSION = tag(1, SIZED), tag(2, SIZED)
RESOURCE = SCOPE = tag(1, SIZED)
IN_RESOURCE = IN_SCOPE = tag(2, SIZED)
SCHEMA_URL = tag(3, SIZED)


class TraceRequest:
    """The body of an export request as it grows: encoded spans, grouped by resource and scope."""

    __slots__ = ("_groups", "_limit_bytes", "_size_bytes")

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._size_bytes = 0
        """Never less than what ``encode`` gives."""
        self._groups: dict[tuple[int, int], tuple[Origin, list[bytes]]] = {}

    def __len__(self) -> int:
        return sum(len(spans) for _, spans in self._groups.values())

    def add(self, origin: Origin, span: bytes) -> bool:
        """``False`` where there is no room for the encoded span."""
        resource, scope = origin
        key = id(resource), id(scope)
        size_bytes = FIELD_BYTES + len(span)
        if key not in self._groups:
            size_bytes += 2 * FIELD_BYTES + sum(map(len, in_resource(resource, in_scope(scope, []))))
        if self._size_bytes + size_bytes > self._limit_bytes:
            return False
        self._size_bytes += size_bytes
        self._groups.setdefault(key, (origin, []))[1].append(span)
        return True

    def divided(self) -> "list[TraceRequest]":
        """Two requests with half of the spans each; none where there is one span."""
        spans = [(origin, span) for origin, group in self._groups.values() for span in group]
        middle = len(spans) // 2
        halves = [spans[:middle], spans[middle:]] if middle else []
        return [self._with(half) for half in halves]

    def _with(self, spans: list[tuple[Origin, bytes]]) -> "TraceRequest":
        request = TraceRequest(self._limit_bytes)
        for origin, span in spans:
            request.add(origin, span)
        return request

    def encode(self) -> bytes:
        resources: dict[int, tuple[Resource, list[bytes]]] = {}
        for (resource, scope), spans in self._groups.values():
            fields = [piece for span in spans for piece in nested(IN_SCOPE, [span])]
            resources.setdefault(id(resource), (resource, []))[1].extend(in_scope(scope, fields))
        return b"".join(piece for group in resources.values() for piece in in_resource(*group))


def in_resource(resource: Resource, scopes: list[bytes]) -> list[bytes]:
    """Fields of scopes with the resource that they are from, as a field of a request."""
    return nested(ITEM, [encode_resource(resource), *scopes, _text(SCHEMA_URL, resource.schema_url)])


def in_scope(scope: InstrumentationScope | None, fields: list[bytes]) -> list[bytes]:
    """Fields of spans or metrics with the scope that they are from, as a field of a resource."""
    schema_url = _text(SCHEMA_URL, scope.schema_url if scope else None)
    return nested(IN_RESOURCE, [encode_scope(scope), *fields, schema_url])


def encode_resource(resource: Resource) -> bytes:
    return RESOURCE + sized(encode_attributes(resource.attributes, ITEM))


def encode_scope(scope: InstrumentationScope | None) -> bytes:
    if scope is None:
        return b""
    return SCOPE + sized(_text(SCOPE_NAME, scope.name) + _text(SCOPE_VERSION, scope.version))


def encode_span(span: ReadableSpan) -> bytes:
    context, parent = span.get_span_context(), span.parent
    if context is None:
        raise ValueError(f"The span '{span.name}' has no context; only spans that a tracer started have one.")
    return b"".join(
        (
            TRACE_ID + sized(context.trace_id.to_bytes(16, "big")),
            SPAN_ID + sized(context.span_id.to_bytes(8, "big")),
            _text(TRACE_STATE, context.trace_state.to_header() if context.trace_state else ""),
            PARENT_ID + sized(parent.span_id.to_bytes(8, "big")) if parent else b"",
            _text(NAME, span.name),
            KIND
            + varint(span.kind.value + 1),  # the protocol has "unspecified" where the SDK begins to count
            START + pack_fixed64(span.start_time or 0),
            END + pack_fixed64(span.end_time or 0),
            encode_attributes(span.attributes or {}, ATTRIBUTE),
            _count(DROPPED_ATTRIBUTES, span.dropped_attributes),
            *(EVENT + sized(_event(event)) for event in span.events),
            _count(DROPPED_EVENTS, span.dropped_events),
            *(LINK + sized(_link(link)) for link in span.links),
            _count(DROPPED_LINKS, span.dropped_links),
            STATUS + sized(_status(span.status)),
            FLAGS + _flags(parent),
        )
    )


def _event(event: Event) -> bytes:
    attributes = encode_attributes(event.attributes or {}, EVENT_ATTRIBUTE)
    return EVENT_TIME + pack_fixed64(event.timestamp) + _text(EVENT_NAME, event.name) + attributes


def _link(link: Link) -> bytes:
    return b"".join(
        (
            TRACE_ID + sized(link.context.trace_id.to_bytes(16, "big")),
            SPAN_ID + sized(link.context.span_id.to_bytes(8, "big")),
            encode_attributes(link.attributes or {}, LINK_ATTRIBUTE),
            LINK_FLAGS + _flags(link.context),
        )
    )


def _status(status: Status) -> bytes:
    return _text(STATUS_MESSAGE, status.description) + _count(STATUS_CODE, status.status_code.value)


def _flags(context: SpanContext | None) -> bytes:
    return pack_fixed32(REMOTE_KNOWN | REMOTE if context is not None and context.is_remote else REMOTE_KNOWN)


def _text(tag: bytes, text: str | None) -> bytes:
    return tag + sized(encode_text(text)) if text else b""


def _count(tag: bytes, count: int) -> bytes:
    return tag + varint(count) if count else b""


def encode_attributes(attributes: Mapping[str, Any], tag: bytes) -> bytes:
    """The pairs as a repeated field with this tag."""
    pieces: list[bytes] = []
    for name, value in attributes.items():
        key, content = _key(name), _value(value)
        size = varint(len(content))
        pieces += (tag, varint(len(key) + len(size) + len(content)), key, size, content)
    return b"".join(pieces)


@lru_cache(maxsize=1024)
def _key(name: str) -> bytes:
    """A pair's key, and the tag of its value."""
    return KEY + sized(encode_text(name)) + VALUE


def _value(value: Any) -> bytes:  # noqa: PLR0911 - one line per kind, the usual ones first
    """An ``AnyValue``."""
    kind = type(value)
    if kind is str:
        content = encode_text(value)
        return STRING + varint(len(content)) + content
    if kind is bool:
        return BOOL + varint(value)
    if kind is int and -(1 << 63) <= value < 1 << 63:
        return INT + varint(value & MASK_64)
    if kind is float:
        return DOUBLE + pack_double(value)
    if kind is bytes:
        return BYTES + sized(value)
    if value is None:
        return b""
    if isinstance(value, str):  # a member of an enumeration
        return STRING + sized(encode_text(str.__str__(value)))
    if isinstance(value, Mapping):
        return PAIRS + sized(encode_attributes({str(key): item for key, item in value.items()}, ITEM))
    if isinstance(value, Sequence):
        return ARRAY + sized(b"".join(ITEM + sized(_value(item)) for item in value))
    return STRING + sized(encode_text(str(value)))
