"""A collector with encryption keys: what lies on disk, what it answers, what it says without them."""

import time
from pathlib import Path

import pytest
from watchkeeper_collector.errors import ConfigurationError
from watchkeeper_collector.settings import load_settings
from watchkeeper_collector.store.client import Store
from watchkeeper_collector.store.embedded_engine import describe_engine, load_chain, render_configuration

from tests.collector import CollectorProcess
from tests.otlp.requests import make_span, trace_request

PROTOBUF = {"content-type": "application/x-protobuf"}
WORD = "canarycontent"
USER = "canary-user-7f3a"
CALL = {
    "gen_ai.operation.name": "chat",
    "user.id": USER,
    "gen_ai.input.messages": f'[{{"role":"user","parts":[{{"type":"text","content":"{WORD} hello"}}]}}]',
}
FIRST, SECOND = "1:" + "ab" * 32, "2:" + "cd" * 32


def send(collector: CollectorProcess, number: int) -> None:
    """Store one more call, so that there are ``number`` of them."""
    span = make_span(CALL, span_id=number.to_bytes(8, "big"), start_time_unix_nano=time.time_ns())
    body = trace_request(span).SerializeToString()
    assert collector.ask("/v1/traces", method="POST", body=body, headers=PROTOBUF).status == 200
    collector.until(lambda: found(collector) == number)


def found(collector: CollectorProcess) -> int:
    """How many calls a search for the word and the user finds."""
    answer = collector.get(f"/api/v1/query?measures=calls&filter={WORD}%20user:{USER}")
    return int(answer["rows"][0]["calls"])


def readable(folder: Path) -> list[str]:
    """Files with something in them that was said, or whose it was."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    words = (WORD.encode(), USER.encode(), b"ab" * 32)
    return [str(path) for path in files if any(word in path.read_bytes().lower() for word in words)]


def test_keys_close_a_store_that_was_plain_and_are_changed_without_a_rest(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with CollectorProcess(data, segment_age_s=0.05) as plain:
        send(plain.until_ready(), 1)
        plain.stop()
    assert readable(data)

    with CollectorProcess(data, segment_age_s=0.05, encryption_keys=FIRST) as sealed:
        send(sealed.until_ready(), 2)
        sealed.until(lambda: not readable(data))
        sealed.stop()

    key_file = tmp_path / "keys"
    key_file.write_text(f"{FIRST}\n{SECOND}\n", "utf-8")
    key_file.chmod(0o600)
    with CollectorProcess(data, segment_age_s=0.05, encryption_key_file=key_file) as changed:
        send(changed.until_ready(), 3)
        changed.stop()
    assert readable(data) == []

    with CollectorProcess(data) as keyless:
        keyless.until(lambda: "no key is given" in keyless.ask("/readyz").body.decode())


def test_a_request_on_its_way_is_sealed_in_the_spool(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with CollectorProcess(data, encryption_keys=FIRST, dsn="clickhouse://127.0.0.1:9/none") as collector:
        body = trace_request(make_span(CALL, start_time_unix_nano=time.time_ns())).SerializeToString()
        assert collector.ask("/v1/traces", method="POST", body=body, headers=PROTOBUF).status == 200
        assert list((data / "spool" / "segments").iterdir())
        assert readable(data) == []


def test_a_wrong_parameter_of_the_dsn_is_named() -> None:
    with pytest.raises(ConfigurationError, match="'encrypt' that means nothing"):
        Store("chdb:///srv/x?encrypt=yes")
    with pytest.raises(ConfigurationError, match="Expected ca_file, cert_file, key_file"):
        Store("clickhouses://host/db?ca=x")


def test_keys_that_are_wrong_are_refused_and_shown_nowhere(tmp_path: Path) -> None:
    settings = load_settings(None, data_dir=tmp_path, encryption_keys="1:abab")
    assert "abab" not in repr(settings)
    with pytest.raises(ConfigurationError, match="has no key") as error:
        _ = settings.chain
    assert "abab" not in error.value.message
    with pytest.raises(ConfigurationError, match="has no key"):
        Store(settings.store_dsn).query("SELECT 1")


def test_the_engine_learns_its_keys_from_a_file_that_is_gone_when_it_has_started(tmp_path: Path) -> None:
    with describe_engine(str(tmp_path / "a & b"), encryption_keys=FIRST) as options:
        file = Path(options["config-file"])
        assert file.stat().st_mode & 0o077 == 0
        chain = load_chain("", FIRST)
        assert chain is not None
        assert file.read_text("utf-8") == render_configuration(tmp_path / "a & b", chain)
        assert "a &amp; b/sealed/" in file.read_text("utf-8")
    assert not file.exists()
