"""A process that is killed in an incident: `python -m tests.alert_machine URL SEED TICKS PORT`.

It begins where the state store says that it was, evaluates one timestamp after another, and sends what the
outbox has to a receiver on this machine, in its order. At the end it waits until all of it was taken.
"""

import http.client
import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from watchkeeper_collector.alerts.engine.engine import Engine
from watchkeeper_collector.errors import StateUnavailableError
from watchkeeper_collector.state.alert_documents import render_record
from watchkeeper_collector.state.alerts import Alerts
from watchkeeper_collector.state.state import State

from tests.alert_machine.incident import GROUP, Incident


def main(url: str, seed: int, ticks: int, port: int) -> None:
    state, incident = State(url, holder="incident"), Incident(seed, ticks)
    state.migrate()
    engine = Engine(state.alerts, state.lease("alerts", ttl_s=60), incident.evaluate)
    done = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(send, state.alerts, port, done)
        print("ready", flush=True)
        for tick in range(find_tick(state, incident), ticks):
            assert engine.evaluate(GROUP, incident.time(tick))
            time.sleep(0.002)  # SQLite serves writers in no order: without a pause the other waits for long
        done.set()
        sending.result()
    state.close()


def find_tick(state: State, incident: Incident) -> int:
    """The first that was not evaluated."""
    records = state.alerts.evaluations()
    return incident.tick(records[0].evaluated_at) + 1 if records else 0


def send(alerts: Alerts, port: int, done: threading.Event) -> None:
    """Lines are dropped once they were taken: killed in between, they are sent again."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    while not (done.is_set() and alerts.outbox_depth() == 0):
        with suppress(StateUnavailableError):  # the other thread writes without a pause
            send_some(alerts, connection)


def send_some(alerts: Alerts, connection: http.client.HTTPConnection) -> None:
    with alerts.turn() as transaction:
        lines = alerts.take_notices(transaction, 0, 20)
    for line in lines:
        connection.request("POST", "/", json.dumps({"id": line.id, "notice": render_record(line.notice)}))
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
    if lines:
        with alerts.turn() as transaction:
            alerts.drop_notices(transaction, lines[-1].id)
    else:
        time.sleep(0.005)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
