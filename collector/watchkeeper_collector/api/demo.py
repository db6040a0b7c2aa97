"""The demo's data: whether there is some, and removing it."""

from collections.abc import Callable

from fastapi import APIRouter
from pydantic import BaseModel

from watchkeeper_collector.api.access import Admin, IsOperator, Reader
from watchkeeper_collector.errors import NotFoundError
from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.source import Source
from watchkeeper_collector.settings import DEMO_PROJECT
from watchkeeper_collector.state.keys import Principal

COUNT = "SELECT count() FROM {database}.spans WHERE Project = {project}"


class Demo(BaseModel):
    """What the demo's project holds. No other project has any of it."""

    project: str
    spans: int


def build_router(source: Source, erase: Callable[[str], None], is_operator: IsOperator) -> APIRouter:
    """``erase`` removes a project's data. To other projects than the operators' and its own there is none."""
    router = APIRouter(prefix="/demo", tags=["operations"])

    def may_see(caller: Principal) -> bool:
        return caller.project == DEMO_PROJECT or is_operator(caller)

    @router.get("")
    def show_demo(caller: Reader) -> Demo:
        """How much the demo left behind."""
        if not may_see(caller):
            return Demo(project=DEMO_PROJECT, spans=0)
        bindings = Bindings()
        sql = COUNT.replace("{database}", source.database).replace("{project}", bindings.bind(DEMO_PROJECT))
        return Demo(project=DEMO_PROJECT, spans=source.query(sql, bindings).rows[0][0])

    @router.delete("", status_code=204)
    def remove_demo(caller: Admin) -> None:
        """Remove the demo's data. It was invented, and is gone for good."""
        if not may_see(caller):
            raise NotFoundError("There is no data of the demo in this project.")
        erase(DEMO_PROJECT)

    return router
