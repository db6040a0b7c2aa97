"""Makes the spans of a test, as rows for the door that other tools write to."""

import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from watchkeeper_collector.alerts.rules.durations import read_duration_s
from watchkeeper_collector.alerts.testing.document import MOST_SPANS, SpansDocument
from watchkeeper_collector.alerts.testing.notation import read_numbers
from watchkeeper_collector.errors import InvalidRequestError

COLUMNS = (
    "Timestamp", "ReceivedAt", "TraceId", "SpanId", "SpanName", "SpanKind", "ServiceName",
    "ResourceAttributes", "ScopeName", "SpanAttributes", "Duration", "StatusCode", "StatusMessage", "Project",
)  # fmt: skip
SCOPE = "watchkeeper.rules.test"


def build_rows(
    document: SpansDocument, start: datetime, project: str, number: int
) -> Iterator[Sequence[Any]]:
    """``number`` tells the blocks of a test apart. Raises ``InvalidRequestError``."""
    rounds = document.repeat.times if document.repeat is not None else 1
    if rounds * document.count > MOST_SPANS:
        raise InvalidRequestError(f"A test makes at most {MOST_SPANS:,} spans at once.")
    first = start + timedelta(seconds=_signed_s(document.start))
    pause_s = read_duration_s(document.repeat.every) if document.repeat is not None else 0.0
    patterns = _Patterns(document)
    chance = random.Random(f"{document.seed}/{number}")  # noqa: S311 - made-up traffic
    for place in range(rounds * document.count):
        turn, step = divmod(place, document.count)
        at = first + timedelta(seconds=turn * pause_s + step * read_duration_s(document.every))
        is_failed = chance.random() < patterns.at("error", step)
        yield _row(document, patterns, _Place(f"{number}/{place}", step, at, is_failed), project)


@dataclass(frozen=True, slots=True)
class _Place:
    """One span among those of its block: its name, and its number in the pattern."""

    name: str
    step: int
    at: datetime
    is_failed: bool


class _Patterns:
    """The numbers of each field, the last of them for all that follow."""

    def __init__(self, document: SpansDocument) -> None:
        names = ("error", "latency", "ttft", "cost_usd", "input_tokens", "output_tokens")
        given = ((name, getattr(document, name)) for name in names)
        self._numbers = {name: read_numbers(text) for name, text in given if text is not None}

    def at(self, name: str, step: int) -> float:
        numbers = self._numbers[name]
        return numbers[min(step, len(numbers) - 1)]

    def known(self, name: str, step: int) -> float | None:
        return self.at(name, step) if name in self._numbers else None


def _row(document: SpansDocument, patterns: _Patterns, place: _Place, project: str) -> Sequence[Any]:
    duration_ns = round(patterns.at("latency", place.step) * 1e6)
    name = f"execute_tool {document.tool}" if document.tool else f"{document.operation} {document.model}"
    resource = {
        "service.name": document.service,
        "service.version": document.release,
        "deployment.environment.name": document.environment,
    }
    return (
        place.at, place.at + timedelta(microseconds=duration_ns // 1_000),
        _identity(16, document.trace or place.name), _identity(8, place.name), name,
        "Internal" if document.tool else "Client", document.service, _given(resource), SCOPE,
        {**_facts(document, patterns, place), **document.attributes}, duration_ns,
        "Error" if place.is_failed else "Unset", "it failed" if place.is_failed else "",
        document.project or project,
    )  # fmt: skip


def _facts(document: SpansDocument, patterns: _Patterns, place: _Place) -> dict[str, str]:
    """Attributes as OpenTelemetry's conventions for GenAI name them."""
    numbers = {
        "gen_ai.usage.input_tokens": patterns.known("input_tokens", place.step),
        "gen_ai.usage.output_tokens": patterns.known("output_tokens", place.step),
    }
    first_token_ms = patterns.known("ttft", place.step)
    cost = patterns.known("cost_usd", place.step)
    facts = {
        "user.id": document.user,
        "gen_ai.conversation.id": document.session,
        "app.feature": document.feature,
        "gen_ai.usage.cost": "" if cost is None else repr(cost),
        "gen_ai.response.time_to_first_chunk": "" if first_token_ms is None else repr(first_token_ms / 1_000),
        **{name: str(round(value)) for name, value in numbers.items() if value is not None},
    }
    return _given(
        facts | (_tool(document) if document.tool else _call(document, place)) | _error(document, place)
    )


def _tool(document: SpansDocument) -> dict[str, str]:
    return {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": document.tool,
        "gen_ai.tool.call.arguments": document.input or "{}",
    }


def _call(document: SpansDocument, place: _Place) -> dict[str, str]:
    return {
        "gen_ai.operation.name": document.operation,
        "gen_ai.provider.name": document.provider,
        "gen_ai.request.model": document.model,
        "gen_ai.response.model": "" if place.is_failed else document.model,
        **_said(document),
    }


def _error(document: SpansDocument, place: _Place) -> dict[str, str]:
    if not place.is_failed:
        return {}
    status = str(document.error_status) if document.error_status else ""
    return {"error.type": document.error_type or status or "error", "http.response.status_code": status}


def _said(document: SpansDocument) -> dict[str, str]:
    """The messages, if there are any; an answer may be empty, which is another thing than none."""
    said = {}
    if document.input:
        said["gen_ai.input.messages"] = _message("user", document.input)
    if document.output or "output" in document.model_fields_set:
        said["gen_ai.output.messages"] = _message("assistant", document.output)
    return said


def _message(role: str, text: str) -> str:
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": text}]}])


def _given(facts: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in facts.items() if text}


def _identity(size: int, text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=size).hexdigest()


def _signed_s(text: str) -> float:
    if text.startswith("-"):
        return -read_duration_s(text[1:])
    return read_duration_s(text)
