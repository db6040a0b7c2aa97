"""Writes scores down as OpenTelemetry's evaluation events, which go the way of all telemetry.

So a score is durable when its request is answered, waits on disk while the store is away, and there is one
way into `scores` for ours, for Langfuse's and for those that instrumentations send as log records.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs

from watchkeeper_collector.state.keys import Principal

EVENT = "gen_ai.evaluation.result"
SCOPE = "watchkeeper.scores"
MOST_SCORES = 1_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Said:
    """A score as it came. Without ``value`` it has a ``label``; without an id it is given one."""

    id: str
    name: str
    value: float | None
    label: str
    data_type: str
    trace_id: str
    span_id: str
    session_id: str
    user_id: str
    source: str
    comment: str
    metadata: Mapping[str, str]
    timestamp: datetime | None


class RecordScores(Protocol):
    """Makes scores durable, and returns their ids."""

    async def __call__(self, caller: Principal, scores: Sequence[Said]) -> list[str]: ...


SendLogs = Callable[[Principal, bytes], Awaitable[None]]
"""Takes a request of OTLP logs on behalf of a caller; when it returns, the request is durable."""


def build_recording(send: SendLogs, *, now_ns: Callable[[], int]) -> RecordScores:
    async def record(caller: Principal, scores: Sequence[Said]) -> list[str]:
        ids = [said.id or build_id(said) for said in scores]
        now = now_ns()
        records = [build_record(said, score_id, now) for said, score_id in zip(scores, ids, strict=True)]
        await send(caller, build_request(records).SerializeToString())
        return ids

    return record


def build_id(said: Said) -> str:
    """An id made of everything that the score says: of a retry it is the same."""
    facts = asdict(said) | {"timestamp": said.timestamp and said.timestamp.isoformat()}
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]


def build_request(records: Sequence[LogRecord]) -> ExportLogsServiceRequest:
    scope = ScopeLogs(scope=InstrumentationScope(name=SCOPE), log_records=records)
    return ExportLogsServiceRequest(resource_logs=[ResourceLogs(scope_logs=[scope])])


def build_record(said: Said, score_id: str, now_ns: int) -> LogRecord:
    """The event. ``now_ns`` is its time unless the score has one."""
    time_ns = (said.timestamp - EPOCH) // timedelta(microseconds=1) * 1_000 if said.timestamp else now_ns
    texts = {
        "gen_ai.evaluation.name": said.name,
        "gen_ai.evaluation.score.label": said.label,
        "gen_ai.evaluation.explanation": said.comment,
        "session.id": said.session_id,
        "user.id": said.user_id,
        "watchkeeper.score.id": score_id,
        "watchkeeper.score.type": said.data_type,
        "watchkeeper.score.source": said.source,
        **{f"watchkeeper.score.metadata.{key}": value for key, value in said.metadata.items()},
    }
    attributes = [KeyValue(key=key, value=AnyValue(string_value=text)) for key, text in texts.items() if text]
    if said.value is not None:
        number = AnyValue(double_value=said.value)
        attributes.append(KeyValue(key="gen_ai.evaluation.score.value", value=number))
    return LogRecord(
        time_unix_nano=max(0, time_ns),
        observed_time_unix_nano=max(0, time_ns),
        event_name=EVENT,
        trace_id=bytes.fromhex(said.trace_id),
        span_id=bytes.fromhex(said.span_id),
        attributes=attributes,
    )
