"""Releases: how each does, and whether one may follow another."""

import time
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, Protocol

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from watchkeeper_collector.api.access import Reader
from watchkeeper_collector.api.drift import BaselineSide, End, Side, Start
from watchkeeper_collector.api.paging import Page
from watchkeeper_collector.errors import InvalidRequestError
from watchkeeper_collector.query.source import Slice
from watchkeeper_collector.query.times import read_window

Verdict = Literal["pass", "fail", "unknown"]
MeasureVerdict = Literal["pass", "fail", "unknown", "warn"]
RELEASE, RANGE = "release:", ".."
SIDE = "`release:1.5`, `START..END`, or `START`; times are RFC 3339 or relative."


class Release(BaseModel):
    """A version of the application, by its spans in the window."""

    release: str
    first_seen: str
    last_seen: str
    call_count: int
    unit_count: Annotated[int, Field(description="Sessions, else traces.")]
    error_rate: float | None
    latency_p95_ms: float | None
    cost_usd: float | None
    cost_per_call_usd: float | None
    refusal_rate: float | None
    services: list[str]
    models: list[str]


class MeasureComparison(BaseModel):
    """A measure on both sides. A change for the worse is positive."""

    measure: str
    label: str
    kind: Annotated[
        Literal["share", "amount", "score"],
        Field(
            description="The change is in points of a share, a part of an amount's geometric mean, standard"
            " deviations of a score."
        ),
    ]
    verdict: MeasureVerdict
    needs: Annotated[int, Field(description="Where it cannot be told yet: about so many units more.")]
    before: float | None
    after: float | None
    change: float | None
    low: Annotated[float | None, Field(description="Of the 95 % interval of the change.")]
    high: float | None
    tolerance: float
    adjusted_p: Annotated[
        float, Field(description="Of no change for the worse, corrected over all measures.")
    ]
    before_units: int
    after_units: int
    reason: str


class TextComparison(BaseModel):
    """Whether answers read differently."""

    verdict: MeasureVerdict
    needs: int
    area_under_curve: float | None
    adjusted_p: float
    before_units: int
    after_units: int
    reason: str
    explanation: dict[str, Any]


class ReleaseComparison(BaseModel):
    """May the candidate ship."""

    verdict: Verdict
    reason: str
    needs: int
    before_units: Annotated[int, Field(description="Sessions, else traces, of the baseline.")]
    after_units: int
    measures: list[MeasureComparison]
    text: TextComparison | None


class NewComparison(BaseModel):
    """What is to be compared, and by what rule."""

    model_config = ConfigDict(extra="forbid")

    baseline: Annotated[str, Field(description=SIDE, max_length=600, examples=["release:1.4"])]
    candidate: Annotated[str, Field(description=SIDE, max_length=600, examples=["release:1.5"])]
    filter: Annotated[str, Field(description="Of both sides.", max_length=4096)] = ""
    policy: Annotated[
        dict[str, Any],
        Field(
            description="What differs from the usual tolerances, see docs/releases.md.",
            examples=[{"measures": {"latency_ms": {"tolerance": 0.3}}, "text": "fail"}],
        ),
    ] = {}


class Releases(Protocol):
    """What is known of releases: ``watchkeeper_collector.drift.release_answers.ReleaseAnswers`` is one."""

    def list(self, wanted: Slice) -> list[dict[str, Any]]: ...

    def compare(
        self,
        project: str,
        baseline: BaselineSide,
        candidate: Side,
        policy: Mapping[str, Any],
        *,
        now_ns: int,
        may_search: bool,
    ) -> dict[str, Any]: ...


def build_router(releases: Releases, *, now_ns: Callable[[], int] = time.time_ns) -> APIRouter:
    router = APIRouter(tags=["releases"])

    @router.get("/releases")
    def list_releases(
        caller: Reader,
        start: Start = "-30d",
        end: End = "",
        filter: Annotated[str, Query(max_length=4096)] = "",  # noqa: A002 - the API's word
    ) -> Page[Release]:
        """List releases with how they do, the newest first."""
        window = read_window(start, end, now_ns())
        found = releases.list(Slice(caller.project, window, filter, caller.allows("content")))
        return Page(items=[Release(**one) for one in found])

    @router.get("/compare")
    def compare_slices(
        caller: Reader,
        baseline: Annotated[str, Query(description=SIDE, max_length=600)],
        candidate: Annotated[str, Query(description=SIDE, max_length=600)],
        filter: Annotated[str, Query(max_length=4096)] = "",  # noqa: A002
    ) -> ReleaseComparison:
        """Compare two releases or times: a verdict on each measure, and may the second one ship."""
        return _compare(caller, NewComparison(baseline=baseline, candidate=candidate, filter=filter))

    @router.post("/compare")
    def compare_by_policy(caller: Reader, asked: NewComparison) -> ReleaseComparison:
        """Compare two releases or times by a policy of one's own."""
        return _compare(caller, asked)

    def _compare(caller: Reader, asked: NewComparison) -> ReleaseComparison:
        baseline = BaselineSide.model_validate(
            {"kind": "pinned", "filter": asked.filter, **read_side(asked.baseline)}
        )
        candidate = Side.model_validate({"filter": asked.filter, **read_side(asked.candidate)})
        found = releases.compare(
            caller.project,
            baseline,
            candidate,
            asked.policy,
            now_ns=now_ns(),
            may_search=caller.allows("content"),
        )
        return ReleaseComparison(**found)

    return router


def read_side(text: str) -> dict[str, str]:
    """A side by its text. Raises ``InvalidRequestError``."""
    if text.startswith(RELEASE) and len(text) > len(RELEASE):
        return {"release": text.removeprefix(RELEASE)}
    start, _, end = text.partition(RANGE)
    if not start or ":" in start.split("T")[0]:
        raise InvalidRequestError(
            f"'{text[:60]}' names no calls. Expected release:VERSION, START..END or START, such as -24h."
        )
    return {"start": start, "end": end}
