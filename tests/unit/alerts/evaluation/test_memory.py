"""What is remembered of the past, and how much."""

from dataclasses import replace

from watchkeeper_collector.alerts.evaluation.ask import Answer, Ask, Reading
from watchkeeper_collector.alerts.evaluation.memory import Memory
from watchkeeper_collector.errors import QueryLimitError

HISTORY = Ask(("calls",), "", (), 0, 100, ("shop",), step_ns=10)


def answer_of(steps: int) -> Answer:
    return {("shop",): {step: Reading((1.0,), 1) for step in range(steps)}}


def test_only_questions_with_steps_are_remembered() -> None:
    memory = Memory()
    now, wrong = replace(HISTORY, step_ns=0), replace(HISTORY, filter="x")
    memory.keep([(HISTORY, answer_of(3)), (now, answer_of(1)), (wrong, QueryLimitError("too much"))])
    assert memory.find([HISTORY, now, wrong]) == {HISTORY: answer_of(3)}


def test_the_memory_is_bounded_and_forgets_what_was_used_longest_ago() -> None:
    memory = Memory(most_readings=25)
    first, second, third = (replace(HISTORY, end_ns=end) for end in (100, 110, 120))
    memory.keep([(first, answer_of(9)), (second, answer_of(9))])
    memory.find([first])
    memory.keep([(third, answer_of(9))])
    assert set(memory.find([first, second, third])) == {first, third}
    memory.keep([(second, answer_of(1_000))])
    assert memory.find([first, second, third]) == {}
