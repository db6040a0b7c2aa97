"""Downloads: what becomes of one that is given up, and of one that fails on the way."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import APIRouter
from starlette.types import ASGIApp, Message
from watchkeeper_collector.api import export
from watchkeeper_collector.api.frame import build_api
from watchkeeper_collector.errors import QueryLimitError
from watchkeeper_collector.query.messages import read_conversation
from watchkeeper_collector.query.source import Source
from watchkeeper_collector.state.keys import Principal

from tests.query import Shelf, Span, open_shelf
from tests.storage import kept, make_tables

DATABASE = "export_download"
SPANS = 60


class Counted:
    """The store's connection, which counts what it is asked, and fails from some question on."""

    def __init__(self, connection: Any, *, fails_after: int = 10_000) -> None:
        self._connection = connection
        self.asked = 0
        self.fails_after = fails_after

    def query(self, *arguments: Any, **options: Any) -> Any:
        self.asked += 1
        if self.asked > self.fails_after:
            raise QueryLimitError("The query hit a limit of time, memory or rows: too slow.")
        return self._connection.query(*arguments, **options)

    def raw_query(self, *arguments: Any, **options: Any) -> Any:
        raise NotImplementedError


@pytest.fixture(scope="module")
def shelf(engine_dsn: str) -> Iterator[Shelf]:
    with open_shelf(engine_dsn, DATABASE) as opened:
        make_tables(opened.store, kept(DATABASE), ["logs", "error_patterns", "scores"])
        opened.put(*(Span(id=f"{place:02}", after_s=place) for place in range(SPANS)))
        yield opened


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchkeeper_collector.query.export.CHUNK", 2)


def build_app(shelf: Shelf, connection: Counted) -> ASGIApp:
    source = Source(connection, shelf.source.database, shelf.source.limits)
    router = export.build_router(source, read_conversation)
    owner = Principal("shop", "", frozenset({"admin"}))
    return build_api(APIRouter(), [router], version="0", authenticate=lambda _: owner)


async def download(app: ASGIApp, *, leaves_after: int) -> list[Message]:
    """What is sent to a client that goes away after so many pieces of the body."""
    sent: list[Message] = []
    gone = asyncio.Event()
    begun = False

    async def receive() -> Message:
        nonlocal begun
        if not begun:
            begun = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)
        if sum(message["type"] == "http.response.body" for message in sent) >= leaves_after:
            gone.set()
        await asyncio.sleep(0)

    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1",
        "method": "GET", "scheme": "http", "path": "/api/v1/export", "raw_path": b"/api/v1/export",
        "query_string": b"format=jsonl", "headers": [], "client": ("127.0.0.1", 1),
        "server": ("localhost", 80),
    }  # fmt: skip
    await app(scope, receive, send)
    return sent


def test_a_download_that_is_given_up_asks_the_store_no_more(shelf: Shelf) -> None:
    connection = Counted(shelf.source.connection)
    asyncio.run(download(build_app(shelf, connection), leaves_after=3))
    assert connection.asked < SPANS / 4
    whole = Counted(shelf.source.connection)
    asyncio.run(download(build_app(shelf, whole), leaves_after=10_000))
    assert whole.asked > SPANS / 2


def test_a_download_that_fails_on_the_way_has_no_end(shelf: Shelf) -> None:
    connection = Counted(shelf.source.connection, fails_after=5)
    with pytest.raises(RuntimeError, match="response already started"):  # and the server cuts the connection
        asyncio.run(download(build_app(shelf, connection), leaves_after=10_000))


def test_a_question_that_fails_at_once_is_an_error_and_no_file(shelf: Shelf) -> None:
    connection = Counted(shelf.source.connection, fails_after=0)
    start, body = asyncio.run(download(build_app(shelf, connection), leaves_after=10_000))
    assert start["status"] == 422
    assert b"query_limit" in body["body"]
