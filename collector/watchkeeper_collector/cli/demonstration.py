"""The demo beside a running collector: sends in a thread of its own, and says what there is to see."""

import threading
import time
from functools import partial
from typing import TYPE_CHECKING

from watchkeeper_collector.cli.banner import render_command
from watchkeeper_collector.cli.client import AnswerError, ApiClient
from watchkeeper_collector.cli.console import say
from watchkeeper_collector.cli.progress import counting, working

if TYPE_CHECKING:
    from watchkeeper_collector.demo.playing import Player

LONGEST_STOP_S = 5.0
POLL_S = 0.25
TO_SEE = """
Live traffic is on: about {traces_per_s:.0f} traces a second. To look at, in another terminal:

  Calls as they come
    {tail}
  The shop's two releases: the new one is slower and dearer
    {releases}
  When OpenAI refused calls
    {errors}
  Models that nobody knows a price of
    {unpriced}
  Conversations
    curl -s '{url}/api/v1/traces?limit=3'
  What was spent, as JSON
    curl -s '{url}/api/v1/query?measures=cost_usd,calls&by=model&start=-24h'
"""


class Demonstration:
    """``is_first``: the day of history and the captures are sent too, as nothing is there yet.

    ``program`` is how the command is called in what it tells to look at.
    """

    def __init__(self, program: str, *, is_first: bool) -> None:
        self._program = program
        self._is_first = is_first
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, url: str) -> None:
        """Begin to send to the collector, without waiting for anything."""
        self._thread = threading.Thread(target=self._run, args=(url,), name="demo", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(LONGEST_STOP_S)

    def _run(self, url: str) -> None:
        from watchkeeper_collector.demo.playing import Player  # noqa: PLC0415 - slow, for --help
        from watchkeeper_collector.demo.sender import NotSentError, Sender  # noqa: PLC0415
        from watchkeeper_collector.demo.traffic import Plan  # noqa: PLC0415

        plan = Plan(start_s=time.time())
        player = Player(plan, Sender(url, self._stop), self._stop)
        try:
            if self._is_first:
                self._send_past(player)
            self._wait_until_stored(ApiClient(url), player)
            if not self._stop.is_set():
                say(_what_to_see(self._program, url, plan.traces_per_s))
                player.play_live()
        except NotSentError as error:
            say(f"The demo ends, the collector goes on. {error}")

    def _send_past(self, player: "Player") -> None:
        player.replay_captures()
        if not self._stop.is_set():
            say(f"Sent {player.sent.captures} requests that 40 instrumentations really sent.")
        with counting("Sending a day of the shop's history") as on_progress:
            player.send_history(on_progress)
        if not self._stop.is_set():
            say(f"Sent {player.sent.traces:,} traces of {player.sent.spans:,} spans of the shop's last day.")

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


def _what_to_see(program: str, url: str, traces_per_s: float) -> str:
    command = partial(render_command, program, url)
    return TO_SEE.format(
        url=url,
        traces_per_s=traces_per_s,
        releases=command(
            "query",
            "cost_per_trace_usd, latency_p95_ms by release where service:shop-assistant last 24h",
        ),
        errors=command("query", "errors, calls where provider:openai last 24h step 1h"),
        unpriced=command("prices", "unpriced"),
        tail=command("tail"),
    )
