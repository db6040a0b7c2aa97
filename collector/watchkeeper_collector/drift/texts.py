"""The texts of a comparison's answers: the newest question and the answer of each unit's call."""

from dataclasses import dataclass

from watchkeeper_collector.drift.sampling import MatchedUnits
from watchkeeper_collector.query.bindings import Bindings

MOST_TEXTS = 400
"""A side. Half of them are judged: an area of 0.65 among 200 and 200 is five standard errors from chance."""
HEAD_CHARS, TAIL_CHARS = 1_200, 400
"""Of a longer answer the classifier reads this much from its beginning and its end."""

TEXTS = """WITH calls AS
(
    SELECT Side, Call.2 AS TraceId, Call.3 AS SpanId, Place
    FROM
    ({placed})
    WHERE IsMatched
)
SELECT calls.Side, content.TraceId, content.SpanId, max(content.Question), max(content.Answer)
FROM calls
INNER JOIN
(
    SELECT
        TraceId,
        SpanId,
        substringUTF8(InputText, 1, {head}) AS Question,
        if(lengthUTF8(OutputText) <= {head} + {tail}, OutputText, concat(
            substringUTF8(OutputText, 1, {head}), '\\n…\\n', substringUTF8(OutputText, -{tail}))) AS Answer
    FROM {database}.span_content
    WHERE Project IN {projects}
        AND TraceId IN (SELECT TraceId FROM calls)
        AND SpanId IN (SELECT SpanId FROM calls)
) AS content ON content.TraceId = calls.TraceId AND content.SpanId = calls.SpanId
GROUP BY calls.Side, content.TraceId, content.SpanId
HAVING max(content.Answer) != ''
ORDER BY calls.Side, cityHash64(content.TraceId, content.SpanId)"""


@dataclass(frozen=True, slots=True)
class Said:
    """A question and its answer, and whose they are."""

    trace_id: str
    span_id: str
    question: str
    answer: str


def load_texts(units: MatchedUnits) -> tuple[list[Said], list[Said]]:
    """What was said before and after, in an order that says nothing. Expired content is missing."""
    bindings = Bindings()
    comparison = units.comparison
    projects = sorted({comparison.before.slice.project, comparison.after.slice.project})
    sql = (
        TEXTS.replace("{placed}", units.placed(bindings, most=MOST_TEXTS))
        .replace("{head}", str(HEAD_CHARS))
        .replace("{tail}", str(TAIL_CHARS))
        .replace("{database}", comparison.source.database)
        .replace("{projects}", bindings.bind(projects, "Array(String)"))
    )
    sides: tuple[list[Said], list[Said]] = ([], [])
    for side, *said in comparison.source.query(sql, bindings).rows:
        sides[side].append(Said(*said))
    return sides
