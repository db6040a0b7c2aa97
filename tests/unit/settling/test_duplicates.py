"""Which spans are one call, and which of them counts."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

from watchkeeper_collector.settling.decisions import duplicates_in
from watchkeeper_collector.settling.spans import Call, Span
from watchkeeper_collector.settling.twins import is_same_model

MODELS = ("gpt-4o", "gpt-4o-2024-08-06")
CALL = Call("llm", "client", MODELS, "id-1", 100, 20, facts=5)
FAILED = Call("llm", "client", ("gpt-4o",), is_error=True, error_status=429)


def call(
    span_id: str, of: Call, parent_id: str = "", at: tuple[int, int] = (0, 100), trace: str = "t"
) -> Span:
    return Span("shop", trace, span_id, parent_id, *at, call=of)


def step(span_id: str, parent_id: str = "") -> Span:
    return Span("shop", "t", span_id, parent_id, 0, 1000)


def marked(*spans: Span) -> dict[str, str]:
    """The duplicates with what they duplicate; the same in whatever order the spans come."""
    found = marks(spans)
    assert all(marks(order) == found for order in list(permutations(spans))[:24])
    return found


def marks(spans: Sequence[Span]) -> dict[str, str]:
    repeating = {span.trace for span in spans}
    return {key[2]: other for key, other in duplicates_in(spans, [], repeating).items() if other}


def test_a_client_within_a_framework_is_one_call_and_the_outer_one_counts() -> None:
    assert marked(call("outer", replace(CALL, scope="framework")), call("inner", CALL, "outer", (1, 99))) == {
        "inner": "outer"
    }


def test_one_response_id_in_two_traces_is_one_call_when_both_were_open() -> None:
    framework = call("a", replace(CALL, scope="framework", facts=9), at=(0, 100))
    assert marked(framework, call("b", CALL, at=(5, 90), trace="other")) == {"b": "a"}


def test_one_response_id_at_two_times_is_two_calls() -> None:
    assert marked(call("a", CALL, at=(0, 100)), call("b", CALL, at=(101, 200), trace="other")) == {}


def test_one_response_id_with_other_tokens_is_two_calls() -> None:
    other = replace(CALL, input_tokens=7, output_tokens=3)
    assert marked(call("a", CALL), call("b", other, trace="other")) == {}


def test_one_response_id_with_one_count_that_differs_is_one_call() -> None:
    counted_twice = replace(CALL, output_tokens=21, facts=9)
    assert marked(call("a", counted_twice), call("b", CALL)) == {"b": "a"}


def test_one_response_id_of_two_models_is_two_calls() -> None:
    assert marked(call("a", CALL), call("b", replace(CALL, models=("gpt-4o-mini",)))) == {}


def test_an_id_that_a_server_gives_to_every_call_is_no_id() -> None:
    calls = [call(f"c{n}", CALL, at=(n, 1000), trace=f"t{n}") for n in range(20)]
    assert marks(calls) == {}


def test_calls_without_ids_that_lie_side_by_side_are_two() -> None:
    no_id = replace(CALL, response_id="")
    other = replace(no_id, scope="framework")
    assert marked(step("root"), call("a", no_id, "root"), call("b", other, "root", (1, 99))) == {}


def test_the_only_agreeing_call_within_a_call_is_the_same() -> None:
    no_id = replace(CALL, response_id="")
    assert marked(
        call("outer", replace(no_id, scope="framework", facts=6)),
        step("http", "outer"),
        call("inner", no_id, "http", (1, 99)),
    ) == {"inner": "outer"}


def test_a_call_around_two_that_agree_is_none_of_them() -> None:
    no_id = replace(CALL, response_id="")
    assert (
        marked(call("outer", no_id), call("a", no_id, "outer", (1, 50)), call("b", no_id, "outer", (51, 99)))
        == {}
    )


def test_of_a_retried_call_the_attempt_that_succeeded_is_the_same() -> None:
    no_id = replace(CALL, response_id="")
    assert marked(
        call("outer", no_id), call("failed", FAILED, "outer", (1, 9)), call("good", no_id, "outer", (10, 99))
    ) == {"good": "outer"}


def test_retries_with_ids_of_their_own_are_calls_of_their_own() -> None:
    retry = replace(CALL, response_id="id-2")
    assert marked(step("root"), call("a", CALL, "root"), call("b", retry, "root")) == {}
    assert marked(call("outer", CALL), call("inner", retry, "outer")) == {}


def test_a_call_with_other_tokens_within_a_call_is_another() -> None:
    other = replace(CALL, response_id="", input_tokens=7)
    assert marked(call("outer", replace(CALL, response_id="")), call("inner", other, "outer")) == {}


def test_an_embedding_within_a_call_is_another() -> None:
    embedding = Call("embedding", "client", MODELS)
    assert marked(call("outer", CALL), call("inner", embedding, "outer")) == {}


def test_a_failed_call_beside_that_of_the_client_itself_is_one() -> None:
    assert marked(
        step("root"),
        call("outer", replace(FAILED, scope="framework", facts=2), "root", (0, 100)),
        call("inner", FAILED, "root", (1, 99)),
    ) == {"inner": "outer"}


def test_failed_calls_of_one_instrumentation_side_by_side_are_retries() -> None:
    assert marked(step("root"), call("a", FAILED, "root", (0, 100)), call("b", FAILED, "root", (1, 99))) == {}


def test_each_failed_call_has_one_partner() -> None:
    outer = replace(FAILED, scope="framework", facts=2)
    assert marked(
        step("root"),
        call("outer1", outer, "root", (0, 100)),
        call("outer2", outer, "root", (1, 101)),
        call("inner1", FAILED, "root", (2, 98)),
        call("inner2", FAILED, "root", (3, 99)),
    ) == {"inner1": "outer1", "inner2": "outer2"}


def test_the_end_of_a_stream_counts_for_the_call_before_it() -> None:
    begun = Call("llm", "logfire.openai", ("gpt-4o",), input_hash=7, facts=3)
    ended = replace(begun, input_tokens=10, output_tokens=5, facts=6, ends_stream=True)
    other = replace(begun, input_hash=8)
    assert marked(
        step("root"),
        call("first", begun, "root", (0, 10)),
        call("second", begun, "root", (20, 30)),
        call("else", other, "root", (31, 32)),
        call("end2", ended, "root", (40, 40)),
        call("end1", ended, "root", (50, 50)),
    ) == {"second": "end2", "first": "end1"}


def test_the_span_with_tokens_counts_whatever_else_the_other_knows() -> None:
    outer = replace(CALL, scope="framework", input_tokens=None, output_tokens=None, facts=8)
    assert marked(call("outer", outer), call("inner", CALL, "outer", (1, 99))) == {"outer": "inner"}


def test_the_span_that_knows_more_counts() -> None:
    outer = replace(CALL, response_id="", scope="manual", facts=4)
    assert marked(call("outer", outer), call("inner", CALL, "outer", (1, 99))) == {"outer": "inner"}


def test_of_two_that_know_as_much_the_one_with_the_response_id_counts() -> None:
    outer = replace(CALL, response_id="", scope="manual")
    assert marked(call("outer", outer), call("inner", CALL, "outer", (1, 99))) == {"outer": "inner"}


def test_three_records_of_one_call_count_once() -> None:
    assert marked(
        call("outer", replace(CALL, response_id="", scope="framework", facts=9)),
        call("mid", replace(CALL, response_id="", scope="proxy"), "outer", (1, 99)),
        call("inner", CALL, "mid", (2, 98)),
    ) == {"mid": "outer", "inner": "outer"}


def test_cycles_of_calls_end() -> None:
    no_id = replace(CALL, response_id="")
    assert len(marked(call("a", no_id, "b"), call("b", no_id, "a"), call("self", no_id, "self"))) == 1


def test_projects_share_no_calls() -> None:
    other = Span("other", "t", "b", "", 0, 100, call=CALL)
    assert marked(call("a", CALL), other) == {}


def test_model_names_with_dates_and_vendors_are_the_same_model() -> None:
    assert is_same_model("gpt-4o", "gpt-4o-2024-08-06")
    assert is_same_model("openai/gpt-4o", "GPT-4o")
    assert is_same_model("gemini-2.0-flash", "gemini-2.0-flash-001")
    assert is_same_model("claude-sonnet-4-5@20250929", "claude-sonnet-4-5")
    assert not is_same_model("gpt-4o", "gpt-4o-mini")
    assert not is_same_model("claude-sonnet-4", "claude-sonnet-4-5")
    assert not is_same_model("claude-sonnet-4", "claude-sonnet-4-5-20250929")
