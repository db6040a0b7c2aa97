"""What agents send: each turn of a conversation is a trace that repeats all that was said before it."""

import json
import random
import time
from collections.abc import Iterator

from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans, Span

from benchmarks.calls import MODELS, Message, attributes, build_request, call, message
from benchmarks.vocabulary import Vocabulary

TURNS, CONVERSATIONS_AT_ONCE = 16, 32
QUESTION_CHARS, ANSWER_CHARS = 500, 750
HOUR_NS, SECOND_NS = 3600 * 10**9, 10**9


def build_conversations(spans: int, rng: random.Random) -> Iterator[tuple[bytes, int]]:
    """Requests with at least so many spans, and the spans of each: one a turn of some conversations."""
    vocabulary = Vocabulary(rng)
    for _ in range(-(-spans // (TURNS * CONVERSATIONS_AT_ONCE))):
        talks = [_Talk(rng) for _ in range(CONVERSATIONS_AT_ONCE)]
        for _ in range(TURNS):
            request, group = build_request()
            for talk in talks:
                talk.take_turn(group, vocabulary)
            yield request.SerializeToString(), len(talks)


class _Talk:
    """A conversation: its turns are traces of their own, and each sends the whole history."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._session = rng.randbytes(12).hex()
        self._model = rng.choice(list(MODELS))
        self._start_ns = time.time_ns() - HOUR_NS - rng.randrange(HOUR_NS)
        self._said: list[Message] = []

    def take_turn(self, group: ScopeSpans, vocabulary: Vocabulary) -> None:
        rng = self._rng
        self._said.append(message("user", vocabulary.text(QUESTION_CHARS)))
        answer = message("assistant", vocabulary.text(ANSWER_CHARS))
        self._start_ns += rng.randrange(60 * SECOND_NS)
        span = group.spans.add(
            trace_id=rng.randbytes(16),
            span_id=rng.randbytes(8),
            name=f"chat {self._model}",
            kind=Span.SPAN_KIND_CLIENT,
            start_time_unix_nano=self._start_ns,
            end_time_unix_nano=self._start_ns + rng.randrange(5 * SECOND_NS),
        )
        said = {
            "gen_ai.conversation.id": self._session,
            "session.id": self._session,
            "gen_ai.input.messages": json.dumps(self._said),
            "gen_ai.output.messages": json.dumps([answer]),
        }
        span.attributes.extend(attributes(call(self._model, "chat", rng.randbytes(12).hex(), rng) | said))
        self._said.append(answer)
