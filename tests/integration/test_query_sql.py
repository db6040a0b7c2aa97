"""SQL that people write: what runs, what doesn't, and whose rows it sees; on both kinds of engine."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from watchkeeper_collector.errors import InvalidQueryError, QueryLimitError
from watchkeeper_collector.query.limits import Limits
from watchkeeper_collector.query.source import Source
from watchkeeper_collector.query.sql.functions import BESIDES, CATEGORIES, EXCEPT, load_functions
from watchkeeper_collector.query.sql.running import SESSION_SETTINGS, run_sql

from tests.query import Shelf, Span, open_shelf

IN_CATEGORY = "toString(categories) IN {categories:Array(String)} AND name NOT IN {except:Array(String)}"
FUNCTIONS = f"""SELECT name
FROM system.functions
WHERE NOT is_aggregate
    AND ({IN_CATEGORY}
        OR name IN {{besides:Array(String)}}
        OR alias_to IN (SELECT name FROM system.functions WHERE {IN_CATEGORY}))"""
AGGREGATES = "SELECT name FROM system.functions WHERE is_aggregate AND name NOT IN {except:Array(String)}"

ALLOWED = [
    "select count() from spans",
    "SELECT COUNT(*) FROM spans -- how many",
    "select /* nested /* comment */ */ 1 # and so on\n",
    "select 1;",
    "from spans select TraceId",
    "with a as (select * from spans) select count(), TraceId from a group by TraceId",
    "with spans as (select 1 as one) select one from spans",
    "with b as (select * from a), a as (select 1 as one) select one from b",
    "with recursive r as (select 1 as n union all select n + 1 from r where n < 5) select max(n) from r",
    "with 5 as five select five",
    "(select 1) union all (select 2)",
    "select 1 intersect select 1",
    "select * except (Project) from spans limit 1",
    "select * replace (1 as Duration) from spans limit 1",
    "select columns('^Trace') from spans",
    "select s.* from spans as s inner join span_content as c using (TraceId) limit 1",
    "select TraceId from spans where TraceId in (select TraceId from spans) and Duration between 1 and 2e9",
    "select (select count() from spans), exists(select 1 from spans)",
    "select * from (select number as n from numbers(3)) order by n with fill from 0 to 5",
    "select row_number() over (order by number desc), sum(number) over w from numbers(3) window w as ()",
    "select case when 1 then 2 else 3 end, 1 ? 2 : 3, 'a' || 'b', not 1, -1, 1 in (1, 2), interval 1 day",
    "select arrayMap(x -> x + 1, [1, 2]), tuple(1, 2).1, [1, 2][1], map('a', 1)['a'], arrayJoin([1, 2])",
    "select n from spans left array join Events.Name as n limit 1",
    "select quantilesIf(0.5, 0.9)(number, number > 1), sumOrNullIf(number, 1), uniqState(1) from numbers(10)",
    "select toStartOfHour(Timestamp) as hour, count() from spans group by hour with totals order by hour",
    "select Kind, count() from spans group by all having count() > 0 order by all limit 5 offset 0",
    "select distinct Kind from spans prewhere Kind != '' where 1",
    "select count() filter (where IsError) from spans",
    "select * from view(select 1) union distinct select * from values('a UInt8', 1, 2)",
    "select SpanAttributes['x'], JSONExtractString('{}', 'a'), date '2026-01-01' + 1 from spans limit 1",
    "select $$it's$$, 'it''s', 'it\\'s', \u2018it\u2019",
    "select name from system.columns where table = 'spans' limit 1",
]
REFUSED = {
    "": "one SELECT",
    " \n": "one SELECT",
    "selec 1": "Syntax error",
    "select 1; select 2": "Multi-statements",
    "drop table spans": "This is no query",
    "insert into spans select * from spans": "This is no query",
    "create view v as select 1": "This is no query",
    "alter table spans delete where 1": "This is no query",
    "truncate table spans": "This is no query",
    "set readonly = 0": "This is no query",
    "system shutdown": "This is no query",
    "kill query where 1": "This is no query",
    "explain select 1": "This is no query",
    "show tables": "This is no query",
    "describe spans": "This is no query",
    "select * from (show tables)": "Syntax error",
    "select 1 parallel with drop table spans": "not understood",
    "select 1 into outfile 'x'": "not understood",
    "select 1 -- \n into outfile 'x' truncate format CSV": "not understood",
    "select 1 format CSV": "FORMAT is not allowed",
    "select 1 settings readonly = 0": "SETTINGS is not allowed",
    "select * from (select 1 settings max_memory_usage = 0)": "SETTINGS is not allowed",
    "select 1 union all select 2 settings max_execution_time = 0": "SETTINGS is not allowed",
    "select {p:String}": "`p` is not set",
    "select file('/etc/passwd')": "function 'file'",
    "select FILE('/etc/passwd')": "function 'FILE'",
    "select `file`('/etc/passwd')": "function 'file'",
    "select arrayMap(x -> file(x), ['/etc/passwd'])": "function 'file'",
    "with x -> file(x) as f select f('/etc/passwd')": "function 'f",
    "select * apply file from (select '/etc/passwd')": "not understood",
    "select columns('x') apply(file) from (select '/etc/passwd' as x)": "not understood",
    "select 1 order by file('/etc/passwd')": "function 'file'",
    "select sum(1) over (order by file('/etc/passwd'))": "function 'file'",
    "select 1 limit file('/etc/passwd')": "function 'file'",
    "select dictGet('prices', 'Rates', 1)": "function 'dictGet'",
    "select joinGet('a', 'b', 1)": "function 'joinGet'",
    "select hasColumnInTable('system', 'users', 'name')": "function 'hasColumnInTable'",
    "select sleep(3)": "function 'sleep'",
    "select sleepEachRow(3)": "function 'sleepEachRow'",
    "select getSetting('max_memory_usage')": "function 'getSetting'",
    "select hostName()": "function 'hostName'",
    "select currentUser()": "function 'currentUser'",
    "select @@version": "function 'globalVariable'",
    "select AIGenerate('x')": "function 'AIGenerate'",
    "select catboostEvaluate('/x', 1)": "function 'catboostEvaluate'",
    "select addressToLine(1)": "function 'addressToLine'",
    "select initializeAggregation('sum', 1)": "function 'initializeAggregation'",
    "select throwIf(1)": "function 'throwIf'",
    "select groupFormat(1)": "function 'groupFormat'",
    "select * from file('/etc/passwd')": "table function 'file'",
    "select * from url('http://127.0.0.1')": "table function 'url'",
    "select * from s3('x')": "table function 's3'",
    "select * from remote('127.0.0.1', system.one)": "table function 'remote'",
    "select * from remoteSecure('127.0.0.1', system.one)": "table function 'remoteSecure'",
    "select * from cluster('x', system.one)": "table function 'cluster'",
    "select * from mysql('a', 'b', 'c', 'd', 'e')": "table function 'mysql'",
    "select * from postgresql('a', 'b', 'c', 'd', 'e')": "table function 'postgresql'",
    "select * from sqlite('x', 'y')": "table function 'sqlite'",
    "select * from python('x')": "table function 'python'",
    "select * from executable('x', 'TSV', 'a String')": "table function 'executable'",
    "select * from input('a Int8')": "table function 'input'",
    "select * from merge('.*', '.*')": "table function 'merge'",
    "select * from dictionary('prices')": "table function",
    "select * from mergeTreeIndex('a', 'b')": "table function 'mergeTreeIndex'",
    "select * from viewExplain('EXPLAIN', '', (select 1))": "table function 'viewExplain'",
    "select * from eval('select 1')": "table function 'eval'",
    "select * from loop(spans)": "table function 'loop'",
    "select 1 where 1 in file('/etc/passwd')": "function 'file'",
    "select * from spans join url('http://127.0.0.1') as u on 1": "table function 'url'",
    "select * from system.tables": "table 'system.tables'",
    "select * from system.users as one": "table 'system.users'",
    "select * from `system`.`users`": "table 'system.users'",
    "from system.users select *": "table 'system.users'",
    "select * from information_schema.tables": "table 'information_schema.tables'",
    "select * from INFORMATION_SCHEMA.TABLES": "table 'INFORMATION_SCHEMA.TABLES'",
    "select * from default.x": "table 'default.x'",
    "select * from `/etc/passwd`": "can't be read",
    "select * from '/etc/passwd'": "can't be read",
    "select * from nowhere": "can't be read",
    "select 1 union all select 1 from system.users": "table 'system.users'",
    "select * from spans, system.users": "table 'system.users'",
    "select (select 1 from system.users)": "table 'system.users'",
    "select 1 order by (select 1 from system.users)": "table 'system.users'",
    "select 1 limit (select 1 from system.users)": "table 'system.users'",
    "select * from numbers((select count() from system.users))": "table 'system.users'",
    "select * from values('a Int8', (select count() from system.users))": "table 'system.users'",
    "select * from view(select * from system.users)": "table 'system.users'",
    "with a as (select * from system.users) select * from a": "table 'system.users'",
    "with system as (select 1) select * from system.users": "table 'system.users'",
    "with `system.users` as (select 1) select 1 from (select 1), system.users": "WITH can't define",
    "select 1 where 1 in spans": "may read a table",
    "select 1 where 1 in system.users": "may read a table",
    "select 1 where 1 global not in system.users": "may read a table",
    "select 1 in y from (with y as (select 1) select 1 from y)": "may read a table",
    "with 1 as elsewhere select * from elsewhere": "can't be read",
    "with (select 1) as elsewhere select * from elsewhere": "can't be read",
    "select * from (with y as (select 1) select * from y) as q, y": "can't be read",
    "with y as (select * from y) select * from y": "can't be read",
    "select `a\nFunction length` from spans": "can't be checked",
    "select 1 as `a\n Literal UInt64_1`, file('/etc/passwd')": "can't be checked",
    "select 1 as `a (children 2)`, file('/etc/passwd')": "function 'file'",
    "select \ud83d": "Unicode",
    "select " + "(" * 3000 + "1" + ")" * 3000: "depth",
    "select '" + "x" * 60_000 + "'": "at most",
}


@pytest.fixture(scope="module", params=["engine_dsn", "server_dsn"], ids=["embedded", "server"])
def shelf(request: pytest.FixtureRequest) -> Iterator[Shelf]:
    limits = Limits(timeout_s=2.0, memory_bytes=1 << 30)
    with open_shelf(
        request.getfixturevalue(request.param), "query_sql", settings=SESSION_SETTINGS, limits=limits
    ) as opened:
        opened.put(
            Span(id="1", trace="t1", cost_usd=0.5, input="ours"),
            Span(id="2", trace="t2", project="rival", cost_usd=9.0, input="theirs"),
        )
        database = opened.source.database
        opened.store.command(f"CREATE TABLE {database}.ledger (id UInt8) ENGINE = MergeTree ORDER BY id")
        opened.store.command(f"CREATE VIEW {database}.costs AS SELECT Project, CostUsd FROM {database}.spans")
        yield opened


def rows(shelf: Shelf, text: str, project: str = "shop") -> list[list[Any]]:
    return run_sql(shelf.source, project, text).rows


@pytest.mark.parametrize("text", ALLOWED)
def test_plain_queries_run(shelf: Shelf, text: str) -> None:
    assert rows(shelf, text) != []


@pytest.mark.parametrize("text", REFUSED, ids=range(len(REFUSED)))
def test_everything_else_is_refused_in_words(shelf: Shelf, text: str) -> None:
    with pytest.raises(InvalidQueryError, match=REFUSED[text]) as caught:
        run_sql(shelf.source, "shop", text)
    assert "formatQuery" not in caught.value.message


def test_a_refused_statement_wrote_nothing(shelf: Shelf) -> None:
    assert not Path("x").exists()
    assert shelf.store.query(f"SELECT count() FROM {shelf.source.database}.spans").rows == [(2,)]


@pytest.mark.parametrize(
    "text",
    [
        "select groupUniqArray(Project) from spans",
        "select groupUniqArray(Project) from spans where 1 or Project = 'rival'",
        "select groupUniqArray(s.Project) from spans as s, span_content as c",
        "with all as (select * from spans) select groupUniqArray(Project) from all",
        "select groupUniqArray(Project) from (select * from spans union all select * from spans)",
        "select groupUniqArray(Project) from view(select * from spans)",
        "select (select groupUniqArray(Project) from spans)",
        "select groupUniqArray(Project) from costs",
        "select groupUniqArray(Project) from span_content",
        "select groupUniqArray(Project) from trace_index",
    ],
)
def test_a_project_sees_its_own_rows_however_it_asks(shelf: Shelf, text: str) -> None:
    assert rows(shelf, text) == [[["shop"]]]
    assert rows(shelf, text, "rival") == [[["rival"]]]
    assert rows(shelf, text, "nobody' OR '1'='1\\") == [[[]]]


def test_a_count_without_columns_is_of_the_own_rows_too(shelf: Shelf) -> None:
    assert rows(shelf, "select count() from spans") == [[1]]
    assert rows(shelf, "select 1 where 't2' in (select TraceId from spans)") == []
    assert rows(shelf, "select max(Timestamp) is null, count() from spans where TraceId = 't2'") == [[0, 0]]


def test_tables_without_a_project_are_not_for_people(shelf: Shelf) -> None:
    with pytest.raises(InvalidQueryError, match=r"ledger' can't be read.*query_sql\.spans"):
        rows(shelf, "select * from ledger")


def test_columns_can_be_looked_up_of_this_database_only(shelf: Shelf) -> None:
    assert rows(shelf, "select distinct database from system.columns") == [["query_sql"]]


def test_values_are_those_of_json(shelf: Shelf) -> None:
    text = (
        "select nan as a, inf as b, null, 1.5, 18446744073709551615,"
        " toDateTime64('2026-11-20 12:00:00', 9), [1], (1, 'x')"
    )
    answer = run_sql(shelf.source, "shop", text)
    assert answer.rows == [
        [None, None, None, 1.5, 18446744073709551615, "2026-11-20T12:00:00.000000000Z", [1], [1, "x"]]
    ]
    assert answer.columns[:2] == ["a", "b"]


def test_an_empty_answer_has_its_columns(shelf: Shelf) -> None:
    answer = run_sql(shelf.source, "shop", "select TraceId, 1 as one from spans where 0")
    assert (answer.columns, answer.rows) == (["TraceId", "one"], [])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("select number from numbers(100000)", "more than 10,000 rows"),
        ("select count() from numbers(1e15) where sipHash64(number) = 1", "limit of time"),
        ("select groupArray(number) from numbers(1e10)", "limit of time, memory"),
        ("select (select count() from numbers(1e15) where sipHash64(number) = 1) where 0", "limit of time"),
    ],
)
def test_a_dear_query_ends_at_its_limits(shelf: Shelf, text: str, words: str) -> None:
    with pytest.raises(QueryLimitError, match=words):
        rows(shelf, text)


def test_the_session_would_not_write_if_all_checks_failed(shelf: Shelf) -> None:
    statement = f"TRUNCATE TABLE {shelf.source.database}.spans"
    with pytest.raises(InvalidQueryError, match="readonly"):
        shelf.source.connection.raw_query(statement, "JSONCompact")


def test_the_list_of_functions_is_that_of_the_engine(shelf: Shelf) -> None:
    """Otherwise the engine's version brought some: look at them, then write them into `functions.txt`."""
    parameters = {"categories": list(CATEGORIES), "except": list(EXCEPT), "besides": list(BESIDES)}

    def names(sql: str) -> set[str]:
        return {name.lower() for (name,) in shelf.store.query(sql, parameters).rows}

    functions, aggregates = load_functions()
    assert functions == names(FUNCTIONS)
    assert aggregates == names(AGGREGATES)


def test_statements_need_the_source_they_are_checked_on(shelf: Shelf) -> None:
    elsewhere = Source(shelf.source.connection, "query_sql_nowhere")
    with pytest.raises(InvalidQueryError, match="can't be read"):
        run_sql(elsewhere, "shop", "select * from spans")
