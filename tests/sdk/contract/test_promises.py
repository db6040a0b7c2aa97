"""The five promises to the application."""

import asyncio
import gc
import traceback
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from watchkeeper import Handle, instrument

from tests.sdk.collector import Seen
from tests.sdk.conftest import Watch
from tests.sdk.contract.faults import FAULTS
from tests.sdk.contract.subject import Subject, find_owner
from tests.sdk.contract.subjects import (
    Twin,
    every_async_call,
    every_call,
    every_form,
    every_stream,
    every_subject,
)
from tests.sdk.contract.wire import Reply

SeenBy = Callable[[Handle], list[Seen]]


class Interrupted(BaseException):
    """What no client catches, such as the interrupt of a user."""


class Spy:
    """Stands where a client's own method does, beneath ours, and remembers what it was asked and what it
    gave.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, methods: Iterable[str]) -> None:
        self.calls = 0
        self.results: list[Any] = []
        for owner, name in map(find_owner, methods):
            monkeypatch.setattr(owner, name, self._spied(getattr(owner, name)))

    def _spied(self, method: Any) -> Any:
        if asyncio.iscoroutinefunction(method):

            async def spy_async(*args: Any, **kwargs: Any) -> Any:
                self.calls += 1
                self.results.append(await method(*args, **kwargs))
                return self.results[-1]

            return spy_async

        def spy(*args: Any, **kwargs: Any) -> Any:
            self.calls += 1
            self.results.append(method(*args, **kwargs))
            return self.results[-1]

        return spy


# 1. The client's method is called exactly once.


@every_call
def test_the_client_is_called_exactly_once(twin: Twin, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    spy = Spy(monkeypatch, twin.subject.methods or twin.subject.seams)
    watch()
    wire = twin.wire()
    twin.consume(wire)
    assert (spy.calls, len(wire.requests)) == (1, 1)


@every_call
def test_a_failing_client_is_called_exactly_once(
    twin: Twin, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    spy = Spy(monkeypatch, twin.subject.methods or twin.subject.seams)
    watch()
    wire = twin.wire(twin.subject.failure)
    with pytest.raises(Exception, match="slow down"):
        twin.consume(wire)
    assert (spy.calls, len(wire.requests)) == (1, 1)


# 2. Its exception reaches the application unchanged, with its traceback.


def caught(twin: Twin, reply: Reply) -> BaseException:
    with pytest.raises(BaseException) as info:
        twin.consume(twin.wire(reply))
    return info.value


def said(error: BaseException) -> list[Any]:
    """An exception's arguments; of responses among them, which are never equal, their text."""
    return [getattr(argument, "text", argument) for argument in error.args]


def places(error: BaseException) -> list[str]:
    """Functions in the traceback, without ours."""
    return [
        frame.name
        for frame in traceback.extract_tb(error.__traceback__)
        if "watchkeeper" not in frame.filename
    ]


@every_call
def test_an_exception_is_the_clients_own(twin: Twin, watch: Watch) -> None:
    expected = caught(twin, twin.subject.failure)
    watch()
    error = caught(twin, twin.subject.failure)
    assert (type(error), said(error), str(error)) == (type(expected), said(expected), str(expected))
    assert (type(error.__cause__), type(error.__context__)) == (
        type(expected.__cause__),
        type(expected.__context__),
    )
    assert places(error) == places(expected)


@every_call
def test_an_interrupt_passes_as_the_very_object(twin: Twin, watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    interrupt = Interrupted()
    assert caught(twin, Reply(error=interrupt)) is interrupt
    (span,) = seen(handle)
    assert span.is_error
    assert span.attributes["error.type"].endswith("Interrupted")


@every_stream
def test_an_exception_within_a_stream_passes(twin: Twin, watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    interrupt = Interrupted()
    reply = Reply(chunks=twin.subject.reply.chunks[:2], content_type="text/event-stream", error=interrupt)
    assert caught(twin, reply) is interrupt
    (span,) = seen(handle)
    assert span.is_error
    assert span.attributes["watchkeeper.stream.state"] == "partial"


# 3. The application gets its own object, even when each of our functions is made to raise at each step.


@every_call
def test_the_result_is_the_clients_very_object(
    twin: Twin, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    spy = Spy(monkeypatch, twin.subject.methods or twin.subject.seams)
    watch()
    result = twin.call(twin.wire())
    (own,) = spy.results
    assert (result == own and isinstance(result, type(own))) if twin.subject.is_proxied else result is own


@every_form
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_our_faults_stay_ours(twin: Twin, fault: Any, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [_plain(item) for item in twin.consume(twin.wire())]
    handle = watch(strict=False)
    fault.inject(monkeypatch)
    assert [_plain(item) for item in twin.consume(twin.wire())] == expected
    error = caught(twin, twin.subject.failure)
    assert "slow down" in str(error)
    handle.flush(10)


def _plain(item: Any) -> Any:
    if hasattr(item, "model_dump"):
        return {**item.model_dump(), "created": None}  # a time that some clients make themselves
    return getattr(item, "content", item)


# 4. A span always ends.


def close(stream: Any, twin: Twin) -> Any:
    return stream.aclose() if twin.is_async and hasattr(stream, "aclose") else stream.close()


@every_stream
def test_a_stream_left_early_is_recorded_as_partial(twin: Twin, watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    twin.consume(twin.wire(), twin.subject.partial_chunks, lambda stream: close(stream, twin))
    (span,) = seen(handle)
    assert span.attributes["watchkeeper.stream.state"] == "partial"
    assert span.attributes["watchkeeper.stream.chunks"] == twin.subject.partial_chunks
    assert span.content("gen_ai.output.messages")[0]["parts"] == [
        {"type": "text", "content": twin.subject.partial_output}
    ]


@every_stream
def test_a_closed_stream_has_ended_at_once(twin: Twin, watch: Watch) -> None:
    handle = watch(export_interval_s=60)
    kept: list[Any] = []

    def keep_and_close(stream: Any) -> Any:
        kept.append(stream)
        return close(stream, twin)

    twin.consume(twin.wire(), 1, keep_and_close)
    assert handle.stats()["waiting"] == 1


@every_stream
def test_a_stream_taken_by_the_garbage_collector_ends(twin: Twin, watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    twin.consume(twin.wire(), twin.subject.partial_chunks)
    gc.collect()
    (span,) = seen(handle)
    assert span.attributes["watchkeeper.stream.state"] == "partial"


@every_stream
def test_a_stream_that_nobody_reads_ends(twin: Twin, watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    wire = twin.wire()
    twin.call(wire)
    gc.collect()
    states = [span.attributes["watchkeeper.stream.state"] for span in seen(handle)]
    assert states == ["partial"] * len(wire.requests)  # none, where only reading sends the request


@every_stream
def test_a_stream_can_be_read_in_another_task(twin: Twin, watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    wire = twin.wire()

    async def read(stream: Any) -> int:
        return len([chunk async for chunk in stream])

    async def scenario() -> int:
        stream = twin.subject.open(await twin.subject.call(twin.build_async(wire)))
        return await asyncio.create_task(read(stream))

    if twin.is_async:
        asyncio.run(scenario())
    else:
        stream = twin.subject.open(twin.call(wire))
        asyncio.run(asyncio.to_thread(list, stream))
    (span,) = seen(handle)
    assert span.attributes["watchkeeper.stream.state"] == "complete"


@every_async_call
def test_a_cancelled_call_ends(twin: Twin, watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    wire = twin.wire()

    async def scenario() -> None:
        started = asyncio.Event()

        async def hang(request: Any) -> Any:
            started.set()
            await asyncio.sleep(3600)

        transport = wire.http.MockTransport(hang)
        wire.async_client = lambda: wire.http.AsyncClient(transport=transport)  # type: ignore[method-assign]
        task = asyncio.create_task(twin.consume_async(wire))
        waiting = asyncio.create_task(started.wait())
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)  # or it fails before it asks
        assert started.is_set(), task
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scenario())
    (span,) = seen(handle)
    assert span.attributes["error.type"] == "asyncio.exceptions.CancelledError"


@every_async_call
def test_calls_in_many_tasks_do_not_mix(twin: Twin, watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    wire = twin.wire()

    async def scenario() -> None:
        await asyncio.gather(*(twin.consume_async(wire) for _ in range(5)))

    asyncio.run(scenario())
    spans = seen(handle)
    assert len({span.trace_id for span in spans}) == len(spans) == 5


# 5. uninstrument() restores the identical attribute; instrument() twice is once.


@every_subject
def test_uninstrument_restores_the_identical_attribute(subject: Subject, watch: Watch) -> None:
    originals = subject.originals()
    handle = watch()
    assert all(now is not then for now, then in zip(subject.originals(), originals, strict=True))
    handle.uninstrument()
    assert all(now is then for now, then in zip(subject.originals(), originals, strict=True))


@every_call
def test_instrument_twice_is_once(twin: Twin, watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    assert instrument(service_name="another") is handle
    twin.consume(twin.wire())
    assert len(seen(handle)) == 1


@every_call
def test_after_uninstrument_nothing_is_recorded(twin: Twin, watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    client_made_before = None if twin.is_async else twin.build(twin.wire())
    handle.uninstrument()
    twin.consume(twin.wire())
    if client_made_before is not None:
        twin.subject.call(client_made_before)
    assert seen(handle) == []
