"""The SQL of the features of answers, by ``answers.sql``."""

from collections.abc import Collection, Sequence

from watchkeeper_schemas.staged import Stage, bound


def features(stages: Sequence[Stage], text: str, declines: str) -> str:
    """All features of an answer as one tuple."""
    *before, last = stages
    expressions = ", ".join(expression for expression, _ in last)
    return bound(before, f"({expressions})").replace("{text}", text).replace("{declines}", declines)


def columns(stages: Sequence[Stage], answer: str, but: Collection[str] = ()) -> str:
    """The features by their names, out of the tuple, but some."""
    named = (f"{feature(stages, answer, name)} AS {name}" for _, name in stages[-1] if name not in but)
    return ",\n    ".join(named)


def feature(stages: Sequence[Stage], answer: str, name: str) -> str:
    """One feature, out of the tuple."""
    return f"{answer}.{[known for _, known in stages[-1]].index(name) + 1}"
