"""What holds for the embedded engine alone: one owner of a folder, the machine's time zone, a clean exit.

Each test runs a process of its own: a process opens one engine folder and sees one time zone.
"""

import os
import subprocess
import sys
from pathlib import Path

ZONE = """
import sys
from datetime import datetime, timezone
from watchkeeper_collector.store.client import Store
store = Store("chdb://" + sys.argv[1])
sql = '''SELECT timezone(), toString(toDateTime64('2026-01-01 00:00:00', 9)), toString(at), toDate(at), at
         FROM (SELECT {at:DateTime64(9)} AS at)'''
print(*store.query(sql, {"at": datetime(2026, 1, 1, tzinfo=timezone.utc)}).rows[0], sep="|")
store.close()
"""
OWNER = """
import sys
from watchkeeper_collector.store.client import Store
store = Store("chdb://" + sys.argv[1])
store.query("SELECT 1")
print("open", flush=True)
sys.stdin.read()
"""
SECOND = """
import sys
from watchkeeper_collector.errors import StoreUnavailableError
from watchkeeper_collector.store.client import Store
try:
    Store("chdb://" + sys.argv[1]).query("SELECT 1")
except StoreUnavailableError as error:
    print(error.message)
"""
BUSY = """
import sys, threading
from watchkeeper_collector.store.client import Store
store = Store("chdb://" + sys.argv[1])
store.command("CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id")
threads = [threading.Thread(target=store.command, args=("INSERT INTO t SELECT number FROM numbers(100000)",))
           for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(store.query("SELECT count() FROM t").rows[0][0])
if sys.argv[2] == "close": store.close()
"""
NOWHERE = """
import os, sys
from pathlib import Path
from watchkeeper_collector.store.client import Store
os.chdir("/proc/self")
store = Store("chdb://" + sys.argv[1])
store.command("CREATE DATABASE watchkeeper")
store.command("CREATE TABLE watchkeeper.t (id UInt64) ENGINE = MergeTree ORDER BY id")
store.raw_insert("t", bytes([2, 8, 5]), "Protobuf", store.protobuf_settings(Path(sys.argv[2]), "Row"))
print(store.query("SELECT id FROM watchkeeper.t").rows)
store.close()
"""


def run(script: str, *arguments: str, zone: str = "UTC") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=os.environ | {"TZ": zone},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_machines_time_zone_changes_nothing(tmp_path: Path) -> None:
    midnight = "2026-01-01 00:00:00.000000000"
    expected = f"UTC|{midnight}|{midnight}|2026-01-01|2026-01-01 00:00:00\n"
    assert run(ZONE, str(tmp_path / "a"), zone="America/New_York").stdout == expected
    assert run(ZONE, str(tmp_path / "b"), zone="Asia/Kolkata").stdout == expected


def test_a_folder_that_another_process_has_open_is_unavailable(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OWNER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"open\n"
        message = run(SECOND, str(tmp_path)).stdout
        owner.communicate(b"")
    assert message.startswith(f"The embedded engine does not open '{tmp_path}'. Only one process may have")


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    message = run(SECOND, str(tmp_path / "file")).stdout
    assert message.startswith("The embedded engine does not open")
    assert "File exists" in message
    assert len(message.splitlines()) == 1


def test_a_process_with_idle_clients_ends_cleanly(tmp_path: Path) -> None:
    for ending in ("close", "leave"):
        ended = run(BUSY, str(tmp_path / ending), ending)
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, "800000\n", "")


def test_a_protobuf_insert_writes_nothing_to_the_current_folder(tmp_path: Path) -> None:
    schema = tmp_path / "row.proto"
    schema.write_text('syntax = "proto3"; message Row { uint64 id = 1; }')
    assert run(NOWHERE, str(tmp_path / "engine"), str(schema)).stdout == "[(5,)]\n"
