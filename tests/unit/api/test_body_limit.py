"""Bodies of API requests, as they are sent and inflated."""

import gzip

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from watchkeeper_collector.api.body_limit import MOST_BODY_BYTES, BodyLimit


@pytest.fixture
def client() -> TestClient:
    app = FastAPI()

    @app.post("/size")
    async def size(request: Request) -> dict[str, object]:
        body = await request.body()
        return {"bytes": len(body), "encoding": request.headers.get("content-encoding")}

    return TestClient(BodyLimit(app))


def test_a_body_in_gzip_is_inflated(client: TestClient) -> None:
    answer = client.post("/size", content=gzip.compress(b"x" * 5_000), headers={"content-encoding": "gzip"})
    assert answer.json() == {"bytes": 5_000, "encoding": None}


def test_a_plain_body_is_left_alone(client: TestClient) -> None:
    assert client.post("/size", content=b"x" * MOST_BODY_BYTES).json()["bytes"] == MOST_BODY_BYTES
    assert client.post("/size", headers={"content-encoding": "identity"}).json()["bytes"] == 0


@pytest.mark.parametrize("compressed", [False, True])
def test_a_body_over_the_bound_is_refused(client: TestClient, *, compressed: bool) -> None:
    body = b"x" * (MOST_BODY_BYTES + 1)
    headers = {"content-encoding": "gzip"} if compressed else {}
    answer = client.post("/size", content=gzip.compress(body) if compressed else body, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    ("body", "encoding", "status"),
    [
        (b"no gzip", "gzip", 400),
        (gzip.compress(b"x" * 100, mtime=0)[:-9], "gzip", 400),
        (b"", "gzip", 400),
        (b"x", "br", 415),
        (gzip.compress(gzip.compress(b"x", mtime=0), mtime=0), "gzip, gzip", 415),
    ],
)
def test_what_is_no_gzip_is_refused_in_words(
    client: TestClient, body: bytes, encoding: str, status: int
) -> None:
    answer = client.post("/size", content=body, headers={"content-encoding": encoding})
    assert answer.status_code == status
    assert answer.json()["error"]["message"]
