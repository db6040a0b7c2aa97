"""What the fields of spans hold: for the sidebar of filters and for completing what is typed."""

import time
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from watchkeeper_collector.api.access import Reader
from watchkeeper_collector.api.query import FILTER, TIME, WindowFacts, read_names
from watchkeeper_collector.query import facets
from watchkeeper_collector.query.source import Slice, Source
from watchkeeper_collector.query.times import read_window, render_time

MOST_VALUES = 1_000


class FacetValue(BaseModel):
    value: Annotated[str, Field(description="Empty: spans without one. Of `attr.*`: a key.")]
    count: Annotated[int, Field(description="Spans that have it.")]


class Facet(BaseModel):
    """The most frequent values of a field, the most frequent first."""

    field: str
    values: list[FacetValue]
    is_truncated: Annotated[bool, Field(description="There are more values than `limit`.")]
    sampled_share: Annotated[
        float, Field(description="The share of the window that was looked at; below 1, counts are estimates.")
    ] = 1.0


class Facets(WindowFacts):
    facets: list[Facet]
    is_estimated: Annotated[bool, Field(description="Some facet is of a sample.")] = False


class AskedFacets(BaseModel):
    """Which facets of which spans."""

    fields: Annotated[
        list[str],
        Field(
            description="Dimensions, also `attr.<key>`, `status`, and `attr.*` or `resource.*` for the keys"
            " that there are; with commas or repeated.",
            examples=["model,status,attr.*"],
        ),
    ]
    filter: Annotated[
        str, Field(description=f"{FILTER} A facet leaves out what it says of the facet's own field.")
    ] = ""
    start: Annotated[str, Field(description=f"{TIME} It belongs to the window.")] = "-24h"
    end: Annotated[str, Field(description=f"{TIME} It does not belong to the window.")] = "now"
    contains: Annotated[str, Field(description="Only values with this text in them, in either case.")] = ""
    limit: Annotated[int, Field(ge=1, le=MOST_VALUES, description="Most values of a facet.")] = 10


def build_router(source: Source, *, now_ns: Callable[[], int] = time.time_ns) -> APIRouter:
    """``now_ns`` is what relative times count from."""
    router = APIRouter(tags=["query"])

    @router.get("/facets")
    def list_facets(caller: Reader, asked: Annotated[AskedFacets, Query()]) -> Facets:
        """The values that fields have, with how many spans have each."""
        window = read_window(asked.start or "-24h", asked.end or "now", now_ns())
        slice_ = Slice(caller.project, window, asked.filter, caller.allows("content"))
        wanted = facets.Wanted(read_names(asked.fields), asked.limit, asked.contains)
        found = facets.list_facets(source, slice_, wanted)
        return Facets(
            start=render_time(window.start_ns or 0),
            end=render_time(window.end_ns or 0),
            facets=[_render(facet) for facet in found],
            is_estimated=any(facet.sampled_share < 1 for facet in found),
        )

    return router


def _render(facet: facets.Facet) -> Facet:
    values = [FacetValue(value=value, count=count) for value, count in facet.values]
    return Facet(
        field=facet.field,
        values=values,
        is_truncated=facet.is_truncated,
        sampled_share=facet.sampled_share,
    )
