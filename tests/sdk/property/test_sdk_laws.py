"""Laws of streams, snapshots, redaction and cutting."""

import json
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.content import render
from watchkeeper.guard import Guard
from watchkeeper.providers.openai import chat
from watchkeeper.reading import no_text
from watchkeeper.redaction import Redaction, without_secrets
from watchkeeper.snapshot import Snapshot
from watchkeeper.streams import Record, observed
from watchkeeper.wire import decode_events

TEXT = st.text(max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


def chunk(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
    return {"id": "c1", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}


@given(TEXT.filter(bool), st.lists(st.integers(0, 40), max_size=6), st.booleans())
def test_any_split_of_an_answer_gives_the_same_call(answer: str, cuts: list[int], are_plain: bool) -> None:
    ends = sorted({0, len(answer), *(min(cut, len(answer)) for cut in cuts)})
    parts = [answer[start:end] for start, end in pairwise(ends)]
    pieces: list[Any] = [chunk({"role": "assistant", "content": ""})]
    pieces += parts if are_plain else [chunk({"content": part}) for part in parts]
    folded = chat.read_response(chat.fold([*pieces, chunk({}, "stop")]))
    whole = {"role": "assistant", "content": answer}
    choice = {"index": 0, "finish_reason": "stop", "message": whole}
    assert folded == chat.read_response({"id": "c1", "model": "m", "choices": [choice]})


@given(st.lists(JSON.filter(lambda value: isinstance(value, dict)), max_size=5), st.integers(0, 400))
def test_events_cut_anywhere_are_a_prefix(bodies: list[Any], cut: int) -> None:
    wire = b"".join(b"data: " + json.dumps(body).encode() + b"\n\n" for body in bodies)
    decoded = list(decode_events(wire[:cut]))
    assert decoded == bodies[: len(decoded)]
    assert list(decode_events(wire)) == bodies


@given(st.lists(st.binary(max_size=30), max_size=6))
def test_no_bytes_break_the_decoder_of_events(parts: list[bytes]) -> None:
    assert isinstance(list(decode_events(b"\n\n".join(parts))), list)


@given(JSON)
def test_a_snapshot_of_plain_data_is_equal_to_it(value: Any) -> None:
    assert Snapshot().take(value) == value


@given(JSON)
def test_no_answer_breaks_the_readers(body: Any) -> None:
    chat.read_request(body)
    chat.read_response(body)
    chat.read_response(chat.fold([body, body]))


@given(JSON, st.integers(64, 400))
def test_rendered_content_is_json_within_its_limit(value: Any, limit_bytes: int) -> None:
    text, is_cut = render(value, limit_bytes)
    assert len(text.encode()) <= limit_bytes
    if not is_cut:
        assert json.loads(text) == json.loads(json.dumps(value))


@given(JSON)
def test_redaction_is_idempotent(value: Any) -> None:
    redaction = Redaction(lambda text: text.replace("a", "[a]") if "[a]" not in text else text)
    once = redaction.apply(value)
    assert redaction.apply(once) == once


@given(st.text())
def test_taking_secrets_out_is_idempotent(text: str) -> None:
    once = without_secrets(text)
    assert without_secrets(once) == once


class Ends:
    """Counts what a stream says at its end."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def complete(self) -> None:
        self.said.append("complete")

    def break_off(self) -> None:
        self.said.append("break_off")

    def abandon(self) -> None:
        self.said.append("abandon")

    def fail(self, error: BaseException) -> None:
        self.said.append("fail")


@given(st.lists(st.integers(), max_size=8), st.integers(0, 9), st.booleans())
def test_an_observed_iterator_yields_what_the_other_does(items: list[int], stop: int, fails: bool) -> None:
    def source() -> Any:
        for number, item in enumerate(items):
            if fails and number == stop:
                raise KeyError(item)
            yield item

    ends, record = Ends(), Record(no_text, limit_bytes=1000)
    got, expected = [], []
    iterator = observed(source(), record, ends, Guard(is_strict=True))
    for target, stream in ((expected, source()), (got, iterator)):
        try:
            target.extend(stream)
        except KeyError:
            target.append(-1)
    assert got == expected
    assert ends.said[:1] == (["fail"] if fails and stop < len(items) else ["complete"])
    assert record.pieces == items[: stop if fails else None]
