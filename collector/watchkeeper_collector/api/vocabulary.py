"""The words that questions are made of, for whoever offers them to people."""

from fastapi import APIRouter
from pydantic import BaseModel

from watchkeeper_collector.api.access import Reader
from watchkeeper_collector.api.query import MeasureFacts
from watchkeeper_collector.query.dimensions import DIMENSIONS, KEYED_DIMENSIONS
from watchkeeper_collector.query.filters.fields import FLAGS, NUMBER_FIELDS, STATUSES, TEXT_FIELDS
from watchkeeper_collector.query.measures import MEASURES, find_measure


class Word(BaseModel):
    name: str
    description: str


class Field(Word):
    """``compared_as``: `text`, `number` (counts), `usd`, `duration_ns`, `duration_ms` or `fact`."""

    compared_as: str


class Vocabulary(BaseModel):
    """`attr.<key>`, `resource.<key>` and `score.<name>` stand for those with any key or name."""

    measures: list[MeasureFacts]
    dimensions: list[Word]
    fields: list[Field]


def build_router() -> APIRouter:
    router = APIRouter(tags=["query"])

    @router.get("/vocabulary")
    def get_vocabulary(_caller: Reader) -> Vocabulary:
        """Measures, dimensions and the fields of filters, with what each is."""
        return Vocabulary(measures=_measures(), dimensions=_dimensions(), fields=_fields())

    return router


def _measures() -> list[MeasureFacts]:
    measures = [*MEASURES.values(), find_measure("score.<name>")]
    return [MeasureFacts(name=m.name, unit=m.unit, description=m.description) for m in measures]


def _dimensions() -> list[Word]:
    keyed = [Word(name=f"{d.name}.<key>", description=d.description) for d in KEYED_DIMENSIONS.values()]
    return [*(Word(name=d.name, description=d.description) for d in DIMENSIONS.values()), *keyed]


def _fields() -> list[Field]:
    facts = [*((f"status:{n}", flag) for n, flag in STATUSES.items())]
    facts += [(f"is:{name}", flag) for name, flag in FLAGS.items()]
    return [
        *(Field(name=t.name, description=t.description, compared_as="text") for t in TEXT_FIELDS.values()),
        *(Field(name=n.name, description=n.description, compared_as=n.kind) for n in NUMBER_FIELDS.values()),
        *(Field(name=name, description=f.description, compared_as="fact") for name, f in facts),
    ]
