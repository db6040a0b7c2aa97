"""The test server speaks ClickHouse's HTTP interface: the claims that the tests of server mode rest on."""

import gzip
import json
import urllib.error
import urllib.request
import zlib
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import clickhouse_connect
import pytest

from tests.clickhouse_server import ClickHouseServer

BASIC = {"Authorization": "Basic " + b64encode(b"default:secret").decode()}


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    with ClickHouseServer(tmp_path_factory.mktemp("server"), password="secret") as running:
        yield running


@pytest.fixture
def table(server: ClickHouseServer) -> Iterator[str]:
    ask(server, b"CREATE TABLE calls (id UInt64, `Format` String) ENGINE = MergeTree ORDER BY id")
    yield "calls"
    ask(server, b"DROP TABLE calls")


def ask(
    server: ClickHouseServer,
    body: bytes | None = None,
    path: str = "/",
    headers: Mapping[str, str] = BASIC,
    **parameters: str,
) -> Reply:
    request = urllib.request.Request(f"{server.url}{path}?{urlencode(parameters)}", body, dict(headers))
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return Reply(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Reply(error.code, error.headers, error.read())


def rows(server: ClickHouseServer) -> bytes:
    return ask(server, b"SELECT * FROM calls ORDER BY id").body


def test_ping_needs_no_password(server: ClickHouseServer) -> None:
    with urllib.request.urlopen(f"{server.url}/ping", timeout=5) as answer:
        assert answer.read() == b"Ok.\n"


def test_a_query_is_taken_from_url_or_body(server: ClickHouseServer) -> None:
    assert ask(server, query="SELECT 1").body == b"1\n"
    assert ask(server, b"SELECT 2").body == b"2\n"


def test_an_answer_tells_its_format_and_its_query(server: ClickHouseServer) -> None:
    reply = ask(server, b"SELECT 1 AS one FORMAT JSONEachRow", query_id="q-1")
    assert reply.body == b'{"one":1}\n'
    assert reply.headers["X-ClickHouse-Format"] == "JSONEachRow"
    assert reply.headers["X-ClickHouse-Query-Id"] == "q-1"
    assert reply.headers["X-ClickHouse-Timezone"] == "UTC"
    assert json.loads(reply.headers["X-ClickHouse-Summary"])["read_rows"] == "1"


def test_a_statement_without_rows_names_no_format(server: ClickHouseServer) -> None:
    assert "X-ClickHouse-Format" not in ask(server, b"SYSTEM RELOAD DICTIONARIES").headers


def test_the_default_format_comes_from_url_or_header(server: ClickHouseServer) -> None:
    assert ask(server, b"SELECT 'a'", default_format="CSV").body == b'"a"\n'
    assert ask(server, b"SELECT 'a'", headers=BASIC | {"X-ClickHouse-Format": "CSV"}).body == b'"a"\n'


def test_settings_and_parameters_ride_in_the_url(server: ClickHouseServer) -> None:
    sql = b"SELECT {a:String}, getSetting('max_block_size')"
    assert ask(server, sql, param_a="x", max_block_size="77").body == b"x\t77\n"
    assert ask(server, b"SELECT getSetting('max_block_size') = 77").body == b"0\n"


def test_a_database_is_chosen_per_request(server: ClickHouseServer) -> None:
    assert ask(server, b"SELECT currentDatabase()", database="system").body == b"system\n"
    assert ask(server, b"SELECT currentDatabase()").body == b"default\n"


def test_a_get_request_only_reads(server: ClickHouseServer) -> None:
    assert ask(server, query="CREATE DATABASE sly").headers["X-ClickHouse-Exception-Code"] == "164"


@pytest.mark.parametrize(
    "headers",
    [BASIC, {"X-ClickHouse-User": "default", "X-ClickHouse-Key": "secret"}],
    ids=["basic", "own headers"],
)
def test_the_right_password_opens(server: ClickHouseServer, headers: Mapping[str, str]) -> None:
    assert ask(server, b"SELECT 1", headers=headers).status == 200


def test_a_wrong_password_is_forbidden(server: ClickHouseServer) -> None:
    for reply in (
        ask(server, b"SELECT 1", headers={}),
        ask(server, b"SELECT 1", headers={"X-ClickHouse-Key": "no"}),
    ):
        assert reply.status == 403
        assert reply.headers["X-ClickHouse-Exception-Code"] == "516"


@pytest.mark.parametrize(
    ("sql", "status", "code"),
    [
        (b"SELECT FROM WHERE", 400, "62"),
        (b"SELECT * FROM nowhere", 404, "60"),
        (b"SELECT throwIf(1)", 500, "395"),
        (
            b"SELECT sleep(1) FROM numbers(3) SETTINGS max_execution_time = 0.1, max_block_size = 1",
            408,
            "159",
        ),
    ],
)
def test_an_error_has_status_code_and_text(
    server: ClickHouseServer, sql: bytes, status: int, code: str
) -> None:
    reply = ask(server, sql)
    assert (reply.status, reply.headers["X-ClickHouse-Exception-Code"]) == (status, code)
    assert reply.body.startswith(f"Code: {code}. DB::Exception: ".encode())


def test_insert_data_follows_the_statement_in_the_body(server: ClickHouseServer, table: str) -> None:
    reply = ask(server, b'INSERT INTO calls (id, `Format`) FORMAT CSV\n1,"a"\n2,"b"\n')
    assert json.loads(reply.headers["X-ClickHouse-Summary"])["written_rows"] == "2"
    assert rows(server) == b"1\ta\n2\tb\n"


def test_insert_data_is_the_body_where_the_url_has_the_statement(
    server: ClickHouseServer, table: str
) -> None:
    ask(
        server,
        b'{"id":3,"Format":"c"}',
        query="INSERT INTO calls SETTINGS max_insert_threads=1 FORMAT JSONEachRow",
    )
    ask(server, b"(4, 'FORMAT CSV')", query="INSERT INTO calls VALUES")
    assert rows(server) == b"3\tc\n4\tFORMAT CSV\n"


def test_an_insert_from_a_select_is_one_statement(server: ClickHouseServer, table: str) -> None:
    ask(server, b"INSERT INTO calls SELECT number, 'x' FROM numbers(2)")
    assert rows(server) == b"0\tx\n1\tx\n"


@pytest.mark.parametrize(("encoding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_a_compressed_body_is_inflated(
    server: ClickHouseServer, encoding: str, compress: type[bytes]
) -> None:
    reply = ask(server, compress(b"SELECT 5"), headers=BASIC | {"Content-Encoding": encoding})
    assert reply.body == b"5\n"


def test_an_answer_is_compressed_where_both_ask_for_it(server: ClickHouseServer) -> None:
    headers = BASIC | {"Accept-Encoding": "zstd, gzip"}
    asked = ask(server, b"SELECT 6", headers=headers, enable_http_compression="1")
    assert gzip.decompress(asked.body) == b"6\n"
    assert ask(server, b"SELECT 6", headers=headers).body == b"6\n"


@pytest.mark.parametrize("compress", ["lz4", "zstd", "gzip", False])
def test_the_real_client_works_with_its_defaults(
    server: ClickHouseServer, table: str, compress: str | bool
) -> None:
    client = clickhouse_connect.get_client(
        host="127.0.0.1",
        port=server.port,
        password="secret",
        compress=compress,
        form_encode_query_params=True,
    )
    client.insert("calls", [(n, str(n)) for n in range(10_000)], column_names=["id", "Format"])
    assert client.query("SELECT * FROM calls WHERE id = {id:UInt64}", {"id": 9}).result_rows == [(9, "9")]
    assert client.command("SELECT count() FROM calls") == 10_000
    assert client.query("SELECT sum(id) FROM calls").result_rows == [(49_995_000,)]
    client.close()


def test_data_outlives_a_restart(tmp_path: Path) -> None:
    with ClickHouseServer(tmp_path) as server:
        ask(server, b"CREATE TABLE calls (id UInt64) ENGINE = MergeTree ORDER BY id", headers={})
        ask(server, b"INSERT INTO calls VALUES (1)", headers={})
        server.kill()
        server.start()
        assert ask(server, b"SELECT * FROM calls", headers={}).body == b"1\n"
