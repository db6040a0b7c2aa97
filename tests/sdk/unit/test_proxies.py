"""A proxy cannot be told from the stream it stands for."""

import asyncio
import gc
import inspect
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from types import GeneratorType
from typing import Any, Self

import pytest
from watchkeeper import Handle, Reader, Request, Response, message, register, text_part
from watchkeeper import active as registered

from tests.sdk.collector import Seen
from tests.sdk.conftest import Watch

SeenBy = Callable[[Handle], list[Seen]]


class Stream:
    """An iterator with a life of its own."""

    def __init__(self, texts: list[str]) -> None:
        self.texts = iter(texts)
        self.closed = False
        self.note = "mine"

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        return next(self.texts)

    def close(self) -> None:
        self.closed = True


class Manager:
    """Gives the stream when it is entered."""

    def __init__(self, texts: list[str]) -> None:
        self.stream = Stream(texts)

    def __enter__(self) -> Stream:
        return self.stream

    def __exit__(self, *_: object) -> bool:
        self.stream.close()
        return False


class Client:
    """A client of nobody's, with every form of answer."""

    texts = ("In ", "Norway")

    def plain(self, prompt: str, **options: Any) -> dict[str, Any]:
        return {"prompt": prompt, **options}

    def generator(self, prompt: str) -> Generator[str, None, str]:
        yield from self.texts
        return "end"

    def stream(self, prompt: str) -> Stream:
        return Stream(list(self.texts))

    def manager(self, prompt: str) -> Manager:
        return Manager(list(self.texts))

    async def async_generator(self, prompt: str) -> AsyncIterator[str]:
        for text in self.texts:
            yield text

    def coroutine_function(self, prompt: str) -> Any:
        async def answer() -> str:
            await asyncio.sleep(0)
            return "In Norway"

        return answer()


READER = Reader(
    "chat",
    model=lambda body: "fjord-1",
    request=lambda body: Request("fjord-1", messages=[message("user", text_part(str(body["prompt"])))]),
    response=lambda body: Response(messages=[message("assistant", text_part(str(body)))]),
    chunk=lambda chunk: chunk,
    fold="".join,  # type: ignore[arg-type]
)


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    for method in ("plain", "generator", "stream", "manager", "async_generator", "coroutine_function"):
        register(Client, method, READER, provider="acme", address="acme.example", port=443)
    yield
    registered.registrations.clear()


def answer(span: Seen) -> str:
    return str(span.content("gen_ai.output.messages")[0]["parts"][0]["content"])


def test_a_registered_client_is_recorded(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    assert Client().plain("Where is Oslo?", depth=2) == {"prompt": "Where is Oslo?", "depth": 2}
    (span,) = seen(handle)
    assert (span.name, span.attributes["gen_ai.provider.name"]) == ("chat fjord-1", "acme")
    assert span.attributes["server.address"] == "acme.example"


def test_a_generator_is_still_a_generator(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    stream = Client().generator("?")
    assert isinstance(stream, GeneratorType)
    assert inspect.isgenerator(stream)
    assert isinstance(stream, Iterator)
    assert iter(stream) is stream
    assert not hasattr(stream, "__aiter__")
    assert stream.gi_frame is not None
    assert list(stream) == ["In ", "Norway"]
    (span,) = seen(handle)
    assert (answer(span), span.attributes["watchkeeper.stream.state"]) == ("In Norway", "complete")


def test_yield_from_a_proxy_gives_the_generators_value(watch: Watch) -> None:
    watch()

    def outer() -> Generator[str, None, str]:
        return (yield from Client().generator("?"))

    ends: list[str] = []

    def outermost() -> Iterator[str]:
        ends.append((yield from outer()))

    assert list(outermost()) == ["In ", "Norway"]
    assert ends == ["end"]


def test_attributes_are_read_set_and_deleted_on_the_stream_itself(watch: Watch) -> None:
    watch()
    stream = Client().stream("?")
    assert isinstance(stream, Stream)
    assert type(stream).__name__ == "Stream"
    stream.note = "changed"
    assert stream.note == "changed"
    del stream.note
    assert "note" not in dir(stream)
    with pytest.raises(AttributeError, match="note"):
        _ = stream.note
    assert len({stream, stream}) == 1
    stream.close()
    assert stream.closed


def test_a_closed_proxy_is_partial(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    stream = Client().stream("?")
    next(stream)
    stream.close()
    (span,) = seen(handle)
    assert (answer(span), span.attributes["watchkeeper.stream.state"]) == ("In ", "partial")


def test_iterating_may_stop_and_go_on(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    stream = Client().stream("?")
    for _ in stream:
        break
    gc.collect()
    assert list(stream) == ["Norway"]
    (span,) = seen(handle)
    assert span.attributes["watchkeeper.stream.state"] == "complete"


def test_a_context_managers_stream_is_followed(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    with Client().manager("?") as stream:
        assert isinstance(stream, Stream)
        assert list(stream) == ["In ", "Norway"]
    (span,) = seen(handle)
    assert (answer(span), span.attributes["watchkeeper.stream.state"]) == ("In Norway", "complete")


def test_an_exception_inside_a_block_is_the_applications(watch: Watch, seen: SeenBy) -> None:
    handle = watch()

    def fail_inside() -> None:
        with Client().manager("?") as stream:
            next(stream)
            raise KeyError("mine")

    with pytest.raises(KeyError):
        fail_inside()
    (span,) = seen(handle)
    assert (span.is_error, span.attributes["watchkeeper.stream.state"]) == (False, "partial")


def test_an_async_generator_is_followed(watch: Watch, seen: SeenBy) -> None:
    handle = watch()

    async def scenario() -> list[str]:
        stream = Client().async_generator("?")
        assert inspect.isasyncgen(stream)
        return [text async for text in stream]

    assert asyncio.run(scenario()) == ["In ", "Norway"]
    (span,) = seen(handle)
    assert (answer(span), span.attributes["watchkeeper.stream.state"]) == ("In Norway", "complete")


def test_a_function_that_returns_a_coroutine_is_awaited(watch: Watch, seen: SeenBy) -> None:
    handle = watch()

    async def scenario() -> str:
        return str(await Client().coroutine_function("?"))

    assert asyncio.run(scenario()) == "In Norway"
    (span,) = seen(handle)
    assert answer(span) == "In Norway"


def test_a_call_beneath_a_call_is_the_same_call(watch: Watch, seen: SeenBy) -> None:
    """As where a framework's client calls a provider's."""
    handle = watch()

    class Framework:
        def ask(self, prompt: str) -> Any:
            return Client().plain(prompt)

    register(Framework, "ask", READER, provider="framework")
    Framework().ask("Where is Oslo?")
    (span,) = seen(handle)
    assert span.attributes["gen_ai.provider.name"] == "framework"
