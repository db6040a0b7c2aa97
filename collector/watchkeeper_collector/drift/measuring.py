"""Evidence on features, measured in the engine in one pass over the units of a comparison."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from watchkeeper_collector.drift.features import Feature, features_of
from watchkeeper_collector.drift.sampling import MOST_UNITS, MatchedUnits
from watchkeeper_collector.drift.statistics.counts import Share, chi_square, cohens_h, proportion_test
from watchkeeper_collector.drift.statistics.distances import (
    critical_stability,
    jensen_shannon,
    population_stability,
)
from watchkeeper_collector.drift.statistics.intervals import proportion_difference
from watchkeeper_collector.drift.statistics.ranks import MOST_EXACT_PAIRS, smirnov_p
from watchkeeper_collector.drift.verdict import Evidence
from watchkeeper_collector.query.bindings import Bindings

MEASURED = """SELECT
    {measures}
FROM
(
    SELECT
        {aggregates}
    FROM
    (
        SELECT Side, IsMatched{values}
        FROM
        ({placed})
    )
)"""

NUMERIC = """
        arraySort(groupArrayIf({value}, {known} AND IsMatched AND Side = 0)) AS {id}_before,
        arraySort(groupArrayIf({value}, {known} AND IsMatched AND Side = 1)) AS {id}_after,
        groupArrayIf({value}, {known}) AS {id}_values,
        groupArrayIf(toUInt8(Side), {known}) AS {id}_sides,
        quantilesExactInclusiveIf(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.05, 0.25, 0.75, 0.95)(
            {value}, {known} AND IsMatched AND Side = 0) AS {id}_quantiles,
        quantilesExactInclusiveIf(0.05, 0.25, 0.5, 0.75, 0.95)(
            {value}, {known} AND IsMatched AND Side = 1) AS {id}_after_quantiles"""

DERIVED = """tuple(
        length({id}_before),
        length({id}_after),
        least({id}_before[1], {id}_after[1]) = greatest({id}_before[-1], {id}_after[-1]),
        {smirnov},
        {ranks},
        {raw},
        arrayDistinct(arraySlice({id}_quantiles, 1, 9)) AS {id}_edges,
        arrayMap(edge -> arrayCount(x -> x <= edge, {id}_before), {id}_edges),
        arrayMap(edge -> arrayCount(x -> x <= edge, {id}_after), {id}_edges),
        arrayMap(both -> arraySum((weight, step) -> abs(weight) * step,
            arrayPopBack(arrayCumSum(both.2)), arrayPopFront(arrayDifference(both.1))),
            [arraySort(arrayConcat(
                arrayMap(x -> (x, 1 / length({id}_before)), {id}_before),
                arrayMap(x -> (x, -1 / length({id}_after)), {id}_after)))])[1],
        arrayMap(place -> {id}_quantiles[place], [10, 11, 5, 12, 13]),
        {id}_after_quantiles
    ) AS {id}"""
"""With what follows from the aggregates: edges of deciles, counts up to each, Wasserstein's distance."""

TESTED = """if({both},
        arrayReduce($${test}$$, if({both}, {values}, [0., 1.]), if({both}, {sides}, [0, 1])), NULL)"""
"""A test of two samples. The engine refuses an empty one: it gets another then, which tells nothing."""
MATCHED = {
    "both": "notEmpty({id}_before) AND notEmpty({id}_after)",
    "values": "arrayConcat({id}_before, {id}_after)",
    "sides": "arrayConcat(arrayMap(x -> 0, {id}_before), arrayMap(x -> 1, {id}_after))",
}
RAW = {"both": "has({id}_sides, 0) AND has({id}_sides, 1)", "values": "{id}_values", "sides": "{id}_sides"}

PROPORTION = """
        tuple(
            countIf({known} AND {value} != 0 AND IsMatched AND Side = 0),
            countIf({known} AND IsMatched AND Side = 0),
            countIf({known} AND {value} != 0 AND IsMatched AND Side = 1),
            countIf({known} AND IsMatched AND Side = 1),
            countIf({known} AND {value} != 0 AND Side = 0) / countIf({known} AND Side = 0),
            countIf({known} AND {value} != 0 AND Side = 1) / countIf({known} AND Side = 1)
        ) AS {id}"""

CATEGORY = """
        tuple(
            sumMapIf(map({value}, 1), IsMatched AND Side = 0),
            sumMapIf(map({value}, 1), IsMatched AND Side = 1),
            sumMapIf(map({value}, 1), Side = 0),
            sumMapIf(map({value}, 1), Side = 1)
        ) AS {id}"""

TEMPLATES = {"numeric": NUMERIC, "proportion": PROPORTION, "category": CATEGORY}
MOST_KINDS = 50
NOTHING = 1e-300
"""The engine says 2e-308 where D is 0."""


def measure(units: MatchedUnits) -> list[Evidence]:
    """The evidence on every feature of the population that both sides know something of."""
    features = features_of(units.population)
    bindings = Bindings()
    match = units.match.at_most(MOST_UNITS)
    method = "exact" if match.before_units * match.after_units <= MOST_EXACT_PAIRS else "asymp"
    aggregates = [_aggregate_sql(place, feature) for place, feature in enumerate(features)]
    measures = [
        _derived_sql(f"f{place}", method) if feature.kind == "numeric" else f"f{place}"
        for place, feature in enumerate(features)
    ]
    values = "".join(f", Call.{place + 4} AS Value{place}" for place in range(len(features)))
    sql = (
        MEASURED.replace("{measures}", ",\n    ".join(measures))
        .replace("{aggregates}", ",".join(aggregates).strip())
        .replace("{values}", values)
        .replace("{placed}", units.placed(bindings, [_typed(feature) for feature in features]))
    )
    answer = units.comparison.source.query(sql, bindings)
    row = dict(zip(answer.columns, answer.rows[0], strict=True))
    read = [_read(feature, row[f"f{place}"]) for place, feature in enumerate(features)]
    return [evidence for evidence in read if evidence.before_units or evidence.after_units]


def _typed(feature: Feature) -> str:
    return (
        f"toString({feature.sql})"
        if feature.kind == "category"
        else f"CAST({feature.sql}, 'Nullable(Float64)')"
    )


def _derived_sql(name: str, method: str) -> str:
    smirnov = f"kolmogorovSmirnovTest('two-sided', '{method}')"
    return (
        DERIVED.replace("{smirnov}", _tested_sql(smirnov, MATCHED))
        .replace("{ranks}", _tested_sql("mannWhitneyUTest('two-sided')", MATCHED))
        .replace("{raw}", _tested_sql("kolmogorovSmirnovTest('two-sided', 'asymp')", RAW))
        .replace("{id}", name)
    )


def _tested_sql(test: str, samples: Mapping[str, str]) -> str:
    sql = TESTED.replace("{test}", test)
    for name, part in samples.items():
        sql = sql.replace(f"{{{name}}}", part)
    return sql


def _aggregate_sql(place: int, feature: Feature) -> str:
    column = f"Value{place}"
    value = column if feature.kind == "category" else f"ifNull({column}, 0)"
    return (
        TEMPLATES[feature.kind]
        .replace("{id}", f"f{place}")
        .replace("{known}", f"isFinite(ifNull({column}, nan))")
        .replace("{value}", value)
    )


def _read(feature: Feature, measured: Sequence[Any]) -> Evidence:
    readers = {"numeric": read_numbers, "proportion": read_shares, "category": read_kinds}
    return readers[feature.kind](feature, measured)


def read_numbers(feature: Feature, measured: Sequence[Any]) -> Evidence:
    """Evidence on a number, from what the engine measured."""
    n, m, is_constant, smirnov, ranks, raw, edges, below_before, below_after, area, before, after = measured
    d, p_value = _pair(smirnov)
    if smirnov is not None and n * m > MOST_EXACT_PAIRS:
        p_value = smirnov_p(d, n, m)
    bins = [np.diff([0, *below, total]) for below, total in ((below_before, n), (below_after, m))]
    counts = [np.asarray(part, dtype=np.float64) for part in bins]
    u, shift_p = _pair(ranks)
    figures = {
        "psi": population_stability(*counts),
        "critical_psi": critical_stability(n, m, len(edges) + 1),
        "jensen_shannon": jensen_shannon(*counts),
        "wasserstein": area,
        "mann_whitney_p": shift_p,
        "area_under_curve": 1 - u / (n * m) if n and m else float("nan"),
        "edges": list(edges),
        "before_counts": counts[0].tolist(),
        "after_counts": counts[1].tolist(),
        "before_quantiles": list(before),
        "after_quantiles": list(after),
    }
    return Evidence(
        feature,
        n,
        m,
        d,
        p_value,
        _pair(raw)[0],
        before[2] if n else None,
        after[2] if m else None,
        is_constant=bool(is_constant),
        figures=figures,
    )


def read_shares(feature: Feature, measured: Sequence[Any]) -> Evidence:
    """Evidence on a share."""
    hits_before, n, hits_after, m, raw_before, raw_after = measured
    before, after = Share(hits_before, n), Share(hits_after, m)
    test = proportion_test(before, after)
    low, high = proportion_difference(before, after)
    figures = {
        "low": low,
        "high": high,
        "cohens_h": cohens_h(before.ratio, after.ratio) if n and m else float("nan"),
        "before_hits": hits_before,
        "after_hits": hits_after,
        "raw_before": raw_before,
        "raw_after": raw_after,
    }
    return Evidence(
        feature,
        n,
        m,
        after.ratio - before.ratio,
        test.p_value,
        raw_after - raw_before,
        before.ratio if n else None,
        after.ratio if m else None,
        is_constant=hits_before + hits_after in {0, n + m},
        figures=figures,
    )


def read_kinds(feature: Feature, measured: Sequence[Any]) -> Evidence:
    """Evidence on categories: the rarest are one kind together."""
    before, after, raw_before, raw_after = (_known(kinds) for kinds in measured)
    kinds, n, m = _counts(before, after)
    test = chi_square(n, m)
    raw = population_stability(*_counts(raw_before, raw_after)[1:])
    figures = {
        "chi_square": test.statistic,
        "jensen_shannon": jensen_shannon(n, m),
        "kinds": kinds,
        "before_counts": n.tolist(),
        "after_counts": m.tolist(),
    }
    return Evidence(
        feature,
        int(n.sum()),
        int(m.sum()),
        population_stability(n, m),
        test.p_value,
        raw,
        max(before, key=lambda kind: before[kind], default=None),
        max(after, key=lambda kind: after[kind], default=None),
        critical_stability(int(n.sum()), int(m.sum()), len(kinds)),
        is_constant=len(kinds) < 2,
        figures=figures,
    )


def _known(kinds: Mapping[str, int]) -> dict[str, int]:
    return {kind: count for kind, count in kinds.items() if kind}


def _counts(before: Mapping[str, int], after: Mapping[str, int]) -> tuple[list[str], Any, Any]:
    kinds = sorted({*before, *after}, key=lambda kind: -before.get(kind, 0) - after.get(kind, 0))
    kept, rest = kinds[:MOST_KINDS], kinds[MOST_KINDS:]
    columns = []
    for side in (before, after):
        counts = [side.get(kind, 0) for kind in kept]
        columns.append(
            np.array([*counts, sum(side.get(kind, 0) for kind in rest)] if rest else counts, float)
        )
    return [*kept, "…"] if rest else kept, columns[0], columns[1]


def _pair(test: Any) -> tuple[float, float]:
    """Statistic and p of one of the engine's tests; of nothing, that nothing is told."""
    if test is None:
        return float("nan"), 1.0
    statistic, p_value = test.values() if isinstance(test, Mapping) else test
    statistic = 0.0 if abs(statistic) < NOTHING else statistic
    return statistic, p_value if np.isfinite(p_value) else 1.0
