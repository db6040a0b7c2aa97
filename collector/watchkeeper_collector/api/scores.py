"""Scores: feedback and evaluations of traces, spans and sessions."""

import time
from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from watchkeeper_collector.api.access import Reader, Writer, may_show_content
from watchkeeper_collector.api.paging import Cursor, Limit, Page
from watchkeeper_collector.api.score_writing import MOST_SCORES, RecordScores, Said
from watchkeeper_collector.api.spans import End, Filter, Start
from watchkeeper_collector.query import scores
from watchkeeper_collector.query.scores import Wanted
from watchkeeper_collector.query.source import Slice, Source
from watchkeeper_collector.query.times import read_window

DataType = Literal["numeric", "boolean", "categorical"]


class NewScore(BaseModel):
    """A judgement about a trace, one of its spans, or a session. What it is about need not be stored yet."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[
        str, Field(description="What is judged.", min_length=1, max_length=200, examples=["helpful"])
    ]
    value: Annotated[
        bool | float | str,
        Field(
            description="A number, true or false, or one of some words.", examples=[1.0, True, "off-topic"]
        ),
    ]
    trace_id: Annotated[
        str,
        Field(
            description="32 hexadecimal digits.",
            pattern="^([0-9a-fA-F]{32})?$",
            examples=["5b8aa5a2d2c872e8321cf37308d69df2"],
        ),
    ] = ""
    span_id: Annotated[
        str,
        Field(
            description="16 hexadecimal digits; empty: all of the trace is meant.",
            pattern="^([0-9a-fA-F]{16})?$",
        ),
    ] = ""
    session_id: Annotated[str, Field(max_length=512, description="For a judgement of a conversation.")] = ""
    user_id: Annotated[
        str, Field(max_length=512, description="Who gave it, where a user of the application did.")
    ] = ""
    data_type: Annotated[
        DataType | None, Field(description="By default what the value looks like; 1 and 0 are numbers.")
    ] = None
    label: Annotated[str, Field(max_length=200, description="A word beside a number.", examples=["good"])] = (
        ""
    )
    comment: Annotated[str, Field(max_length=10_000, description="Why.")] = ""
    source: Annotated[
        str,
        Field(
            description="Who judged, such as `feedback` (a user), `review` (a person), `evaluator`.",
            pattern="^[a-z0-9_.-]*$",
            max_length=40,
            examples=["feedback"],
        ),
    ] = ""
    metadata: Annotated[dict[str, str], Field(max_length=50)] = {}
    id: Annotated[
        str,
        Field(
            max_length=200,
            description="A score sent again with its id takes the place of the first. Without one, the id is"
            " made of the rest, so that a retry says the same again.",
        ),
    ] = ""
    timestamp: Annotated[AwareDatetime | None, Field(description="When it was given; null: now.")] = None

    @model_validator(mode="after")
    def _check(self) -> "NewScore":
        if not self.trace_id and not self.session_id:
            raise ValueError("a score needs a trace_id or a session_id that it is about")
        if any(text and not text.strip("0") for text in (self.trace_id, self.span_id)):
            raise ValueError("an id of nothing but zeros names nothing")
        if self.span_id and not self.trace_id:
            raise ValueError("a span_id needs its trace_id")
        self._check_value()
        return self

    def _check_value(self) -> None:
        """Raise ``ValueError`` for a value that is not of its type."""
        kind, value = self.data_type, self.value
        is_number = isinstance(value, float) and abs(value) < float("inf")  # what compares false is no number
        if isinstance(value, float) and not is_number:
            raise ValueError(f"the value {value} is not finite")
        if kind == "numeric" and not is_number:
            raise ValueError(f"the value {value!r} is no number, as data_type 'numeric' has it")
        if kind == "boolean" and value not in (True, False):
            raise ValueError(
                f"the value {value!r} is none of true, false, 1, 0, as data_type 'boolean' has it"
            )
        if kind == "categorical" and not isinstance(value, str):
            raise ValueError(f"the value {value!r} is no word, as data_type 'categorical' has it")
        if isinstance(value, str) and not 0 < len(value) <= 200:
            raise ValueError("a value that is a word has 1 to 200 characters")


class NewScores(BaseModel):
    """Many at once: all are taken, or none."""

    model_config = ConfigDict(extra="forbid")

    items: Annotated[list[NewScore], Field(min_length=1, max_length=MOST_SCORES)]


class AcceptedScore(BaseModel):
    """The score is on disk, and seen about a second later."""

    id: str


class Score(BaseModel):
    """A score as it was said last."""

    id: str
    name: str
    data_type: DataType
    value: Annotated[
        float | None, Field(description="Of boolean ones 1 and 0; null: only a label was given.")
    ]
    label: Annotated[str, Field(description="The word, of categorical ones.")]
    trace_id: str
    span_id: str
    session_id: str
    user_id: str
    source: str
    comment: Annotated[str | None, Field(description="Null: the key lacks the scope `content`.")]
    metadata: dict[str, str]
    timestamp: str
    received_at: str
    api_key_id: str


class LabelCount(BaseModel):
    label: str
    count: int


class ScoreName(BaseModel):
    """All scores of one name in the window."""

    name: str
    data_type: Annotated[DataType, Field(description="Of the newest.")]
    count: int
    trace_count: int
    mean: Annotated[float | None, Field(description="Null: none has a value.")]
    low: Annotated[float | None, Field(description="The least value.")]
    high: Annotated[float | None, Field(description="The greatest value.")]
    labels: Annotated[list[LabelCount], Field(description="The most frequent ones.")]
    sources: list[str]
    last_seen: str


def build_router(
    source: Source, record: RecordScores, *, now_ns: Callable[[], int] = time.time_ns
) -> APIRouter:
    """``record`` makes scores durable. ``now_ns`` is what relative times count from."""
    router = APIRouter(prefix="/scores", tags=["scores"])
    _add_reading(router, source, now_ns)
    _add_writing(router, record)
    return router


def read_said(score: NewScore) -> Said:
    """What the score says, its value taken apart into a number and a word."""
    value, label, kind = score.value, score.label, score.data_type
    if isinstance(value, str):
        return _said(score, None, value, kind or "categorical")
    if isinstance(value, bool):
        return _said(score, float(value), label, kind or "boolean")
    return _said(score, value, label, kind or "numeric")


def _said(score: NewScore, value: float | None, label: str, data_type: str) -> Said:
    return Said(
        id=score.id,
        name=score.name,
        value=value,
        label=label,
        data_type=data_type,
        trace_id=score.trace_id.lower(),
        span_id=score.span_id.lower(),
        session_id=score.session_id,
        user_id=score.user_id,
        source=score.source,
        comment=score.comment,
        metadata=score.metadata,
        timestamp=score.timestamp,
    )


def _add_writing(router: APIRouter, record: RecordScores) -> None:
    @router.post("", status_code=202)
    async def create_score(caller: Writer, score: NewScore) -> AcceptedScore:
        """Give a score. It is on disk when this answers, also while the store is away."""
        (score_id,) = await record(caller, [read_said(score)])
        return AcceptedScore(id=score_id)

    @router.post("/batch", status_code=202)
    async def create_scores(caller: Writer, wanted: NewScores) -> Page[AcceptedScore]:
        """Give many scores at once; the answer has their ids in the same order."""
        ids = await record(caller, [read_said(score) for score in wanted.items])
        return Page(items=[AcceptedScore(id=score_id) for score_id in ids])


def _add_reading(router: APIRouter, source: Source, now_ns: Callable[[], int]) -> None:
    @router.get("", response_model=Page[Score])
    def list_scores(
        caller: Reader,
        *,
        name: Annotated[str, Query(description="Only those of one name.")] = "",
        trace_id: Annotated[str, Query(description="Only those of one trace and its spans.")] = "",
        span_id: Annotated[str, Query(description="Only those of one span.")] = "",
        session_id: Annotated[str, Query(description="Only those of one session itself.")] = "",
        score_source: Annotated[str, Query(alias="source", description="Only those of one source.")] = "",
        filter: Annotated[  # noqa: A002 - the name in the URL
            str, Query(description="Only those of traces with a span that this keeps, whenever it was.")
        ] = "",
        start: Start = "",
        end: End = "",
        limit: Limit = 100,
        cursor: Cursor = "",
    ) -> Any:
        """List scores, newest first."""
        slice_ = Slice(caller.project, read_window(start, end, now_ns()), filter, may_show_content(caller))
        equal = {"Name": name, "TraceId": trace_id.lower(), "SpanId": span_id.lower()}
        equal |= {"SessionId": session_id, "Source": score_source}
        return scores.list_scores(source, Wanted(slice_, equal), limit=limit, cursor=cursor)

    @router.get("/names", response_model=Page[ScoreName])
    def list_score_names(
        caller: Reader,
        *,
        filter: Filter = "",  # noqa: A002
        start: Start = "-30d",
        end: End = "",
    ) -> Any:
        """List the names of scores with what was given under each, the most frequent first; at most 1,000."""
        slice_ = Slice(caller.project, read_window(start, end, now_ns()), filter, caller.allows("content"))
        return scores.list_names(source, Wanted(slice_))
