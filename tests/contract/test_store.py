"""What a store must do, whichever engine is behind its DSN."""

import io
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from watchkeeper_collector.errors import ConfigurationError, InvalidQueryError, QueryLimitError
from watchkeeper_collector.store.client import Store

PROTO = """syntax = "proto3";
message Row { uint64 id = 1; string name = 2; repeated Pair pairs = 3; }
message Pair { string key = 1; string value = 2; }
"""
ODD_TEXTS = [
    "",
    "plain",
    'O\'Reilly "and" sons',
    "back\\slash \\n \\N",
    "line\nbreak\ttab\rreturn",
    "{braces:String} %(percent)s $dollar$ `tick`",
    "ünï退款😀",
    "nul\x00byte",
    "a&b=c?d#e+f %20 /",
    "x" * 20_000,
]
ENDLESS = "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) % 3 = 5"


@pytest.fixture(scope="module", params=["engine_dsn", "server_dsn"], ids=["embedded", "server"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    opened = Store(request.getfixturevalue(request.param))
    opened.command("CREATE DATABASE IF NOT EXISTS watchkeeper")
    yield opened
    opened.close()


@pytest.fixture
def table(store: Store) -> Iterator[str]:
    store.command(
        """CREATE TABLE watchkeeper.store_contract (
            id UInt64, name String DEFAULT '', pairs Nested(key String, value String),
            labels Map(LowCardinality(String), String), cost Nullable(Float64), at DateTime64(9)
        ) ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 100"""
    )
    yield "store_contract"
    store.command("DROP TABLE watchkeeper.store_contract")


@pytest.fixture(scope="module")
def protobuf(store: Store, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The settings that make a payload of ``Row`` messages readable."""
    schema = tmp_path_factory.mktemp("schema") / "row.proto"
    schema.write_text(PROTO)
    return store.protobuf_settings(schema, "Row")


def count(store: Store, table: str) -> int:
    return int(store.query(f"SELECT count() FROM watchkeeper.{table}").rows[0][0])


def varint_field(number: int, value: int) -> bytes:
    assert value < 128
    return bytes([number << 3, value])


def bytes_field(number: int, value: bytes) -> bytes:
    assert len(value) < 128
    return bytes([number << 3 | 2, len(value)]) + value


def protobuf_row(row_id: int, name: str) -> bytes:
    pair = bytes_field(1, b"key") + bytes_field(2, name.encode())
    row = varint_field(1, row_id) + bytes_field(2, name.encode()) + bytes_field(3, pair)
    return bytes([len(row)]) + row


@pytest.mark.parametrize("text", ODD_TEXTS, ids=range(len(ODD_TEXTS)))
def test_a_bound_string_arrives_unchanged(store: Store, text: str) -> None:
    assert store.query("SELECT {text:String} AS text", {"text": text}).rows == [(text,)]


def test_bound_arrays_arrive_unchanged(store: Store) -> None:
    answer = store.query("SELECT {texts:Array(String)}", {"texts": ODD_TEXTS})
    assert answer.rows[0][0] == ODD_TEXTS


def test_parameters_too_long_for_a_url_arrive(store: Store, table: str) -> None:
    ids = [f"{n:016x}" for n in range(5_000)]
    store.command(
        "INSERT INTO watchkeeper.store_contract (id, name) SELECT 1, arrayJoin({ids:Array(String)})",
        {"ids": ids},
    )
    found = store.query(
        "SELECT count() FROM watchkeeper.store_contract WHERE name IN {ids:Array(String)}", {"ids": ids}
    )
    assert found.rows == [(5_000,)]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("UInt64", 2**64 - 1),
        ("Int64", -(2**63)),
        ("Float64", 0.1),
        ("Bool", True),
        ("Date", date(2026, 2, 28)),
        ("Array(UInt64)", [0, 2**64 - 1]),
        ("Array(String)", []),
        ("Map(String, String)", {"it's": "a\nb", "": "ü"}),
        ("Map(String, UInt64)", {"n": 2**64 - 1}),
        ("Nullable(String)", None),
        ("Nullable(String)", "text"),
        ("Nullable(UInt64)", 7),
        ("Array(Nullable(String))", ["a", None]),
    ],
    ids=str,
)
def test_a_bound_value_arrives_unchanged(store: Store, kind: str, value: object) -> None:
    assert store.query(f"SELECT {{value:{kind}}}", {"value": value}).rows == [(value,)]


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 7, 1, 12, 30, 0, 123456, tzinfo=UTC),
        datetime(2026, 7, 1, 14, 30, 0, 123456, tzinfo=timezone(timedelta(hours=2))),
        datetime(2026, 7, 1, 12, 30, 0, 123456),  # noqa: DTZ001 - naive means UTC
        "2026-07-01 12:30:00.123456",
    ],
    ids=["utc", "zoned", "naive", "text"],
)
def test_a_bound_time_is_taken_as_utc(store: Store, moment: object) -> None:
    answer = store.query("SELECT toUnixTimestamp64Nano({at:DateTime64(9)})", {"at": moment})
    assert answer.rows == [(1_782_909_000_123_456_000,)]


def test_times_are_read_as_naive_utc(store: Store) -> None:
    answer = store.query("SELECT fromUnixTimestamp64Nano(1782909000123456789) AS at, toDate(at)")
    assert answer.rows == [(datetime(2026, 7, 1, 12, 30, 0, 123456), date(2026, 7, 1))]  # noqa: DTZ001


def test_a_result_names_its_columns(store: Store) -> None:
    result = store.query("SELECT 1 AS one, 'x' AS text")
    assert result.columns == ("one", "text")
    assert result.dicts() == [{"one": 1, "text": "x"}]


def test_an_empty_result_names_its_columns_too(store: Store) -> None:
    result = store.query("-- nobody\nSELECT 1 AS one, {x:String} AS text WHERE 0;", {"x": "y"})
    assert (result.columns, list(result.rows)) == (("one", "text"), [])


def test_raw_answers_come_in_the_engines_formats(store: Store) -> None:
    sql = "SELECT number AS n, toString(number) AS text FROM numbers({most:UInt64})"
    expected = {"n": [0, 1, 2], "text": ["0", "1", "2"]}

    csv = store.raw_query(sql, "CSVWithNames", {"most": 3})
    parquet = store.raw_query(
        sql, "Parquet", {"most": 3}, settings={"output_format_parquet_string_as_string": 1}
    )
    arrow = store.raw_query(
        sql, "ArrowStream", {"most": 3}, settings={"output_format_arrow_string_as_string": 1}
    )

    assert csv == b'"n","text"\n0,"0"\n1,"1"\n2,"2"\n'
    assert pq.read_table(io.BytesIO(parquet)).to_pydict() == expected
    assert pa.ipc.open_stream(arrow).read_all().to_pydict() == expected


def test_settings_of_one_call_do_not_reach_the_next(store: Store) -> None:
    shown = "SELECT value FROM system.settings WHERE name = 'max_block_size'"
    usual = store.query(shown).rows[0][0]
    assert store.query(shown, settings={"max_block_size": 77}).rows == [("77",)]
    assert store.raw_query(shown, "TabSeparated", settings={"max_block_size": 78}) == b"78\n"
    store.command("SELECT 1", settings={"max_block_size": 79})
    assert store.query(shown).rows == [(usual,)]


def test_inserted_rows_are_read_back(store: Store, table: str) -> None:
    moment = datetime(2026, 7, 1, 12, 30, tzinfo=UTC)
    store.insert(table, ["id", "labels", "cost", "at"], [(1, {"a": "b"}, None, moment), (2, {}, 0.5, moment)])
    answer = store.query("SELECT id, labels, cost, at FROM watchkeeper.store_contract ORDER BY id")
    naive = moment.replace(tzinfo=None)
    assert answer.rows == [(1, {"a": "b"}, None, naive), (2, {}, 0.5, naive)]


def test_a_protobuf_payload_is_decoded_by_the_engine(
    store: Store, table: str, protobuf: dict[str, str]
) -> None:
    payload = protobuf_row(1, "one") + protobuf_row(2, "zwei\n{}'")
    store.raw_insert(table, payload, "Protobuf", protobuf)
    answer = store.query(
        "SELECT id, name, pairs.key, pairs.value FROM watchkeeper.store_contract ORDER BY id"
    )
    assert answer.rows == [(1, "one", ["key"], ["one"]), (2, "zwei\n{}'", ["key"], ["zwei\n{}'"])]


@pytest.mark.parametrize("first", [b"\n", b"\t", b" ", b"\r", b"\0"])
def test_a_payload_that_starts_with_a_blank_byte_keeps_it(store: Store, table: str, first: bytes) -> None:
    store.raw_insert(f"{table} (id)", first + b"\0" * 7, "RowBinary", {})
    assert store.query("SELECT id FROM watchkeeper.store_contract").rows == [(first[0],)]


def test_an_insert_under_a_known_token_does_nothing(
    store: Store, table: str, protobuf: dict[str, str]
) -> None:
    def insert(row_id: int, token: str) -> None:
        settings = protobuf | {"insert_deduplication_token": token}
        store.raw_insert(table, protobuf_row(row_id, "x"), "Protobuf", settings)

    insert(1, "segment-1")
    insert(2, "segment-1")
    insert(1, "segment-2")
    assert store.query("SELECT id FROM watchkeeper.store_contract").rows == [(1,), (1,)]


@pytest.mark.parametrize(
    "payload", [b"\xff\xff\xff", protobuf_row(1, "ok") + b"\x7f\x08"], ids=["rubbish", "torn"]
)
def test_a_payload_that_does_not_decode_is_refused_and_stores_nothing(
    store: Store, table: str, protobuf: dict[str, str], payload: bytes
) -> None:
    with pytest.raises(InvalidQueryError):
        store.raw_insert(table, payload, "Protobuf", protobuf)
    assert count(store, table) == 0


@pytest.mark.parametrize(
    ("sql", "settings", "code"),
    [
        (ENDLESS, {"max_execution_time": 0.2}, 159),
        ("SELECT groupArray(number) FROM numbers(10000000)", {"max_memory_usage": 10_000_000}, 241),
        ("SELECT number FROM numbers(1000)", {"max_result_rows": 10}, 396),
        ("SELECT count() FROM numbers(1000000)", {"max_rows_to_read": 1000}, 158),
    ],
    ids=["time", "memory", "result rows", "rows read"],
)
def test_a_query_over_a_limit_says_so(store: Store, sql: str, settings: dict[str, float], code: int) -> None:
    with pytest.raises(QueryLimitError) as caught:
        store.query(sql, settings=settings)
    assert caught.value.details == {"engine_code": code}
    assert not caught.value.is_retryable


@pytest.mark.parametrize(
    ("sql", "code", "text"),
    [
        ("SELECT FROM WHERE", 62, "ClickHouse refused the statement: Syntax error: failed at position "),
        (
            "SELECT * FROM nowhere",
            60,
            "ClickHouse refused the statement: Unknown table expression identifier",
        ),
        (
            "SELECT {missing:String}",
            456,
            "ClickHouse refused the statement: Substitution `missing` is not set.",
        ),
        ("SELECT throwIf(1, 'kaputt')", 395, "ClickHouse refused the statement: kaputt"),
    ],
)
def test_a_refused_statement_says_why_in_the_same_words(store: Store, sql: str, code: int, text: str) -> None:
    with pytest.raises(InvalidQueryError) as caught:
        store.query(sql)
    assert caught.value.message.startswith(text)
    assert caught.value.details == {"engine_code": code}


def test_a_setting_that_does_not_exist_is_refused(store: Store) -> None:
    with pytest.raises(InvalidQueryError, match="no_such_setting"):
        store.query("SELECT 1", settings={"no_such_setting": 1})


def test_eight_threads_get_their_own_answers(store: Store) -> None:
    sql = "SELECT {me:UInt64}, sum(number * {me:UInt64}) FROM numbers(100000)"
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda me: store.query(sql, {"me": me}).rows[0], range(64)))
    assert answers == [(me, me * 4_999_950_000) for me in range(64)]


def test_eight_threads_insert_side_by_side(store: Store, table: str, protobuf: dict[str, str]) -> None:
    def insert(row_id: int) -> None:
        settings = protobuf | {"insert_deduplication_token": f"t{row_id}"}
        store.raw_insert(table, protobuf_row(row_id, "x"), "Protobuf", settings)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(insert, range(32)))
    assert store.query("SELECT count(), uniqExact(id) FROM watchkeeper.store_contract").rows == [(32, 32)]


def test_the_pool_lends_no_more_clients_than_it_holds(store: Store) -> None:
    small = Store(store.dsn, pool_size=2)
    running, most, lock = 0, 0, threading.Lock()

    def borrow(_: int) -> None:
        nonlocal running, most
        with small._client() as client:
            with lock:
                running += 1
                most = max(most, running)
            client.query("SELECT sleep(0.05)")
            with lock:
                running -= 1

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(borrow, range(6)))
    small.close()
    assert most == 2


def test_a_client_that_broke_in_use_is_not_lent_again(store: Store) -> None:
    with pytest.raises(KeyboardInterrupt), store._client() as broken:
        raise KeyboardInterrupt
    lent = []
    for _ in range(3):
        with store._client() as client:
            lent.append(client)
    assert broken not in lent


def test_a_refused_statement_leaves_the_client_in_the_pool(store: Store) -> None:
    with store._client() as sound:
        pass
    with pytest.raises(InvalidQueryError):
        store.query("SELECT FROM WHERE")
    with store._client() as client:
        assert client is sound


def test_a_store_answers_pings(store: Store) -> None:
    assert store.ping()


def test_two_stores_share_an_engine(store: Store, table: str) -> None:
    other = Store(store.dsn)
    other.insert(table, ["id"], [(5,)])
    other.close()
    assert count(store, table) == 1


@pytest.mark.parametrize(
    "dsn",
    [
        "",
        "postgres://host/db",
        "/var/lib/data",
        "clickhouse://user:pass/word@host:8123/db",
        "clickhouse://h:99999",
        "clickhouse://user:1/pass@host:8123/db",
        "clickhouse://host/a.b",
    ],
)
def test_a_dsn_of_no_known_kind_is_a_configuration_error(dsn: str) -> None:
    with pytest.raises(ConfigurationError, match="DSN") as caught:
        Store(dsn)
    assert "pass" not in caught.value.message.replace("password", "")
