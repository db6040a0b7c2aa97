"""What a person asks first: is it well, and if not, what is wrong."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from watchkeeper_collector.api.access import IsOperator, Reader
from watchkeeper_collector.errors import WatchkeeperError
from watchkeeper_collector.pricing.price_table import PriceTable
from watchkeeper_collector.pricing.unpriced import list_unpriced
from watchkeeper_collector.spool.stats import SpoolStats
from watchkeeper_collector.telemetry import Telemetry

UNPRICED_WINDOW = timedelta(days=30)
ENGINE = "SELECT version()"
OWN_ROWS = "SELECT {name:String} AS name, count() AS rows FROM {table} WHERE Project = {project:String}"
WITH_PROJECT = """SELECT table
FROM system.columns
WHERE database = {database:String} AND name = 'Project'"""
TABLES = """
SELECT name, sum(ifNull(total_rows, 0)) AS rows, sum(ifNull(total_bytes, 0)) AS bytes_on_disk
FROM {tables}
WHERE database = {database:String} AND endsWith(engine, 'MergeTree')
GROUP BY name
ORDER BY name
"""


class Table(BaseModel):
    """What a table holds, replicas and rows that merging will remove included."""

    name: str
    rows: int
    bytes_on_disk: int


class StoreStatus(BaseModel):
    """``problem`` says what is wrong, empty: nothing. Where nothing is known, the rest is null."""

    is_ready: Annotated[bool, Field(description="Open and migrated.")]
    is_reachable: bool
    is_embedded: bool
    problem: str
    engine_version: str | None = None
    schema_version: Annotated[
        int | None, Field(description="The number of the newest migration that was applied.")
    ] = None
    tables: list[Table] = []
    unpriced_calls: Annotated[
        int | None, Field(description="Calls of the project without a cost, of the last 30 days.")
    ] = None


class StateStatus(BaseModel):
    """The store of keys and other operational state. While it is away, known keys stay good for a while."""

    is_reachable: bool
    problem: str


class Status(BaseModel):
    """Counters run since the start of the process."""

    version: str
    started_at: datetime
    uptime_s: float
    project: Annotated[str, Field(description="The project of the key that asked.")]
    is_whole: Annotated[
        bool,
        Field(
            description="The figures are of the whole collector, as the operators' project sees them. Else"
            " rows and dead letters are the project's own, and what is counted for all is 0."
        ),
    ]
    store: StoreStatus
    state: StateStatus
    spool: Annotated[dict[str, Any], Field(description="What waits, and what the spool counts.")]
    ingest: Annotated[dict[str, dict[str, float]], Field(description="What the doors count.")]
    workers: Annotated[dict[str, dict[str, Any]], Field(description="What the workers count, by name.")]


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the facts come from. ``problem`` says what keeps the store from being ready; empty: nothing."""

    version: str
    prices: PriceTable
    is_embedded: bool
    schema_version: Callable[[], int]
    check_state: Callable[[], None]
    problem: Callable[[], str]
    spool: Callable[[], SpoolStats]
    workers: Mapping[str, Any]
    telemetry: Telemetry
    is_operator: IsOperator
    count_letters: Callable[[str], int]


def build_router(sources: Sources) -> APIRouter:
    router = APIRouter(tags=["status"])
    started_at = datetime.now(UTC)

    @router.get("/status")
    def get_status(caller: Reader) -> Status:
        """What the collector does, holds and lacks. It answers while the store is away."""
        is_whole = sources.is_operator(caller)
        spool, ingest = asdict(sources.spool()), sources.telemetry.totals()
        workers = {name: asdict(status) for name, status in sources.workers.items()}
        if not is_whole:
            letters = sources.count_letters(caller.project)
            spool = {name: type(value)() for name, value in spool.items()} | {"dead_letters": letters}
            ingest, workers = {name: {} for name in ingest}, {}
        return Status(
            version=sources.version,
            started_at=started_at,
            uptime_s=(datetime.now(UTC) - started_at).total_seconds(),
            project=caller.project,
            is_whole=is_whole,
            store=_read_store(sources, caller.project, is_whole=is_whole),
            state=_read_state(sources.check_state),
            spool=spool,
            ingest=ingest,
            workers=workers,
        )

    return router


def _read_state(check: Callable[[], None]) -> StateStatus:
    try:
        check()
    except WatchkeeperError as error:
        return StateStatus(is_reachable=False, problem=error.message)
    return StateStatus(is_reachable=True, problem="")


def _read_store(sources: Sources, project: str, *, is_whole: bool) -> StoreStatus:
    problem = sources.problem()
    status = StoreStatus(
        is_ready=not problem, is_reachable=False, is_embedded=sources.is_embedded, problem=problem
    )
    try:
        status.engine_version = str(sources.prices.connection.query(ENGINE).rows[0][0])
        status.is_reachable = True
        if status.is_ready:
            status.schema_version = sources.schema_version()
            tables = _read_tables(sources.prices)
            status.tables = tables if is_whole else _own_share(sources.prices, tables, project)
            status.unpriced_calls = _count_unpriced(sources.prices, project)
    except WatchkeeperError as error:
        status.problem = status.problem or error.message
    return status


def _read_tables(prices: PriceTable) -> list[Table]:
    tables = f"clusterAllReplicas('{prices.cluster}', system.tables)" if prices.cluster else "system.tables"
    rows = prices.connection.query(TABLES.replace("{tables}", tables), {"database": prices.database}).dicts()
    return [Table.model_validate(row) for row in rows]


def _own_share(prices: PriceTable, tables: list[Table], project: str) -> list[Table]:
    """The project's rows of each table, with the size that so many rows have on average."""
    connection, names = prices.connection, {"database": prices.database}
    owned = {name for (name,) in connection.query(WITH_PROJECT, names).rows}
    found = []
    for table in tables:
        name = table.name.removesuffix("_local")
        if name not in owned:
            continue
        sql = OWN_ROWS.replace("{table}", f"{prices.database}.{name}")
        rows = connection.query(sql, {"name": name, "project": project}).rows[0][1]
        size = round(table.bytes_on_disk * rows / table.rows) if table.rows else 0
        found.append(Table(name=name, rows=rows, bytes_on_disk=size))
    return found


def _count_unpriced(prices: PriceTable, project: str) -> int:
    found = list_unpriced(prices, project, datetime.now(UTC) - UNPRICED_WINDOW)
    return sum(row["calls"] for row in found)
