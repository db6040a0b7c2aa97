"""Budgets: what may be spent in a period, what is, and what it will come to."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from watchkeeper_collector.api.access import Operator, Reader
from watchkeeper_collector.api.paging import Cursor, Limit, Page
from watchkeeper_collector.api.record_paging import page_of
from watchkeeper_collector.query import budgets
from watchkeeper_collector.query.source import Source
from watchkeeper_collector.state.operations import Budget as StoredBudget
from watchkeeper_collector.state.records import Records

Period = Literal["day", "week", "month"]


class NewBudget(BaseModel):
    """What a budget shall be."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200, examples=["Support bot in production"])]
    filter: Annotated[
        str,
        Field(
            description="Which calls count, without words to search for; empty: all of the project.",
            max_length=4096,
            examples=["environment:production feature:support"],
        ),
    ] = ""
    period: Annotated[Period, Field(description="Weeks begin on Monday.")] = "month"
    time_zone: Annotated[
        str,
        Field(
            description="In which days begin, by its IANA name.", max_length=64, examples=["Europe/Berlin"]
        ),
    ] = "UTC"
    limit_usd: Annotated[float, Field(gt=0, le=1e12, allow_inf_nan=False, examples=[500])]


class Forecast(BaseModel):
    """What the period's spend will come to. See docs/budgets.md for how it is computed."""

    expected_usd: float
    low_usd: Annotated[float, Field(description="In four of five cases it will be between this …")]
    high_usd: Annotated[float, Field(description="… and this.")]
    level: Annotated[float, Field(description="The probability that the interval is meant to have.")]
    method: Annotated[
        Literal["seasonal", "rate", "none"],
        Field(
            description="`seasonal`: by hour of the week, from two weeks on; `rate`: by the mean so far;"
            " `none`: nothing was spent yet."
        ),
    ]
    history_hours: Annotated[int, Field(description="Hours of spend that it was computed from.")]


class BudgetUse(BaseModel):
    """Where a budget stands."""

    period_start: str
    period_end: str
    spent_usd: float
    spent_ratio: Annotated[float, Field(description="Of the limit.")]
    elapsed_ratio: Annotated[float, Field(description="Of the period.")]
    unpriced_call_count: Annotated[int, Field(description="Calls of the period whose cost is not known.")]
    burn_rate_usd_per_day: Annotated[float, Field(description="Spend of the last 24 hours.")]
    exhausted_at: Annotated[
        str | None,
        Field(description="When the limit is expected to be reached; null: it was, or not in this period."),
    ]
    forecast: Forecast
    state: Annotated[
        Literal["ok", "at_risk", "over"],
        Field(description="`over`: spent; `at_risk`: expected to be by the end of the period."),
    ]


class Budget(NewBudget):
    model_config = ConfigDict(from_attributes=True, extra="ignore")

    id: str
    created_at: datetime
    updated_at: datetime
    created_by: Annotated[str, Field(description="The API key's id; empty: none.")]
    use: BudgetUse


FindUse = Callable[[str, NewBudget | StoredBudget], BudgetUse]
"""Where a budget of a project stands."""


def build_router(
    source: Source, stored: Records[StoredBudget], *, now_ns: Callable[[], int] = time.time_ns
) -> APIRouter:
    """``now_ns`` says which periods are the current ones."""
    router = APIRouter(prefix="/budgets", tags=["budgets"])

    def find_use(project: str, budget: NewBudget | StoredBudget) -> BudgetUse:
        use = budgets.compute_use(source, project, budget, now_ns())
        return BudgetUse.model_validate(use, from_attributes=True)

    _add_reading(router, stored, find_use)
    _add_changing(router, stored, find_use)
    return router


def _shown(budget: StoredBudget, use: BudgetUse) -> Budget:
    names = (*NewBudget.model_fields, "id", "created_at", "updated_at", "created_by")
    return Budget(**{name: getattr(budget, name) for name in names}, use=use)


def _add_reading(router: APIRouter, stored: Records[StoredBudget], find_use: FindUse) -> None:
    @router.get("")
    def list_budgets(caller: Reader, limit: Limit = 50, cursor: Cursor = "") -> Page[Budget]:
        """List the project's budgets, oldest first, with where they stand."""

        def shown(budget: StoredBudget) -> Budget:
            return _shown(budget, find_use(caller.project, budget))

        return page_of(stored, shown, caller.project, {}, limit=limit, cursor=cursor)

    @router.get("/{budget_id}")
    def get_budget(caller: Reader, budget_id: str) -> Budget:
        """Look at one budget and where it stands."""
        budget = stored.get(caller.project, budget_id)
        return _shown(budget, find_use(caller.project, budget))


def _add_changing(router: APIRouter, stored: Records[StoredBudget], find_use: FindUse) -> None:
    @router.post("", status_code=201)
    def create_budget(caller: Operator, budget: NewBudget) -> Budget:
        """Make a budget. Its name is the only such one of the project."""
        budgets.check_budget(budget.filter, budget.time_zone)
        use = find_use(caller.project, budget)  # before it is kept: with the store away, nothing is
        return _shown(stored.add(caller.project, caller.key_id, budget.model_dump()), use)

    @router.put("/{budget_id}")
    def replace_budget(caller: Operator, budget_id: str, budget: NewBudget) -> Budget:
        """Change a budget."""
        budgets.check_budget(budget.filter, budget.time_zone)
        use = find_use(caller.project, budget)
        return _shown(stored.replace(caller.project, budget_id, budget.model_dump()), use)

    @router.delete("/{budget_id}", status_code=204)
    def remove_budget(caller: Operator, budget_id: str) -> None:
        """Remove a budget; what was spent stays."""
        stored.remove(caller.project, budget_id)
