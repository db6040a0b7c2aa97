"""How numbers of calls are distributed over time: what heat maps show."""

import time
from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from watchkeeper_collector.api.access import Reader
from watchkeeper_collector.api.query import FILTER, TIME, WindowFacts
from watchkeeper_collector.query.histogram import DISTRIBUTED, count_buckets, find_distributed
from watchkeeper_collector.query.source import Slice, Source
from watchkeeper_collector.query.times import SECOND_NS, read_step, read_window, render_time


class Histogram(WindowFacts):
    """`counts[i][j]` calls began in the interval from `times[i]` and lie from `bounds[j]` to `bounds[j + 1]`.

    Each bound is the one before times the fourth root of two. Without calls there are no bounds.
    """

    of: str
    unit: str
    step_s: int
    times: list[str]
    bounds: list[float]
    counts: list[list[int]]
    source: Literal["spans", "rollup"] = "spans"


class AskedHistogram(BaseModel):
    """Of what, and of which spans."""

    of: Annotated[str, Field(description=f"One of {', '.join(f'`{name}`' for name in DISTRIBUTED)}.")] = (
        "latency_ms"
    )
    filter: Annotated[str, Field(description=FILTER)] = ""
    start: Annotated[str, Field(description=f"{TIME} It belongs to the window.")] = "-24h"
    end: Annotated[str, Field(description=f"{TIME} It does not belong to the window.")] = "now"
    step: Annotated[str, Field(description="`1m`, `1h`, `1d`, … or `auto`.")] = "auto"


def build_router(source: Source, *, now_ns: Callable[[], int] = time.time_ns) -> APIRouter:
    """``now_ns`` is what relative times count from."""
    router = APIRouter(tags=["query"])

    @router.get("/histogram")
    def count_histogram(caller: Reader, asked: Annotated[AskedHistogram, Query()]) -> Histogram:
        """Calls by interval and by size of one of their numbers: a heat map."""
        window = read_window(asked.start or "-24h", asked.end or "now", now_ns())
        number, step_ns = find_distributed(asked.of), read_step(asked.step or "auto", window) or 0
        slice_ = Slice(caller.project, window, asked.filter, caller.allows("content"))
        found = count_buckets(source, slice_, number, step_ns)
        return Histogram(
            start=render_time(window.start_ns or 0),
            end=render_time(window.end_ns or 0),
            of=number.name,
            unit=number.unit,
            step_s=step_ns // SECOND_NS,
            times=found.times,
            bounds=found.bounds,
            counts=found.counts,
            source="rollup" if found.is_rolled_up else "spans",
        )

    return router
