"""The one shape of the API's errors."""

from typing import Annotated, Any

import pytest
from fastapi import Body, FastAPI, Query
from fastapi.testclient import TestClient
from pydantic import BaseModel
from watchkeeper_collector import errors
from watchkeeper_collector.api.errors import install_error_shape


class Order(BaseModel):
    amount: int
    note: str = ""


def all_errors(kind: type[errors.WatchkeeperError] = errors.WatchkeeperError) -> list[type]:
    return [kind, *(found for sub in kind.__subclasses__() for found in all_errors(sub))]


@pytest.fixture(scope="module")
def client() -> TestClient:
    app = FastAPI()
    install_error_shape(app)

    @app.get("/raise/{name}")
    def fail(name: str) -> None:
        kinds = {kind.__name__: kind for kind in all_errors() if kind.__module__ == errors.__name__}
        raise kinds[name]("What happened.", details={"column": 3})

    @app.get("/items")
    def items(limit: Annotated[int, Query(le=10)] = 1) -> int:
        return limit

    @app.post("/orders")
    def order(order: Annotated[Order, Body()]) -> int:
        return order.amount

    @app.get("/limited")
    def limited() -> None:
        raise errors.RateLimitedError("Too fast.", retry_after_s=7.4)

    return TestClient(app, raise_server_exceptions=False)


def error_of(answer: Any) -> dict[str, Any]:
    body = answer.json()
    assert list(body) == ["error"]
    assert list(body["error"]) == ["code", "message", "details"]
    assert answer.headers["content-type"] == "application/json"
    return dict(body["error"])


@pytest.mark.parametrize(
    "kind",
    [kind for kind in all_errors() if kind.__module__ == errors.__name__],
    ids=lambda kind: kind.__name__,
)
def test_every_error_of_ours_has_the_shape_and_its_status(client: TestClient, kind: Any) -> None:
    answer = client.get(f"/raise/{kind.__name__}")
    assert answer.status_code == kind.http_status
    assert error_of(answer) == {"code": kind.code, "message": "What happened.", "details": {"column": 3}}
    assert ("retry-after" in answer.headers) == kind.is_retryable


def test_a_missing_key_is_asked_for_as_http_does(client: TestClient) -> None:
    assert client.get("/raise/UnauthenticatedError").headers["www-authenticate"] == "Bearer"


def test_back_pressure_says_how_long(client: TestClient) -> None:
    assert client.get("/limited").headers["retry-after"] == "7"


def test_wrong_parameters_are_named_with_their_values(client: TestClient) -> None:
    answer = client.get("/items", params={"limit": "many"})
    error = error_of(answer)
    assert (answer.status_code, error["code"]) == (400, "invalid_request")
    assert "query.limit" in error["message"]
    assert "'many'" in error["message"]


def test_a_wrong_body_lists_all_its_faults_at_once(client: TestClient) -> None:
    answer = client.post("/orders", json={"amount": "x", "note": 3})
    places = [problem["where"] for problem in error_of(answer)["details"]["problems"]]
    assert (answer.status_code, places) == (400, ["body.amount", "body.note"])


def test_a_long_value_is_not_repeated_whole(client: TestClient) -> None:
    error = error_of(client.get("/items", params={"limit": "9" * 5000 + "x"}))
    assert len(error["message"]) < 300


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b'"text"', b"null"])
def test_rubbish_for_a_body_is_the_senders_fault(client: TestClient, body: bytes) -> None:
    answer = client.post("/orders", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, error_of(answer)["code"]) == (400, "invalid_request")


def test_a_body_without_its_type_is_refused(client: TestClient) -> None:
    """A web page may send text to anywhere unasked, JSON it may not."""
    answer = client.post("/orders", content=b'{"amount": 1}', headers={"content-type": "text/plain"})
    assert (answer.status_code, error_of(answer)["code"]) == (400, "invalid_request")


def test_a_path_that_is_not_there(client: TestClient) -> None:
    answer = client.get("/nowhere")
    assert (answer.status_code, error_of(answer)["code"]) == (404, "not_found")
    assert "'/nowhere'" in error_of(answer)["message"]


def test_a_method_that_a_path_does_not_take(client: TestClient) -> None:
    answer = client.delete("/items")
    assert (answer.status_code, error_of(answer)["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET"


def test_a_fault_of_ours_shows_nothing_of_itself(client: TestClient) -> None:
    answer = client.get("/raise/KeyError-in-the-code")
    assert (answer.status_code, error_of(answer)["code"]) == (500, "internal")
    assert "KeyError" not in answer.text
