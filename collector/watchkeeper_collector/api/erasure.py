"""Erasing what a user or a session left, everywhere, and how far that is."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from watchkeeper_collector.api.access import Admin
from watchkeeper_collector.api.paging import Cursor, Limit, Page
from watchkeeper_collector.api.record_paging import page_of
from watchkeeper_collector.state.erasures import Erasures

Id = Annotated[str, Path(min_length=1, max_length=1024, description="Encode it: it may hold any character.")]


class Erasure(BaseModel):
    """A request to erase."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    kind: Annotated[str, Field(description="`user` or `session`.")]
    subject_hash: Annotated[str, Field(description="SHA-256 of its id, which is forgotten when it is done.")]
    state: Annotated[str, Field(description="`waiting`, `running` or `done`.")]
    phase: Annotated[str, Field(description="What is being done.")]
    report: Annotated[
        dict[str, int],
        Field(
            description="Rows, or letters, by place and what became of them.",
            examples=[{"spans: removed": 12, "span_content: removed": 8, "comments: edited": 1}],
        ),
    ]
    failure: Annotated[str, Field(description="Why it does not go on; it is tried again. Empty: nothing.")]
    created_at: datetime
    created_by: Annotated[str, Field(description="The API key's id; empty: none.")]
    updated_at: datetime
    finished_at: datetime | None


def build_router(erasures: Erasures) -> APIRouter:
    router = APIRouter(tags=["erasure"])

    @router.delete("/users/{user_id:path}", status_code=202)
    def erase_user(caller: Admin, user_id: Id) -> Erasure:
        """Erase everything that a user left: it begins within seconds and can't be had back.

        Spans that name the user, and traces and sessions that are nobody else's, go from every table, with
        their prompts, answers, log records, scores and comments; so does what waits or was refused. Elsewhere
        `[erased]` takes the place of the id. It is done when no file has it any more.
        """
        return Erasure.model_validate(erasures.add(caller.project, "user", user_id, caller.key_id))

    @router.delete("/sessions/{session_id:path}", status_code=202)
    def erase_session(caller: Admin, session_id: Id) -> Erasure:
        """Erase everything of a session, as a user's is erased."""
        return Erasure.model_validate(erasures.add(caller.project, "session", session_id, caller.key_id))

    @router.get("/erasures")
    def list_erasures(caller: Admin, limit: Limit = 100, cursor: Cursor = "") -> Page[Erasure]:
        """List what was erased, oldest first."""
        return page_of(erasures, Erasure.model_validate, caller.project, {}, limit=limit, cursor=cursor)

    @router.get("/erasures/{erasure_id}")
    def get_erasure(caller: Admin, erasure_id: str) -> Erasure:
        """How far an erasure is, and what it removed."""
        return Erasure.model_validate(erasures.get(caller.project, erasure_id))

    return router
