"""The demo's data: whether there is some, and removing it."""

from collections.abc import Callable

from fastapi import APIRouter
from pydantic import BaseModel

from watchkeeper_collector.api.access import Admin, Reader
from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.source import Source
from watchkeeper_collector.settings import DEMO_PROJECT

COUNT = "SELECT count() FROM {database}.spans WHERE Project = {project}"


class Demo(BaseModel):
    """What the demo's project holds. No other project has any of it."""

    project: str
    spans: int


def build_router(source: Source, erase: Callable[[str], None]) -> APIRouter:
    """``erase`` removes a project's data."""
    router = APIRouter(prefix="/demo", tags=["operations"])

    @router.get("")
    def show_demo(_: Reader) -> Demo:
        """How much the demo left behind."""
        bindings = Bindings()
        sql = COUNT.replace("{database}", source.database).replace("{project}", bindings.bind(DEMO_PROJECT))
        return Demo(project=DEMO_PROJECT, spans=source.query(sql, bindings).rows[0][0])

    @router.delete("", status_code=204)
    def remove_demo(_: Admin) -> None:
        """Remove the demo's data. It was invented, and is gone for good."""
        erase(DEMO_PROJECT)

    return router
