"""Comments: what people note at traces and spans."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from watchkeeper_collector.api.access import Reader, Writer
from watchkeeper_collector.api.paging import Cursor, Limit, Page
from watchkeeper_collector.api.record_paging import page_of
from watchkeeper_collector.errors import ForbiddenError
from watchkeeper_collector.state.operations import Comment as StoredComment
from watchkeeper_collector.state.records import Records

TraceId = Annotated[str, Field(pattern="^[0-9a-fA-F]{1,64}$", examples=["5b8aa5a2d2c872e8321cf37308d69df2"])]
SpanId = Annotated[str, Field(pattern="^[0-9a-fA-F]{0,32}$", description="Empty: the whole trace is meant.")]


class NewComment(BaseModel):
    """What is noted, and where."""

    model_config = ConfigDict(extra="forbid")

    trace_id: TraceId
    span_id: SpanId = ""
    text: Annotated[
        str, Field(min_length=1, max_length=10_000, examples=["The retrieval found nothing here."])
    ]
    author: Annotated[
        str, Field(max_length=200, description="Who says so, for people.", examples=["Ada"])
    ] = ""


class Comment(NewComment):
    model_config = ConfigDict(from_attributes=True, extra="ignore")

    id: str
    created_at: datetime
    created_by: Annotated[str, Field(description="The API key's id; empty: none.")]


Redact = Callable[[str, str], str]
"""project, text → the text without what the project's policy finds in it."""


def build_router(comments: Records[StoredComment], redact: Redact) -> APIRouter:
    router = APIRouter(prefix="/comments", tags=["comments"])

    @router.get("")
    def list_comments(
        caller: Reader,
        trace_id: Annotated[
            str, Query(description="Only those at one trace and its spans.", max_length=128)
        ] = "",
        span_id: Annotated[str, Query(description="Only those at one span.", max_length=128)] = "",
        limit: Limit = 100,
        cursor: Cursor = "",
    ) -> Page[Comment]:
        """List comments, oldest first."""
        named = {"trace_id": trace_id.lower(), "span_id": span_id.lower()}
        wanted = {name: value for name, value in named.items() if value}
        return page_of(comments, Comment.model_validate, caller.project, wanted, limit=limit, cursor=cursor)

    @router.post("", status_code=201)
    def create_comment(caller: Writer, comment: NewComment) -> Comment:
        """Note something at a trace or a span; it need not be stored yet."""
        ids = {"trace_id": comment.trace_id.lower(), "span_id": comment.span_id.lower()}
        told = {
            "text": redact(caller.project, comment.text),
            "author": redact(caller.project, comment.author),
        }
        added = comments.add(caller.project, caller.key_id, {**comment.model_dump(), **ids, **told})
        return Comment.model_validate(added)

    @router.delete("/{comment_id}", status_code=204)
    def remove_comment(caller: Writer, comment_id: str) -> None:
        """Remove a comment that the same API key made; a key with the scope `admin` removes any."""
        found = comments.get(caller.project, comment_id)
        if found.created_by != caller.key_id and not caller.allows("admin"):
            raise ForbiddenError(
                f"The comment '{comment_id[:64]}' is of another API key. Only that key or one with the scope"
                " 'admin' removes it."
            )
        comments.remove(caller.project, comment_id)

    return router
