"""A backup of a collector that runs, and of one that is stopped, restored on an empty machine."""

import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from watchkeeper_collector.backup.manifest import FILE, check_backup, write_manifest
from watchkeeper_collector.backup.state_copy import load_state, write_state
from watchkeeper_collector.errors import InvalidBackupError
from watchkeeper_collector.spool.backlog import Backlog
from watchkeeper_collector.state.state import State

from tests.collector import CollectorProcess
from tests.otlp.requests import log_request, make_span, trace_request

PROTOBUF = {"content-type": "application/x-protobuf"}
KEYS = "3:" + "ab" * 32
SAID = "canarycontent"
CALL = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.usage.input_tokens": 1_000,
    "user.id": "u-1",
    "gen_ai.input.messages": f'[{{"role":"user","parts":[{{"type":"text","content":"{SAID}"}}]}}]',
}
QUESTIONS = (
    "/api/v1/query?measures=spans&measures=calls&measures=cost_usd&measures=input_tokens",
    "/api/v1/traces?limit=50",
    "/api/v1/users",
    f"/api/v1/traces?filter={SAID}",
    f"/api/v1/traces/{1:032x}",
    "/api/v1/comments",
    "/api/v1/views",
    "/api/v1/retention",
)
VARYING = frozenset({"start", "end", "sizes", "is_applied"})


def send(collector: CollectorProcess, number: int) -> None:
    span = make_span(CALL, trace_id=number.to_bytes(16, "big"), start_time_unix_nano=time.time_ns())
    body = trace_request(span).SerializeToString()
    assert collector.ask("/v1/traces", method="POST", body=body, headers=PROTOBUF).status == 200


def spans(collector: CollectorProcess) -> int:
    return int(collector.get("/api/v1/query?measures=spans")["rows"][0]["spans"])


def fill(collector: CollectorProcess) -> None:
    for number in (1, 2, 3):
        send(collector, number)
    body = log_request("a line", {"k": "v"}).SerializeToString()
    assert collector.ask("/v1/logs", method="POST", body=body, headers=PROTOBUF).status == 200
    comment = {"trace_id": f"{1:032x}", "text": "look"}
    assert collector.ask("/api/v1/comments", method="POST", body=comment).status == 201
    view = {"page": "traces", "name": "mine", "query": "start=-24h"}
    assert collector.ask("/api/v1/views", method="POST", body=view).status == 201
    days = {"content_days": 20, "span_days": 60, "log_days": 60}
    assert collector.ask("/api/v1/retention", method="PUT", body=days).status == 200
    collector.until(lambda: spans(collector) == 3)
    cost = "/api/v1/query?measures=cost_usd"
    collector.until(lambda: collector.get(cost)["rows"][0]["cost_usd"])


def answers(collector: CollectorProcess) -> list[Any]:
    return [stable(collector.get(question)) for question in QUESTIONS]


def stable(answer: Any) -> Any:
    """An answer without what a copy may have otherwise."""
    if isinstance(answer, dict):
        return {key: stable(value) for key, value in answer.items() if key not in VARYING}
    return [stable(one) for one in answer] if isinstance(answer, list) else answer


def run(*words: object, **settings: object) -> "subprocess.CompletedProcess[str]":
    environment = {f"WATCHKEEPER_{name.upper()}": str(value) for name, value in settings.items()}
    command = [sys.executable, "-m", "watchkeeper_collector", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)


def test_a_running_collectors_backup_gives_equal_answers_elsewhere(tmp_path: Path) -> None:
    copy, elsewhere = tmp_path / "copy", tmp_path / "elsewhere"
    with CollectorProcess(tmp_path / "data", segment_age_s=0.05, encryption_keys=KEYS) as collector:
        fill(collector.until_ready())
        wanted = answers(collector)
        made = run("backup", copy, "--data", tmp_path / "data", "--url", collector.http, encryption_keys=KEYS)
        assert (made.returncode, made.stdout.strip()) == (0, str(copy)), made.stderr
        send(collector, 4)  # it goes on
        collector.until(lambda: spans(collector) == 4)
    assert SAID.encode() not in b"".join(path.read_bytes() for path in copy.rglob("*") if path.is_file())

    keyless = run("restore", copy, "--data", elsewhere)
    assert keyless.returncode == 1
    assert "encrypted with the keys [3]" in keyless.stderr
    restored = run("restore", copy, "--data", elsewhere, encryption_keys=KEYS)
    assert restored.returncode == 0, restored.stderr
    with CollectorProcess(elsewhere, segment_age_s=0.05, encryption_keys=KEYS) as other:
        other.until_ready()
        assert answers(other) == wanted
        send(other, 5)
        other.until(lambda: spans(other) == 4)
        other.stop()
    again = run("restore", copy, "--data", elsewhere, encryption_keys=KEYS)
    assert "Restore into an" in again.stderr or "not empty" in again.stderr


def test_a_stopped_collectors_backup_has_what_waited_in_the_spool(tmp_path: Path) -> None:
    data, copy, elsewhere = tmp_path / "data", tmp_path / "copy", tmp_path / "elsewhere"
    with CollectorProcess(data, segment_age_s=0.05) as collector:
        send(collector.until_ready(), 1)
        collector.until(lambda: spans(collector) == 1)
        collector.stop()
    with CollectorProcess(data, segment_age_s=600) as collector:
        send(collector.until_ready(), 2)
        collector.kill()
    made = run("backup", copy, "--data", data)
    assert made.returncode == 0, made.stderr
    assert run("restore", copy, "--data", elsewhere).returncode == 0
    with CollectorProcess(elsewhere, segment_age_s=0.05) as other:
        other.until(lambda: other.ask("/readyz").status == 200 and spans(other) == 2)

    (state,) = copy.glob("state.jsonl")
    state.write_bytes(state.read_bytes().replace(b"default", b"defau1t", 1))
    broken = run("restore", copy, "--data", tmp_path / "third")
    assert broken.returncode == 1
    assert "'state.jsonl' has other bytes than it had" in broken.stderr
    assert not (tmp_path / "third" / "state.db").exists() or not (tmp_path / "third" / "clickhouse").exists()


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """A folder as a backup is, of two files."""

    folder = tmp_path / "backup"
    (folder / "spool").mkdir(parents=True)
    (folder / "state.jsonl").write_text("[]", "utf-8")
    (folder / "spool" / "x").write_bytes(b"bytes")
    write_manifest(
        folder,
        made_at=datetime.now(UTC),
        version="1",
        database="d",
        target="",
        state_migrations=(1,),
        key_ids=(),
    )
    return folder


def test_a_whole_backup_is_taken(backup: Path) -> None:
    assert check_backup(backup).size_bytes == 7


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda folder: (folder / "spool" / "x").unlink(), "'spool/x' is missing"),
        (lambda folder: (folder / "spool" / "x").write_bytes(b"bytez"), "other bytes"),
        (lambda folder: (folder / "spool" / "x").write_bytes(b"byte"), "4 bytes where there were 5"),
        (lambda folder: (folder / FILE).unlink(), "is no backup"),
        (lambda folder: (folder / FILE).write_text("{", "utf-8"), "can't be read"),
        (lambda folder: (folder / FILE).write_text('{"form": 9, "version": "7"}', "utf-8"), "upgrade"),
        (lambda folder: swap(folder / FILE, '"spool/x"', '"../x"'), "can't be read"),
        (shutil.rmtree, "is no backup"),
    ],
)
def test_a_broken_backup_is_refused_in_words(backup: Path, damage: Any, words: str) -> None:
    damage(backup)
    with pytest.raises(InvalidBackupError, match=words):
        check_backup(backup)


def swap(path: Path, before: str, after: str) -> None:
    path.write_text(path.read_text("utf-8").replace(before, after), "utf-8")


@pytest.mark.parametrize("kinds", [("sqlite", "postgresql"), ("postgresql", "sqlite")])
def test_the_state_moves_between_databases(
    tmp_path: Path, request: pytest.FixtureRequest, kinds: tuple[str, str]
) -> None:
    def open_state(kind: str) -> State:
        if kind == "sqlite":
            return State(f"sqlite:///{tmp_path / 'state.db'}")
        return State(str(request.getfixturevalue("postgresql").create_database()))

    one, other = map(open_state, kinds)
    one.migrate()
    _, secret = one.keys.create("shop", "door", ("ingest",))
    comment = one.comments.add("shop", "k", {"trace_id": "t", "span_id": "", "author": "a", "text": "ü '\n"})
    migrations = write_state(one.database, tmp_path / "state.jsonl")
    assert load_state(other.database, tmp_path / "state.jsonl", migrations) > 2
    other.keys.ring.refresh()
    principal = other.keys.authenticate(secret)
    assert principal is not None
    assert principal.project == "shop"
    assert other.comments.get("shop", comment.id) == comment
    with pytest.raises(InvalidBackupError, match="has projects or keys already"):
        load_state(other.database, tmp_path / "state.jsonl", migrations)
    with pytest.raises(InvalidBackupError, match="A newer version wrote it"):
        load_state(other.database, tmp_path / "state.jsonl", (*migrations, 9999))
    one.close()
    other.close()


def test_a_held_backlog_hands_nothing_out() -> None:
    backlog = Backlog()
    with backlog.held():
        backlog.finish()
        assert backlog.take() is None
