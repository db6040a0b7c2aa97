"""Memory stays flat while the collector is away, however many calls are made."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
GROWTH_BYTES = 4 << 20
"""Less than 100 calls of 10 kB take: what is kept of each of thousands would be seen."""
PROGRAM = """
import json, resource, sys
import watchkeeper

handle = watchkeeper.instrument(
    endpoint="http://127.0.0.1:9", capture="all", queue_bytes=1 << 20, export_interval_s=0.05
)
from tests.sdk.contract.openai_subjects import SUBJECTS

subjects = [subject for subject in SUBJECTS if subject.name in ("openai.chat", "openai.chat.stream")]
wires = [subject.wire() for subject in subjects]
clients = [subject.build(wire) for subject, wire in zip(subjects, wires)]
calls, resident = int(sys.argv[1]), []

def resident_bytes():
    with open("/proc/self/statm") as numbers:
        return int(numbers.read().split()[1]) * resource.getpagesize()

def call(which):
    answer = subjects[which].call(clients[which])
    if subjects[which].is_stream:
        list(answer)
    wires[which].requests.clear()

for number in range(calls):
    call(number % 10 == 0)
    if number % (calls // 10) == 0:
        resident.append(resident_bytes())
print(json.dumps({"resident": resident, "stats": handle.stats()}))
handle.shutdown(0.1)
"""


def check_soak(calls: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(calls)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    said = json.loads(done.stdout)
    resident, stats = said["resident"], said["stats"]
    assert max(resident[3:]) - resident[2] < GROWTH_BYTES, resident
    assert stats["sent"] == 0
    assert stats["faults"] == {}
    assert stats["dropped"] + stats["waiting"] == calls
    assert stats["waiting_bytes"] < 6 << 20


def test_memory_is_flat_over_five_thousand_calls_without_a_collector() -> None:
    check_soak(5_000)


@pytest.mark.campaign
@pytest.mark.timeout(1800)
def test_memory_is_flat_over_a_hundred_thousand_calls_without_a_collector() -> None:
    check_soak(100_000)
