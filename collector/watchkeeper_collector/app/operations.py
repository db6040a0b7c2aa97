"""The routers of what people who run an application work with, wired."""

import time

from fastapi import APIRouter

from watchkeeper_collector.api import (
    budgets,
    comments,
    error_groups,
    export,
    langfuse,
    reviews,
    scores,
    sessions,
    users,
    views,
)
from watchkeeper_collector.api.score_writing import RecordScores, build_recording
from watchkeeper_collector.otlp.caller import Caller
from watchkeeper_collector.otlp.ingest import Ingest
from watchkeeper_collector.query.messages import read_conversation
from watchkeeper_collector.query.source import Source
from watchkeeper_collector.state.keys import Principal
from watchkeeper_collector.state.state import State


def build_score_recording(ingest: Ingest) -> RecordScores:
    """Scores go the way of log records that came through the door."""

    async def send(caller: Principal, request: bytes) -> None:
        sender = Caller(caller.project, caller.key_id, caller.spans_per_s, caller.bytes_per_s)
        with ingest.attend("logs", "http"):
            await ingest.accept("logs", request, sender)

    return build_recording(send, now_ns=time.time_ns)


def build_operations(
    source: Source, state: State, record: RecordScores, redact: comments.Redact
) -> tuple[APIRouter, ...]:
    return (
        error_groups.build_router(source, state.resolutions),
        sessions.build_router(source, read_conversation),
        users.build_router(source),
        scores.build_router(source, record),
        reviews.build_router(source),
        comments.build_router(state.comments, redact),
        budgets.build_router(source, state.budgets),
        views.build_router(state.views),
        export.build_router(source, read_conversation),
    )


def build_aliases(record: RecordScores) -> APIRouter:
    """Paths of other products, outside of our prefix."""
    return langfuse.build_router(record)
