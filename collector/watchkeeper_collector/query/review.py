"""The review queue: traces that lack a score of a name."""

from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.pages import Page
from watchkeeper_collector.query.source import Slice, Source
from watchkeeper_collector.query.traces import list_traces

MOST_ROUNDS = 10
ROUND = 200

SCORED = """SELECT DISTINCT TraceId
FROM {database}.current_scores
WHERE Project = {project}
    AND Name = {name}
    AND TraceId IN {traces}"""


def list_unscored(source: Source, slice_: Slice, name: str, *, limit: int, cursor: str = "") -> Page:
    """A page of the slice's traces without a score of that name, newest first.

    It looks at so many traces at a time; where most have their score, a page may stay short of its limit.
    """
    found: list[dict[str, object]] = []
    following: str | None = cursor
    for _ in range(MOST_ROUNDS):
        page = list_traces(source, slice_, limit=min(ROUND, limit), cursor=following or "")
        scored = _scored(source, slice_.project, name, [item["trace_id"] for item in page.items])
        lacking = [item for item in page.items if item["trace_id"] not in scored]
        if len(found) + len(lacking) > limit:
            break
        found += lacking
        following = page.next_cursor
        if following is None or len(found) == limit:
            break
    return Page(found, following or None)


def _scored(source: Source, project: str, name: str, traces: list[str]) -> set[str]:
    if not traces:
        return set()
    bindings = Bindings()
    sql = (
        SCORED.replace("{database}", source.database)
        .replace("{project}", bindings.bind(project))
        .replace("{name}", bindings.bind(name))
        .replace("{traces}", bindings.bind(traces, "Array(String)"))
    )
    return {trace_id for (trace_id,) in source.query(sql, bindings).rows}
