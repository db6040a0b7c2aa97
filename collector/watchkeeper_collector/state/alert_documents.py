"""Records of alerts as rows and JSON, and back."""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any, TypeVar

from watchkeeper_collector.state.alert_records import Event, Instance, Notice

DOCUMENTS = ("labels", "annotations", "figures", "links")
"""Fields of an instance that are kept as JSON."""
TIMES = frozenset({"at", "starts_at", "ends_at", "started_at"})

Record = TypeVar("Record", Notice, Event)


def render_row(instance: Instance) -> dict[str, Any]:
    """The columns of an instance."""
    row = {field.name: getattr(instance, field.name) for field in fields(instance)}
    return row | {name: render_document(row[name]) for name in DOCUMENTS}


def read_row(row: Mapping[Any, Any]) -> Instance:
    values = {str(name): value for name, value in row.items()}
    return Instance(**values | {name: json.loads(values[name]) for name in DOCUMENTS})


def render_record(record: Notice | Event) -> str:
    """The JSON of a notice or an event, times in RFC 3339."""
    return render_document(asdict(record))


def read_record(kind: type[Record], text: str) -> Record:
    values = json.loads(text)
    known = {field.name for field in fields(kind)}
    return kind(**{name: _read(name, value) for name, value in values.items() if name in known})


def render_document(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), default=_render_time)


def _render_time(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"'{type(value).__name__}' can't be kept.")


def _read(name: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if name in TIMES and value is not None else value
