"""Turns the bytes of one message into the bytes that are stored of it."""

from collections.abc import Sequence

from google.protobuf.message import DecodeError

from watchkeeper_collector.otlp.forms import Forms
from watchkeeper_collector.otlp.items import Rules
from watchkeeper_collector.otlp.rewriting import Rewriter


class Settler:
    """Settles messages of one type."""

    def __init__(self, forms: Forms, name: str, limit: int, rules: Rules) -> None:
        self._read_settled = forms.settled(name).FromString
        self.read_open = forms.open(name).FromString
        self._limit = limit
        self._rewriter = Rewriter(limit)
        self._mend, self._count = rules

    def settle(self, data: bytes, needles: Sequence[bytes]) -> tuple[bytes, int]:
        """What is stored of the message, and how many items that is.

        ``needles`` are byte strings that no settled message holds. Raises ``DecodeError``, ``RefusedError``.
        """
        if len(data) > self._limit or (needles and any(needle in data for needle in needles)):
            return self._settle_slowly(data)
        try:
            message = self._read_settled(data)
        except DecodeError:  # invalid UTF-8, mostly
            return self._settle_slowly(data)
        message.DiscardUnknownFields()
        self._mend(message)
        settled = message.SerializeToString()
        if settled == data:
            return data, self._count(message)
        return self._settle_slowly(data) if self._has_unknown(data) else (settled, self._count(message))

    def _settle_slowly(self, data: bytes) -> tuple[bytes, int]:
        open_message = self.read_open(data)
        self._rewriter.rewrite(open_message)
        message = self._read_settled(open_message.SerializeToString())
        message.DiscardUnknownFields()
        self._mend(message)
        return message.SerializeToString(), self._count(message)

    def _has_unknown(self, data: bytes) -> bool:
        message = self._read_settled(data)
        size = message.ByteSize()
        message.DiscardUnknownFields()
        return bool(size != message.ByteSize())
