"""Clients that send as exporters do: over connections that they keep, and again until it is acknowledged."""

import http.client
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import grpc
from watchkeeper_collector.otlp.signals import SIGNALS

from tests.campaign.items import BUILDERS
from tests.campaign.ledger import Ledger

ANSWER_TIMEOUT_S = 30.0
PAUSE_S = 0.05
MOST_ITEMS = 12
GIVES_UP = 0.05
"""So often a client gives up after a failure: it was restarted itself, say."""


class Connection(Protocol):
    """One way to the collector. ``send`` says whether it was acknowledged."""

    def send(self, address: str, signal: str, body: bytes) -> bool: ...

    def close(self) -> None: ...


class HttpConnection:
    def __init__(self) -> None:
        self._address = ""
        self._connection: http.client.HTTPConnection | None = None

    def send(self, address: str, signal: str, body: bytes) -> bool:
        headers = {"content-type": "application/x-protobuf"}
        try:
            connection = self._to(address)
            connection.request("POST", f"/v1/{signal}", body, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            return False
        assert answer.status in (200, 429, 503), answer.status
        return answer.status == 200

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _to(self, address: str) -> http.client.HTTPConnection:
        if address != self._address or self._connection is None:
            self.close()
            self._address = address
            self._connection = http.client.HTTPConnection(address, timeout=ANSWER_TIMEOUT_S)
        return self._connection


class GrpcConnection:
    RETRYABLE = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED)

    def __init__(self) -> None:
        self._address = ""
        self._channel: grpc.Channel | None = None

    def send(self, address: str, signal: str, body: bytes) -> bool:
        try:
            self._to(address).unary_unary(SIGNALS[signal].method)(body, timeout=ANSWER_TIMEOUT_S)
        except grpc.RpcError as error:
            if error.code() in self.RETRYABLE:
                return False
            raise
        return True

    def close(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None

    def _to(self, address: str) -> grpc.Channel:
        if address != self._address or self._channel is None:
            self.close()
            self._address, self._channel = address, grpc.insecure_channel(address)
        return self._channel


class Sender(threading.Thread):
    """Sends until it is told to stop; then it ends with what it has under way acknowledged."""

    def __init__(
        self, connection: Connection, address: Callable[[], str], ledger: Ledger, chance: random.Random
    ) -> None:
        super().__init__(daemon=True)
        self._connection = connection
        self._address = address
        self._ledger = ledger
        self._chance = chance
        self.stopping = threading.Event()
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            while not self.stopping.wait(PAUSE_S):
                signal = self._chance.choice(("traces", "traces", "traces", "logs", "metrics"))
                numbers = self._ledger.draw(self._chance.randint(1, MOST_ITEMS))
                self._deliver(signal, numbers, BUILDERS[signal](numbers))
        except BaseException as error:
            self.failure = error
            raise
        finally:
            self._connection.close()

    def _deliver(self, signal: str, numbers: Sequence[int], body: bytes) -> None:
        while not ((address := self._address()) and self._connection.send(address, signal, body)):
            if self._gives_up(address):
                self._ledger.give_up(signal, numbers)
                return
            self._ledger.repeat()
            time.sleep(PAUSE_S)
        self._ledger.acknowledge(signal, numbers)

    def _gives_up(self, address: str) -> bool:
        """Now and then after a failure; at the end when there is nobody to send to."""
        return self._chance.random() < GIVES_UP if address else self.stopping.is_set()


@contextmanager
def sending(
    http_address: Callable[[], str], grpc_address: Callable[[], str], ledger: Ledger, chance: random.Random
) -> Iterator[None]:
    """Four clients that send in the block; at its end all is acknowledged or given up."""
    senders = [
        Sender(connection, address, ledger, random.Random(chance.random()))
        for connection, address in (
            (HttpConnection(), http_address),
            (HttpConnection(), http_address),
            (HttpConnection(), http_address),
            (GrpcConnection(), grpc_address),
        )
    ]
    for sender in senders:
        sender.start()
    try:
        yield
    finally:
        for sender in senders:
            sender.stopping.set()
        for sender in senders:
            sender.join(2 * ANSWER_TIMEOUT_S)
    assert not any(sender.is_alive() for sender in senders)
    assert [sender.failure for sender in senders if sender.failure] == []
