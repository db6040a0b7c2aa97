"""Everything that a filter keeps, as a file that is made while it is sent."""

import time
from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import StreamingResponse

from watchkeeper_collector.api.access import Reader, may_show_content
from watchkeeper_collector.api.spans import End, Filter, Start
from watchkeeper_collector.errors import ForbiddenError
from watchkeeper_collector.query import export
from watchkeeper_collector.query.export import Subject
from watchkeeper_collector.query.exporting import FILE_FORMATS
from watchkeeper_collector.query.source import Slice, Source
from watchkeeper_collector.query.times import read_window
from watchkeeper_collector.query.trace import ReadConversation

Format = Literal["csv", "jsonl", "parquet"]
ROWS_HEADER = "x-watchkeeper-rows"


def build_router(
    source: Source, read_conversation: ReadConversation, *, now_ns: Callable[[], int] = time.time_ns
) -> APIRouter:
    """``now_ns`` is what relative times count from."""
    router = APIRouter(tags=["export"])

    @router.get(
        "/export",
        response_class=StreamingResponse,
        responses={
            200: {
                "description": "The file.",
                "content": {form.media_type: {} for form in FILE_FORMATS.values()},
            }
        },
    )
    def export_rows(
        caller: Reader,
        *,
        what: Annotated[Subject, Query(description="What a row is.")] = "spans",
        format: Annotated[Format, Query(description="The kind of file.")] = "csv",  # noqa: A002 - as in the URL
        filter: Filter = "",  # noqa: A002
        start: Start = "",
        end: End = "",
        with_content: Annotated[
            bool, Query(description="Prompts and answers too; needs the scope `content`.")
        ] = False,
    ) -> StreamingResponse:
        """Export spans (oldest first), traces, sessions or scores (newest first).

        The header `x-watchkeeper-rows` says how many rows there will be, where that is known. A download
        that is given up asks the store no more. What fails on the way ends the connection, so a file whose
        end came is whole.
        """
        if with_content and not may_show_content(caller):
            raise ForbiddenError(f"{caller.described} lacks the scope 'content' for 'with_content'.")
        slice_ = Slice(caller.project, read_window(start, end, now_ns()), filter, caller.allows("content"))
        reader = read_conversation if with_content else None
        table = export.build_table(source, slice_, what, reader)
        form = FILE_FORMATS[format]
        name = f"watchkeeper-{what}.{form.suffix}"
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        if table.row_count is not None:
            headers[ROWS_HEADER] = str(table.row_count)
        return StreamingResponse(form.encode(table), media_type=form.media_type, headers=headers)

    return router
