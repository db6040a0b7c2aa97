"""Redaction, wired: the settings' policy, dead letters that are sent again, what people write."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from watchkeeper_collector.app import redacting
from watchkeeper_collector.errors import ConfigurationError
from watchkeeper_collector.otlp.ingest import Ingest
from watchkeeper_collector.otlp.limits import Limits
from watchkeeper_collector.redaction.policies import Policies
from watchkeeper_collector.settings import Settings
from watchkeeper_collector.state.state import State
from watchkeeper_collector.telemetry import Telemetry

from tests.otlp.requests import make_span, trace_request

MAIL = "joe@example.com"
POLICY = {"detectors": {"email": "mask"}}


class RecordingSpool:
    """Remembers what is appended."""

    def __init__(self) -> None:
        self.appended: list[tuple[bytes, str]] = []

    async def append(
        self, signal: str, project: str, key_id: str, body: bytes, items: int, *, replay_of: str = ""
    ) -> bool:
        self.appended.append((body, replay_of))
        return True


def policies(folder: Path, redaction: Any) -> Policies:
    settings = Settings(data_dir=folder, redaction=redaction)
    state = State(settings.state_url)
    state.migrate()
    opened = redacting.build_policies(settings, state)
    opened.refresh()
    state.close()
    return opened


def replayed(opened: Policies) -> tuple[bytes, str]:
    spool: Any = RecordingSpool()
    ingest = Ingest(spool.append, Limits(), Telemetry(), find_screen=opened.find)
    body = trace_request(make_span({"x": MAIL})).SerializeToString()
    asyncio.run(redacting.build_replay(spool, ingest)("traces", "shop", "k", body, 1, replay_of="letter-1"))
    appended: tuple[bytes, str] = spool.appended[0]
    return appended


def test_a_dead_letter_of_the_time_before_a_policy_is_redacted_when_it_is_sent_again(tmp_path: Path) -> None:
    body, letter = replayed(policies(tmp_path, POLICY))
    assert letter == "letter-1"
    assert MAIL.encode() not in body
    assert b"[EMAIL]" in body


def test_without_a_policy_a_dead_letter_is_sent_again_as_it_was(tmp_path: Path) -> None:
    body, _ = replayed(policies(tmp_path, {}))
    assert body == trace_request(make_span({"x": MAIL})).SerializeToString()


def test_what_people_write_is_redacted(tmp_path: Path) -> None:
    redact = redacting.build_redact(
        policies(tmp_path, {**POLICY, "attributes": [{"name": "x", "mode": "drop"}]})
    )
    assert redact("shop", f"Mail {MAIL}") == "Mail [EMAIL]"
    dropping = policies(tmp_path, {"attributes": [{"name": "comment", "mode": "drop"}]})
    assert redacting.build_redact(dropping)("shop", "anything") == ""
    assert redacting.build_redact(policies(tmp_path, {}))("shop", MAIL) == MAIL


def test_a_setting_that_can_not_be_followed_is_told_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"The setting redaction is wrong.*'e-mail'"):
        policies(tmp_path, {"detectors": {"e-mail": "mask"}})


def test_the_key_of_hashes_may_come_from_the_settings(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, redaction={"users": "hash"}, redaction_key="from elsewhere")
    state = State(settings.state_url)
    state.migrate()
    redacting.build_policies(settings, state).refresh()
    with state.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM redaction_secrets").scalar() == 0
    state.close()
    assert "from elsewhere" not in repr(settings)
