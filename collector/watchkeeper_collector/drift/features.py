"""What is compared: the features of calls, each with the change that counts."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["numeric", "proportion", "category", "text"]
Population = Literal["calls", "answers"]

CALLS = "Kind = 'llm' AND NOT IsDuplicate"
ANSWERS = f"{CALLS} AND HasOutput AND ContentKept IN ('', 'all', 'sampled')"
"""Answers that a sender kept because of what is in them would make every rate look different."""

POPULATIONS: dict[Population, str] = {"calls": CALLS, "answers": ANSWERS}


@dataclass(frozen=True, slots=True)
class Feature:
    """A column of calls. ``minor`` and ``major`` are the least effects that are called so.

    The effect is Kolmogorov-Smirnov's D of a number, the difference of two shares, PSI of categories, and of
    text the area under the ROC curve. ``needed`` units on both sides are the fewest that say anything.
    """

    name: str
    sql: str
    kind: Kind
    label: str
    population: Population = "answers"
    minor: float = 0.1
    major: float = 0.25
    needed: int = 200


def _number(name: str, sql: str, label: str) -> Feature:
    return Feature(name, sql, "numeric", label)


def _operational(name: str, sql: str, label: str) -> Feature:
    """Load, providers and prices move these all day: a change that counts is a great one."""
    return Feature(name, sql, "numeric", label, "calls", minor=0.25, major=0.5)


def _share(name: str, sql: str, label: str, population: Population = "answers") -> Feature:
    return Feature(name, sql, "proportion", label, population, minor=0.05, major=0.15, needed=50)


def _category(name: str, sql: str, label: str, population: Population = "answers") -> Feature:
    return Feature(name, sql, "category", label, population)


FEATURES = {
    feature.name: feature
    for feature in (
        _number("output_chars", "OutputChars", "characters of the answer"),
        _number("output_words", "OutputWords", "words of the answer"),
        _number("list_items", "ListItemCount", "list items of the answer"),
        _number("headings", "HeadingCount", "headings of the answer"),
        _number("repetition", "RepeatedShare", "part of the answer that repeats itself"),
        _number("tool_calls", "ToolCallCount", "tool calls of the answer"),
        _share("refusal", "IsRefusal", "answers that refuse"),
        _share("empty", "IsEmpty", "empty answers"),
        _share("truncated", "IsTruncated", "answers cut at the token limit", "calls"),
        _share("json", "IsJson", "answers that are JSON"),
        _share(
            "invalid_json", "if(IsJsonExpected, NOT IsJson, NULL)", "answers that should be JSON and are not"
        ),
        _share("code_fence", "HasCodeFence", "answers with a code fence (```)"),
        _share("apology", "IsApology", "answers that say sorry"),
        _share("question", "IsQuestion", "answers that end in a question"),
        _share(
            "invalid_tool_calls",
            "if(ToolCallCount > 0, InvalidToolCallCount > 0, NULL)",
            "answers whose tool calls are no JSON",
        ),
        _share("error", "IsError", "calls that fail", "calls"),
        _category("script", "OutputScript", "script of the answer"),
        _category("finish_reason", "FinishReason", "finish reason", "calls"),
        _operational("output_tokens", "OutputTokens", "tokens of the answer"),
        _operational("input_tokens", "InputTokens", "tokens of the input"),
        _operational("latency_ms", "if(IsError, NULL, Duration / 1e6)", "duration of a call"),
        _operational("ttft_ms", "TimeToFirstTokenMs", "time to the first token"),
        _operational("cost_usd", "CostUsd", "cost of a call"),
    )
}

TEXT = Feature("text", "", "text", "text of the answer", minor=0.65, major=0.8, needed=100)
"""The area is judged on half of the units, so a hundred are fifty. Its test is exact enough at that."""


def features_of(population: Population) -> list[Feature]:
    return [feature for feature in FEATURES.values() if feature.population == population]


def find_feature(name: str) -> Feature:
    return TEXT if name == TEXT.name else FEATURES[name]
