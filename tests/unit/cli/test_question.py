"""The language of `watchkeeper query`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper_collector.cli.failures import USED_WRONGLY, CommandFailedError
from watchkeeper_collector.cli.question import KEYWORDS, Question, read_question

from tests.otlp.requests import seeded


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("cost_usd", Question(("cost_usd",))),
        ("cost_usd by model last 7d", Question(("cost_usd",), ("model",), start="-7d")),
        (
            "cost_usd, calls by model,service",
            Question(("cost_usd", "calls"), ("model", "service")),
        ),
        (
            "calls where (model:gpt-4o* OR user:by) -status:error step 1h last 2 d",
            Question(("calls",), filter="(model:gpt-4o* OR user:by) -status:error", start="-2d", step="1h"),
        ),
        (
            'errors where "refused by us" since 2026-11-01 until 2026-11-02T08:00:00Z',
            Question(("errors",), filter='"refused by us"', start="2026-11-01", end="2026-11-02T08:00:00Z"),
        ),
        ("calls BY attr.tenant LIMIT 5", Question(("calls",), ("attr.tenant",), limit=5)),
        ("calls, errors by model order -errors", Question(("calls", "errors"), ("model",), order="-errors")),
    ],
)
def test_question_is_read(text: str, question: Question) -> None:
    assert read_question(text) == question


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "Which measure?"),
        ("by model", "Which measure?"),
        ("cost_usd calls", "'cost_usd calls' is no measure: put a comma between two"),
        ("cost_usd, by model", "'' is no measure"),
        ("cost_usd by", "Nothing follows 'by'"),
        ("cost_usd by model by user", "'by' stands there twice"),
        ("cost_usd last 7d since 2026-11-01", "'last' goes without 'since'"),
        ("cost_usd until 2026-11-01", "'until' needs a 'since'"),
        ("cost_usd limit many", "'many' is no limit"),
        ("cost_usd limit 0", "'0' is no limit"),
    ],
)
def test_wrong_question_is_explained_with_an_example(text: str, problem: str) -> None:
    with pytest.raises(CommandFailedError) as caught:
        read_question(text)
    assert problem in caught.value.message
    assert "For example: watchkeeper query" in caught.value.message
    assert caught.value.exit_code == USED_WRONGLY


@seeded
@given(
    st.lists(st.sampled_from([*KEYWORDS, "a:b", '"', "(", ")", "cost_usd", ",", "-7d", "\\", " "])).map(
        " ".join
    )
)
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    try:
        assert read_question(text).measures
    except CommandFailedError as error:
        assert error.message  # noqa: PT017 - both outcomes are right
