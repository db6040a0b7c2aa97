"""Which messages a call adds to a conversation."""

from typing import Any

from watchkeeper_collector.query.conversation import new_messages


def said(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": text}]}


def call(span_id: str) -> dict[str, Any]:
    return {"trace_id": "t", "span_id": span_id, "timestamp": 1_000, "duration": 500, "model": "gpt-4o"}


def shown(*calls: tuple[list[dict[str, Any]], list[dict[str, Any]]]) -> list[tuple[str, str, str]]:
    told = {
        ("t", str(place)): {"input_messages": asked, "output_messages": answered}
        for place, (asked, answered) in enumerate(calls)
    }
    found = new_messages([call(str(place)) for place in range(len(calls))], told)
    return [
        (item["span_id"], item["message"]["role"], item["message"]["parts"][0]["content"]) for item in found
    ]


def test_a_resent_history_is_shown_once() -> None:
    first = [said("system", "Be kind."), said("user", "Hello")]
    second = [*first, said("assistant", "Hi!"), said("user", "And you?")]
    assert shown((first, [said("assistant", "Hi!")]), (second, [said("assistant", "Fine.")])) == [
        ("0", "system", "Be kind."),
        ("0", "user", "Hello"),
        ("0", "assistant", "Hi!"),
        ("1", "user", "And you?"),
        ("1", "assistant", "Fine."),
    ]


def test_results_of_tools_follow_the_answer_that_asked_for_them() -> None:
    asked = [said("user", "Weather?")]
    again = [*asked, said("assistant", "call weather"), said("tool", "sunny")]
    assert [role for _, role, _ in shown((asked, [said("assistant", "call weather")]), (again, []))] == [
        "user",
        "assistant",
        "tool",
    ]


def test_a_call_that_is_made_twice_repeats_no_question() -> None:
    asked = [said("user", "Hello")]
    assert shown((asked, []), (asked, [said("assistant", "Hi!")])) == [
        ("0", "user", "Hello"),
        ("1", "assistant", "Hi!"),
    ]


def test_an_answer_stands_at_the_end_of_its_call() -> None:
    told = {("t", "0"): {"input_messages": [said("user", "a")], "output_messages": [said("assistant", "b")]}}
    times = [item["timestamp"] for item in new_messages([call("0")], told)]
    assert times == ["1970-01-01T00:00:00.000001000Z", "1970-01-01T00:00:00.000001500Z"]


def test_a_call_without_content_says_nothing() -> None:
    assert shown(([], [])) == []
