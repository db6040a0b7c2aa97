"""ClickHouse's HTTP interface (https://clickhouse.com/docs/interfaces/http) as far as its clients use it."""

import gzip
import json
import re
import sys
import uuid
from base64 import b64decode
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import lz4.frame
from clickhouse_connect.driver._backend.httpcommon import decompress_response

from tests.clickhouse_server.access_control import AccessControl
from tests.clickhouse_server.engine import Answer, Engine, EngineError, Request, quoted

# What the interface reads itself; every other URL parameter is a setting.
TRANSPORT = re.compile(
    "param_.*|buffer_size|client_protocol_version|close_session|compress|database|decompress|default_format"
    "|password|query|query_id|quota_key|role|session_(id|check|timeout)|stacktrace|user|wait_end_of_query"
)
FORM = re.compile(r"multipart/form-data;.*boundary=\"?([^\";]+)")
MOST_FIELD_BYTES = 128 << 10
STATUS = {
    **dict.fromkeys((6, 8, 25, 26, 27, 36, 38, 41, 44, 53, 62, 72, 117), 400),
    **dict.fromkeys((192, 193, 497, 516), 403),
    **dict.fromkeys((46, 47, 50, 56, 60, 73, 81, 115), 404),
    **dict.fromkeys((76, 209, 439), 503),
    48: 501,
    159: 408,
    194: 401,
    223: 413,
}


class Server(ThreadingHTTPServer):
    """The listening socket, with what its handlers share."""

    request_queue_size = 64

    def __init__(self, port: int, engine: Engine, user: str, password: str) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.engine = engine
        self.credentials = (user, password)
        self.access = AccessControl()

    def as_the_engines_user(self, statement: bytes) -> bytes:
        """A dictionary may read as this server's user; the engine behind it has one without a password."""
        user, password = map(quoted, self.credentials)
        own = f"USER {user} PASSWORD {password}".encode()
        return (
            statement.replace(own, b"USER 'default' PASSWORD ''")
            if b" DICTIONARY " in statement
            else statement
        )

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed is nothing to report."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection; its requests follow one another."""

    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave together

    def do_POST(self) -> None:
        body = self._read_body()
        if self.path == "/ping":
            return self._send(200, b"Ok.\n", {})
        parameters = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        try:
            user = self._check_password(parameters)
            answer = self._run(user, parameters.get("role", ""), self._request(parameters, body))
        except EngineError as error:
            code = {"X-ClickHouse-Exception-Code": str(error.code)}
            return self._send(STATUS.get(error.code, 500), f"{error}\n".encode(), code)
        return self._send_answer(parameters, answer)

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Tests read no access log."""

    def _read_body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            chunks = []
            while size := int(self.rfile.readline(), 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            body = b"".join(chunks)
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        encoding = self.headers.get("Content-Encoding")
        return lz4.frame.decompress(body) if encoding == "lz4" else decompress_response(body, encoding)

    def _run(self, user: str, role: str, request: Request) -> Answer:
        """As the engine's one user, with what the role's row policies leave."""
        access = self.server.access
        if user == self.server.credentials[0]:
            if access.take(request.statement.decode("utf-8", "replace")):
                return Answer(b"", "", {})
            return self.server.engine.run(request)
        access.check(user, role, request.statement.decode("utf-8", "replace"))
        filters = access.filters(role, request.settings.get("additional_table_filters", ""))
        return self.server.engine.run(
            replace(request, settings={**request.settings, "additional_table_filters": filters})
        )

    def _check_password(self, parameters: dict[str, str]) -> str:
        """The user's name."""
        user = self.headers.get("X-ClickHouse-User") or parameters.get("user", "default")
        password = self.headers.get("X-ClickHouse-Key") or parameters.get("password", "")
        if (given := self.headers.get("Authorization", "")).startswith("Basic "):
            user, _, password = b64decode(given[6:]).decode().partition(":")
        if (user, password) != self.server.credentials and not self.server.access.knows(user, password):
            raise EngineError(
                f"Code: 516. DB::Exception: {user}: Authentication failed: password is incorrect, or there"
                " is no user with such name. (AUTHENTICATION_FAILED)"
            )
        return user

    def _request(self, parameters: dict[str, str], body: bytes) -> Request:
        if boundary := FORM.match(self.headers.get("Content-Type", "")):
            parameters |= form_fields(boundary[1].encode(), body)
            body = b""
        query = parameters.get("query", "").encode()
        settings = {name: v for name, v in parameters.items() if not TRANSPORT.fullmatch(name)}
        return Request(
            statement=self.server.as_the_engines_user(
                query + b"\n" + body if query and body else query or body
            ),
            parameters={name[6:]: v for name, v in parameters.items() if name.startswith("param_")},
            settings=settings | ({"readonly": "2"} if self.command == "GET" else {}),
            database=parameters.get("database", ""),
            default_format=self.headers.get("X-ClickHouse-Format")
            or parameters.get("default_format", "TabSeparated"),
        )

    def _send_answer(self, parameters: dict[str, str], answer: Answer) -> None:
        headers = {
            "X-ClickHouse-Summary": json.dumps(answer.summary),
            "X-ClickHouse-Query-Id": parameters.get("query_id") or str(uuid.uuid4()),
            "X-ClickHouse-Timezone": parameters.get("session_timezone") or self.server.engine.timezone,
        } | ({"X-ClickHouse-Format": answer.format} if answer.format else {})
        accepted = self.headers.get("Accept-Encoding", "")
        if parameters.get("enable_http_compression") == "1" and "gzip" in accepted:
            return self._send(200, gzip.compress(answer.body, 1), headers | {"Content-Encoding": "gzip"})
        return self._send(200, answer.body, headers)

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        headers = headers | {"X-ClickHouse-Server-Display-Name": "test", "Content-Length": str(len(body))}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def form_fields(boundary: bytes, body: bytes) -> dict[str, str]:
    """The text fields of a multipart form."""
    fields = {}
    for part in body.split(b"--" + boundary)[1:-1]:
        head, _, value = part.partition(b"\r\n\r\n")
        if name := re.search(rb'name="([^"]*)"', head):
            if len(value) - 2 > MOST_FIELD_BYTES:
                raise EngineError("Code: 1000. DB::Exception: HTML Form Exception: Field value too long")
            fields[name[1].decode()] = value[:-2].decode()
    return fields
