"""The vocabulary: measures and dimensions."""

import pytest
from watchkeeper_collector.errors import InvalidQueryError
from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.dimensions import DIMENSIONS, find_dimension
from watchkeeper_collector.query.measures import COUNTED, EVERYTHING, MEASURES, find_measure

NAMED_BY_THE_DESIGN = {
    "measures": "calls spans traces errors error_rate rate_limited_rate cost_usd cost_per_call_usd"
    " cost_per_trace_usd input_tokens output_tokens cache_hit_ratio tokens_per_second latency_avg_ms"
    " latency_p50_ms latency_p90_ms latency_p95_ms latency_p99_ms ttft_p50_ms ttft_p95_ms empty_rate"
    " truncation_rate invalid_json_rate refusal_rate tool_error_rate users sessions",
    "dimensions": "project service environment release provider model request_model operation agent tool"
    " user session feature prompt prompt_version key error_type finish_reason span_name",
}


def test_every_name_of_the_design_is_there() -> None:
    assert set(NAMED_BY_THE_DESIGN["measures"].split()) <= set(MEASURES)
    assert set(NAMED_BY_THE_DESIGN["dimensions"].split()) <= set(DIMENSIONS)


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure_but_spans_leaves_duplicates_out(name: str) -> None:
    measure = MEASURES[name]
    if name == "spans":
        assert measure.population == EVERYTHING
    else:
        assert COUNTED in measure.sql
        assert COUNTED in measure.population


def test_a_measure_that_is_none_is_guessed() -> None:
    with pytest.raises(InvalidQueryError, match=r"no measure 'costs_usd'\. Did you mean 'cost_usd'\?"):
        find_measure("costs_usd")


def test_a_dimension_that_is_none_is_guessed() -> None:
    with pytest.raises(InvalidQueryError, match=r"no dimension 'modle'\. Did you mean 'model'\?"):
        find_dimension("modle", Bindings())


@pytest.mark.parametrize("name", ["attr", "attr.", "resource.", "span.x", ".x", ""])
def test_a_keyed_dimension_needs_its_key(name: str) -> None:
    with pytest.raises(InvalidQueryError, match="There is no dimension"):
        find_dimension(name, Bindings())


def test_a_key_is_bound() -> None:
    bindings = Bindings()
    found = find_dimension("attr.it's `here`", bindings)
    assert (found.sql, bindings.values) == ("SpanAttributes[{p0:String}]", {"p0": "it's `here`"})


def test_a_key_without_end_is_refused() -> None:
    with pytest.raises(InvalidQueryError, match="longer than 256"):
        find_dimension("attr." + "x" * 257, Bindings())


def test_equal_values_share_a_placeholder_and_kinds_do_not() -> None:
    bindings = Bindings()
    names = [bindings.bind("1"), bindings.bind("1"), bindings.bind(1, "Int64"), bindings.bind(1.0, "Float64")]
    assert names == ["{p0:String}", "{p0:String}", "{p1:Int64}", "{p2:Float64}"]
