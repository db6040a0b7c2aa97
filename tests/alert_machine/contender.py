"""One of several collectors that would evaluate: `python -m tests.alert_machine.contender URL NAME`."""

import sys
import threading
from collections.abc import Sequence
from datetime import datetime

from watchkeeper_collector.alerts.engine.engine import Engine
from watchkeeper_collector.alerts.engine.worker import AlertWorker
from watchkeeper_collector.alerts.evaluation.sample import Evaluation
from watchkeeper_collector.alerts.rules.rule import Rule
from watchkeeper_collector.state.leases import Lease
from watchkeeper_collector.state.state import State

from tests.alert_machine import build_rule, sample

INTERVAL_S = 0.5
LEASE_S = 2.0


class Book:
    problem = ""

    def rules(self) -> Sequence[Rule]:
        return [build_rule(interval_s=INTERVAL_S)]


def evaluate(rules: Sequence[Rule], at: datetime) -> list[Evaluation]:
    return [Evaluation(rule, at, (sample(model="gpt"),)) for rule in rules]


def main(url: str, name: str) -> None:
    state = State(url, holder=name)
    lease = Lease(state.database, "alerts", ttl_s=LEASE_S, holder=name)
    AlertWorker(Engine(state.alerts, lease, evaluate), Book(), lease).start()
    print("ready", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
