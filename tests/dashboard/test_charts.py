"""Charts are functions from the API's data to figures: looked at by their traces."""

from typing import Any

import plotly.graph_objects as go
import pytest
from watchkeeper_dashboard import theme, units
from watchkeeper_dashboard.charts.canvas import choose_scale
from watchkeeper_dashboard.charts.distributions import build_distribution
from watchkeeper_dashboard.charts.episodes import build_timeline, shade
from watchkeeper_dashboard.charts.heat import build_heat
from watchkeeper_dashboard.charts.intervals import FURTHEST, build_intervals
from watchkeeper_dashboard.charts.marks import MOST_MARKS, Mark, mark
from watchkeeper_dashboard.charts.series import (
    Line,
    Series,
    build_lines,
    build_stack,
    read_groups,
    read_measures,
)
from watchkeeper_dashboard.charts.shares import Share, build_bars, build_treemap
from watchkeeper_dashboard.charts.verdicts import build_verdicts
from watchkeeper_dashboard.charts.waterfall import build_waterfall

from tests.dashboard.hostile import PAYLOADS

OSLO = units.find_zone("Europe/Oslo")
TIMES = ["2026-07-01T10:00:00.000000000Z", "2026-07-01T11:00:00.000000000Z"]
GROUPS = [
    {"time": time, "model": model, "cost_usd": cost}
    for model, costs in ((None, (1.0, 2.0)), ("gpt-5", (0.5, None)), ("", (0.0, 0.25)))
    for time, cost in zip(TIMES, costs, strict=True)
]


def texts(figure: go.Figure) -> str:
    """Every text that Plotly would read, as JSON, without the tags that are ours."""
    written = str(figure.to_json()).replace("\\u003c", "<").replace("\\u003e", ">")
    written = written.replace("\\u002f", "/")
    return written.replace("<extra></extra>", "").replace("<br>", "")


def span(span_id: str, **facts: Any) -> dict[str, Any]:
    return {
        "span_id": span_id,
        "span_name": span_id,
        "timestamp": TIMES[0],
        "duration_ms": 100.0,
        "depth": 0,
        "kind": "llm",
        "is_error": False,
        "error_message": "",
        "is_duplicate": False,
        "is_on_critical_path": False,
        "input_tokens": None,
        "output_tokens": None,
        "cost_usd": None,
        "response_model": "gpt-5",
        "request_model": "",
    } | facts


def start_ns() -> int:
    return round(units.read_time(TIMES[0]).timestamp() * 1e9)


def test_groups_become_lines_and_all_others_come_last_in_grey() -> None:
    series = read_groups(GROUPS, "model", "cost_usd", "usd", theme.Palette())
    assert [line.name for line in series.lines] == ["gpt-5", "(none)", "other"]
    assert series.lines[0].values == [0.5, None]
    assert series.lines[2].colour == theme.OTHER
    assert series.times == TIMES


def test_stack_has_a_bar_for_each_group_in_local_time() -> None:
    figure = build_stack(read_groups(GROUPS, "model", "cost_usd", "usd", theme.Palette()), OSLO)
    assert figure.layout.barmode == "stack"
    assert [trace.name for trace in figure.data] == ["gpt-5", "(none)", "other"]
    assert [moment.hour for moment in figure.data[0].x] == [12, 13]
    assert list(figure.data[0].customdata) == ["$0.50", units.NOTHING]
    assert figure.layout.yaxis.tickprefix == "$"
    assert figure.layout.showlegend


def test_lines_of_measures_leave_gaps_where_nothing_is_known() -> None:
    rows = [{"time": TIMES[0], "p95": 1500.0}, {"time": TIMES[1], "p95": None}]
    figure = build_lines(read_measures(rows, {"p95": "p95"}, "ms", {"p95": theme.ACCENT}), OSLO)
    assert list(figure.data[0].y) == [1.5, None]
    assert figure.layout.yaxis.ticksuffix.endswith("s")
    assert not figure.layout.showlegend


def test_what_is_compared_with_is_drawn_behind() -> None:
    lines = [Line("now", [1.0, 2.0], theme.ACCENT), Line("before", [1.0, 1.0], theme.ACCENT, is_behind=True)]
    figure = build_lines(Series(TIMES, lines, "count"), OSLO)
    assert [trace.line.dash for trace in figure.data] == [None, "dot"]


def test_reader_keeps_the_place_when_data_is_renewed() -> None:
    figures = [
        build_stack(Series(TIMES, [Line("a", [number, 2.0], "#000")], "count"), OSLO) for number in (1, 5)
    ]
    assert figures[0].layout.uirevision == figures[1].layout.uirevision is not None


@pytest.mark.parametrize(
    ("unit", "greatest", "factor"),
    [
        ("ms", 40.0, 1.0),
        ("ms", 4000.0, 1e-3),
        ("ms", 400_000.0, 1 / 60_000),
        ("ratio", 0.4, 100),
        ("usd", 3.0, 1),
    ],
)
def test_axes_have_the_unit_of_their_size(unit: str, greatest: float, factor: float) -> None:
    assert choose_scale(unit, [None, greatest]).factor == factor


def test_bars_stand_in_order_with_their_values() -> None:
    figure = build_bars([Share("a", 10.0, "#111"), Share("b", None, "#222")], "usd")
    (bar,) = figure.data
    assert list(bar.x) == [10.0, 0]
    assert list(bar.text) == ["$10.00", units.NOTHING]
    assert list(figure.layout.yaxis.ticktext) == ["a", "b"]


def test_treemap_adds_up_what_lies_in_each_parent() -> None:
    shares = [
        Share("m1", 3.0, "#111", "openai"),
        Share("m2", 1.0, "#222", "openai"),
        Share("m1", 2.0, "#333", "azure"),
    ]
    (tree,) = build_treemap(shares, "usd", 300).data
    assert len(set(tree.ids)) == 5
    by_id = dict(zip(tree.ids, tree.values, strict=True))
    for parent in (name for name, above in zip(tree.ids, tree.parents, strict=True) if not above):
        children = [by_id[i] for i, above in zip(tree.ids, tree.parents, strict=True) if above == parent]
        assert by_id[parent] == sum(children)


def test_heat_map_shows_one_slow_call_among_thousands() -> None:
    histogram = {"times": TIMES, "bounds": [100.0, 200.0, 400.0], "unit": "ms", "counts": [[5000, 1], [3, 0]]}
    (heat,) = build_heat(histogram, OSLO, theme.SEQUENTIAL).data
    assert list(heat.z[1]) == [pytest.approx(1.5), None]
    depths = [depth for row in heat.z for depth in row if depth is not None]
    assert max(depths) < 20 * min(depths)
    assert heat.customdata[0][0].startswith("5,000 calls of 100")


def test_heat_map_gathers_the_few_calls_that_took_nothing() -> None:
    bounds = [float(2**power) for power in range(11)]
    histogram = {
        "times": TIMES[:1],
        "bounds": bounds,
        "unit": "ms",
        "counts": [[1, 0, 1, 0, 0, 0, 0, 0, 0, 998]],
    }
    (heat,) = build_heat(histogram, OSLO, theme.SEQUENTIAL).data
    assert len(heat.z) == 1
    assert heat.customdata[0][0].startswith("1,000 calls of 1")


def test_waterfall_places_spans_by_time_and_marks_them() -> None:
    spans = [
        span("root", duration_ms=4000.0, kind="agent", is_on_critical_path=True),
        span(
            "call",
            timestamp="2026-07-01T10:00:01.500000000Z",
            depth=1,
            is_error=True,
            cost_usd=0.5,
            input_tokens=7,
        ),
        span("twin", timestamp="2026-07-01T10:00:01.500000000Z", depth=1, is_duplicate=True),
    ]
    path, bars = build_waterfall(spans, start_ns(), 4000.0).data
    assert list(bars.base) == [0.0, pytest.approx(1.5), pytest.approx(1.5)]
    assert list(path.x)[1:] == [None, None]
    assert bars.marker.color[1] == theme.BAD
    assert bars.marker.pattern.shape[2] == "/"
    assert [found[0] for found in bars.customdata] == ["root", "call", "twin"]
    assert "7 tok" in bars.text[1]
    assert "$0.50" in bars.text[1]
    assert "duplicate" in bars.text[2]


def test_waterfall_shows_a_span_that_took_no_time() -> None:
    (_, bars) = build_waterfall(
        [span("root", duration_ms=1000.0), span("quick", duration_ms=0.0)], start_ns(), 1000.0
    ).data
    assert bars.x[1] > 0


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_chart_takes_telemetry_for_markup(payload: str) -> None:
    rows = [{"time": TIMES[0], "model": payload, "calls": 1}]
    figures = [
        build_stack(read_groups(rows, "model", "calls", "count", theme.Palette()), OSLO),
        build_lines(read_groups(rows, "model", "calls", "count", theme.Palette()), OSLO),
        build_bars([Share(payload, 1.0, "#111")], "usd"),
        build_treemap([Share(payload, 1.0, "#111", payload)], "usd", 300),
        build_waterfall(
            [span("a", span_name=payload, response_model=payload, is_error=True, error_message=payload)],
            start_ns(),
            100.0,
        ),
    ]
    for figure in figures:
        assert "<" not in texts(figure)


def test_colours_of_a_name_are_the_same_everywhere() -> None:
    names = [f"model-{number}" for number in range(len(theme.SERIES))]
    palette = theme.Palette()
    colours = palette.colours(names)
    assert len(set(colours.values())) == len(theme.SERIES)
    assert palette.colours(reversed(names)) == colours
    assert theme.Palette().colour("gpt-5") == theme.Palette().colour("gpt-5")
    assert palette.colour("") == theme.OTHER


def test_colours_run_out_without_a_fault() -> None:
    palette = theme.Palette()
    assert {palette.colour(str(number)) for number in range(50)} == set(theme.SERIES)


@pytest.mark.parametrize("background", ["#FFFFFF", "#10131B"])
def test_colours_of_series_stand_out_from_both_backgrounds(background: str) -> None:
    for colour in (*theme.SERIES, theme.OTHER, theme.BAD, theme.GOOD, theme.WARNING, theme.ACCENT):
        assert contrast(colour, background) >= 2.0, colour


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio of two colours, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def episode(alert: str, hours: tuple[int, int | None], severity: str = "warning") -> dict[str, Any]:
    first, last = (None if hour is None else f"2026-07-01T{hour:02}:00:00Z" for hour in hours)
    return {"alert": alert, "labels": {"severity": severity}, "started_at": first, "ended_at": last}


def test_episodes_stand_in_a_row_for_each_alert_and_end_with_the_window() -> None:
    start, end = (units.read_time(f"2026-07-01T{hour}:00:00Z") for hour in ("06", "12"))
    episodes = [
        episode("Slow", (10, None)),
        episode("Outage", (8, 9), "page"),
        episode("Slow", (3, 7)),
    ]
    figure = build_timeline(episodes, start, end, OSLO)
    assert list(figure.layout.yaxis.ticktext) == ["Slow", "Outage"]
    drawn = [(bar.y[0], bar.x[0].hour, bar.x[1].hour, bar.line.color) for bar in figure.data]
    assert drawn == [(0, 12, 14, theme.WARNING), (1, 10, 11, theme.BAD), (0, 8, 9, theme.WARNING)]


def test_episodes_shade_the_chart_behind_its_lines() -> None:
    start, end = (units.read_time(f"2026-07-01T{hour}:00:00Z") for hour in ("06", "12"))
    figure = shade(build_lines(Series([], [], "ms"), OSLO), [episode("Slow", (10, None))], start, end, OSLO)
    (shape,) = figure.layout.shapes
    assert (shape.x0.hour, shape.x1.hour, shape.layer) == (12, 14, "below")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_episodes_show_hostile_names_as_text(payload: str) -> None:
    start, end = (units.read_time(f"2026-07-01T{hour}:00:00Z") for hour in ("06", "12"))
    hostile = episode(payload, (8, 9)) | {"labels": {payload: payload}}
    written = texts(build_timeline([hostile], start, end, OSLO))
    assert "<" not in written.replace("&lt;", "")


def verdict(hour: int, answer: str, **features: str) -> dict[str, Any]:
    return {
        "window_start": f"2026-07-01T{hour:02}:00:00Z",
        "window_end": f"2026-07-01T{hour + 1:02}:00:00Z",
        "answer": answer,
        "reason": f"It is {answer}.",
        "features": [{"feature": name, "answer": one, "reason": one} for name, one in features.items()],
    }


def test_verdicts_lie_in_their_hours_with_what_drifted_on_top() -> None:
    found = [verdict(10, "no", error="no", refusal="no"), verdict(12, "major", error="no", refusal="major")]
    figure = build_verdicts(found, OSLO)
    assert list(figure.layout.yaxis.ticktext) == ["whole slice", "refusal", "error"]
    assert [list(row) for row in figure.data[0].z] == [[1, None, 3], [1, None, 3], [1, None, 1]]


def test_an_answer_that_is_not_known_is_shown_as_untold() -> None:
    assert build_verdicts([verdict(10, "later invention")], OSLO).data[0].z[0] == [0]


@pytest.mark.parametrize(
    ("figures", "before"),
    [
        ({"edges": [1.0, 2.5], "before_counts": [5, 3, 2], "after_counts": [1, 1, 8]}, [50, 30, 20]),
        ({"kinds": ["stop", "length"], "before_counts": [9, 1], "after_counts": [5, 5]}, [90, 10]),
        ({"before_hits": 1, "after_hits": 4}, [10, 90]),
    ],
)
def test_distributions_are_shares_of_their_side(figures: dict[str, Any], before: list[float]) -> None:
    figure = build_distribution({"figures": figures, "before_units": 10, "after_units": 10})
    assert figure is not None
    assert list(figure.data[0].y) == before
    assert sum(figure.data[1].y) == 100


@pytest.mark.parametrize("figures", [{}, {"edges": [], "before_counts": [3], "after_counts": [2]}])
def test_a_feature_without_a_distribution_has_no_figure(figures: dict[str, Any]) -> None:
    assert build_distribution({"figures": figures, "before_units": 3, "after_units": 2}) is None


def compared(**facts: Any) -> dict[str, Any]:
    usual = {"measure": "error_rate", "verdict": "fail", "reason": "worse", "tolerance": 0.02}
    return usual | {"low": 0.01, "change": 0.03, "high": 0.5} | facts


def test_intervals_are_drawn_in_tolerances_and_end_at_the_rim() -> None:
    figure = build_intervals([compared(), compared(low=None, change=None, high=None)])
    bar, dot = figure.data
    assert list(bar.x) == [pytest.approx(0.5), FURTHEST]
    assert list(dot.x) == [pytest.approx(1.5)]
    assert len(figure.layout.yaxis.ticktext) == 2


def test_of_very_many_marks_the_newest_are_drawn() -> None:
    marks = [Mark(f"2026-07-{1 + day:02}T10:00:00Z", f"1.{day}") for day in range(MOST_MARKS + 1)]
    figure = mark(go.Figure(), marks, OSLO)
    assert len(figure.layout.shapes) == MOST_MARKS
    assert figure.layout.annotations[-1].hovertext == f"1.{MOST_MARKS}"


@pytest.mark.parametrize("payload", PAYLOADS)
def test_charts_of_drift_and_releases_show_hostile_names_as_text(payload: str) -> None:
    kinds = {"kinds": [payload], "before_counts": [1], "after_counts": [1]}
    distribution = build_distribution({"figures": kinds, "before_units": 1, "after_units": 1})
    figures = [
        build_verdicts([verdict(10, "major", **{payload: payload})], OSLO),
        build_intervals([compared(measure=payload, reason=payload)]),
        mark(go.Figure(), [Mark(TIMES[0], payload, payload)], OSLO),
        distribution or go.Figure(),
    ]
    for figure in figures:
        assert "<" not in texts(figure)
        assert "%{customdata[0]}" not in texts(figure)
