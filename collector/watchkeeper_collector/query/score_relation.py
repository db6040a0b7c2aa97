"""Scores as rows to take means of, each with the dimensions of what it is about."""

import re
from collections.abc import Sequence

from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.scores import Wanted
from watchkeeper_collector.query.source import Slice, Source

BOUND = re.compile(r"\{.*?\}")
COLUMN = re.compile(r"\b[A-Z][a-z]\w*")

# A score of a span has the span's dimensions, one of a trace the first that some span of it has.
JUDGED = """(
    SELECT
        said.Project AS Project,
        said.Timestamp AS Timestamp,
        said.Name AS Name,
        said.Value AS Value{judged}
    FROM (SELECT * FROM {database}.current_scores WHERE {conditions}) AS said
    GLOBAL ANY LEFT JOIN
    (
        SELECT TraceId, SpanId{columns}
        FROM {database}.spans
        WHERE {in_traces} AND SpanId GLOBAL IN (SELECT SpanId FROM {database}.scores WHERE {of_project})
        UNION ALL
        SELECT TraceId, '' AS SpanId{firsts}
        FROM {database}.spans AS spans
        WHERE {in_traces}
        GROUP BY TraceId
    ) AS judged ON judged.TraceId = said.TraceId AND judged.SpanId = said.SpanId
)"""
IN_TRACES = "{of_project} AND TraceId GLOBAL IN (SELECT TraceId FROM {database}.scores WHERE {of_project})"


def judged(source: Source, slice_: Slice, dimensions: Sequence[str], bindings: Bindings) -> str:
    """What stands after FROM: scores of a slice, with the columns of ``spans`` that dimensions name.

    The filter keeps scores of traces with a span that meets it.
    """
    of_project = f"Project = {bindings.bind(slice_.project)}"
    text = BOUND.sub("", " ".join(dimensions))
    names = [name for name in dict.fromkeys(COLUMN.findall(text)) if name != "Project"]
    firsts = [f"argMinIf(spans.{name}, spans.Timestamp, notEmpty(spans.{name})) AS {name}" for name in names]
    return (
        JUDGED.replace("{judged}", "".join(f", judged.{name} AS {name}" for name in names))
        .replace("{columns}", "".join(f", {name}" for name in names))
        .replace("{firsts}", "".join(f", {first}" for first in firsts))
        .replace("{conditions}", " AND ".join(Wanted(slice_).conditions(bindings, source)))
        .replace("{in_traces}", IN_TRACES)
        .replace("{of_project}", of_project)
        .replace("{database}", source.database)
    )
