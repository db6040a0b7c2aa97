"""The demo beside a running collector: the past is sent in a thread, then the present begins."""

import threading
import time
from functools import partial
from typing import TYPE_CHECKING

from watchkeeper_collector.cli.banner import render_command
from watchkeeper_collector.cli.client import AnswerError, ApiClient
from watchkeeper_collector.cli.console import say
from watchkeeper_collector.cli.live_services import LiveServices
from watchkeeper_collector.cli.progress import counting, working

if TYPE_CHECKING:
    from watchkeeper_collector.demo.playing import Player

LONGEST_STOP_S = 5.0
POLL_S = 0.25
LIVE = (
    "Live traffic is on: the shop's two services, instrumented, call models that are bundled with the demo.\n"
    "In three minutes Anthropic fails for a minute and a half, in seven a customer's script gets dear: each\n"
    "is one page, which is shown here and on the page Alerts.\n"
)
TO_SEE = """
{live}There is something to find in the shop's last five weeks, on the dashboard or with these:

  Which user caused the surge of cost, three days ago?
    {spender}
  Which release of order-support began to refuse its customers?
    {refusals}
  When was Anthropic down?
    {outage}
  Whose answers are no JSON any more?
    {broken}

Calls as they come:
    {tail}
Conversations:
    curl -s '{url}/api/v1/traces?limit=3'
What was spent, as JSON:
    curl -s '{url}/api/v1/query?measures=cost_usd,calls&by=model&start=-7d'
"""


class Demonstration:
    """``is_first``: five weeks of history and the captures are sent too, as nothing is there yet.

    ``program`` is how the command is called in what it tells to look at.
    """

    def __init__(self, program: str, *, is_first: bool) -> None:
        self._program = program
        self._is_first = is_first
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._services = LiveServices()

    def start(self, url: str) -> None:
        """Begin to send to the collector, without waiting for anything."""
        self._thread = threading.Thread(target=self._run, args=(url,), name="demo", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(LONGEST_STOP_S)
        self._services.stop()

    def _run(self, url: str) -> None:
        from watchkeeper_collector.demo.playing import Player  # noqa: PLC0415 - slow, for --help
        from watchkeeper_collector.demo.sender import NotSentError, Sender  # noqa: PLC0415
        from watchkeeper_collector.demo.traffic import Plan  # noqa: PLC0415

        player = Player(Plan(start_s=time.time()), Sender(url, self._stop), self._stop)
        try:
            if self._is_first:
                self._send_past(player)
            self._wait_until_stored(ApiClient(url), player)
        except NotSentError as error:
            say(f"The demo ends, the collector goes on. {error}")
            return
        if not self._stop.is_set():
            is_live = self._services.start(url)
            say(_what_to_see(self._program, url, is_live=is_live))

    def _send_past(self, player: "Player") -> None:
        player.replay_captures()
        if not self._stop.is_set():
            say(f"Sent {player.sent.captures} requests that 40 instrumentations really sent.")
        with counting("Sending five weeks of the shop's history") as on_progress:
            player.send_history(on_progress)
        if not self._stop.is_set():
            sent = player.sent
            say(f"Sent {sent.traces:,} traces with {sent.spans:,} spans, and {sent.scores:,} scores.")

    def _wait_until_stored(self, client: ApiClient, player: "Player") -> None:
        """So that what is told to look at is there."""
        with working("Waiting until ClickHouse has it all"):
            while not (self._stop.is_set() or _has_stored(client, player.sent.spans)):
                self._stop.wait(POLL_S)


def _has_stored(client: ApiClient, spans: int) -> bool:
    try:
        status = client.get("/api/v1/status")
    except AnswerError:
        return False
    spool = status["spool"]
    return bool(status["store"]["is_ready"] and (spool["drained_items"] >= spans or not spool["segments"]))


def _what_to_see(program: str, url: str, *, is_live: bool) -> str:
    command = partial(render_command, program, url)
    return TO_SEE.format(
        url=url,
        live=LIVE if is_live else "",
        spender=command("query", "cost_usd by user last 7d"),
        refusals=command(
            "query", "calls by release, finish_reason where service:order-support kind:llm last 14d"
        ),
        outage=command("query", "errors, calls where provider:anthropic last 14d step 1d"),
        broken=command("query", "invalid_json_rate by model last 14d step 1d"),
        tail=command("tail"),
    )
