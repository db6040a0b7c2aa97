"""Request bodies for OTLP: spans of language model calls of about 3 kB, fresh ids in every request.

``repeated`` takes eight templates in turn, which loads a server as any text does, and compresses too well.
``fresh`` takes hundreds of them under new ids: no text comes twice within what a compressor sees at a time.
``conversation`` is what agents do: each of 16 turns sends everything again that was said before it.
"""

import json
import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from itertools import cycle, islice
from typing import NamedTuple

from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans, Span

from benchmarks.calls import MODELS, Value, attributes, build_request, call, fail, message
from benchmarks.conversations import build_conversations
from benchmarks.vocabulary import Vocabulary

SPANS_PER_REQUEST = 512
SPANS_PER_TRACE = 8
QUESTION_CHARS, ANSWER_CHARS = 1150, 950
ERROR_EVERY = 50
TEXT_ID_BYTES = 24
REPEATED_TEMPLATES, FRESH_TEMPLATES = 8, 384
HOUR_NS, SECOND_NS = 3600 * 10**9, 10**9
FEATURES = ("search", "chat", "summarise")

Report = Callable[[float], None]
"""Told the share that is done, from 0 to 1."""


class Payload(StrEnum):
    """What the requests hold."""

    REPEATED = "repeated"
    FRESH = "fresh"
    CONVERSATION = "conversation"


class Body(NamedTuple):
    """One request, as it goes over the wire. ``raw_bytes`` is its size before compression."""

    data: bytes
    spans: int
    raw_bytes: int


class Template:
    """A request whose ids :meth:`body` replaces, in well under a millisecond."""

    def __init__(self, seed: int, spans: int = SPANS_PER_REQUEST) -> None:
        self._rng = random.Random(seed)
        self._spans = spans
        request, group = build_request()
        vocabulary = Vocabulary(self._rng)
        traces: list[_Trace] = []
        for number in range(spans):
            if number % SPANS_PER_TRACE == 0:
                traces.append(_Trace(self._rng))
            traces[-1].add(group, vocabulary, is_failed=number % ERROR_EVERY == 0)
        self._raw = request.SerializeToString()
        self._ids = list(find_ids(self._raw, [trace.ids for trace in traces]))

    def body(self) -> Body:
        """The same spans under new trace, span, session and response ids."""
        raw = bytearray(self._raw)
        for size, places in self._ids:
            new = (
                self._rng.randbytes(12).hex().encode() if size == TEXT_ID_BYTES else self._rng.randbytes(size)
            )
            for place in places:
                raw[place : place + size] = new
        return Body(bytes(raw), self._spans, len(raw))


class _Trace:
    """One trace while its spans are added: an agent's span, then its calls."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.ids: list[bytes] = []
        self._trace_id, self._root_id = self._id(16), b""
        self._session = self._hex_id()
        self._user = f"u{rng.randrange(500)}"
        self._start_ns = time.time_ns() - rng.randrange(HOUR_NS)

    def add(self, group: ScopeSpans, vocabulary: Vocabulary, *, is_failed: bool) -> None:
        is_root = not self._root_id
        span_id = self._id(8)
        model = self._rng.choice(list(MODELS))
        span = group.spans.add(
            trace_id=self._trace_id,
            span_id=span_id,
            parent_span_id=self._root_id,
            name="invoke_agent shop-bot" if is_root else f"chat {model}",
            kind=Span.SPAN_KIND_INTERNAL if is_root else Span.SPAN_KIND_CLIENT,
            start_time_unix_nano=self._start_ns + (0 if is_root else self._rng.randrange(SECOND_NS)),
        )
        span.end_time_unix_nano = span.start_time_unix_nano + self._rng.randrange(5 * SECOND_NS)
        span.attributes.extend(attributes(self._call(model, vocabulary, is_root=is_root)))
        self._root_id = self._root_id or span_id
        if is_failed:
            fail(span)

    def _call(self, model: str, vocabulary: Vocabulary, *, is_root: bool) -> dict[str, Value]:
        rng = self._rng
        return {
            **call(model, "invoke_agent" if is_root else "chat", self._hex_id(), rng),
            "gen_ai.conversation.id": self._session,
            "session.id": self._session,
            "user.id": self._user,
            "gen_ai.input.messages": json.dumps([message("user", vocabulary.text(QUESTION_CHARS))]),
            "gen_ai.output.messages": json.dumps([message("assistant", vocabulary.text(ANSWER_CHARS))]),
            "app.feature": rng.choice(FEATURES),
            "app.tenant": f"t{rng.randrange(40)}",
        }

    def _id(self, size: int) -> bytes:
        self.ids.append(self._rng.randbytes(size))
        return self.ids[-1]

    def _hex_id(self) -> str:
        """An id that is text, of hexadecimal digits."""
        self.ids.append(self._rng.randbytes(12).hex().encode())
        return self.ids[-1].decode()


def build_bodies(
    payload: Payload, spans: int, *, seed: int = 1, report: Report = lambda _: None
) -> Iterator[Body]:
    """Requests with at least so many spans together. Templates are made before the first one is returned."""
    if payload is Payload.CONVERSATION:
        requests = build_conversations(spans, random.Random(seed))
        return (Body(data, count, len(data)) for data, count in requests)
    count = -(-spans // SPANS_PER_REQUEST)
    most = min(count, REPEATED_TEMPLATES if payload is Payload.REPEATED else FRESH_TEMPLATES)
    templates = []
    for number in range(most):
        templates.append(Template(seed * 10_000 + number))
        report((number + 1) / most)
    return (template.body() for template in islice(cycle(templates), count))


def find_ids(raw: bytes, traces: Sequence[Sequence[bytes]]) -> Iterator[tuple[int, list[int]]]:
    """The size of each id and the places where it stands. A trace's first id is its own."""
    starts = [raw.find(ids[0]) for ids in traces]
    for ids, start, end in zip(traces, starts, [*starts[1:], len(raw)], strict=True):
        for identifier in ids:
            yield (
                len(identifier),
                [start + found.start() for found in re.finditer(re.escape(identifier), raw[start:end])],
            )
