"""SQL, for what no other endpoint answers."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from watchkeeper_collector.api.access import Admin
from watchkeeper_collector.query.source import Source
from watchkeeper_collector.query.sql.running import MOST_CHARS, MOST_ROWS, run_sql
from watchkeeper_collector.state.deeds import note_content_read


class SqlText(BaseModel):
    model_config = ConfigDict(extra="forbid")

    query: Annotated[
        str,
        Field(
            description="One SELECT in ClickHouse's dialect over the tables of `docs/schema.md`.",
            examples=["SELECT ServiceName, count() FROM spans GROUP BY ServiceName"],
            max_length=MOST_CHARS,
        ),
    ]


class SqlRows(BaseModel):
    """The names of the columns and the rows, whose values are those of JSON."""

    columns: list[str]
    rows: list[list[Any]]


def build_router(source: Source) -> APIRouter:
    """``source`` is on a store of its own, with the settings that ``query.sql.running`` wants."""
    router = APIRouter(tags=["query"])

    @router.post(
        "/sql",
        response_model=SqlRows,
        description=f"Run one `SELECT` on the rows of the project; at most {MOST_ROWS:,} rows are answered.",
    )
    def run_statement(caller: Admin, statement: SqlText) -> Any:
        note_content_read()  # prompts and answers are in tables too
        return run_sql(source, caller.project, statement.query)

    return router
