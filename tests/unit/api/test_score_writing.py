"""Scores as OpenTelemetry's evaluation events."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from pydantic import ValidationError
from watchkeeper_collector.api.langfuse import LangfuseScore, read_langfuse
from watchkeeper_collector.api.score_writing import Said, build_recording
from watchkeeper_collector.api.scores import NewScore, read_said
from watchkeeper_collector.state.keys import Principal

CALLER = Principal("shop", "key-1", frozenset({"ingest"}))
TRACE = "5b8aa5a2d2c872e8321cf37308d69df2"


def written(scores: Sequence[Said], now_ns: int = 7) -> tuple[list[str], list[dict[str, Any]]]:
    """The ids, and each record's attributes with its ids and time."""
    sent: list[bytes] = []

    async def send(caller: Principal, body: bytes) -> None:
        assert caller is CALLER
        sent.append(body)

    ids = asyncio.run(build_recording(send, now_ns=lambda: now_ns)(CALLER, scores))
    (group,) = ExportLogsServiceRequest.FromString(sent[0]).resource_logs
    return ids, [
        {
            "event": record.event_name, "trace": record.trace_id.hex(), "span": record.span_id.hex(),
            "time": record.time_unix_nano,
            **{
                one.key: one.value.string_value or one.value.double_value for one in record.attributes
            },
        }
        for record in group.scope_logs[0].log_records
    ]  # fmt: skip


def said(**facts: Any) -> Said:
    return read_said(NewScore.model_validate({"name": "helpful", "value": 1.0, "trace_id": TRACE} | facts))


def test_a_score_is_an_evaluation_event() -> None:
    moment = datetime(2026, 11, 20, tzinfo=UTC)
    ids, (record,) = written([said(id="s1", comment="so", source="review", user_id="u", timestamp=moment)])
    assert ids == ["s1"]
    assert record == {
        "event": "gen_ai.evaluation.result",
        "trace": TRACE,
        "span": "",
        "time": 1_795_132_800_000_000_000,
        "gen_ai.evaluation.name": "helpful",
        "gen_ai.evaluation.score.value": 1.0,
        "gen_ai.evaluation.explanation": "so",
        "user.id": "u",
        "watchkeeper.score.id": "s1",
        "watchkeeper.score.type": "numeric",
        "watchkeeper.score.source": "review",
    }


@pytest.mark.parametrize(
    ("facts", "value", "label", "data_type"),
    [
        ({"value": 0.25}, 0.25, "", "numeric"),
        ({"value": 3}, 3.0, "", "numeric"),
        ({"value": True}, 1.0, "", "boolean"),
        ({"value": 0, "data_type": "boolean"}, 0.0, "", "boolean"),
        ({"value": "off-topic"}, None, "off-topic", "categorical"),
        ({"value": 0.9, "label": "good"}, 0.9, "good", "numeric"),
    ],
)
def test_a_value_is_a_number_or_a_word(
    facts: dict[str, Any], value: float | None, label: str, data_type: str
) -> None:
    found = said(**facts)
    assert (found.value, found.label, found.data_type) == (value, label, data_type)


@pytest.mark.parametrize(
    "facts",
    [
        {"trace_id": ""},
        {"trace_id": "no hex"},
        {"trace_id": "abcd"},
        {"trace_id": "0" * 32},
        {"span_id": "0" * 16},
        {"span_id": "ab"},
        {"trace_id": "", "session_id": "s", "span_id": "ab" * 8},
        {"value": float("inf")},
        {"value": float("nan")},
        {"value": ""},
        {"value": "many", "data_type": "numeric"},
        {"value": 2, "data_type": "boolean"},
        {"value": 1, "data_type": "categorical"},
        {"value": None},
        {"name": ""},
        {"timestamp": "2026-11-20T00:00:00"},
        {"unknown": 1},
    ],
    ids=str,
)
def test_what_is_no_score_is_refused(facts: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        said(**facts)


def test_without_an_id_a_retry_has_the_same_one() -> None:
    (first,), _ = written([said()], now_ns=1)
    (retried,), _ = written([said()], now_ns=2)
    (other,), _ = written([said(value=0.0)])
    assert first == retried != other


def test_langfuse_says_the_same_in_other_words() -> None:
    facts = {
        "id": "s1", "traceId": "5B8AA5A2-D2C8-72E8-321C-F37308D69DF2",
        "observationId": "ab" * 8, "name": "helpful", "value": 1,
        "dataType": "BOOLEAN", "comment": "so", "source": "ANNOTATION", "metadata": {"by": 1},
        "environment": "x", "timestamp": "2026-11-20T00:00:00Z",
    }  # fmt: skip
    found = read_langfuse(LangfuseScore.model_validate(facts))
    assert found == said(
        id="s1", span_id="ab" * 8, value=1, data_type="boolean", comment="so", source="review",
        metadata={"by": "1"}, timestamp="2026-11-20T00:00:00Z",
    )  # fmt: skip
