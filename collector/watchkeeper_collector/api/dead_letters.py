"""Requests that the store refused, of the caller's project."""

from datetime import UTC, datetime
from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter
from pydantic import BaseModel, Field

from watchkeeper_collector.api.access import Admin
from watchkeeper_collector.api.paging import Cursor, Limit, Page
from watchkeeper_collector.errors import NotFoundError
from watchkeeper_collector.spool.dead_letters import Append, DeadLetter, DeadLetters


class Letter(BaseModel):
    """A refused request, without its body."""

    id: Annotated[str, Field(description="Ids sort by time.")]
    signal: Annotated[str, Field(description="`traces`, `logs` or `metrics`.")]
    key_id: Annotated[str, Field(description="The API key it was sent with; empty: none.")]
    received_at: datetime
    reason: Annotated[str, Field(description="What the store said.")]
    items: Annotated[int, Field(description="Spans, log records or data points.")]
    body_bytes: int


class Replayed(BaseModel):
    id: str
    items: Annotated[int, Field(description="How many are on their way into the store again.")]


def build_router(letters: DeadLetters, append: Append) -> APIRouter:
    """``append`` is the spool's, which a replay goes through like any request."""
    router = APIRouter(prefix="/dead-letters", tags=["dead letters"])

    @router.get("")
    def list_dead_letters(caller: Admin, limit: Limit = 100, cursor: Cursor = "") -> Page[Letter]:
        """List the refused requests, newest first."""
        found = letters.list(limit=limit + 1, before=cursor or None, project=caller.project)
        shown = [_render(letter) for letter in found[:limit]]
        return Page(items=shown, next_cursor=shown[-1].id if len(found) > limit else None)

    @router.get("/{letter_id}")
    def get_dead_letter(caller: Admin, letter_id: str) -> Letter:
        """Look at one refused request."""
        return _render(_own_letter(letters, caller.project, letter_id))

    @router.post("/{letter_id}/replay", status_code=202)
    async def replay_dead_letter(caller: Admin, letter_id: str) -> Replayed:
        """Send a refused request through the spool again; should it be refused again, it comes back here."""
        letter = await anyio.to_thread.run_sync(_own_letter, letters, caller.project, letter_id)
        await letters.replay(letter_id, append)
        return Replayed(id=letter_id, items=letter.items)

    @router.delete("/{letter_id}", status_code=204)
    def remove_dead_letter(caller: Admin, letter_id: str) -> None:
        """Remove a refused request for good."""
        _own_letter(letters, caller.project, letter_id)
        letters.remove(letter_id)

    return router


def _own_letter(letters: DeadLetters, project: str, letter_id: str) -> DeadLetter:
    letter = letters.look_up(letter_id)
    if letter.project != project:
        raise NotFoundError(f"There is no dead letter '{letter_id}'.")
    return letter


def _render(letter: DeadLetter) -> Letter:
    return Letter(
        id=letter.id,
        signal=letter.signal,
        key_id=letter.key_id,
        received_at=datetime.fromtimestamp(letter.received_ns / 1e9, UTC),
        reason=letter.reason,
        items=letter.items,
        body_bytes=letter.body_bytes,
    )
