"""Amounts and durations, as people write them."""

import pytest
from watchkeeper_collector.alerts.rules.amounts import read_amount, read_bound, read_change
from watchkeeper_collector.alerts.rules.condition import Bound
from watchkeeper_collector.alerts.rules.durations import read_duration_s, render_duration
from watchkeeper_collector.errors import InvalidRequestError


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("5%", "ratio", 0.05),
        ("0.05", "ratio", 0.05),
        ("2s", "ms", 2_000),
        ("350ms", "ms", 350),
        ("350", "ms", 350),
        ("$10", "usd", 10),
        ("1.5k", "usd", 1_500),
        ("1.5M", "count", 1_500_000),
        ("-3", "score", -3),
        ("1e3", "count", 1_000),
        (".5", "score", 0.5),
    ],
)
def test_an_amount_is_in_the_unit_of_its_measure(text: str, unit: str, value: float) -> None:
    assert read_amount(text, unit) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "unit"),
    [("5%", "ms"), ("$5", "ratio"), ("5 apples", "count"), ("", "count"), ("nan", "score"), ("2s", "usd")],
)
def test_an_amount_of_another_unit_is_refused(text: str, unit: str) -> None:
    with pytest.raises(InvalidRequestError, match="Expected"):
        read_amount(text, unit)


def test_a_change_is_a_factor_a_share_or_an_amount() -> None:
    assert read_change("> 2x", "ms") == (Bound(">", 2.0), "factor")
    assert read_change("> 50%", "ratio", "25%") == (Bound(">", 0.5, 0.25), "percent")
    assert read_change("< -2s", "ms") == (Bound("<", -2_000.0), "absolute")
    with pytest.raises(InvalidRequestError, match="Expected both"):
        read_change("> 2x", "ms", "50%")


@pytest.mark.parametrize("text", ["5", "=> 5", "> ", ">> 5", "is 5"])
def test_a_condition_begins_with_a_sign(text: str) -> None:
    with pytest.raises(InvalidRequestError):
        read_bound(text, "count")


@pytest.mark.parametrize(
    ("text", "duration_s"),
    [
        ("0", 0),
        ("30s", 30),
        ("1h30m", 5_400),
        ("1d", 86_400),
        ("500ms", 0.5),
        ("1m500ms", 60.5),
        ("2w", 1_209_600),
    ],
)
def test_a_duration_is_read_as_prometheus_does(text: str, duration_s: float) -> None:
    assert read_duration_s(text) == duration_s


@pytest.mark.parametrize("text", ["", "5", "m5", "30m1h", "5 m", "-5m", "1.5h", "٣s", "999999999d"])
def test_what_prometheus_refuses_is_no_duration(text: str) -> None:
    with pytest.raises(InvalidRequestError):
        read_duration_s(text)


@pytest.mark.parametrize("text", ["30s", "1h30m", "1d", "500ms", "14d"])
def test_a_duration_is_shown_as_it_was_written(text: str) -> None:
    assert render_duration(read_duration_s(text)) == text
