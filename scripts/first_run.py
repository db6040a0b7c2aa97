"""Prove the first minutes of a user: the wheel, three programs of the quickstart, a collector, and its end.

Builds the wheel and installs it twice: without extras beside the clients of OpenAI, Anthropic and Google, and
with the server's packages, each in an environment of its own. Runs `watchkeeper up` from the second and the
quickstart's programs from the first, against a server that answers as the providers do, and looks for each
trace with its tokens, its cost and its sampled answer. Then kills the collector: the programs answer as
before, and one that goes on meanwhile loses no call, nor any of its traces once a collector is there again.
Run by `make first-run`; it takes some minutes, most of them pip's.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bare_install import ROOT, build_wheel, install, run

sys.path.insert(0, str(ROOT))

from tests.sdk.provider_server import serving

CLIENTS = {"OpenAI": "openai", "Anthropic": "anthropic", "Google Gemini": "google-genai"}
PAGE = (ROOT / "docs" / "quickstart.md").read_text("utf-8")
ANSWER = "In Norway, of course."
CALLS = 60
LONG = f"""
import openai, time, watchkeeper
watchkeeper.instrument(service_name="long", export_interval_s=0.2)
client = openai.OpenAI(max_retries=0)
for number in range({CALLS}):
    answer = client.responses.create(model="gpt-4o", input="Where is Oslo?")
    print(number, answer.output_text, flush=True)
    time.sleep(0.05)
assert input() == "the collector is back"
"""
"""A program that is in the middle of its calls when the collector is killed."""
TIMEOUT_S = 60.0


def main() -> int:
    """The exit status."""
    with tempfile.TemporaryDirectory() as name, serving() as models:
        folder = Path(name)
        wheel = build_wheel(folder)
        application = install(wheel, folder / "application")
        add_clients(application)
        server = install_server(wheel, folder / "server")
        home = Home(server, folder / "data", free_port())
        environment = build_environment(models, home.address)
        with home.running():
            for title in CLIENTS:
                check_program(application, title, environment, home)
        check_without_collector(application, environment)
        check_killed_meanwhile(application, environment, home)
    print("The first minutes are as they should be.")
    return 0


def add_clients(python: Path) -> None:
    """The clients, in the versions that are tested."""
    pinned = re.findall(r"(?m)^([a-z0-9.-]+)==([^ ;\\]+)", (ROOT / "locks" / "dev.txt").read_text("utf-8"))
    constraints = python.parents[1] / "constraints.txt"
    constraints.write_text("".join(f"{name}=={version}\n" for name, version in pinned), "utf-8")
    pip = [str(python), "-m", "pip", "install", "--quiet", "--constraint", str(constraints)]
    run([*pip, *CLIENTS.values()])
    if has_module(python, "watchkeeper_collector.app") and has_module(python, "chdb"):
        sys.exit("The application's environment has packages of the server.")


def has_module(python: Path, name: str) -> bool:
    program = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({name!r}) is None)"
    return subprocess.run([str(python), "-c", program], check=False, capture_output=True).returncode == 0


def install_server(wheel: Path, environment: Path) -> Path:
    """The interpreter of an environment with the server's packages too."""
    python = install(wheel, environment)
    run([str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", "locks/server.txt"])
    return python


def build_environment(models: str, collector: str) -> dict[str, str]:
    """What a user's shell has: keys, a collector; and addresses, since the models are ours."""
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("WATCHKEEPER_", "OTEL_"))
    }
    keys = dict.fromkeys(("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"), "first-run-secret")
    addresses = {
        "OPENAI_BASE_URL": f"{models}/openai/v1",
        "ANTHROPIC_BASE_URL": f"{models}/anthropic",
        "GOOGLE_GEMINI_BASE_URL": f"{models}/gemini",
        "WATCHKEEPER_ENDPOINT": collector,
    }
    return clean | keys | addresses | {"WATCHKEEPER_SAMPLE_RATIO": "1.0"}


class Home:
    """A collector as a user runs it, on one port and one folder."""

    def __init__(self, python: Path, data: Path, port: int) -> None:
        self._command = [
            str(python.with_name("watchkeeper")), "up", "--no-dashboard", "--data", str(data),
            "--http-port", str(port), "--grpc-port", "0",
        ]  # fmt: skip
        self.address = f"http://127.0.0.1:{port}"

    @contextmanager
    def running(self) -> Iterator[None]:
        """Killed at the end, as by a crash."""
        with subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            try:
                until(lambda: self.ask("/readyz") is not None or process.poll() is not None)
                if process.poll() is not None and process.stderr is not None:
                    sys.exit(f"`watchkeeper up` ended:\n{process.stderr.read().decode()}")
                yield
            finally:
                process.send_signal(signal.SIGKILL)

    def ask(self, path: str) -> Any:
        """The JSON of an answer, ``None`` where there is none."""
        try:
            with urllib.request.urlopen(self.address + path, timeout=10) as answer:
                return json.load(answer)
        except (urllib.error.URLError, OSError):
            return None

    def calls(self, service: str) -> list[Mapping[str, Any]]:
        """Calls of a service that have their cost."""
        page = self.ask(f"/api/v1/spans?filter=service:{service}&limit=500") or {"items": []}
        return [span for span in page["items"] if span["cost_usd"] is not None]


def check_program(python: Path, title: str, environment: Mapping[str, str], home: Home) -> None:
    """Run one program of the quickstart, and look for what it left."""
    service = CLIENTS[title]
    answer(python, program_of(title, service), environment)
    until(lambda: home.calls(service))
    (call,) = home.calls(service)
    trace = home.ask(f"/api/v1/traces/{call['trace_id']}")["spans"]
    said = trace[0]["output_messages"][0]["parts"][0]["content"]
    if said != ANSWER or not call["input_tokens"] or not call["output_tokens"] or not call["cost_usd"] > 0:
        sys.exit(f"The call of {title} lacks something: {json.dumps(trace[0], indent=2)}")
    tokens = f"{call['input_tokens']} tokens read, {call['output_tokens']} written"
    print(f"{title}: {tokens}, ${call['cost_usd']:.6f}.")


def check_without_collector(python: Path, environment: Mapping[str, str]) -> None:
    for title, service in CLIENTS.items():
        took_s = answer(python, program_of(title, service), environment)
        print(f"{title} without a collector: the same answer, after {took_s:.1f} s with Python's start.")


def check_killed_meanwhile(python: Path, environment: Mapping[str, str], home: Home) -> None:
    """Kill the collector in the midst of a program's calls, and start it again."""
    with subprocess.Popen(
        [str(python), "-c", LONG], env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as program:  # fmt: skip
        assert program.stdout is not None
        with home.running():
            lines = [program.stdout.readline() for _ in range(CALLS // 3)]
        lines += [program.stdout.readline() for _ in range(CALLS - len(lines))]
        if lines != [f"{number} {ANSWER}\n" for number in range(CALLS)]:
            sys.exit(f"The program noticed the collector's end: {lines}")
        with home.running():
            until(lambda: len(home.calls("long")) == CALLS)
            _, said = program.communicate("the collector is back\n", timeout=TIMEOUT_S)
    if program.returncode != 0 or "Traceback" in said:
        sys.exit(f"The program failed:\n{said}")
    print(f"A collector killed in the midst of {CALLS} calls: all answered, all recorded once it was back.")


def program_of(title: str, service: str) -> str:
    found = re.search(rf"(?ms)^## {title}\n.*?^```python\n(.*?)^```", PAGE)
    if found is None:
        sys.exit(f"docs/quickstart.md has no program under '{title}'.")
    return found[1].replace('"shop"', f'"{service}"')


def answer(python: Path, program: str, environment: Mapping[str, str]) -> float:
    """Run a program, which must answer: how long it took, in seconds."""
    started_s = time.monotonic()
    done = subprocess.run(
        [str(python), "-c", program],
        env=environment, capture_output=True, text=True, check=False, timeout=TIMEOUT_S,
    )  # fmt: skip
    if (done.returncode, done.stdout) != (0, f"{ANSWER}\n") or "Traceback" in done.stderr:
        sys.exit(f"A program failed with {done.returncode}:\n{done.stdout}{done.stderr}")
    return time.monotonic() - started_s


def until(holds: Callable[[], object]) -> None:
    ends_at_s = time.monotonic() + TIMEOUT_S
    while not holds():
        if time.monotonic() > ends_at_s:
            sys.exit(f"It did not come to pass within {TIMEOUT_S:.0f} s.")
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
