"""Decides what of a request is stored, and in which bytes.

Each item (span, log record, metric) is parsed in C in the settled form and serialised again. Mostly the
same bytes come out, and the sender's request stays as it is; what differs is replaced. So the store only
ever sees canonical protobuf: it refuses or misreads some of the rest (groups, booleans other than 0 and
1, strings given twice).
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from google.protobuf.message import DecodeError

from watchkeeper_collector.otlp.cutting import cut_text
from watchkeeper_collector.otlp.elements import EMPTY_ARRAY, ElementCounter
from watchkeeper_collector.otlp.forms import RESOURCE, SCOPE, Forms
from watchkeeper_collector.otlp.items import NO_ITEM, RULES, RefusedError
from watchkeeper_collector.otlp.limits import Limits
from watchkeeper_collector.otlp.redacting import Marked, Redacting
from watchkeeper_collector.otlp.rewriting import CUT_CHARS
from watchkeeper_collector.otlp.settling import Settler
from watchkeeper_collector.otlp.signals import LOGS, TRACES, Signal
from watchkeeper_collector.otlp.wire import MalformedError, read_fields, write_field
from watchkeeper_collector.redaction.screen import Screen

GROUP = HEAD = 0x0A  # the groups of a request; the resource or scope of a group
MEMBERS = 0x12  # the scope groups of a resource's group, the items of a scope's
SCHEMA_URL = 0x1A
LAYOUT: tuple[tuple[set[int], set[int]], ...] = (
    ({GROUP}, set()),
    ({MEMBERS}, {HEAD, SCHEMA_URL}),
    (set(), {HEAD, MEMBERS, SCHEMA_URL}),
)  # per level: the tags of what is taken apart further, and of what is kept or replaced whole
FORGED = CUT_CHARS.encode()
MAX_UNKNOWN_FIELDS = 1_000
NOTHING: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Admitted:
    """``body`` is what is stored of a request, empty when that is nothing; ``refused`` counts by reason,
    ``redacted`` by detector.
    """

    body: bytes
    items: int
    rewritten: int
    refused: Counter[str]
    redacted: Mapping[str, int]


class Admission:
    """Admits requests of one signal."""

    def __init__(self, signal: Signal, limits: Limits, forms: Forms) -> None:
        limit = limits.attribute_bytes
        self.value_limit = limit
        self.item = Settler(forms, signal.item, limit, RULES[signal])
        self.resource = Settler(forms, RESOURCE, limit, NO_ITEM)
        self.scope = Settler(forms, SCOPE, limit, NO_ITEM)
        self.marked_item: Marked = "always" if signal is TRACES else "found" if signal is LOGS else "never"
        self.marked_resource: Marked = "found" if signal in (TRACES, LOGS) else "never"
        self._elements = ElementCounter(signal, limits.elements)

    def admit(self, body: bytes, screen: Screen | None = None) -> Admitted:
        """What is stored of a request, redacted where there is a screen.

        Raises ``RequestTooLargeError`` over the limit of elements, and ``MalformedError``.
        """
        needles = [EMPTY_ARRAY] if self._elements.check(body) else []
        if FORGED in body:
            needles.append(FORGED)
        return _Reading(self, body, needles, screen).read()


class _Reading:
    """One pass over one request. ``edits``: start of a piece → what replaces it, or None if it is dropped."""

    def __init__(
        self, admission: Admission, body: bytes, needles: list[bytes], screen: Screen | None
    ) -> None:
        self._body = body
        self._redacting = Redacting(screen) if screen is not None else None
        self._needles = needles
        self._value_limit = admission.value_limit
        self._items = self._unknown = 0
        self._edits: dict[int, bytes | None] = {}
        self._refused: Counter[str] = Counter()
        self._levels: tuple[dict[int, Callable[[int, int], None]], ...] = (
            {GROUP: partial(self._read_level, 1)},
            {
                HEAD: partial(self._settle, admission.resource, admission.marked_resource),
                MEMBERS: partial(self._read_level, 2),
                SCHEMA_URL: self._check_url,
            },
            {
                HEAD: partial(self._settle, admission.scope, "never"),
                MEMBERS: partial(self._settle, admission.item, admission.marked_item),
                SCHEMA_URL: self._check_url,
            },
        )

    def read(self) -> Admitted:
        self._read_level(0, 0, len(self._body))
        body = self._body if self._items else b""
        if body and (self._edits or self._unknown):
            body = b"".join(_rebuild(body, 0, len(body), self._edits, 0))
        rewritten = sum(edit is not None for edit in self._edits.values())
        redacted = NOTHING if self._redacting is None else self._redacting.hits
        return Admitted(body, self._items, rewritten, self._refused, redacted)

    def _read_level(self, level: int, start: int, end: int) -> None:
        handlers = self._levels[level]
        for tag, at, stop in read_fields(self._body, start, end):
            handler = handlers.get(tag)
            if handler is None:
                self._pass_unknown(at)
            else:
                handler(at, stop)

    def _settle(self, settler: Settler, marked: Marked, start: int, end: int) -> None:
        data = given = self._body[start:end]
        try:
            if self._redacting is not None:
                given = self._redacting.message(settler.read_open, data, marked)
            settled, items = settler.settle(given, self._needles)
        except RefusedError as refusal:
            self._refused[refusal.reason] += 1
            self._edits[start] = None
        except DecodeError:
            raise MalformedError(start, "a message that does not parse, or is nested too deep,") from None
        else:
            self._items += items
            if settled != data:
                self._edits[start] = settled

    def _check_url(self, start: int, end: int) -> None:
        data = self._body[start:end]
        given = data if self._redacting is None else self._redacting.text(data)
        url = cut_text(given.decode("utf-8", "replace"), self._value_limit)[0].encode()
        if url != data:
            self._edits[start] = url

    def _pass_unknown(self, at: int) -> None:
        self._unknown += 1
        if self._unknown > MAX_UNKNOWN_FIELDS:
            raise MalformedError(at, f"more than {MAX_UNKNOWN_FIELDS:,} unknown fields")


def _rebuild(body: bytes, at: int, end: int, edits: dict[int, bytes | None], level: int) -> list[bytes]:
    """The message in ``body[at:end]`` in pieces, with the edits and without unknown fields."""
    nested, kept = LAYOUT[level]
    pieces: list[bytes] = []
    for tag, start, stop in read_fields(body, at, end):
        if tag in nested:
            pieces += write_field(tag, _rebuild(body, start, stop, edits, level + 1))
        elif tag in kept and (piece := edits.get(start, body[start:stop])) is not None:
            pieces += write_field(tag, [piece])
    return pieces
