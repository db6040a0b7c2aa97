"""Sending as an exporter would: compressed, and again when told to wait. Scores go to the API."""

import gzip
import http.client
import json
import threading
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

from google.protobuf.message import Message

ANSWER_TIMEOUT_S = 30.0
LONGEST_WAIT_S = 30.0
MOST_WORDS = 100_000
RETRYABLE = frozenset({429, 502, 503, 504})
SUCCESSES = frozenset({200, 202})


class NotSentError(Exception):
    """The collector refused a request for good, with its words."""


class Sender:
    """Posts requests to one collector until ``stop`` is set."""

    def __init__(self, url: str, stop: threading.Event, *, api_key: str = "") -> None:
        self._address = urlsplit(url)
        self._stop = stop
        self._authorization = {"Authorization": f"Bearer {api_key}"} if api_key else {}

    def send(self, signal: str, message: Message) -> None:
        """Send one request, waiting as long as the collector is busy. Raises ``NotSentError``."""
        body = gzip.compress(message.SerializeToString(), compresslevel=1)
        headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}
        self._deliver(f"/v1/{signal}", headers, body)

    def send_scores(self, scores: Sequence[dict[str, Any]]) -> None:
        """Send scores, as the API wants them. Raises ``NotSentError``."""
        body = json.dumps({"items": scores}).encode()
        self._deliver("/api/v1/scores/batch", {"Content-Type": "application/json"}, body)

    def count_waiting_segments(self) -> int:
        """How many segments of the spool the store has not got yet. 0 where the collector does not say."""
        status, words = self._request("GET", "/api/v1/status", {}, b"")
        try:
            return int(json.loads(words)["spool"]["segments"]) if status in SUCCESSES else 0
        except (ValueError, KeyError, TypeError):
            return 0

    def _deliver(self, path: str, headers: Mapping[str, str], body: bytes) -> None:
        wait_s = 0.25
        while not self._stop.is_set():
            status, words = self._request("POST", path, headers, body)
            if status in SUCCESSES:
                return
            if status not in RETRYABLE and status != 0:
                raise NotSentError(f"The collector answered {status}: {words}")
            self._stop.wait(wait_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)

    def _request(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
        """Status and words of the answer; status 0 where there was none."""
        secure = self._address.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(self._address.hostname or "", self._address.port, timeout=ANSWER_TIMEOUT_S)
        try:
            with closing(connection):
                connection.request(
                    method, f"{self._address.path}{path}", body, {**self._authorization, **headers}
                )
                answer = connection.getresponse()
                return answer.status, answer.read(MOST_WORDS).decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            return 0, str(error)
