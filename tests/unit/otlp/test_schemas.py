"""The ``.proto`` files for the store say the same as OTLP's own."""

from collections.abc import Mapping

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from watchkeeper_collector.otlp.forms import Forms
from watchkeeper_collector.otlp.signals import SIGNALS
from watchkeeper_schemas.protobuf import Field, load_messages

SHARED = ("Record", "Resource", "Scope", "KeyValue", "AnyValue", "ArrayValue", "Scalar")
TYPES = {
    getattr(FieldDescriptor, name): name.removeprefix("TYPE_").lower()
    for name in vars(FieldDescriptor)
    if name.startswith("TYPE_")
}


def compare(messages: Mapping[str, list[Field]], name: str, official: Descriptor, seen: set[str]) -> None:
    """Every declared field is the official one of that number, all the way down."""
    if name in seen:
        return
    seen.add(name)
    for field in messages[name]:
        known = official.fields_by_number[field.number]
        assert (known.name, known.is_repeated) == (field.name, field.label == "repeated"), (
            f"{name}.{field.name}"
        )
        if field.type in messages:
            compare(messages, field.type, known.message_type, seen)
        else:
            assert field.type == TYPES[known.type], f"{name}.{field.name}"


@pytest.mark.parametrize("signal", sorted(SIGNALS))
def test_names_numbers_and_types_are_those_of_the_settled_form(signal: str) -> None:
    messages, seen = load_messages(signal), {"Record", "Request"}
    [group] = messages["Request"]
    known = SIGNALS[signal].request.DESCRIPTOR.fields_by_number[group.number]
    assert (known.name, known.is_repeated) == (group.name, group.label == "repeated")
    compare(messages, group.type, Forms().settled(known.message_type.full_name).DESCRIPTOR, seen)
    assert seen == set(messages)


def test_what_the_schemas_share_is_the_same_in_each() -> None:
    schemas = [load_messages(signal) for signal in sorted(SIGNALS)]
    for name in SHARED:
        assert schemas[0][name] == schemas[1][name] == schemas[2][name]


def test_the_envelope_is_what_segments_hold() -> None:
    assert [(field.name, field.number, field.type) for field in load_messages("traces")["Record"]] == [
        ("project", 1, "string"),
        ("received_ns", 2, "uint64"),
        ("segment_id", 3, "string"),
        ("request", 4, "Request"),
        ("api_key_id", 5, "string"),
    ]
