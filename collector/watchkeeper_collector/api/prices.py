"""Prices: what applies, what is missing, and computing stored costs again."""

import time
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from watchkeeper_collector.api.access import Admin, Reader
from watchkeeper_collector.api.paging import Cursor, Limit, Page
from watchkeeper_collector.errors import InvalidRequestError
from watchkeeper_collector.pricing import overrides, repricing, unpriced
from watchkeeper_collector.pricing.price_table import PriceTable
from watchkeeper_collector.pricing.terms import ALWAYS
from watchkeeper_collector.query.times import read_time

DEFAULT_START = "-30d"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Provider = Annotated[
    str, Field(description="As in spans: `openai`, `anthropic`, …", min_length=1, max_length=256)
]
Model = Annotated[
    str, Field(description="As in spans, of the request or of the answer.", min_length=1, max_length=256)
]
Start = Annotated[str, Query(description="Since when, as RFC 3339 or relative.")]


class Step(BaseModel):
    """What units cost in calls with at least so many input tokens."""

    model_config = ConfigDict(extra="forbid")

    usd_per_million: Annotated[
        dict[str, float],
        Field(
            description="USD for a million of each unit: `input_tokens`, `output_tokens`, …",
            examples=[{"input_tokens": 2.5, "output_tokens": 10}],
            min_length=1,
        ),
    ]
    from_input_tokens: Annotated[int, Field(ge=0)] = 0


class NewPrice(BaseModel):
    """A price of the caller's project, which goes before the catalogue's."""

    model_config = ConfigDict(extra="forbid")

    provider: Provider
    model: Model
    steps: Annotated[list[Step], Field(min_length=1, max_length=100)]
    service_tier: Annotated[
        str | None,
        Field(description="`batch`, `fast`, `flex` or `priority`; empty: the standard one; null: all."),
    ] = None
    valid_from: Annotated[AwareDatetime, Field(description="From when on; if not given, ever since.")] = (
        ALWAYS
    )


class PriceStep(Step):
    from_second_of_day: Annotated[float, Field(description="From when on in each UTC day.")]


class Price(BaseModel):
    """A price in force."""

    source: Annotated[str, Field(description="`catalogue`, or `override` where people set it.")]
    project: Annotated[str | None, Field(description="Whose price; null: everybody's.")]
    provider: str
    model: str
    service_tier: str
    valid_from: datetime
    valid_until: datetime
    priced_as: Annotated[str, Field(description="The catalogue's entry that the model was taken for.")]
    steps: list[PriceStep]
    price_version: str


class UnpricedModel(BaseModel):
    """Calls that have no cost. ``reason``: `no_price`, `no_usage` or `contradictory_usage`."""

    provider: str
    model: str
    reason: str
    calls: int
    input_tokens: int | None
    output_tokens: int | None
    first_seen: datetime
    last_seen: datetime


class PriceVersion(BaseModel):
    """Calls whose cost came from one version of the price data."""

    price_version: str
    calls: int
    cost_usd: float | None
    first_seen: datetime
    last_seen: datetime


class Repricing(BaseModel):
    """Which stored calls to price again: of the caller's project, in a window."""

    model_config = ConfigDict(extra="forbid")

    start: Annotated[str, Field(description="As RFC 3339 or relative.", examples=["-30d"])]
    end: Annotated[str, Field(description="As RFC 3339 or relative.")] = "now"
    provider: Annotated[str, Field(description="Empty: any.")] = ""
    model: Annotated[str, Field(description="Empty: any.")] = ""
    dry_run: Annotated[bool, Field(description="Only say what would change.")] = False


class Estimate(BaseModel):
    """What re-pricing changes."""

    calls: int
    changed_calls: int
    stored_usd: float | None
    repriced_usd: float | None


class StartedRepricing(BaseModel):
    """``id`` is null after a dry run, else what its progress is asked with."""

    id: str | None
    estimate: Estimate


class RepricingProgress(BaseModel):
    is_done: bool
    parts_left: Annotated[int, Field(description="Parts of the table that are still to be rewritten.")]
    failure: Annotated[str, Field(description="The engine's last complaint; it tries again by itself.")]


def build_router(table: PriceTable) -> APIRouter:
    router = APIRouter(prefix="/prices", tags=["prices"])
    _add_prices(router, table)
    _add_reports(router, table)
    _add_repricing(router, table)
    return router


def _add_prices(router: APIRouter, table: PriceTable) -> None:
    @router.get("")
    def list_prices(
        caller: Reader,
        provider: Annotated[str, Query(description="Of one provider only.")] = "",
        model: Annotated[str, Query(description="Of one model only.")] = "",
        limit: Limit = 100,
        cursor: Cursor = "",
    ) -> Page[Price]:
        """List the prices in force that apply to the project, its own beside the catalogue's."""
        start = _read_cursor(cursor)
        found = overrides.list_prices(
            table, caller.project, provider=provider, model=model, limit=start + limit + 1
        )
        shown = [Price.model_validate(price) for price in found[start : start + limit]]
        return Page(items=shown, next_cursor=str(start + limit) if len(found) > start + limit else None)

    @router.put("")
    def set_price(caller: Admin, price: NewPrice) -> Page[Price]:
        """Set a price for the project and answer what is in force for the model now.

        Calls are priced by it from now on. What is stored keeps its cost, until a `POST /prices/reprice`.
        """
        steps = [overrides.PriceStep(step.usd_per_million, step.from_input_tokens) for step in price.steps]
        overrides.set_price(
            table,
            price.provider,
            price.model,
            steps,
            project=caller.project,
            service_tier=price.service_tier,
            valid_from=price.valid_from,
            now=datetime.now(UTC),
        )
        found = overrides.list_prices(table, caller.project, provider=price.provider, model=price.model)
        return Page(items=[Price.model_validate(known) for known in found])

    @router.delete("", status_code=204)
    def remove_price(caller: Admin, provider: str, model: str) -> None:
        """Withdraw the project's own prices of a model, so that the catalogue's apply again."""
        overrides.remove_price(table, provider, model, project=caller.project, now=datetime.now(UTC))


def _add_reports(router: APIRouter, table: PriceTable) -> None:
    @router.get("/unpriced")
    def list_unpriced(
        caller: Reader, start: Start = DEFAULT_START, limit: Limit = 1000
    ) -> Page[UnpricedModel]:
        """List calls without a cost, by provider, model and reason."""
        found = unpriced.list_unpriced(table, caller.project, _read_moment(start, "start"), limit=limit)
        return Page(items=[UnpricedModel.model_validate(row) for row in found])

    @router.get("/versions")
    def list_price_versions(caller: Reader, start: Start = DEFAULT_START) -> Page[PriceVersion]:
        """List which versions of the price data the stored costs come from, the latest used first."""
        found = unpriced.list_price_versions(table, caller.project, _read_moment(start, "start"))
        return Page(items=[PriceVersion.model_validate(row) for row in found])


def _add_repricing(router: APIRouter, table: PriceTable) -> None:
    @router.post("/reprice", status_code=202)
    def reprice(caller: Admin, wanted: Repricing) -> StartedRepricing:
        """Compute stored costs again with the prices in force, in the background."""
        start, end = _read_moment(wanted.start, "start"), _read_moment(wanted.end, "end")
        scope = repricing.Scope(caller.project, start, end, wanted.provider, wanted.model)
        estimate = Estimate.model_validate(repricing.estimate(table, scope))
        return StartedRepricing(
            id=None if wanted.dry_run else repricing.reprice(table, scope), estimate=estimate
        )

    @router.get("/reprice/{reprice_id}")
    def get_repricing(
        _caller: Admin, reprice_id: Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
    ) -> RepricingProgress:
        """How far a re-pricing is."""
        found = repricing.progress(table, reprice_id)
        return RepricingProgress(is_done=found.is_done, parts_left=found.parts_left, failure=found.failure)


def _read_moment(text: str, name: str) -> datetime:
    return EPOCH + timedelta(microseconds=read_time(text, time.time_ns(), name) // 1000)


def _read_cursor(cursor: str) -> int:
    if cursor and not (cursor.isdecimal() and len(cursor) <= 6):
        raise InvalidRequestError(f"The cursor '{cursor[:40]}' is none that this list gave.")
    return int(cursor or 0)
