"""The review queue: traces that have yet to be judged."""

import time
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query

from watchkeeper_collector.api.access import Reader
from watchkeeper_collector.api.paging import Cursor, Limit, Page
from watchkeeper_collector.api.spans import End, Filter, Start
from watchkeeper_collector.api.traces import TraceSummary
from watchkeeper_collector.query import review
from watchkeeper_collector.query.source import Slice, Source
from watchkeeper_collector.query.times import read_window


def build_router(source: Source, *, now_ns: Callable[[], int] = time.time_ns) -> APIRouter:
    """``now_ns`` is what relative times count from."""
    router = APIRouter(tags=["scores"])

    @router.get("/review", response_model=Page[TraceSummary])
    def list_review(
        caller: Reader,
        *,
        name: Annotated[
            str,
            Query(
                description="The score that they lack.", min_length=1, max_length=200, examples=["quality"]
            ),
        ],
        filter: Filter = "",  # noqa: A002 - the name in the URL
        start: Start = "",
        end: End = "",
        limit: Limit = 20,
        cursor: Cursor = "",
    ) -> Any:
        """List traces without a score of a name, newest first. A verdict is a `POST /scores` of that name.

        A page may have fewer traces than `limit` although there is a next one.
        """
        wanted = Slice(caller.project, read_window(start, end, now_ns()), filter, caller.allows("content"))
        return review.list_unscored(source, wanted, name, limit=limit, cursor=cursor)

    return router
