"""Every change and every read of content leaves an entry, whichever router it goes through."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from fastapi import APIRouter
from starlette.testclient import TestClient
from watchkeeper_collector.api.access import PREFIX, Admin, ContentReader, Reader, Writer, may_show_content
from watchkeeper_collector.api.auditing import Ledger
from watchkeeper_collector.api.frame import build_api
from watchkeeper_collector.app import Collector, build_collector
from watchkeeper_collector.errors import StateUnavailableError, WatchkeeperError
from watchkeeper_collector.settings import Settings
from watchkeeper_collector.state.audit import Entry, Wanted
from watchkeeper_collector.state.deeds import Deed
from watchkeeper_collector.state.keys import SCOPES, Principal

CHANGING = ("post", "put", "patch", "delete")
BY_LINK = {"/api/v1/acknowledge/{token}"}
"""A secret in the address is the right: an entry is written with what it changes, by `link`."""
PRINCIPALS = {
    "reader": Principal("shop", "reader", frozenset({"read"})),
    "analyst": Principal("shop", "analyst", frozenset({"read", "content"})),
    "writer": Principal("shop", "writer", frozenset({"ingest"})),
    "admin": Principal("shop", "admin", frozenset({"admin"})),
}


class Kept:
    """Where entries go; with a problem they can't."""

    def __init__(self) -> None:
        self.deeds: list[Deed] = []
        self.problem: WatchkeeperError | None = None

    def keep(self, deeds: Sequence[Deed]) -> None:
        if self.problem is not None:
            raise self.problem
        self.deeds += deeds


def build_router() -> APIRouter:
    """A router as anybody might write one, that knows nothing of the audit."""
    router = APIRouter()
    done: list[str] = []

    @router.put("/things/{name}")
    def replace_thing(_: Admin, name: str, thing: dict[str, Any]) -> dict[str, Any]:
        done.append(name)
        return thing

    @router.post("/words")
    async def send_words(_: Writer) -> str:
        return "taken"

    @router.get("/words")
    def read_words(caller: Reader, filter: str = "") -> str:  # noqa: A002
        return f"words{filter}" if may_show_content(caller) else "hidden"

    @router.get("/numbers")
    def read_numbers(_: Reader, filter: str = "") -> str:  # noqa: A002
        return f"7{filter}"

    @router.get("/secrets/{user_id}")
    def read_secrets(_: ContentReader, user_id: str) -> str:
        return f"words of {user_id}"

    return router


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def client(kept: Kept) -> Iterator[TestClient]:
    api = build_api(
        APIRouter(),
        [build_router()],
        version="1",
        authenticate=lambda headers: PRINCIPALS[headers["x-api-key"]],
        keep=kept.keep,
    )
    with TestClient(api, base_url="http://test/api/v1", raise_server_exceptions=False) as opened:
        yield opened


def told(deed: Deed) -> tuple[str, str, str, str]:
    return deed.actor, deed.action, deed.kind, deed.outcome


def test_a_change_tells_who_what_and_with_which_body(client: TestClient, kept: Kept) -> None:
    body = {"size": 3}
    answer = client.put("things/a?dry=1", json=body, headers={"x-api-key": "admin", "x-forwarded-for": "::1"})
    assert answer.json() == body
    (deed,) = kept.deeds
    assert told(deed) == ("key:admin", "PUT /things/{name}", "change", "done")
    assert (deed.project, deed.target, deed.body) == ("shop", {"name": "a", "dry": "1"}, body)
    assert deed.source == "testclient for ::1"


def test_what_was_refused_for_want_of_a_right_is_told_too(client: TestClient, kept: Kept) -> None:
    assert client.put("things/a", json={}, headers={"x-api-key": "reader"}).status_code == 403
    assert told(kept.deeds[0]) == ("key:reader", "PUT /things/{name}", "change", "refused")


def test_what_came_to_nothing_leaves_no_entry(client: TestClient, kept: Kept) -> None:
    assert client.put("things/a", content=b"{", headers={"x-api-key": "admin"}).status_code == 400
    assert client.put("nothing", headers={"x-api-key": "admin"}).status_code == 404
    assert client.get("secrets/ada", headers={"x-api-key": "reader"}).status_code == 403
    assert kept.deeds == []


@pytest.mark.parametrize(
    ("path", "who", "is_kept"),
    [
        ("words", "analyst", True),
        ("words", "reader", False),
        ("numbers", "analyst", False),
        ("numbers?filter=model:gpt-4o", "analyst", False),
        ("numbers?filter=model:gpt-4o refund", "analyst", True),
        ("numbers?filter=refund", "reader", False),
        ("numbers?filter=%22refund policy%22", "admin", True),
        ("secrets/ada", "analyst", True),
    ],
)
def test_reads_of_content_are_told_and_no_others(
    client: TestClient, kept: Kept, path: str, who: str, *, is_kept: bool
) -> None:
    assert client.get(path, headers={"x-api-key": who}).status_code == 200
    assert [(deed.kind, deed.actor) for deed in kept.deeds] == [("read", f"key:{who}")] * is_kept


def test_telemetry_leaves_no_entry_for_each_of_its_rows(client: TestClient, kept: Kept) -> None:
    assert client.post("words", headers={"x-api-key": "writer"}).status_code == 200
    assert kept.deeds == []


@pytest.mark.parametrize("path", ["words", "secrets/ada"])
def test_where_no_entry_can_be_written_nothing_is_shown(client: TestClient, kept: Kept, path: str) -> None:
    kept.problem = StateUnavailableError("The state store is away.")
    answer = client.get(path, headers={"x-api-key": "analyst"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "state_unavailable")
    assert "words" not in answer.text


def test_entries_of_requests_at_the_same_time_are_written_together() -> None:
    batches: list[int] = []

    async def add_many() -> None:
        ledger = Ledger(lambda deeds: batches.append(len(deeds)))
        await asyncio.gather(*(ledger.add(Deed(actor="key:a")) for _ in range(200)))

    asyncio.run(add_many())
    assert sum(batches) == 200
    assert len(batches) <= 2


@pytest.mark.parametrize("problem", [StateUnavailableError("Away."), KeyError("a fault of ours")])
def test_a_failure_reaches_every_request_that_waits_for_it(problem: Exception) -> None:
    def fail(_: Sequence[Deed]) -> None:
        raise problem

    async def add_many() -> list[Any]:
        ledger = Ledger(fail)
        adding = (ledger.add(Deed(actor="key:a")) for _ in range(3))
        return list(await asyncio.gather(*adding, return_exceptions=True))

    assert asyncio.run(add_many()) == [problem] * 3


# --- all routers of the collector


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """A collector that is not serving, in front of a store that is away."""
    data_dir = tmp_path_factory.mktemp("collector")
    built = build_collector(Settings(data_dir=data_dir, dsn="clickhouse://127.0.0.1:9/watchkeeper"))
    built.state.migrate()
    built.state.keys.start()
    yield built
    built.state.close()


def newest(collector: Collector, limit: int = 1) -> list[Entry]:
    return collector.state.audit.newest("shop", Wanted(), limit=limit)


def changing_endpoints(client: TestClient) -> list[tuple[str, str, str]]:
    """Method, path and scope of every endpoint that may change something."""
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    return [
        (method.upper(), path, operation["security"][0]["API key"][0])
        for path, methods in paths.items()
        for method, operation in methods.items()
        if method in CHANGING and path not in BY_LINK
    ]


def test_every_endpoint_that_may_change_something_leaves_an_entry(collector: Collector) -> None:
    """With a key that lacks the right each is refused: that stands in the audit by the route's template."""
    keys = {scope: collector.state.keys.create("shop", scope, [scope])[1] for scope in SCOPES}
    with TestClient(collector.http, raise_server_exceptions=False) as client:
        endpoints = changing_endpoints(client)
        assert len(endpoints) > 20
        missing = []
        for method, path, scope in endpoints:
            key = keys["read" if scope != "read" else "ingest"]
            url = path.replace("{", "").replace("}", "")
            answer = client.request(method, url, headers={"x-api-key": key})
            assert answer.status_code == 403, (method, path, answer.text)
            (entry,) = newest(collector)
            if (entry.action, entry.outcome) != (f"{method} {path.removeprefix(PREFIX)}", "refused"):
                missing.append(f"{method} {path} is told as {entry.action}, {entry.outcome}")
    assert missing == []


def test_entries_are_answered_to_admins_of_the_project_page_by_page(collector: Collector) -> None:
    admin = {"x-api-key": collector.state.keys.create("shop", "boss", ["admin"])[1]}
    other = {"x-api-key": collector.state.keys.create("bank", "boss", ["admin"])[1]}
    view = {"page": "traces", "name": "Slow", "query": "start=-24h"}
    with TestClient(collector.http, raise_server_exceptions=False) as client:
        made = client.post("/api/v1/views", json=view, headers=admin).json()
        client.put(f"/api/v1/views/{made['id']}", json=view | {"name": "Slower"}, headers=admin)
        page = client.get("/api/v1/audit?limit=1&kind=change", headers=admin).json()
        (changed,) = page["items"]
        assert changed["action"] == "PUT /views/{view_id}"
        assert (changed["before"]["views"][0]["name"], changed["after"]["views"][0]["name"]) == (
            "Slow",
            "Slower",
        )
        (created,) = client.get(
            "/api/v1/audit", params={"limit": 1, "cursor": page["next_cursor"]}, headers=admin
        ).json()["items"]
        assert (created["action"], created["before"]) == ("POST /views", None)
        assert client.get("/api/v1/audit", headers=other).json()["items"] == []
        keys = client.post("/api/v1/keys", json={"name": "x", "role": "analyst"}, headers=admin).json()
        assert keys["scopes"] == ["read", "content"]
        audit = client.get("/api/v1/audit", headers=admin).text
        assert keys["key"].partition(".")[2] not in audit
        assert json.loads(audit)["items"][0]["after"]["api_keys"][0]["secret_hash"] == "[redacted]"
