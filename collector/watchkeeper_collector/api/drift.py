"""Drift: what checks found, and a check of any two slices."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Protocol

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from watchkeeper_collector.api.access import Reader, may_show_content
from watchkeeper_collector.api.paging import Cursor, Limit, Page
from watchkeeper_collector.query.source import Slice
from watchkeeper_collector.query.times import Window, read_step, read_window

Answer = Literal["no", "minor", "major", "unknown"]
EventKind = Literal["response_model", "fingerprint", "api_version", "answers"]
Start = Annotated[str, Query(description="RFC 3339 or relative to now, such as `-7d`.", max_length=64)]
End = Annotated[str, Query(description="The same; empty: now.", max_length=64)]


class Side(BaseModel):
    """Calls that are compared."""

    model_config = ConfigDict(extra="forbid")

    start: Annotated[str, Field(max_length=64, examples=["-24h"])] = ""
    end: Annotated[str, Field(max_length=64)] = ""
    filter: Annotated[str, Field(max_length=4096, examples=["environment:production"])] = ""
    release: Annotated[str, Field(max_length=512, examples=["1.5"])] = ""


class BaselineSide(Side):
    """What they are compared with."""

    kind: Annotated[
        Literal["rolling", "season", "pinned", "saved"],
        Field(
            description="`rolling`: the days before the candidate; `season`: the same hours of the four weeks"
            " before; `pinned`: what start, end, filter and release say; `saved`: the baseline `id`."
        ),
    ] = "rolling"
    days: Annotated[float, Field(gt=0, le=400, description="How long a rolling one is.")] = 7
    id: Annotated[str, Field(max_length=64, description="Of a saved baseline.")] = ""


class NewCheck(BaseModel):
    """A comparison to make."""

    model_config = ConfigDict(extra="forbid")

    candidate: Side = Side(start="-24h")
    baseline: BaselineSide = BaselineSide()
    with_slices: Annotated[
        bool,
        Field(description="Also each model, prompt and feature of the application that has calls enough."),
    ] = True
    with_text: Annotated[bool, Field(description="Compare the texts of answers too, which takes longer.")] = (
        True
    )


class Mix(BaseModel):
    """How many sessions or traces there are, and how many of them were compared."""

    before_units: int
    after_units: int
    before_matched: Annotated[int, Field(description="So many make the mix of traffic equal on both sides.")]
    after_matched: int
    only_before: Annotated[int, Field(description="Of a kind of traffic that the other side lacks.")]
    only_after: int


class Finding(BaseModel):
    """The verdict on one feature."""

    feature: str
    answer: Answer
    needs: Annotated[int, Field(description="Where it cannot be told yet: about so many units more.")]
    windows: Annotated[int, Field(description="On end, up to this one, in which it was drift.")] = 0
    effect: Annotated[
        float | None,
        Field(
            description="D of a number, points of a share, PSI of kinds, area under the curve of the text."
        ),
    ]
    raw_effect: Annotated[float | None, Field(description="Without matching the mix of traffic.")]
    p_value: float
    adjusted_p: Annotated[float, Field(description="Corrected for all that was asked together.")]
    before_units: int
    after_units: int
    before: Annotated[str, Field(description="A share, a median, or the commonest kind.")]
    after: str
    reason: str
    figures: Annotated[dict[str, Any], Field(description="Other statistics and the distributions.")]


class SliceVerdict(BaseModel):
    """The verdict on one slice."""

    slice_by: Annotated[str, Field(description="`project`, `model`, `prompt` or `feature`.")]
    slice_value: str
    answer: Answer
    needs: int
    windows: int = 0
    reason: str
    mix: Mix
    explanation: Annotated[
        dict[str, Any],
        Field(description="Strings that became frequent or rare; examples, with their text by `content`."),
    ]
    features: list[Finding]


class WindowVerdict(SliceVerdict):
    """The verdict on one slice of one window that the job checked."""

    window_start: datetime
    window_end: datetime
    checked_at: datetime
    baseline: Annotated[str, Field(description="`season`, `rolling`, or the id of a saved one.")]


class Check(BaseModel):
    """What a comparison found."""

    answer: Answer
    reason: str
    slices: list[SliceVerdict]
    content_hidden: Annotated[bool, Field(description="The key lacks the scope `content`: no examples.")]


class DriftEvent(BaseModel):
    """A provider changed something, or answers changed though nothing was said."""

    id: str
    timestamp: datetime
    kind: EventKind
    provider: str
    model: str
    before: str
    after: str
    calls: int
    trace_id: Annotated[str, Field(description="Of the first call with what is new.")]
    evidence: dict[str, Any]


class ConsistencyPoint(BaseModel):
    """How alike the answers to identical inputs are."""

    time: Annotated[str | None, Field(description="Start of the step; null without steps.")]
    part: Annotated[str, Field(description="The value of `by`.")]
    inputs: Annotated[int, Field(description="That were given more than once.")]
    answers: int
    exact: Annotated[float, Field(description="The chance that two answers are equal.")]
    similarity: Annotated[float, Field(description="The share of their text that two have in common.")]
    json_agreement: Annotated[
        float | None, Field(description="The chance that two JSON answers are one document.")
    ]


class Drift(Protocol):
    """What is known of drift: ``watchkeeper_collector.drift.answering.DriftAnswers`` is one.

    Lists are items and the cursor of the next page.
    """

    def list_verdicts(
        self,
        project: str,
        window: Window,
        equal: Mapping[str, str],
        *,
        only_drift: bool,
        limit: int,
        cursor: str,
    ) -> tuple[list[dict[str, Any]], str | None]: ...

    def list_events(
        self, project: str, window: Window, *, limit: int, cursor: str
    ) -> tuple[list[dict[str, Any]], str | None]: ...

    def measure_consistency(self, wanted: Slice, by: str, step_ns: int | None) -> list[dict[str, Any]]: ...

    def check(
        self, project: str, asked: NewCheck, now_ns: int, *, may_read_content: bool
    ) -> dict[str, Any]: ...


def build_router(drift: Drift, *, now_ns: Callable[[], int] = time.time_ns) -> APIRouter:
    router = APIRouter(prefix="/drift", tags=["drift"])
    _add_verdicts(router, drift, now_ns)
    _add_check(router, drift, now_ns)
    _add_events(router, drift, now_ns)
    _add_consistency(router, drift, now_ns)
    return router


def _add_verdicts(router: APIRouter, drift: Drift, now_ns: Callable[[], int]) -> None:
    @router.get("")
    def list_verdicts(
        caller: Reader,
        *,
        start: Start = "-24h",
        end: End = "",
        slice_by: Annotated[str, Query(description="Only slices by this.", max_length=64)] = "",
        slice_value: Annotated[str, Query(description="Only this slice.", max_length=1024)] = "",
        baseline: Annotated[str, Query(description="Only against this baseline.", max_length=64)] = "",
        only_drift: Annotated[bool, Query(description="Only slices with drift.")] = False,
        limit: Limit = 100,
        cursor: Cursor = "",
    ) -> Page[WindowVerdict]:
        """List what the job found, window by window, the newest first."""
        window = read_window(start, end, now_ns())
        equal = {"slice_by": slice_by, "slice_value": slice_value, "baseline": baseline}
        items, next_cursor = drift.list_verdicts(
            caller.project,
            window,
            {name: value for name, value in equal.items() if value},
            only_drift=only_drift,
            limit=limit,
            cursor=cursor,
        )
        return Page(items=[WindowVerdict(**item) for item in items], next_cursor=next_cursor)


def _add_check(router: APIRouter, drift: Drift, now_ns: Callable[[], int]) -> None:
    @router.post("/check")
    def check(caller: Reader, asked: NewCheck) -> Check:
        """Compare two slices now: has it changed, how much, why; or how much data is missing."""
        may_read = may_show_content(caller)
        found = drift.check(caller.project, asked, now_ns(), may_read_content=may_read)
        return Check(**found, content_hidden=not may_read)


def _add_events(router: APIRouter, drift: Drift, now_ns: Callable[[], int]) -> None:
    @router.get("/events")
    def list_events(
        caller: Reader, start: Start = "-30d", end: End = "", limit: Limit = 100, cursor: Cursor = ""
    ) -> Page[DriftEvent]:
        """List when providers changed something, the newest first."""
        window = read_window(start, end, now_ns())
        items, next_cursor = drift.list_events(caller.project, window, limit=limit, cursor=cursor)
        return Page(items=[DriftEvent(**item) for item in items], next_cursor=next_cursor)


def _add_consistency(router: APIRouter, drift: Drift, now_ns: Callable[[], int]) -> None:
    @router.get("/consistency")
    def measure_consistency(
        caller: Reader,
        *,
        start: Start = "-7d",
        end: End = "",
        filter: Annotated[str, Query(max_length=4096)] = "",  # noqa: A002 - the API's word
        by: Annotated[
            str,
            Query(
                description="`model`, `response_model`, `prompt`, `prompt_version`, `feature`, `release`.",
                max_length=64,
            ),
        ] = "",
        step: Annotated[
            str, Query(description="Such as `1d`; empty: the window as one.", max_length=16)
        ] = "",
    ) -> Page[ConsistencyPoint]:
        """Measure how alike answers to identical inputs are: same prompt, model and parameters."""
        window = read_window(start, end or "now", now_ns())
        wanted = Slice(caller.project, window, filter, caller.allows("content"))
        items = drift.measure_consistency(wanted, by, read_step(step, window))
        return Page(items=[ConsistencyPoint(**item) for item in items])
