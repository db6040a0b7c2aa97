"""SQL that is worked out in stages: named expressions, each stage using the names of those before it.

Each stage becomes a lambda over arrays of one element: so a name is bound to its value, while an alias would
be expanded wherever it is used, and a subquery would carry all columns of its source along once more.
"""

import re
from collections.abc import Sequence

Stage = Sequence[tuple[str, str]]
"""Expressions with their names."""

STAGE = re.compile(r"^-- stage:.*$", re.MULTILINE)
COMMENT = re.compile(r"^[ \t]*--.*\n", re.MULTILINE)


def read_stages(text: str) -> tuple[Stage, ...]:
    """The stages of a text: each opens with ``-- stage:``.

    Definitions end in a comma and an empty line.
    """
    return tuple(tuple(_definitions(stage)) for stage in STAGE.split(text)[1:])


def bound(stages: Sequence[Stage], result: str) -> str:
    """``result`` over the names of the stages."""
    for stage in reversed(stages):
        names = ", ".join(name for _, name in stage)
        values = ", ".join(f"[{expression}]" for expression, _ in stage)
        result = f"arrayMap(({names}) -> {result}, {values})[1]"
    return result


def _definitions(stage: str) -> list[tuple[str, str]]:
    definitions = re.split(r",\n\n", COMMENT.sub("", stage).strip())
    return [
        (expression.strip(), name) for expression, name in (text.rsplit(" AS ", 1) for text in definitions)
    ]
