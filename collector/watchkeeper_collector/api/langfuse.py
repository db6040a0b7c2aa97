"""The paths by which Langfuse's clients give scores, so that moving over is changing a host.

Spans come by OTLP (`/api/public/otel`). Older clients put everything into batches: of these, scores are
taken, and the rest is refused item by item, as Langfuse itself does.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from watchkeeper_collector.api.access import Writer
from watchkeeper_collector.api.score_writing import MOST_SCORES, RecordScores, Said
from watchkeeper_collector.api.scores import NewScore, read_said
from watchkeeper_collector.errors import InvalidRequestError

DATA_TYPES = {"NUMERIC": "numeric", "BOOLEAN": "boolean", "CATEGORICAL": "categorical"}
SOURCES = {"ANNOTATION": "review", "EVAL": "evaluator"}


class LangfuseScore(BaseModel):
    """A score in Langfuse's words. An observation is a span."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    id: str | None = None
    trace_id: Annotated[str | None, Field(alias="traceId")] = None
    session_id: Annotated[str | None, Field(alias="sessionId")] = None
    observation_id: Annotated[str | None, Field(alias="observationId")] = None
    name: str
    value: bool | float | str
    data_type: Annotated[str | None, Field(alias="dataType")] = None
    comment: str | None = None
    source: str | None = None
    metadata: Any = None
    timestamp: Any = None


class LangfuseAnswer(BaseModel):
    id: str


class BatchItem(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: str
    type: str
    timestamp: str | None = None
    body: dict[str, Any] = {}


class Batch(BaseModel):
    model_config = ConfigDict(extra="ignore")

    batch: Annotated[list[BatchItem], Field(max_length=MOST_SCORES)]


class Taken(BaseModel):
    id: str
    status: Literal[201] = 201


class Refused(BaseModel):
    id: str
    status: Literal[400] = 400
    message: str
    error: str


class BatchAnswer(BaseModel):
    """Which items were taken, each by its id."""

    successes: list[Taken]
    errors: list[Refused]


def build_router(record: RecordScores) -> APIRouter:
    router = APIRouter(prefix="/api/public", tags=["Langfuse"])

    @router.post("/scores")
    async def create_langfuse_score(caller: Writer, score: LangfuseScore) -> LangfuseAnswer:
        """Give a score as Langfuse's clients do."""
        try:
            said = read_langfuse(score)
        except ValidationError as error:
            raise InvalidRequestError(_problem(error)) from None
        (score_id,) = await record(caller, [said])
        return LangfuseAnswer(id=score_id)

    @router.post("/ingestion", status_code=207)
    async def ingest_langfuse_batch(caller: Writer, batch: Batch) -> BatchAnswer:
        """Take the scores of a batch of Langfuse's clients."""
        read = {item.id: _read_item(item) for item in batch.batch}
        said = [found for found in read.values() if isinstance(found, Said)]
        if said:
            await record(caller, said)
        return BatchAnswer(
            successes=[Taken(id=item_id) for item_id, found in read.items() if isinstance(found, Said)],
            errors=[
                Refused(id=item_id, message=found, error=found)
                for item_id, found in read.items()
                if isinstance(found, str)
            ],
        )

    return router


def read_langfuse(score: LangfuseScore) -> Said:
    """Raises ``ValidationError`` where it says nothing that can be kept."""
    facts = {
        "id": score.id or "",
        "name": score.name,
        "value": score.value,
        "trace_id": _hex(score.trace_id),
        "span_id": _hex(score.observation_id),
        "session_id": score.session_id or "",
        "comment": score.comment or "",
        "data_type": DATA_TYPES.get(score.data_type or ""),
        "source": SOURCES.get(score.source or "", ""),
        "metadata": _texts(score.metadata),
        "timestamp": score.timestamp,
    }
    return read_said(NewScore.model_validate(facts))


def _read_item(item: BatchItem) -> Said | str:
    """What the item says, or why it is refused."""
    if item.type != "score-create":
        return f"'{item.type[:60]}' is not taken here. Send spans by OTLP to /api/public/otel/v1/traces."
    try:
        facts = {"timestamp": item.timestamp, "id": item.id, **item.body}
        return read_langfuse(LangfuseScore.model_validate(facts))
    except ValidationError as error:
        return _problem(error)


def _problem(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, found['loc']))}: {found['msg']}" for found in error.errors())


def _hex(text: str | None) -> str:
    """Older clients write ids as UUIDs."""
    return (text or "").replace("-", "")


def _texts(metadata: Any) -> Mapping[str, str]:
    if not isinstance(metadata, dict):
        return {}
    return {str(key)[:200]: str(value)[:1_000] for key, value in list(metadata.items())[:50]}
