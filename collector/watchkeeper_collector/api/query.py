"""Measures by dimensions over a window: what charts, reports and alert rules ask for."""

import re
import time
from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from watchkeeper_collector.api.access import Reader
from watchkeeper_collector.query.aggregation import Table
from watchkeeper_collector.query.comparison import answer, earlier_window
from watchkeeper_collector.query.exports import Format, export_table
from watchkeeper_collector.query.measures import Measure, find_measure
from watchkeeper_collector.query.question import Compare, Question
from watchkeeper_collector.query.rolled import ESTIMATES
from watchkeeper_collector.query.source import Slice, Source
from watchkeeper_collector.query.times import SECOND_NS, Window, read_step, read_window, render_time
from watchkeeper_collector.state.keys import Principal

MOST_GROUPS = 10_000
FORMATS: dict[str, Format] = {
    "text/csv": "csv",
    "application/vnd.apache.parquet": "parquet",
    "application/vnd.apache.arrow.stream": "arrow",
}
FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "JSON, or by `Accept` a file with the same columns.",
        "content": {
            media: {"schema": {"type": "string", "contentMediaType": media, "format": "binary"}}
            for media in FORMATS
        },
    }
}

FILTER = 'Which spans, such as `model:gpt-4o* -status:error cost:>0.10 "refund policy"`.'
TIME = "RFC 3339 or relative, such as `-24h`."
JSON_RANGES = frozenset({"application/json", "application/*", "*/*"})
QUALITY = re.compile(r"\bq=(\d(?:\.\d{1,3})?)")


class MeasureFacts(BaseModel):
    name: str
    unit: str
    description: str


class WindowFacts(BaseModel):
    start: str
    end: str


class QueryAnswer(WindowFacts):
    """Rows by name of dimension and measure, with a step also by `time`, the start of the interval.

    In rows of all other groups (`top`) the dimensions are null. With `compare` a row also has each measure as
    it was, `<measure>_before`, and by what share of that it changed, `<measure>_change`.
    """

    step_s: Annotated[int | None, Field(description="Seconds from one point to the next; null: a table.")]
    dimensions: list[str]
    measures: list[MeasureFacts]
    rows: list[dict[str, Any]]
    is_truncated: Annotated[bool, Field(description="There are more groups than `limit` or `top`.")]
    compared_with: Annotated[
        WindowFacts | None, Field(description="The window of `compare`; null: there is none.")
    ] = None
    source: Annotated[
        Literal["spans", "rollup"], Field(description="`rollup`: most of the window was added up before.")
    ] = "spans"
    estimated: Annotated[
        list[str], Field(description="Measures whose values are estimates; docs/query.md says how good.")
    ] = []


class Asked(BaseModel):
    """The question as it stands in the URL."""

    measures: Annotated[
        list[str], Field(description="Measures, with commas or repeated.", examples=["calls,cost_usd"])
    ]
    by: Annotated[list[str], Field(description="At most three dimensions, also `attr.<key>`.")] = []
    filter: Annotated[str, Field(description=FILTER)] = ""
    start: Annotated[str, Field(description=f"{TIME} It belongs to the window.")] = "-24h"
    end: Annotated[str, Field(description=f"{TIME} It does not belong to the window.")] = "now"
    step: Annotated[str, Field(description="`1m`, `1h`, `1d`, … or `auto`: a series, and not a table.")] = ""
    order: Annotated[
        str,
        Field(description="A measure or dimension, with `-` before it: the greatest first."),
    ] = ""
    limit: Annotated[int, Field(ge=1, le=MOST_GROUPS, description="Most groups in the answer.")] = 100
    top: Annotated[
        int | None,
        Field(ge=1, le=MOST_GROUPS, description="As `limit`, and all other groups are one more."),
    ] = None
    compare: Annotated[
        Compare, Field(description="`previous`: with the window before, as long; `week`: a week before.")
    ] = ""
    exact: Annotated[bool, Field(description="No estimates, however long it takes.")] = False


def build_router(source: Source, *, now_ns: Callable[[], int] = time.time_ns) -> APIRouter:
    """``now_ns`` is what relative times count from."""
    router = APIRouter(tags=["query"])

    @router.get("/query", response_model=QueryAnswer, responses=FILES)
    def run_query(caller: Reader, request: Request, asked: Annotated[Asked, Query()]) -> Any:
        """Measures over spans, split by dimensions: a table, or a series with a point for each step."""
        question = _read(asked, caller, now_ns())
        table = answer(source, question)
        media = wanted_media(request.headers.get("accept", ""))
        if media is None:
            return _render(question, table)
        return Response(export_table(question, table, FORMATS[media]), media_type=media)

    return router


def wanted_media(accept: str) -> str | None:
    """The file format that an ``Accept`` header likes best; ``None``: JSON."""
    ranges = [part.partition(";") for part in accept.lower().split(",")]
    liked = sorted(((_quality(rest), name.strip()) for name, _, rest in ranges), key=lambda like: -like[0])
    known = (name for quality, name in liked if quality > 0 and name in {*FORMATS, *JSON_RANGES})
    first = next(known, "")
    return first if first in FORMATS else None


def _quality(parameters: str) -> float:
    found = QUALITY.search(parameters)
    return float(found[1]) if found else 1.0


def _read(asked: Asked, caller: Principal, now_ns: int) -> Question:
    window = read_window(asked.start or "-24h", asked.end or "now", now_ns)
    return Question(
        Slice(caller.project, window, asked.filter, caller.allows("content")),
        read_names(asked.measures),
        read_names(asked.by),
        read_step(asked.step, window),
        asked.order,
        asked.top or asked.limit,
        has_other=asked.top is not None,
        compare=asked.compare,
        is_exact=asked.exact,
    )


def read_names(parameters: list[str]) -> list[str]:
    names = (name.strip() for parameter in parameters for name in parameter.split(","))
    return [name for name in names if name]


def _render(question: Question, table: Table) -> QueryAnswer:
    step_ns = question.step_ns
    return QueryAnswer(
        **_window(question.slice.window).model_dump(),
        step_s=step_ns // SECOND_NS if step_ns else None,
        dimensions=list(question.by),
        measures=[_facts(find_measure(name)) for name in question.measures],
        rows=table.dicts(),
        is_truncated=table.is_truncated,
        compared_with=_window(earlier_window(question)) if question.compare else None,
        source="rollup" if table.is_rolled_up else "spans",
        estimated=[name for name in question.measures if table.is_rolled_up and name in ESTIMATES],
    )


def _window(window: Window) -> WindowFacts:
    return WindowFacts(start=render_time(window.start_ns or 0), end=render_time(window.end_ns or 0))


def _facts(measure: Measure) -> MeasureFacts:
    return MeasureFacts(name=measure.name, unit=measure.unit, description=measure.description)
