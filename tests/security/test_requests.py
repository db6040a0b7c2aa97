"""Requests that are made to hurt: refused or stored, for a second or two and little memory, and no worse."""

import gzip
import json
import socket
import time
import zlib
from collections.abc import Callable, Mapping

import pytest

from tests.otlp.requests import field_bytes, make_span, span_on_the_wire, trace_request
from tests.security.target import MIB, Target, usual

JSON = {"content_type": "application/json"}
GZIP = {"content_encoding": "gzip"}
REFUSED = {400, 413, 415}


def nested(depth: int, payload: bytes, *numbers: int) -> bytes:
    for _ in range(depth):
        for number in reversed(numbers):
            payload = field_bytes(number, payload)
    return payload


def json_span(value: str) -> bytes:
    """A span with one attribute of this value, in JSON."""
    ids = '"traceId": "0102030405060708090a0b0c0d0e0f10", "spanId": "0102030405060708"'
    span = f'{{{ids}, "name": "x", "attributes": [{{"key": "a", "value": {value}}}]}}'
    return f'{{"resourceSpans": [{{"scopeSpans": [{{"spans": [{span}]}}]}}]}}'.encode()


def bomb(size: int, level: int = 9) -> bytes:
    return gzip.compress(bytes(size), level)


def attribute_on_the_wire(value: bytes) -> bytes:
    return span_on_the_wire(field_bytes(9, field_bytes(1, b"a") + field_bytes(2, value)))


ATTACKS: Mapping[str, Callable[[], tuple[bytes, dict[str, str], set[int]]]] = {
    # Compression.
    "bomb": lambda: (bomb(96 * MIB, 1), GZIP, REFUSED),
    "bomb-of-many-members": lambda: (gzip.compress(bytes(MIB), 1) * 96, GZIP, REFUSED),
    "empty-members": lambda: (gzip.compress(b"", 1) * 100_000, GZIP, REFUSED),
    "bomb-in-a-bomb": lambda: (gzip.compress(bomb(64 * MIB), 1), GZIP, REFUSED),
    "zlib-bomb": lambda: (zlib.compress(bytes(96 * MIB), 1), {"content_encoding": "deflate"}, REFUSED),
    "cut-off": lambda: (gzip.compress(usual())[:-5], GZIP, REFUSED),
    "trailing-rubbish": lambda: (gzip.compress(usual()) + b"rubbish", GZIP, REFUSED),
    "no-gzip": lambda: (usual(), GZIP, REFUSED),
    "twice": lambda: (gzip.compress(usual()), {"content_encoding": "gzip, gzip"}, REFUSED),
    "unknown-encoding": lambda: (usual(), {"content_encoding": "br"}, REFUSED),
    # Protobuf.
    "deep-mapping": lambda: (attribute_on_the_wire(nested(20_000, b"", 6, 1, 2)), {}, REFUSED),
    "deep-array": lambda: (attribute_on_the_wire(nested(20_000, b"", 5, 1)), {}, REFUSED),
    "deep-unknown-groups": lambda: (span_on_the_wire(b"\xfb\x01" * 500_000), {}, REFUSED),
    "endless-varint": lambda: (b"\x0a" + b"\xff" * MIB, {}, REFUSED),
    "length-beyond-the-end": lambda: (b"\x0a\xff\xff\xff\xff\x0f", {}, REFUSED),
    "a-megabyte-of-key": lambda: (trace_request(make_span({"k" * MIB: 1})).SerializeToString(), {}, {200}),
    "ten-megabytes-of-value": lambda: (
        trace_request(make_span({"a": "v" * 10 * MIB})).SerializeToString(),
        {},
        {200},
    ),
    "ten-thousand-keys": lambda: (usual(**{f"key-{number}": number for number in range(10_000)}), {}, {200}),
    "zeros-in-texts": lambda: (usual(**{"a\0b": "c\0d", "": "", "\x7f\x1b[31m": "\x1b]0;x\x07"}), {}, {200}),
    "times-at-the-ends": lambda: (
        trace_request(
            make_span(start_time_unix_nano=(1 << 64) - 1, end_time_unix_nano=0)
        ).SerializeToString(),
        {},
        {200},
    ),
    # JSON.
    "deep-json": lambda: (b"[" * (8 * MIB), JSON, REFUSED),
    "deep-value": lambda: (
        json_span('{"arrayValue": {"values": [' * 5_000 + "]}}" * 5_000),
        JSON,
        REFUSED,
    ),
    "a-million-digits": lambda: (json_span(f'{{"intValue": {"9" * MIB}}}'), JSON, REFUSED),
    "a-million-digits-in-text": lambda: (json_span(f'{{"intValue": "{"9" * MIB}"}}'), JSON, REFUSED),
    "an-exponent": lambda: (json_span('{"intValue": "1e999999999"}'), JSON, REFUSED),
    "infinity": lambda: (json_span('{"doubleValue": 1e999}'), JSON, {200, 400}),
    "half-a-character": lambda: (json_span('{"stringValue": "\\ud800"}'), JSON, {200, 400}),
    "a-name-many-times": lambda: (
        json_span("{" + '"intValue": 1, ' * 100_000 + '"intValue": 2}'),
        JSON,
        {200, 400, 413},
    ),
    "not-an-object": lambda: (b'"resourceSpans"', JSON, REFUSED),
    "no-utf-8": lambda: (b"\xff\xfe{\x00}\x00", JSON, REFUSED),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_telemetry_costs_little(target: Target, attack: str) -> None:
    body, headers, wanted = ATTACKS[attack]()
    target.check_cost(lambda: _check(target.send(body, **headers), wanted), cpu_s=2.0, mib=250)
    assert target.is_well()


def _check(status: int, wanted: set[int]) -> None:
    assert status in wanted


API_BODIES: Mapping[str, tuple[bytes, dict[str, str]]] = {
    "bomb": (bomb(64 * MIB), GZIP),
    "deep": (b"[" * 900_000, {}),
    "deep-object": (b'{"a":' * 150_000, {}),
    "digits": (b'{"name": "x", "session_id": "s", "value": ' + b"9" * 900_000 + b"}", {}),
    "exponent": (b'{"name": "x", "session_id": "s", "value": 1e400}', {}),
    "not-a-number": (b'{"name": "x", "session_id": "s", "value": NaN}', {}),
    "half-a-character": (b'{"name": "\\ud800", "session_id": "s", "value": [1]}', {}),
    "no-utf-8": (b"\xff\xff\xff", {}),
    "too-long": (b'"' + b"x" * 2 * MIB + b'"', {}),
    "zero": (b"\0", {}),
}


@pytest.mark.parametrize(
    "path", ["/api/v1/scores", "/api/v1/sql", "/api/v1/redaction/try", "/api/public/ingestion"]
)
@pytest.mark.parametrize("name", API_BODIES)
def test_a_hostile_body_of_the_api_is_refused(target: Target, path: str, name: str) -> None:
    body, headers = API_BODIES[name]

    def send() -> None:
        answer = target.ask(path, method="POST", body=body, content_type="application/json", **headers)
        assert answer.status in REFUSED
        assert len(answer.body) < 10_000

    target.check_cost(send, cpu_s=1.0, mib=100)


def head(target: str, *lines: bytes, body: bytes = b"") -> bytes:
    first = f"{'POST' if target.startswith('/v1') else 'GET'} {target} HTTP/1.1".encode()
    return b"\r\n".join([first, b"host: localhost", *lines, b"", body])


CHUNKED = b"transfer-encoding: chunked"
SMUGGLED = b"0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n"
HEADS = {
    "both-lengths": head("/v1/traces", b"content-length: 5", CHUNKED, body=SMUGGLED),
    "two-lengths": head("/v1/traces", b"content-length: 5", b"content-length: 6", body=b"12345"),
    "negative-length": head("/v1/traces", b"content-length: -1"),
    "signed-length": head("/v1/traces", b"content-length: +5", body=b"12345"),
    "huge-header": head("/healthz", b"x: " + b"y" * MIB),
    "many-headers": head("/healthz", *[b"x: y"] * 100_000),
    "huge-target": head("/" + "a" * MIB),
    "huge-chunk": head("/v1/traces", CHUNKED, body=b"ffffffffffffffffff\r\n"),
    "no-http": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(512),
    "folded": head("/healthz", b"x: a", b" b"),
}


@pytest.mark.parametrize("name", HEADS)
def test_a_hostile_head_ends_with_its_connection(target: Target, name: str) -> None:
    def send() -> None:
        answers = _exchange(target, HEADS[name])
        assert b"HTTP/1.1 5" not in answers
        assert answers.count(b"HTTP/1.1 2") <= 1

    target.check_cost(send, cpu_s=1.0, mib=50)
    assert target.is_well()


def _exchange(target: Target, data: bytes) -> bytes:
    """All that comes back until the other side ends it, or says nothing for a while."""
    received = b""
    with socket.create_connection(target.address, timeout=1.0) as connection:
        try:
            connection.sendall(data)
            while piece := connection.recv(65536):
                received += piece
        except (TimeoutError, ConnectionError):
            pass
    return received


def test_telemetry_that_names_addresses_and_files_is_never_followed(target: Target) -> None:
    """A listener that nobody calls, and a file that nobody reads."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.5)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
        part = {"type": "uri", "uri": url, "modality": "image", "mime_type": "image/png"}
        image = {"type": "image_url", "image_url": {"url": url}}
        said = json.dumps([{"role": "user", "parts": [part, image], "content": f"![x]({url})"}])
        facts = {
            "gen_ai.operation.name": "chat",
            "gen_ai.input.messages": said,
            "input.value": "file:///etc/hostname",
            "url.full": url,
            "server.address": url,
            "gen_ai.response.model": "../../../../etc/passwd",
            "langfuse.trace.metadata.callback": url,
            "session.id": "follow",
        }
        span = make_span(facts, start_time_unix_nano=time.time_ns(), trace_id=b"f" * 16)
        request = trace_request(span, resource={"service.name": url, "schema": url})
        request.resource_spans[0].schema_url = url
        assert target.send(request.SerializeToString()) == 200
        target.until_drained()
        trace = f"/api/v1/traces/{(b'f' * 16).hex()}"
        for path in (trace, "/api/v1/sessions/follow", "/api/v1/export?with_content=true&format=jsonl"):
            answer = target.ask(path)
            assert (path, answer.status, url.encode() in answer.body) == (path, 200, True)
            assert b"root:" not in answer.body
        with pytest.raises(TimeoutError):
            listener.accept()
