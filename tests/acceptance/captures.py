"""The captured cases: their requests as they were sent, and what is expected of their spans."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[1] / "data"
CAPTURES = DATA / "captures"
KNOWN = DATA / "captures_known.toml"
MEDIA_TYPES = {".otlp": "application/x-protobuf", ".json": "application/json"}


@dataclass(frozen=True, slots=True, order=True)
class Case:
    """One run of an application: ``dialect`` is a folder, ``name`` begins the names of its files."""

    dialect: str
    name: str

    def __str__(self) -> str:
        return f"{self.dialect}/{self.name}"


@dataclass(frozen=True, slots=True)
class Request:
    """One captured body and how it was sent."""

    signal: str
    media_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """A span that stands for a call to a model.

    ``wanted`` are the fields it should have, of which None is not asserted; ``served`` is what the
    server did, as far as a field's name is the same, and empty for a call that was never made.
    """

    case: Case
    trace_id: str
    span_id: str
    name: str
    wanted: Mapping[str, Any]
    served: Mapping[str, Any]
    duplicate_of: str | None


@dataclass(frozen=True, slots=True)
class OtherSpan:
    """A span that stands for no call, with the word that the expectation has for its kind."""

    case: Case
    span_id: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Known:
    """A field that reads otherwise than expected, because the sender or the expectation is wrong."""

    case: Case
    field: str
    reason: str


def load_cases() -> list[Case]:
    """Every case, in the order of the folders and files."""
    return sorted(
        Case(path.parent.name, path.name.removesuffix(".expect.json"))
        for path in CAPTURES.rglob("*.expect.json")
    )


def load_requests(case: Case) -> Iterator[Request]:
    """The requests of a case, in the order of the files."""
    for path in sorted((CAPTURES / case.dialect).glob(f"{case.name}.*"), key=_number):
        words = path.name.split(".")
        if not {"truth", "expect"} & set(words):
            signal = next((word for word in words if word in ("logs", "metrics")), "traces")
            yield Request(signal, MEDIA_TYPES[path.suffix], path.read_bytes())


def load_calls(case: Case) -> list[Call]:
    """The calls of a case, but those without any expectation."""
    answers = {call["seq"]: call for call in _load(case, "truth")["calls"]}
    return [
        Call(
            case,
            span["trace_id"],
            span["span_id"],
            span["name"],
            span["expect"],
            _served(span["served"], answers),
            span.get("duplicate_of"),
        )
        for span in _load(case, "expect")["llm_spans"]
        if span["expect"] is not None
    ]


def load_other_spans(case: Case) -> list[OtherSpan]:
    return [
        OtherSpan(case, span["span_id"], span["name"], span["kind"])
        for span in _load(case, "expect")["other_spans"]
    ]


def load_known() -> list[Known]:
    """What is known to read otherwise, from ``captures_known.toml``: each field of each case once."""
    return [
        Known(Case(dialect, name), field, entry["reason"])
        for entry in tomllib.loads(KNOWN.read_text("utf-8"))["known"]
        for dialect in entry["dialects"]
        for name in entry["cases"]
        for field in entry["fields"]
    ]


def _number(path: Path) -> tuple[int, str]:
    """``chat.2.otlp`` follows ``chat.otlp``."""
    number = path.name.split(".")[1]
    return int(number) if number.isdigit() else 1, path.name


def _served(call: Mapping[str, Any] | None, answers: Mapping[int, Mapping[str, Any]]) -> Mapping[str, Any]:
    """The call with what the server said and heard, which stands in the truth alone."""
    if call is None:
        return {}
    answer = answers[call["seq"]]
    return {
        **call,
        "output_text": answer["output_text"],
        "last_user_message": answer.get("last_user_message"),
    }


@cache
def _load(case: Case, kind: str) -> Any:
    return json.loads((CAPTURES / case.dialect / f"{case.name}.{kind}.json").read_text("utf-8"))
