"""What real instrumentations really sent, as if they had sent it at another time."""

import hashlib
import re
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

ARCHIVE = "captures.tar.xz"
RESPONSE_ID = re.compile(r"\b(chatcmpl-|goog-|msg_|resp_)([0-9a-f]{8})\b")
"""One server answered all captures, with the same ids: kept, they would read as one call seen forty times."""


@dataclass(frozen=True, slots=True)
class Capture:
    """One captured request. ``dialect`` and ``case`` say whose; those of one case belong together."""

    dialect: str
    case: str
    signal: str
    body: bytes


def load_captures() -> Iterator[Capture]:
    """The captures of the archive that comes with this package, a case's requests side by side."""
    with files(__package__).joinpath(ARCHIVE).open("rb") as file, tarfile.open(fileobj=file) as archive:
        for entry in archive:
            content = archive.extractfile(entry)
            assert content is not None  # noqa: S101 - the archive holds files alone
            dialect, _, name = entry.name.partition("/")
            signal = "logs" if name.endswith(".logs.otlp") else "traces"
            yield Capture(dialect, name.partition(".")[0], signal, content.read())


def refresh(captures: Iterable[Capture], run: str, end_ns: int) -> list[tuple[str, Message]]:
    """The requests of one case by signal: with ids of this ``run``, and times that end at ``end_ns``."""
    messages = [(capture.signal, _decode(capture)) for capture in captures]
    times = [time for _, message in messages for time in _times(message)]
    shift_ns = end_ns - max(times, default=end_ns)
    for _, message in messages:
        _renew(message, run, shift_ns)
    return messages


def _decode(capture: Capture) -> Message:
    kind = ExportLogsServiceRequest if capture.signal == "logs" else ExportTraceServiceRequest
    return kind.FromString(capture.body)


def _times(message: Message) -> Iterator[int]:
    for field, value in message.ListFields():
        if field.name.endswith("time_unix_nano"):
            yield value
        for child in _children(field, value):
            yield from _times(child)


def _renew(message: Message, run: str, shift_ns: int) -> None:
    for field, value in message.ListFields():
        if field.name.endswith("time_unix_nano"):
            setattr(message, field.name, value + shift_ns)
        elif field.name in ("trace_id", "span_id", "parent_span_id"):
            setattr(message, field.name, _new_id(value, run))
        elif field.name == "string_value":
            setattr(message, field.name, RESPONSE_ID.sub(lambda found: _new_response_id(found, run), value))
        for child in _children(field, value):
            _renew(child, run, shift_ns)


def _children(field: Any, value: Any) -> Iterable[Message]:
    if field.message_type is None:
        return ()
    return value if field.is_repeated else (value,)


def _new_id(old: bytes, run: str) -> bytes:
    return hashlib.blake2b(old, digest_size=len(old), key=run.encode()[:64]).digest()


def _new_response_id(found: re.Match[str], run: str) -> str:
    return found[1] + _new_id(bytes.fromhex(found[2]), run).hex()
