"""CPU time of the door for each span, without a policy and with one, over what forty instrumentations sent.

    python benchmarks/redaction_at_the_door.py [--rounds 5]

*New*: every text is seen for the first time, as the worst case. *Again*: all of it was seen before, as most
of a conversation and nearly all names, models and resources are.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from time import process_time
from typing import Any

from watchkeeper_collector.demo.captures import load_captures
from watchkeeper_collector.otlp.admission import Admission
from watchkeeper_collector.otlp.forms import Forms
from watchkeeper_collector.otlp.limits import Limits
from watchkeeper_collector.otlp.signals import TRACES
from watchkeeper_collector.redaction.policy import read_policy
from watchkeeper_collector.redaction.screen import Screen

DETECTORS = ("secret", "email", "iban", "card", "ssn", "ip", "phone")
POLICIES: Mapping[str, Mapping[str, Any]] = {
    "users' ids hashed": {"users": "hash"},
    "secrets": {"detectors": {"secret": "mask"}},
    "secrets and personal data": {"detectors": dict.fromkeys(DETECTORS, "mask")},
    "the same, and five patterns": {
        "detectors": dict.fromkeys(DETECTORS, "mask"),
        "patterns": {f"pattern_{letter}": rf"{letter.upper()}{{2}}-\d{{6}}" for letter in "abcde"},
    },
}


def measure_us(admission: Admission, bodies: Sequence[bytes], screen: Screen | None) -> float:
    """CPU time of one round, for each span."""
    start, spans = process_time(), 0
    for body in bodies:
        spans += admission.admit(body, screen).items
    return (process_time() - start) / spans * 1e6


def row(name: str, new_us: float, again_us: float) -> str:
    return f"| {name} | {new_us:.0f} | {again_us:.0f} | {1e6 / new_us:,.0f} | {1e6 / again_us:,.0f} |"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    bodies = [capture.body for capture in load_captures() if capture.signal == "traces"]
    admission = Admission(TRACES, Limits(), Forms())
    spans = sum(admission.admit(body).items for body in bodies)
    print(f"{spans:,} spans of {sum(map(len, bodies)) / spans:,.0f} bytes\n")
    print("| policy | µs a span, new | again | spans/s of a core, new | again |\n|---|---:|---:|---:|---:|")
    plain = min(measure_us(admission, bodies, None) for _ in range(rounds))
    print(row("none", plain, plain))
    for name, policy in POLICIES.items():
        new, again = [], []
        for _ in range(rounds):
            screen = Screen("1", read_policy(policy), "key")
            new.append(measure_us(admission, bodies, screen))
            again.append(measure_us(admission, bodies, screen))
        print(row(name, min(new), min(again)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
