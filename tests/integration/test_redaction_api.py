"""Redaction policies over the API of running collectors, and what they do at the door."""

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.collector import Answer, CollectorProcess
from tests.otlp.requests import make_span, trace_request

PATH = "/api/v1/redaction"
MAIL = {"detectors": {"email": "mask"}}
NOWHERE = "clickhouse://127.0.0.1:1/watchkeeper"
DEFAULT = {"detectors": {"secret": "mask"}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("redaction")


@pytest.fixture(scope="module")
def state_dsn(folder: Path) -> str:
    return f"sqlite:///{folder}/state.db"


@pytest.fixture(scope="module")
def collector(folder: Path, state_dsn: str) -> Iterator[CollectorProcess]:
    """A collector whose store is away: what it takes stays in its spool."""
    with CollectorProcess(folder / "one", dsn=NOWHERE, state_dsn=state_dsn) as started:
        yield started


@pytest.fixture(scope="module")
def other(folder: Path, state_dsn: str, collector: CollectorProcess) -> Iterator[CollectorProcess]:
    """Another one on the same state store, with a default in its settings."""
    with CollectorProcess(
        folder / "two", dsn=NOWHERE, state_dsn=state_dsn, redaction=json.dumps(DEFAULT)
    ) as started:
        yield started


def put(collector: CollectorProcess, policy: Any) -> Answer:
    return collector.ask(PATH, method="PUT", body=policy)


def send(collector: CollectorProcess, text: str) -> None:
    body = trace_request(make_span({"input.value": text})).SerializeToString()
    headers = {"content-type": "application/x-protobuf"}
    assert collector.ask("/v1/traces", method="POST", body=body, headers=headers).status == 200


def spooled(collector: CollectorProcess) -> bytes:
    folder = Path(str(collector.settings["data_dir"])) / "spool" / "segments"
    return b"".join(path.read_bytes() for path in folder.iterdir())


def test_a_policy_holds_for_the_next_request_and_is_taken_back(collector: CollectorProcess) -> None:
    send(collector, "before@example.com")
    version = put(collector, MAIL).json()["version"]
    send(collector, "during@example.com")
    assert collector.ask(PATH, method="DELETE").status == 204
    send(collector, "after@example.com")
    assert b"before@" in spooled(collector)
    assert b"during@" not in spooled(collector)
    assert b"after@" in spooled(collector)
    answer = collector.get(PATH)
    assert (answer["version"], answer["is_default"]) == ("", True)
    newest, set_before = collector.get(f"{PATH}/versions?limit=2")["items"]
    assert newest["policy"] is None
    assert set_before["version"] == version
    assert set_before["policy"]["detectors"] == {"email": "mask"}
    assert set_before["created_by"] == "local"


def test_versions_come_in_pages(collector: CollectorProcess) -> None:
    for _ in range(3):
        put(collector, MAIL)
    first = collector.get(f"{PATH}/versions?limit=1")
    second = collector.get(f"{PATH}/versions?limit=1&cursor={first['next_cursor']}")
    assert int(first["items"][0]["version"]) == int(second["items"][0]["version"]) + 1
    collector.ask(PATH, method="DELETE")


def test_another_collector_follows_within_a_second(
    collector: CollectorProcess, other: CollectorProcess
) -> None:
    assert other.get(PATH)["version"].startswith("settings-")
    version = put(collector, MAIL).json()["version"]
    other.until(lambda: other.get(PATH)["version"] == version)

    def is_followed() -> bool:
        send(other, "follow@example.com")
        return "[EMAIL]" in spooled(other).decode("utf-8", "replace")

    other.until(is_followed, timeout_s=10)
    collector.ask(PATH, method="DELETE")


def test_settings_hold_where_a_project_says_nothing(other: CollectorProcess) -> None:
    numbers = count()

    def is_followed() -> bool:
        text = f"hello {next(numbers)}"
        send(other, text)
        return b"settings-" in spooled(other).rpartition(text.encode())[2]

    other.until(is_followed, timeout_s=10)
    send(other, "my password is tr0ub4dor&3x")
    assert b"tr0ub4dor" not in spooled(other)


def test_a_retry_of_a_redacted_request_is_no_new_one(collector: CollectorProcess) -> None:
    put(collector, MAIL)
    for _ in range(3):
        send(collector, "once only: retry@example.com")
    assert spooled(collector).count(b"once only: ") == 1
    collector.ask(PATH, method="DELETE")


def test_a_policy_can_be_tried(collector: CollectorProcess) -> None:
    trial = {
        "attributes": {"a": "x@example.com", "n": [1, "y@example.com"], "user.id": "joe"},
        "policy": MAIL,
    }
    answer = collector.ask(f"{PATH}/try", method="POST", body=trial).json()
    assert answer == {
        "attributes": {"a": "[EMAIL]", "n": [1, "[EMAIL]"], "user.id": "joe"},
        "hits": {"email": 2},
    }
    untouched = collector.ask(
        f"{PATH}/try", method="POST", body={"attributes": {"a": "x@example.com"}}
    ).json()
    assert untouched["attributes"] == {"a": "x@example.com"}


@pytest.mark.parametrize(
    "policy", [{"detectors": {"x": "mask"}}, {"patterns": {"x": "("}}, {"unknown": 1}, [], "x"]
)
def test_what_can_not_be_followed_is_not_kept(collector: CollectorProcess, policy: Any) -> None:
    before = collector.get(f"{PATH}/versions")
    answer = put(collector, policy)
    assert (answer.status, answer.json()["error"]["code"]) == (400, "invalid_request")
    assert collector.get(f"{PATH}/versions") == before


def test_what_is_found_is_counted(collector: CollectorProcess) -> None:
    put(collector, MAIL | {"patterns": {"merger": "Operation [A-Z]+"}})
    send(collector, "count@example.com about Operation EAGLE")
    metrics = collector.ask("/metrics").body.decode()
    for detector in ("email", "pattern"):
        assert f'watchkeeper_redacted_values_total{{detector="{detector}",signal="traces"}}' in metrics
    assert "merger" not in metrics
    collector.ask(PATH, method="DELETE")
