"""Forks, workers, greenlets, signals and exits, in real programs."""

import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from time import sleep
from typing import Any

import pytest

from tests.sdk.collector import Collector

TIMEOUT_S = 60
HEAD = """
import gc, os, signal, sys, threading, time
{first}
import watchkeeper

handle = watchkeeper.instrument(
    endpoint=os.environ["COLLECTOR"], capture="all", exit_timeout_s=10, export_interval_s={interval_s}
)
{then}

@watchkeeper.trace(name="work")
def work(label):
    return label
"""


@pytest.fixture
def collector() -> Iterator[Collector]:
    """One of the test's own: several programs send to it."""
    with Collector() as running:
        yield running


class Program:
    """A file that instruments itself and then does ``body``; spans are sent when it is left, or flushed."""

    def __init__(self, folder: Path, body: str, *, first: str = "", then: str = "") -> None:
        self.path = folder / "program.py"
        self.path.write_text(HEAD.format(first=first, then=then, interval_s=60) + body)

    def start(self, collector: Collector, *command: str, **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command or (sys.executable, "-W", "ignore", str(self.path)),
            cwd=self.path.parent,
            env={**os.environ, "COLLECTOR": collector.endpoint},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **options,
        )

    def run(self, collector: Collector) -> str:
        return finish(self.start(collector))


def finish(process: subprocess.Popen[str]) -> str:
    """What it printed; it has to end well by itself."""
    try:
        output, _ = process.communicate(timeout=TIMEOUT_S)
    finally:
        process.kill()
    assert process.returncode == 0, output
    return output


def labels(collector: Collector) -> Counter[str]:
    return Counter(str(span.content("input.value")["label"]) for span in collector.spans())


# Children.


def test_children_of_multiprocessing_send_what_they_recorded(tmp_path: Path, collector: Collector) -> None:
    body = """
if __name__ == "__main__":
    import multiprocessing
    work("parent")
    for method in ("fork", "spawn", "forkserver"):
        child = multiprocessing.get_context(method).Process(target=work, args=(method,))
        child.start()
        child.join()
        assert child.exitcode == 0
    with multiprocessing.get_context("fork").Pool(1) as pool:
        pool.map(work, ["pool"])
        pool.close()
        pool.join()
"""
    Program(tmp_path, body).run(collector)
    assert labels(collector) == Counter(["parent", "fork", "spawn", "forkserver", "pool"])


def test_children_work_whatever_the_parents_threads_did_when_they_were_forked(
    tmp_path: Path, collector: Collector
) -> None:
    body = """
is_over = False

def keep_busy():
    while not is_over:
        work("parent")
        handle.flush(0.1)

threads = [threading.Thread(target=keep_busy) for _ in range(3)]
for thread in threads:
    thread.start()
for _ in range(12):
    child = os.fork()
    if child == 0:
        work("child")
        os._exit(0 if handle.flush(10) else 3)
    assert os.waitpid(child, 0)[1] == 0
is_over = True
for thread in threads:
    thread.join()
"""
    Program(tmp_path, body).run(collector)
    assert labels(collector)["child"] == 12


def test_what_a_parent_began_is_its_own_to_end(tmp_path: Path, collector: Collector) -> None:
    """A stream and a step that are open during a fork exist twice from then on."""
    body = """
@watchkeeper.trace(name="work")
def forking(label):
    return os.fork()

class Client:
    def complete(self, model="m"):
        yield from "abc"

reader = watchkeeper.Reader(
    "chat", request=lambda call: watchkeeper.Request("m"), response=lambda said: watchkeeper.Response()
)
watchkeeper.register(Client, "complete", reader, provider="acme")
stream = Client().complete()
next(stream)
child = forking("step")
if child == 0:
    del stream
    gc.collect()
    assert handle.flush(10)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
list(stream)
"""
    Program(tmp_path, body).run(collector)
    states = [span.attributes.get("watchkeeper.stream.state") for span in collector.spans()]
    assert Counter(states) == Counter([None, "complete"])


# Servers and workers.


@pytest.mark.parametrize("options", [(), ("--preload",)], ids=["pre-fork", "preload"])
def test_workers_of_gunicorn_send_what_they_recorded(
    options: tuple[str, ...], tmp_path: Path, collector: Collector
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        command = (sys.executable, "-W", "ignore", "-m", "gunicorn", "-k", "uvicorn.workers.UvicornWorker",
                   "-w", "2", "-b", f"fd://{listening.fileno()}", *options, "program:serve")  # fmt: skip
        check_server(command, listening, Program(tmp_path, SERVER), collector)


def test_workers_of_uvicorn_send_what_they_recorded(tmp_path: Path, collector: Collector) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        command = (sys.executable, "-W", "ignore", "-m", "uvicorn", "--workers", "2",
                   "--fd", str(listening.fileno()), "program:serve")  # fmt: skip
        check_server(command, listening, Program(tmp_path, SERVER), collector)


SERVER = """
work("imported")

async def serve(scope, receive, send):
    if scope["type"] == "http":
        work("asked")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(os.getpid()).encode()})
"""


def check_server(
    command: tuple[str, ...], listening: socket.socket, program: Program, collector: Collector
) -> None:
    server = program.start(collector, *command, pass_fds=[listening.fileno()])
    try:
        workers = [ask(listening.getsockname()[1]) for _ in range(6)]
        server.send_signal(signal.SIGTERM)
        finish(server)
    finally:
        server.kill()
    assert all(workers)
    assert labels(collector)["asked"] == 6
    assert labels(collector)["imported"] >= 1


def ask(port: int) -> str:
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    connection.request("GET", "/")
    answer = connection.getresponse().read().decode()
    connection.close()
    return answer


def test_workers_of_celery_send_what_they_recorded(tmp_path: Path, collector: Collector) -> None:
    body = """
from celery import Celery
from celery.signals import worker_ready

queue = {"data_folder_in": "queue", "data_folder_out": "queue", "control_folder": "control"}
app = Celery("program", broker="filesystem://", broker_transport_options=queue)
app.conf.worker_enable_remote_control = False

@app.task
def task(label):
    with open(f"done-{work(label)}", "w"):
        pass

@worker_ready.connect
def begin(**_):
    for number in range(4):
        task.delay(f"task {number}")
"""
    (tmp_path / "queue").mkdir()
    program = Program(tmp_path, body)
    command = (sys.executable, "-W", "ignore", "-m", "celery", "-A", "program", "worker", "-c", "1",
               "--without-gossip", "--without-mingle", "--without-heartbeat")  # fmt: skip
    worker = program.start(collector, *command)
    try:
        wait_for(lambda: len([*tmp_path.glob("done-*")]) == 4)
        worker.send_signal(signal.SIGTERM)
        finish(worker)
    finally:
        worker.kill()
    assert labels(collector) == Counter(f"task {number}" for number in range(4))


def wait_for(is_so: Any) -> None:
    for _ in range(TIMEOUT_S * 20):
        if is_so():
            return
        sleep(0.05)
    raise AssertionError("It did not come about.")


# Greenlets, signals, exits.

PATCHED = "import gevent.monkey; gevent.monkey.patch_all()"


@pytest.mark.parametrize(
    "where", [{"first": PATCHED}, {"then": PATCHED}], ids=["patched first", "instrumented first"]
)
def test_greenlets_record_and_flush(where: dict[str, str], tmp_path: Path, collector: Collector) -> None:
    body = """
import gevent

def lead(number):
    for step in range(3):
        work(f"{number}.{step}")
        gevent.sleep(0)

ticks = []

def tick():
    while True:
        ticks.append(time.monotonic())
        gevent.sleep(0.001)

gevent.spawn(tick)
gevent.joinall([gevent.spawn(lead, number) for number in range(10)])
seen = len(ticks)
assert handle.flush(10)
assert len(ticks) > seen  # the others went on meanwhile
"""
    Program(tmp_path, body, **where).run(collector)
    assert labels(collector) == Counter(f"{number}.{step}" for number in range(10) for step in range(3))


def test_a_signals_handler_may_record_flush_and_shut_down(tmp_path: Path, collector: Collector) -> None:
    body = """
count = 0

def interrupt(*_):
    global count
    count += 1
    work("handler")
    handle.flush(0.01)
    signal.setitimer(signal.ITIMER_VIRTUAL, 0.002)  # of the program's own time, however busy the machine is

def leave(*_):
    assert handle.shutdown(10)
    stats = handle.stats()
    assert (stats["sent"], stats["waiting"]) == (count + 501, 0), stats
    sys.exit(0)

signal.signal(signal.SIGVTALRM, interrupt)
signal.signal(signal.SIGTERM, leave)
signal.setitimer(signal.ITIMER_VIRTUAL, 0.002)
for _ in range(500):
    work("main")
    handle.flush(0.0001)
signal.signal(signal.SIGVTALRM, signal.SIG_IGN)
work("main")
os.kill(os.getpid(), signal.SIGTERM)
time.sleep(60)
"""
    Program(tmp_path, body).run(collector)
    assert labels(collector)["main"] == 501


def test_threads_at_the_interpreters_end_do_no_harm(tmp_path: Path, collector: Collector) -> None:
    body = """
def run_on():
    while True:
        work("daemon")
        time.sleep(0.0001)

def come_late():
    time.sleep(0.1)
    work("late")

for _ in range(3):
    threading.Thread(target=run_on, daemon=True).start()
threading.Thread(target=come_late).start()
"""
    assert Program(tmp_path, body).run(collector) == ""
    assert labels(collector)["late"] == 1


def test_what_is_recorded_while_the_interpreter_leaves_is_sent(tmp_path: Path, collector: Collector) -> None:
    body = """
import atexit

atexit.register(work, "after us, and so before")
"""
    assert Program(tmp_path, body).run(collector) == ""
    assert labels(collector) == Counter(["after us, and so before"])
