"""Jumps of the machine's clock."""

from collections.abc import Callable
from time import time_ns

import pytest
from watchkeeper import Handle, clock

from tests.sdk.collector import Seen
from tests.sdk.conftest import Watch
from tests.sdk.contract.openai_subjects import CHAT_SUBJECT, SUBJECTS

HOUR_NS = 3_600_000_000_000
STREAM_SUBJECT = next(subject for subject in SUBJECTS if subject.name == "openai.chat.stream")


@pytest.mark.parametrize("jump_ns", [-HOUR_NS, HOUR_NS], ids=["back", "ahead"])
def test_a_jump_of_the_clock_does_not_change_a_calls_duration(
    jump_ns: int,
    watch: Watch,
    seen: Callable[[Handle], list[Seen]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handle = watch()
    stream = STREAM_SUBJECT.call(STREAM_SUBJECT.build(STREAM_SUBJECT.wire()))
    monkeypatch.setattr(clock, "time_ns", lambda: time_ns() + jump_ns)
    list(stream)
    CHAT_SUBJECT.call(CHAT_SUBJECT.build(CHAT_SUBJECT.wire()))
    for span in seen(handle):
        assert 0 < span.duration_ns < HOUR_NS // 10
    (streamed,) = [span for span in seen(handle) if "watchkeeper.stream.chunks" in span.attributes]
    assert 0 <= streamed.attributes["gen_ai.response.time_to_first_chunk"] < 360
