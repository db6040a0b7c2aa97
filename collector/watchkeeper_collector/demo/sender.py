"""Sending over OTLP/HTTP as an exporter would: compressed, and again when it is told to wait."""

import gzip
import http.client
import threading
from contextlib import closing
from urllib.parse import urlsplit

from google.protobuf.message import Message

ANSWER_TIMEOUT_S = 30.0
LONGEST_WAIT_S = 30.0
RETRYABLE = frozenset({429, 502, 503, 504})
HEADERS = {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}


class NotSentError(Exception):
    """The collector refused a request for good, with its words."""


class Sender:
    """Posts requests to one collector until ``stop`` is set."""

    def __init__(self, url: str, stop: threading.Event, *, api_key: str = "") -> None:
        self._address = urlsplit(url)
        self._stop = stop
        self._headers = HEADERS | ({"Authorization": f"Bearer {api_key}"} if api_key else {})

    def send(self, signal: str, message: Message) -> None:
        """Send one request, waiting as long as the collector is busy. Raises ``NotSentError``."""
        body = gzip.compress(message.SerializeToString(), compresslevel=1)
        wait_s = 0.25
        while not self._stop.is_set():
            status, words = self._post(signal, body)
            if status == 200:
                return
            if status not in RETRYABLE and status != 0:
                raise NotSentError(f"The collector answered {status}: {words}")
            self._stop.wait(wait_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)

    def _post(self, signal: str, body: bytes) -> tuple[int, str]:
        """Status and words of the answer; status 0 where there was none."""
        secure = self._address.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(self._address.hostname or "", self._address.port, timeout=ANSWER_TIMEOUT_S)
        try:
            with closing(connection):
                connection.request("POST", f"{self._address.path}/v1/{signal}", body, self._headers)
                answer = connection.getresponse()
                return answer.status, answer.read(2000).decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            return 0, str(error)
