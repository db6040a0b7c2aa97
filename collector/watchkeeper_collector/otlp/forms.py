"""Two forms of OTLP's messages, both derived from the official descriptors.

The **settled** form is what reaches the store: values do not recurse, arrays hold scalars, a log's body
is a scalar. A message that parses in it without unknown fields, and serialises to the bytes it came
from, needs no further look: that is one pass in C. The **open** form takes whatever a sender may send,
invalid UTF-8 included (its strings are bytes); what is not settled is read in it and rewritten.

In both, enums are plain numbers and every field has presence, so that an explicit zero stays.
"""

from collections.abc import Callable
from typing import Any

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import (
    EDITION_2023,
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.logs.v1 import logs_pb2
from opentelemetry.proto.metrics.v1 import metrics_pb2
from opentelemetry.proto.resource.v1 import resource_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

COMMON = "opentelemetry.proto.common.v1"
RESOURCE = "opentelemetry.proto.resource.v1.Resource"
SCOPE = f"{COMMON}.InstrumentationScope"
SCALARS = frozenset({"string_value", "bool_value", "int_value", "double_value"})
FILES = (common_pb2, resource_pb2, trace_pb2, logs_pb2, metrics_pb2)

Edit = Callable[[FileDescriptorProto], None]


class Forms:
    """The message classes of both forms, by their official full names."""

    def __init__(self) -> None:
        self._settled = _build_pool(_settle)
        self._open = _build_pool(_open)

    def settled(self, name: str) -> Any:
        return message_factory.GetMessageClass(self._settled.FindMessageTypeByName(name))

    def open(self, name: str) -> Any:
        return message_factory.GetMessageClass(self._open.FindMessageTypeByName(name))


def _build_pool(edit: Edit) -> descriptor_pool.DescriptorPool:
    pool = descriptor_pool.DescriptorPool()
    for module in FILES:
        file = FileDescriptorProto()
        module.DESCRIPTOR.CopyToProto(file)
        file.syntax, file.edition = "editions", EDITION_2023
        for message in _messages(file.message_type):
            _give_presence(message)
        edit(file)
        pool.Add(file)
    return pool


def _messages(roots: list[DescriptorProto]) -> list[DescriptorProto]:
    return [message for root in roots for message in (root, *_messages(root.nested_type))]


def _give_presence(message: DescriptorProto) -> None:
    for field in message.field:
        if field.proto3_optional:  # its one-member oneof is synthetic
            field.ClearField("proto3_optional")
            field.ClearField("oneof_index")
        if field.type == FieldDescriptorProto.TYPE_ENUM:
            field.type = FieldDescriptorProto.TYPE_UINT32
            field.ClearField("type_name")
    used = {field.oneof_index for field in message.field if field.HasField("oneof_index")}
    for index in reversed(range(len(message.oneof_decl))):
        if index not in used:
            del message.oneof_decl[index]


def _open(file: FileDescriptorProto) -> None:
    for message in _messages(file.message_type):
        for field in message.field:
            if field.type == FieldDescriptorProto.TYPE_STRING:
                field.type = FieldDescriptorProto.TYPE_BYTES


def _settle(file: FileDescriptorProto) -> None:
    by_name = {message.name: message for message in file.message_type}
    if file.package == COMMON:
        value = by_name["AnyValue"]
        _add_copy(file, value, "Scalar", SCALARS)
        _add_copy(file, value, "Body", SCALARS | {"bytes_value"})
        _keep(value, SCALARS | {"bytes_value", "array_value"})
        _keep(by_name["KeyValue"], frozenset({"key", "value"}))
        by_name["ArrayValue"].field[0].type_name = f".{COMMON}.Scalar"
    if "LogRecord" in by_name:
        body = next(field for field in by_name["LogRecord"].field if field.name == "body")
        body.type_name = f".{COMMON}.Body"


def _add_copy(file: FileDescriptorProto, message: DescriptorProto, name: str, fields: frozenset[str]) -> None:
    copy = file.message_type.add()
    copy.CopyFrom(message)
    copy.name = name
    _keep(copy, fields)


def _keep(message: DescriptorProto, fields: frozenset[str]) -> None:
    for index in reversed(range(len(message.field))):
        if message.field[index].name not in fields:
            del message.field[index]
