"""Reads the content of one message, whichever shape its blocks have."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from watchkeeper_collector.query.messages.json_text import read_json
from watchkeeper_collector.query.messages.parts import Part, text_parts
from watchkeeper_collector.query.messages.shapes import SHAPES
from watchkeeper_collector.query.messages.shapes.shape import BlockReader, Document

Readers = Mapping[str, tuple[BlockReader, ...]]


def _gather(tables: Iterable[Mapping[str, BlockReader]]) -> Readers:
    readers = defaultdict[str, list[BlockReader]](list)
    for table in tables:
        for name, reader in table.items():
            readers[name].append(reader)
    return {name: tuple(several) for name, several in readers.items()}


TYPES = _gather(shape.types for shape in SHAPES)
KEYS = _gather(shape.keys for shape in SHAPES)


def read_blocks(content: Any) -> list[Part]:
    """The parts of a message's content: text, a block, or a list of these."""
    if isinstance(content, list):
        return [part for block in content for part in read_blocks(block)]
    if isinstance(content, dict):
        return _read_block(content)
    return text_parts(content)


def is_block(value: Any) -> bool:
    """Whether somebody's shape knows the object as a block of content."""
    return isinstance(value, dict) and (block_type(value) in TYPES or any(key in KEYS for key in value))


def read_block_text(text: Any) -> Any:
    """The blocks that a text is in JSON; all else as it is, because answers may be JSON for other reasons."""
    value = read_json(text) if isinstance(text, str) and text.lstrip().startswith("[") else text
    return value if isinstance(value, list) and all(map(is_block, value)) else text


def block_type(block: Document) -> str:
    """LlamaIndex calls it ``block_type``."""
    kind = block.get("type") or block.get("block_type")
    return kind if isinstance(kind, str) else ""


def _read_block(block: Document) -> list[Part]:
    kind = block_type(block)
    if kind:
        readers = TYPES.get(kind, ())
        block = {**block, "type": kind}
    else:
        readers = tuple(reader for key, several in KEYS.items() if key in block for reader in several)
    for reader in readers:
        if (parts := reader(block)) is not None:
            return parts
    return _keep(block, kind)


def _keep(block: Document, kind: str) -> list[Part]:
    """What no shape knows: the conventions allow parts of any type, if they have one."""
    if kind and kind not in TYPES:
        return [{key: value for key, value in block.items() if value is not None}]
    return text_parts(block) if block else []
