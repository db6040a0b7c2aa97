"""Requests with secrets and personal data in every text of them, whatever its field and depth."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from watchkeeper_collector.otlp.json_body import JsonBody
from watchkeeper_collector.otlp.limits import Limits
from watchkeeper_collector.otlp.signals import SIGNALS
from watchkeeper_collector.redaction.structure import is_structure

SECRET = "sk-proj-" + "Tq8vLm2ZxN5pRk7WcYb4" * 2
EMAIL = "quentin.moreau@planted-mail.example.com"
CARD = "5500005555555559"
EMPLOYEE = "EMP-739184"
EVERYWHERE = (SECRET, EMPLOYEE)
"""What is found in names and ids too: secrets, and the project's own pattern."""
IN_CONTENT = (*EVERYWHERE, EMAIL, CARD)
IDS = frozenset({"traceId", "spanId", "parentSpanId"})


def planted(signal: str, body: bytes, *, is_json: bool) -> Message:
    """The request with values planted in all its texts, in JSON inside of texts too."""
    read = JsonBody(SIGNALS[signal], Limits().elements).convert if is_json else bytes
    request = SIGNALS[signal].request.FromString(read(body))
    _plant(request)
    return request


def as_json(request: Message) -> bytes:
    """OTLP's JSON: ids in hexadecimal."""
    return json.dumps(_hex_ids(json_format.MessageToDict(request))).encode()


def _plant(message: Any) -> None:
    for field, value in message.ListFields():
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            for item in value if field.is_repeated else [value]:
                _plant_message(item)
        elif field.type == FieldDescriptor.TYPE_STRING and not field.is_repeated:
            setattr(message, field.name, _with(value, EVERYWHERE))


def _plant_message(message: Any) -> None:
    if message.DESCRIPTOR.name == "KeyValue":
        _plant_value(message.value, EVERYWHERE if is_structure(message.key) else IN_CONTENT)
        if not is_structure(message.key) and message.value.WhichOneof("value") == "bool_value":
            message.key = f"{message.key} {SECRET}"
    elif message.DESCRIPTOR.name == "AnyValue":
        _plant_value(message, IN_CONTENT)
    else:
        _plant(message)


def _plant_value(value: Any, texts: tuple[str, ...]) -> None:
    match value.WhichOneof("value"):
        case "string_value":
            value.string_value = _in_text(value.string_value, texts)
        case "bytes_value":
            value.bytes_value += " ".join(texts).encode()
        case "array_value":
            for item in value.array_value.values:
                _plant_value(item, texts)
        case "kvlist_value":
            for item in value.kvlist_value.values:
                _plant_value(item.value, texts)


def _in_text(text: str, texts: tuple[str, ...]) -> str:
    if text[:1] in ("{", "["):
        try:
            return json.dumps(_in_document(json.loads(text), texts))
        except ValueError:
            pass
    return _with(text, texts)


def _in_document(value: Any, texts: tuple[str, ...]) -> Any:
    match value:
        case str():
            return _in_text(value, texts)
        case list():
            return [_in_document(item, texts) for item in value]
        case Mapping():
            return {name: _in_document(item, texts) for name, item in value.items()}
    return value


def _with(text: str, texts: tuple[str, ...]) -> str:
    return f"{text} {' , '.join(texts)} "


def _hex_ids(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _hex_ids(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_hex_ids(item, name) for item in value]
    return base64.b64decode(value).hex() if name in IDS and isinstance(value, str) else value
