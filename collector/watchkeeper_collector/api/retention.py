"""How long the caller's project keeps what it sent, and what that takes up."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from watchkeeper_collector.api.access import Admin, Reader
from watchkeeper_collector.errors import InvalidRequestError, StoreUnavailableError
from watchkeeper_collector.state.retention import Days, Retentions
from watchkeeper_collector.store.retention import Size

MOST_DAYS = 3_650
DaysKept = Annotated[int, Field(ge=1, le=MOST_DAYS)]


class WantedDays(BaseModel):
    """Days that the project's data shall be kept."""

    model_config = ConfigDict(extra="forbid")

    content_days: Annotated[DaysKept, Field(description="Prompts and answers.")]
    span_days: Annotated[DaysKept, Field(description="Spans without them.")]
    log_days: Annotated[DaysKept, Field(description="Log records and metrics.")]


class TableSize(BaseModel):
    """What the project has in a table, in one class."""

    table: str
    kind: Annotated[str, Field(description="`content`, `spans` or `logs`: which days it is kept for.")]
    retention_class: Annotated[str, Field(description="`standard`: as the settings say.")]
    rows: int
    bytes_on_disk: Annotated[
        int, Field(description="Where other projects' rows lie beside them, their share by rows.")
    ]
    first_day: Annotated[date, Field(description="Of the oldest row.")]


class Retention(BaseModel):
    """``is_own`` is false where the days are those of the settings."""

    project: str
    is_own: bool
    content_days: int
    span_days: int
    log_days: int
    aggregate_days: Annotated[int, Field(description="Roll-ups and scores; the same for all projects.")]
    updated_at: datetime | None
    updated_by: Annotated[str, Field(description="The id of the key that changed it last.")]
    is_applied: Annotated[
        bool | None, Field(description="Whether the store keeps to it already; null: it is away.")
    ]
    sizes: Annotated[list[TableSize] | None, Field(description="Null while the store is away.")]


class Keeper:
    """``apply`` brings the store to what the state store says; ``is_applied`` tells whether it is there."""

    def __init__(
        self,
        retentions: Retentions,
        standard: Days,
        aggregate_days: int,
        *,
        apply: Callable[[], None],
        is_applied: Callable[[], bool],
        measure: Callable[[str], Sequence[Size]],
    ) -> None:
        self.retentions = retentions
        self.apply = apply
        self._standard = standard
        self._aggregate_days = aggregate_days
        self._is_applied = is_applied
        self._measure = measure

    def show(self, project: str) -> Retention:
        found = self.retentions.get(project)
        own = found.days if found else None
        is_applied: bool | None = None
        sizes: list[TableSize] | None = None
        with suppress(StoreUnavailableError):
            is_applied = self._is_applied()
            sizes = [TableSize(**asdict(size)) for size in self._measure(project)]
        return Retention(
            project=project,
            is_own=own is not None,
            **asdict(own or self._standard),
            aggregate_days=self._aggregate_days,
            updated_at=found.updated_at if found else None,
            updated_by=found.updated_by if found else "",
            is_applied=is_applied,
            sizes=sizes,
        )


def build_router(keeper: Keeper) -> APIRouter:
    router = APIRouter(prefix="/retention", tags=["retention"])

    @router.get("")
    def show_retention(caller: Reader) -> Retention:
        """How long the project keeps what it sent, and what that takes up."""
        return keeper.show(caller.project)

    @router.put("")
    def set_retention(caller: Admin, wanted: WantedDays) -> Retention:
        """Keep the project's data for other times than the settings say: what is stored, too.

        What is older than fewer days now is removed within minutes and can't be had back. More days hold for
        what came in since the project had a retention of its own; what came before goes as it would have.
        """
        if wanted.content_days > wanted.span_days:
            raise InvalidRequestError(
                f"Content can't be kept longer ({wanted.content_days} days) than the spans that it belongs to"
                f" ({wanted.span_days}): nobody would find it."
            )
        keeper.retentions.set(caller.project, caller.key_id, Days(**wanted.model_dump()))
        return _applied(caller.project)

    @router.delete("")
    def reset_retention(caller: Admin) -> Retention:
        """Keep the project's data as long as the settings say."""
        keeper.retentions.reset(caller.project, caller.key_id)
        return _applied(caller.project)

    def _applied(project: str) -> Retention:
        with suppress(
            StoreUnavailableError
        ):  # the worker does it when the store is back; `is_applied` says so
            keeper.apply()
        return keeper.show(project)

    return router
