"""The small HTTP client, against a real server on loopback."""

import json
from collections.abc import Callable

import pytest
from watchkeeper_collector.cli.client import AnswerError, ApiClient
from watchkeeper_collector.cli.failures import FAILED, USED_WRONGLY, CommandFailedError

from tests.unit.cli.conftest import Api


def failure(call: Callable[[], object]) -> AnswerError:
    with pytest.raises(AnswerError) as caught:
        call()
    return caught.value


def test_parameters_and_key_are_sent(api: Api) -> None:
    api.answer(200, {"a": 1})
    client = ApiClient(f"{api.url}/", "wk_secret")
    assert client.get("/api/v1/x", {"filter": "a:b c&d", "by": ["m", "n"], "none": None}) == {"a": 1}
    method, path, headers, _ = api.seen[0]
    assert (method, path) == ("GET", "/api/v1/x?filter=a%3Ab+c%26d&by=m&by=n")
    assert headers["authorization"] == "Bearer wk_secret"


def test_body_is_json_and_an_empty_answer_is_none(api: Api) -> None:
    api.answer(204, b"")
    assert ApiClient(api.url).send("PUT", "/x", {"ü": 1}) is None
    method, _, headers, body = api.seen[0]
    assert (method, headers["content-type"], json.loads(body)) == ("PUT", "application/json", {"ü": 1})


def test_every_page_of_a_list_is_read(api: Api) -> None:
    api.answer_by(
        lambda path: (
            {"items": [1, 2], "next_cursor": "n"}
            if "cursor" not in path
            else {"items": [3], "next_cursor": None}
        )
    )
    assert ApiClient(api.url).items("/list") == [1, 2, 3]


def test_error_of_the_api_is_told_in_its_words(api: Api) -> None:
    api.answer(
        404, {"error": {"code": "not_found", "message": "There is no\x1b[31m trace 'x'.", "details": {}}}
    )
    error = failure(lambda: ApiClient(api.url).get("/x"))
    assert (error.message, error.status, error.code) == ("There is no trace 'x'.", 404, "not_found")
    assert error.exit_code == FAILED


def test_wrong_query_is_a_wrong_use(api: Api) -> None:
    api.answer(400, {"error": {"code": "invalid_query", "message": "No.", "details": {}}})
    assert failure(lambda: ApiClient(api.url).get("/x")).exit_code == USED_WRONGLY


@pytest.mark.parametrize(("status", "advice"), [(401, "WATCHKEEPER_API_KEY"), (403, "--scope")])
def test_missing_rights_name_the_way_to_a_key(api: Api, status: int, advice: str) -> None:
    api.answer(status, {"error": {"code": "x", "message": "The request has no API key.", "details": {}}})
    message = failure(lambda: ApiClient(api.url).get("/x")).message
    assert message.startswith("The request has no API key.")
    assert advice in message


@pytest.mark.parametrize("content", [b"<html>nginx</html>", b"[]", b'{"error": 1}', b"\xff\xfe", b""])
def test_error_of_something_else_is_told_as_such(api: Api, content: bytes) -> None:
    api.answer(502, content)
    assert "is it a Watchkeeper collector?" in failure(lambda: ApiClient(api.url).get("/x")).message


def test_answer_that_is_no_json_is_told_as_such(api: Api) -> None:
    api.answer(200, b"<html>")
    assert "does not speak JSON" in failure(lambda: ApiClient(api.url).get("/x")).message


def test_redirect_is_not_followed_as_the_key_is_for_this_host(api: Api) -> None:
    api.answer(302, b"", location="http://127.0.0.1:9/elsewhere")
    assert failure(lambda: ApiClient(api.url, "wk_secret").get("/x")).status == 302
    assert len(api.seen) == 1


def test_environment_proxy_is_not_asked_for_this_machine(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    api.answer(200, {"a": 1})
    assert ApiClient(api.url).get("/x") == {"a": 1}


def test_silence_says_how_to_start_a_collector() -> None:
    error = failure(lambda: ApiClient("http://127.0.0.1:9").get("/x"))
    assert error.status == 0
    assert error.message.startswith("No collector answers at http://127.0.0.1:9 (Connection refused).")
    assert "watchkeeper up" in error.message


@pytest.mark.parametrize(
    "url", ["ftp://host", "http://", "http://host:99999", "http://h?x=1", "http://h:abc", "file:///etc"]
)
def test_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(CommandFailedError, match="is no collector's address") as caught:
        ApiClient(url)
    assert caught.value.exit_code == USED_WRONGLY


def test_address_without_a_scheme_is_http() -> None:
    assert ApiClient("127.0.0.1:4318").url == "http://127.0.0.1:4318"
