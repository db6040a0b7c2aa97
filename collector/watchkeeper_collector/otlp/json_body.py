"""OTLP/JSON to protobuf.

The body is read whole, then written as protobuf along the official descriptors (``json_fields``). How
many elements it holds is counted afterwards, as for every request; here only memory is guarded.
"""

import json
from typing import Any

import orjson

from watchkeeper_collector.errors import InvalidRequestError, RequestTooLargeError
from watchkeeper_collector.otlp.json_fields import MessageWriters
from watchkeeper_collector.otlp.json_size import has_more_values
from watchkeeper_collector.otlp.signals import Signal

VALUES_PER_ELEMENT = 6


class JsonBody:
    """Converts the JSON requests of one signal."""

    def __init__(self, signal: Signal, elements: int) -> None:
        self._write = MessageWriters().build(signal.request.DESCRIPTOR)
        self._name = signal.request.DESCRIPTOR.name
        self._values = elements * VALUES_PER_ELEMENT

    def convert(self, body: bytes) -> bytes:
        """The request in protobuf. Raises ``InvalidRequestError`` and ``RequestTooLargeError``."""
        if has_more_values(body, self._values):
            raise RequestTooLargeError(
                f"The JSON body has more than {self._values:,} values: send smaller batches."
            )
        try:
            return self._write(_read(body))
        except RecursionError:
            raise InvalidRequestError("The JSON body is nested too deep.") from None
        except ValueError as error:
            raise InvalidRequestError(f"The body is not a valid {self._name} in JSON: {error}.") from error


def _read(body: bytes) -> Any:
    """The document. What a strict reader refuses gets another chance: text cut inside a character."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return json.loads(body.decode("utf-8-sig", "replace"))
