"""Bedrock's answers, given to the real client at the place where it would send a request."""

import io
import json
import struct
from binascii import crc32
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from urllib3 import HTTPResponse

from tests.sdk.contract.wire import Reply, Wire


def event(name: str, body: Any, kind: str = "event") -> bytes:
    """One message of an event stream: lengths, checksum, headers, JSON, checksum."""
    label = ":exception-type" if kind == "exception" else ":event-type"
    headers = b"".join(
        _header(key, value)
        for key, value in ((label, name), (":content-type", "application/json"), (":message-type", kind))
    )
    payload = json.dumps(body, separators=(",", ":")).encode()
    prelude = struct.pack("!II", 16 + len(headers) + len(payload), len(headers))
    message = prelude + struct.pack("!I", crc32(prelude)) + headers + payload
    return message + struct.pack("!I", crc32(message))


def _header(name: str, value: str) -> bytes:
    return bytes([len(name)]) + name.encode() + b"\x07" + struct.pack("!H", len(value)) + value.encode()


class Arriving(io.RawIOBase):
    """The bytes of a reply, chunk by chunk, and the error after them."""

    def __init__(self, reply: Reply) -> None:
        self._chunks: Iterator[bytes] = iter(reply.chunks)
        self._error = reply.error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        chunk = next(self._chunks, b"")
        if not chunk and self._error is not None:
            raise self._error
        buffer[: len(chunk)] = chunk
        return len(chunk)


class Streamed(HTTPResponse):
    """An answer whose chunks come one by one, as those of a chunked body do."""

    def stream(self, amt: int | None = 2**16, decode_content: bool | None = None) -> Iterator[bytes]:
        while chunk := self.read(amt, decode_content=decode_content):
            yield chunk

    def read(self, *args: Any, **options: Any) -> bytes:
        body: Any = self._fp
        return b"" if self.closed else body.read(2**16) or b""


@dataclass
class BedrockWire(Wire):
    """A transport for ``botocore``."""

    def bedrock(self) -> Any:
        client = boto3.client(
            "bedrock-runtime",
            region_name="us-east-1",
            aws_access_key_id="AKIA-contract-secret",
            aws_secret_access_key="contract-secret",
            config=Config(retries={"total_max_attempts": 1}),
        )
        client.meta.events.register("before-send.bedrock-runtime", self._send)
        return client

    def _send(self, request: Any, **_: Any) -> AWSResponse:
        self.requests.append(request)
        reply = self.reply
        if reply.error is not None and not reply.chunks:
            raise reply.error
        headers = {"content-type": reply.content_type, **(self.http or {})}
        if reply.chunks:
            return AWSResponse(request.url, 200, headers, Streamed(Arriving(reply), preload_content=False))
        body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        raw = HTTPResponse(io.BytesIO(body), preload_content=False)
        return AWSResponse(request.url, reply.status, {**headers, "content-length": str(len(body))}, raw)
