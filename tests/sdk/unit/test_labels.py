"""Labels reach every span inside, wherever it runs."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from watchkeeper import Handle, context, current_trace_id, tool, trace

from tests.sdk.collector import Seen
from tests.sdk.conftest import Watch
from tests.sdk.contract.openai_subjects import CHAT_SUBJECT

SeenBy = Callable[[Handle], list[Seen]]


def call() -> None:
    CHAT_SUBJECT.call(CHAT_SUBJECT.build(CHAT_SUBJECT.wire()))


async def call_async() -> None:
    await CHAT_SUBJECT.call(CHAT_SUBJECT.build_async(CHAT_SUBJECT.wire()))


def test_labels_become_attributes_of_calls_and_steps(watch: Watch, seen: SeenBy) -> None:
    handle = watch()

    @trace
    def step() -> None:
        call()

    with context(session="s1", user="u1", feature="search", prompt=("ask", 3), tags={"tier": "gold"}):
        step()
    expected = {
        "session.id": "s1",
        "gen_ai.conversation.id": "s1",
        "user.id": "u1",
        "watchkeeper.feature": "search",
        "gen_ai.prompt.name": "ask",
        "gen_ai.prompt.version": "3",
        "tier": "gold",
    }
    spans = seen(handle)
    assert len(spans) == 2
    for span in spans:
        assert {key: span.attributes.get(key) for key in expected} == expected


def test_inner_labels_add_to_outer_ones_and_end_with_their_block(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    with context(user="u1", session="s1"):
        with context(session="s2"):
            call()
        call()
    call()
    inner, outer, none = seen(handle)
    assert (inner.attributes["user.id"], inner.attributes["session.id"]) == ("u1", "s2")
    assert (outer.attributes["user.id"], outer.attributes["session.id"]) == ("u1", "s1")
    assert "user.id" not in none.attributes


def test_labels_and_parents_reach_threads_and_executors(watch: Watch, seen: SeenBy) -> None:
    handle = watch()

    @trace
    def work() -> None:
        thread = threading.Thread(target=call)
        thread.start()
        thread.join()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(call).result()

    with context(user="u1"):
        work()
    spans = seen(handle)
    assert [span.attributes["user.id"] for span in spans] == ["u1"] * 3
    assert len({span.trace_id for span in spans}) == 1


def test_labels_reach_tasks_and_the_loops_executor(watch: Watch, seen: SeenBy) -> None:
    handle = watch()

    async def scenario() -> None:
        with context(user="u1"):
            task = asyncio.create_task(call_async())
            await asyncio.get_running_loop().run_in_executor(None, call)
            await asyncio.to_thread(call)
            await task

    asyncio.run(scenario())
    assert [span.attributes["user.id"] for span in seen(handle)] == ["u1"] * 3


def test_labels_within_an_abandoned_generator_disturb_nobody(watch: Watch, seen: SeenBy) -> None:
    """A context attached in one task and left in another cannot be detached; nothing is logged for it."""
    handle = watch()

    async def numbers() -> AsyncIterator[int]:
        with context(user="u1"):
            yield 1
            yield 2

    async def scenario() -> None:
        generator = numbers()
        await asyncio.create_task(anext(generator))  # type: ignore[arg-type]
        await asyncio.create_task(generator.aclose())  # type: ignore[attr-defined]

    asyncio.run(scenario())
    call()
    (span,) = seen(handle)
    assert "user.id" not in span.attributes


def test_steps_of_every_kind_of_function_are_recorded(watch: Watch, seen: SeenBy) -> None:
    handle = watch()

    @trace(name="plain")
    def plain(value: int) -> int:
        return value + 1

    @trace(name="coroutine")
    async def coroutine(value: int) -> int:
        return value + 1

    @trace(name="generator")
    def generator(value: int) -> Iterator[int]:
        yield value
        yield value + 1

    @trace(name="async generator")
    async def async_generator(value: int) -> AsyncIterator[int]:
        yield value
        yield value + 1

    async def scenario() -> list[int]:
        return [await coroutine(1), *[item async for item in async_generator(5)]]

    assert [plain(1), *generator(3), *asyncio.run(scenario())] == [2, 3, 4, 2, 5, 6]
    outputs = {span.name: span.attributes["output.value"] for span in seen(handle)}
    assert outputs == {"plain": "2", "generator": "[3,4]", "coroutine": "2", "async generator": "[5,6]"}


def test_a_generator_keeps_its_span_between_its_items_only_inside(watch: Watch, seen: SeenBy) -> None:
    handle = watch()

    @trace(name="outer")
    def produce() -> Iterator[str | None]:
        yield current_trace_id()
        call()

    items = []
    for item in produce():
        items.append(item)
        assert current_trace_id() is None
    inner, outer = seen(handle)
    assert inner.parent_id == outer.span_id
    assert items == [outer.trace_id]


def test_a_failing_tool_says_why_and_raises_the_same(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    problem = ValueError("no such city")

    @tool
    def weather(city: str) -> str:
        raise problem

    with pytest.raises(ValueError, match="no such city") as raised:
        weather("Oslo")
    assert raised.value is problem
    (span,) = seen(handle)
    assert span.name.startswith("execute_tool ")
    assert span.attributes["error.type"] == "ValueError"
    assert span.content("gen_ai.tool.call.arguments") == {"city": "Oslo"}
    assert span.events[0][1]["exception.message"] == "no such city"


def test_decorated_functions_run_without_instrument() -> None:
    @trace
    def double(value: int) -> int:
        return value * 2

    @trace
    async def double_async(value: int) -> AsyncIterator[int]:
        yield value * 2

    async def scenario() -> list[int]:
        return [item async for item in double_async(2)]

    assert (double(2), asyncio.run(scenario())) == (4, [4])
    assert double.__name__ == "double"
