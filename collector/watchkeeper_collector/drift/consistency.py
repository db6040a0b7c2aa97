"""Consistency: how different the answers to identical inputs are.

Inputs are identical where the hash of the input, the model that was asked for and the parameters are. Of two
answers to one input it is asked how likely they are equal, what share of their text they have in common (by
the smallest hashes of three words in a row), and, where both are JSON, how likely their documents are equal.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper_collector.drift.features import ANSWERS
from watchkeeper_collector.drift.sides import DIMENSIONS
from watchkeeper_collector.errors import InvalidQueryError
from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.source import Slice, Source

PARAMETERS = ("temperature", "top_p", "max_tokens", "seed", "frequency_penalty", "presence_penalty")
SPLIT_BY = {**DIMENSIONS, "release": "Release", "response_model": "ResponseModel"}
MOST_ANSWERS = 20
"""Of one input: they make 190 pairs."""
SHINGLES = 8
"""So many of the smallest hashes are kept of an answer."""

FOUND = """WITH answers AS
(
    SELECT
        {time} AS Time,
        {by} AS Part,
        (InputHash, {model}, {parameters}) AS Asked,
        OutputHash,
        OutputShingles,
        {document} AS Document
    FROM {database}.spans AS spans
    {content}
    WHERE {conditions}
    ORDER BY cityHash64(TraceId, SpanId)
    LIMIT {most} BY Time, Part, Asked
),
asked AS
(
    SELECT
        Time,
        Part,
        count() AS Answers,
        groupArray((OutputHash, OutputShingles, Document)) AS Given,
        arrayFlatten(arrayMap((one, place) -> arrayMap(other -> (one, other), arraySlice(Given, place + 1)),
            Given, arrayEnumerate(Given))) AS Pairs
    FROM answers
    GROUP BY Time, Part, Asked
    HAVING Answers > 1
)
SELECT
    Time,
    Part,
    count() AS Inputs,
    sum(Answers),
    avg(arrayAvg(arrayMap(pair -> pair.1.1 = pair.2.1, Pairs))),
    avg(arrayAvg(arrayMap(pair -> {similarity}, Pairs))),
    avgIf(
        arrayAvg(arrayMap(pair -> pair.1.3 = pair.2.3, arrayFilter(pair -> {documents}, Pairs))),
        arrayExists(pair -> {documents}, Pairs)),
    countIf(arrayExists(pair -> {documents}, Pairs))
FROM asked
GROUP BY Time, Part
ORDER BY Time, Inputs DESC, Part
LIMIT {rows}"""

SIMILARITY = """if(pair.1.1 = pair.2.1, 1, if(empty(pair.1.2) OR empty(pair.2.2), 0,
        length(arrayIntersect(
            pair.1.2, pair.2.2,
            arraySlice(arraySort(arrayDistinct(arrayConcat(pair.1.2, pair.2.2))), 1, {shingles})))
        / least({shingles}, length(arrayDistinct(arrayConcat(pair.1.2, pair.2.2))))))"""
"""Jaccard's similarity, estimated from the smallest hashes of both together (Broder 1997, bottom-k)."""

CONTENT = """LEFT JOIN
    (
        SELECT TraceId, SpanId, any(OutputText) AS Text
        FROM {database}.span_content
        WHERE Project = {project} AND Content['OutputText'] != ''
        GROUP BY TraceId, SpanId
    ) AS content ON content.TraceId = spans.TraceId AND content.SpanId = spans.SpanId"""


@dataclass(frozen=True, slots=True)
class Consistency:
    """Of the inputs that were given more than once in one step of time and one part of the traffic.

    ``exact`` and ``json`` are the chance that two answers to one input are equal; ``similarity`` is their
    common share. ``json`` is ``None`` where none of them is JSON. ``time_ns`` is 0 without steps.
    """

    time_ns: int
    part: str
    inputs: int
    answers: int
    exact: float
    similarity: float
    json: float | None
    json_inputs: int


def measure_consistency(
    source: Source, slice_: Slice, *, by: str = "", step_ns: int | None = None, most_rows: int = 1_000
) -> list[Consistency]:
    """Measure it over time and by a dimension. Raises ``InvalidQueryError`` for one that there isn't."""
    if by and by not in SPLIT_BY:
        raise InvalidQueryError(f"There is no '{by[:60]}' to split by. There is: {', '.join(SPLIT_BY)}.")
    bindings = Bindings()
    conditions = [*slice_.conditions(bindings, source), ANSWERS, "InputHash != 0", "OutputHash != 0"]
    sql = (
        FOUND.replace("{time}", _time(bindings, step_ns))
        .replace("{by}", SPLIT_BY[by] if by else "''")
        .replace("{model}", DIMENSIONS["model"])
        .replace("{parameters}", ", ".join(f"SpanAttributes['gen_ai.request.{name}']" for name in PARAMETERS))
        .replace(
            "{document}", "if(IsJson, cityHash64(arraySort(JSONExtractKeysAndValuesRaw(content.Text))), 0)"
        )
        .replace("{content}", CONTENT.replace("{project}", bindings.bind(slice_.project)))
        .replace("{conditions}", " AND ".join(conditions))
        .replace("{documents}", "pair.1.3 != 0 AND pair.2.3 != 0")
        .replace("{similarity}", SIMILARITY.replace("{shingles}", str(SHINGLES)))
        .replace("{most}", str(MOST_ANSWERS))
        .replace("{database}", source.database)
        .replace("{rows}", bindings.bind(most_rows, "UInt32"))
    )
    return [_read(row) for row in source.query(sql, bindings).rows]


def _time(bindings: Bindings, step_ns: int | None) -> str:
    if step_ns is None:
        return "toInt64(0)"
    step = bindings.bind(step_ns, "Int64")
    return f"intDiv(toUnixTimestamp64Nano(Timestamp), {step}) * {step}"


def _read(row: Sequence[float]) -> Consistency:
    time_ns, part, inputs, answers, exact, similarity, json, json_inputs = row
    return Consistency(
        int(time_ns),
        str(part),
        int(inputs),
        int(answers),
        exact,
        similarity,
        json if json_inputs else None,
        int(json_inputs),
    )
