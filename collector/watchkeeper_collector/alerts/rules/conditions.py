"""From a rule's document to its condition: one function per kind. What can't work is noted, all of it."""

from collections.abc import Callable
from typing import Any

from watchkeeper_collector.alerts.rules.amounts import read_amount, read_change, unit_of
from watchkeeper_collector.alerts.rules.burn import MONTH_S, burn_windows
from watchkeeper_collector.alerts.rules.condition import (
    Absence,
    Anomaly,
    Bound,
    Budget,
    BurnRate,
    BurnWindow,
    Change,
    Condition,
    Drift,
    Scale,
    Sql,
    Threshold,
)
from watchkeeper_collector.alerts.rules.document import (
    AbsenceDocument,
    AnomalyDocument,
    BudgetDocument,
    BurnRateDocument,
    BurnWindowDocument,
    ChangeDocument,
    DriftDocument,
)
from watchkeeper_collector.alerts.rules.reading import Reading
from watchkeeper_collector.query.measures import find_measure

DAY_S = 86_400.0
SEASON_S = {"day": DAY_S, "week": 7 * DAY_S}
MOST_POINTS = 5_000
COMMON = frozenset(
    {"alert", "for", "keep_firing_for", "limit", "no_data", "paused", "labels", "annotations"}
    | {"interval", "query_offset"}
)
SERIES = frozenset({"measure", "filter", "by", "window", "min_count"})
TAKES: dict[str, frozenset[str]] = {
    "threshold": SERIES | {"condition", "recover", "and", "share_of"},
    "change": SERIES | {"change", "condition", "recover", "and"},
    "anomaly": SERIES | {"anomaly", "and"},
    "burn_rate": frozenset({"burn_rate", "measure", "filter", "by", "min_count"}),
    "budget": frozenset({"budget", "condition", "recover"}),
    "drift": frozenset({"drift"}),
    "absence": SERIES | {"absence"},
    "sql": frozenset({"sql", "condition", "recover"}),
}


FACTOR: Scale = "factor"


def read_condition(reading: Reading) -> Condition | None:
    """``None`` where something is wrong, which is noted then."""
    document = reading.document
    blocks = [name for name in READERS if getattr(document, name) is not None]
    if len(blocks) > 1:
        several = f"A rule is of one kind, and this one has {' and '.join(blocks)}."
        reading.fault(several, blocks[1], is_name=True)
        return None
    _check_fields(reading, blocks[0] if blocks else "threshold")
    found = READERS[blocks[0]](reading, getattr(document, blocks[0])) if blocks else _threshold(reading)
    return found if reading.is_sound else None


def _check_fields(reading: Reading, kind: str) -> None:
    given = reading.document.model_dump(by_alias=True, exclude_unset=True, exclude_none=True)
    for name in sorted(given.keys() - TAKES[kind] - COMMON):
        takes = ", ".join(sorted(TAKES[kind]))
        reading.fault(
            f"A rule of the kind '{kind}' has no use for '{name}'. It takes: {takes}.", name, is_name=True
        )


def _threshold(reading: Reading) -> Condition:
    series, share_of = reading.series(), reading.document.share_of
    if share_of is not None:
        share_of = [name for name in share_of if name != "project"]
        if not set(share_of) < set(series.by):
            reading.fault("The dimensions of 'share_of' are some of 'by', and not all.", "share_of")
    unit = reading.unit() if share_of is None else "ratio"
    shares = None if share_of is None else tuple(share_of)
    return Threshold(series, reading.bound(unit), reading.also(), shares)


def _change(reading: Reading, change: ChangeDocument) -> Condition:
    text, recover, unit = reading.document.condition, reading.document.recover, reading.unit()
    series, scale = reading.series(), FACTOR
    bound = Bound(">", 0.0)
    if text is None:
        reading.fault("The field 'condition' is missing: how great a change, such as '> 2x' or '> 50%'.")
        return Change(series, bound, change.against, scale)
    found = reading.attempt(lambda: read_change(text, unit), None, "condition")
    if found is not None and recover is not None:
        found = reading.attempt(lambda: read_change(text, unit, recover), found, "recover")
    bound, scale = found or (bound, scale)
    back_s = {"previous": series.window_s, "mean": series.window_s}.get(change.against)
    if back_s is None and series.window_s > SEASON_S[change.against]:
        reading.fault(f"A window against that of a {change.against} before can't be longer.", "window")
    if "windows" in change.model_fields_set and change.against != "mean":
        reading.fault("Only a 'mean' is of several windows.", "change", "windows", is_name=True)
    windows = change.windows if change.against == "mean" else 1
    return Change(series, bound, change.against, scale, windows, reading.also())


def _anomaly(reading: Reading, anomaly: AnomalyDocument) -> Condition:
    series = reading.series()
    trigger_s = reading.duration_s(anomaly.trigger, "anomaly", "trigger", shortest_s=series.window_s)
    recovery_s = reading.duration_s(anomaly.recovery, "anomaly", "recovery", shortest_s=series.window_s)
    season_s = SEASON_S[anomaly.season]
    points = season_s * anomaly.seasons / series.window_s
    if season_s % series.window_s:
        reading.fault(f"A {anomaly.season} must be whole windows long, such as 5m, 10m or 1h.", "window")
    elif points > MOST_POINTS:
        reading.fault(
            f"{anomaly.seasons} seasons are {points:,.0f} points; at most {MOST_POINTS:,} are looked at."
            " Take a longer window or fewer seasons.",
            "window",
        )
    return Anomaly(
        series,
        anomaly.direction,
        anomaly.deviations,
        anomaly.season,
        season_s * anomaly.seasons,
        trigger_s,
        recovery_s,
        anomaly.fraction,
        reading.also(),
    )


def _burn_rate(reading: Reading, burn: BurnRateDocument) -> Condition:
    if (burn.objective is None) == (burn.budget is None):
        reading.fault("A burn rate is of an 'objective' or of a 'budget': expected one of them.", "burn_rate")
    if burn.budget is not None:
        for name in ("measure", "filter", "by"):
            if getattr(reading.document, name):
                reading.fault("A budget says itself what counts.", name, is_name=True)
    measure = "cost_usd" if burn.budget is not None else "error_rate"
    period_s = MONTH_S
    if "period" in burn.model_fields_set:
        period_s = reading.duration_s(burn.period, "burn_rate", "period", shortest_s=3_600.0)
    windows = burn_windows(burn.speed, period_s)
    if burn.windows is not None:
        windows = tuple(_burn_window(reading, *one) for one in enumerate(burn.windows))
    series = reading.series(measure=measure, window_s=max(window.long_s for window in windows))
    if burn.objective is not None and reading.is_sound and find_measure(series.measure).unit != "ratio":
        reading.fault("An objective is about a share of bad calls, such as error_rate.", "measure")
    own = () if burn.budget is not None and burn.windows is None else windows
    return BurnRate(series, own, burn.objective, burn.budget or "", period_s, burn.speed)


def _burn_window(reading: Reading, place: int, window: BurnWindowDocument) -> BurnWindow:
    field = ("burn_rate", "windows", place)
    long_s = reading.duration_s(window.long, *field, "long", shortest_s=60.0)
    short_s = long_s / 12
    if window.short is not None:
        short_s = reading.duration_s(window.short, *field, "short", shortest_s=1.0)
    if short_s > long_s:
        reading.fault("The short window is longer than the long one.", *field, "short")
    return BurnWindow(long_s, short_s, window.factor)


def _budget(reading: Reading, budget: BudgetDocument) -> Condition:
    return Budget(budget.name, budget.figure, reading.bound("ratio"))


def _drift(_reading: Reading, drift: DriftDocument) -> Condition:
    return Drift(tuple(drift.features), drift.severity, drift.windows)


def _absence(reading: Reading, absence: AbsenceDocument) -> Condition:
    series = reading.series(measure="calls")
    unit = unit_of(series.measure) if reading.is_sound else "count"
    fewest = reading.attempt(lambda: read_amount(absence.fewest, unit), 1.0, "absence", "fewest")
    expected = reading.attempt(lambda: read_amount(absence.expected, unit), 1.0, "absence", "expected")
    if reading.is_sound and find_measure(series.measure).empty != "0":
        reading.fault("Only counts and sums can be absent, such as calls or cost_usd.", "measure")
    if absence.season is not None and series.window_s > SEASON_S[absence.season]:
        reading.fault(f"The window is longer than a {absence.season}.", "window")
    seen_s = reading.duration_s(absence.seen, "absence", "seen", shortest_s=series.window_s)
    return Absence(series, fewest, absence.season, expected, seen_s)


def _sql(reading: Reading, query: str) -> Condition:
    if not query.strip():
        reading.fault("Expected a SELECT with a column 'value'.", "sql")
    return Sql(query, reading.bound("count", fallback="> 0"))


READERS: dict[str, Callable[[Reading, Any], Condition]] = {
    "change": _change,
    "anomaly": _anomaly,
    "burn_rate": _burn_rate,
    "budget": _budget,
    "drift": _drift,
    "absence": _absence,
    "sql": _sql,
}
"""By the block that makes a rule one of the kind."""
