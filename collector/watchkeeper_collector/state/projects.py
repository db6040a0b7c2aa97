"""Projects: what telemetry, keys and budgets belong to."""

import re
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, text
from sqlalchemy.exc import IntegrityError

from watchkeeper_collector.errors import ConflictError, InvalidRequestError
from watchkeeper_collector.state.database import Database
from watchkeeper_collector.state.tables import PROJECTS, UtcDateTime

PROJECT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
LONGEST_NAME = 200
INSERT_PROJECT = text(
    "INSERT INTO projects (id, name, created_at) VALUES (:id, :id, :created_at) ON CONFLICT (id) DO NOTHING"
).bindparams(bindparam("created_at", type_=UtcDateTime))


@dataclass(frozen=True, slots=True)
class Project:
    """``id`` is what rows carry, ``name`` is for people."""

    id: str
    name: str
    created_at: datetime


class Projects:
    """The projects of one state store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self) -> list[Project]:
        with self._database.read() as connection:
            rows = connection.execute(select(PROJECTS).order_by(PROJECTS.c.id)).mappings()
            return [Project(**row) for row in rows]

    def create(self, project: str, name: str = "") -> Project:
        """Make a project. Raises ``InvalidRequestError`` for a bad id or name, ``ConflictError`` for one that
        there is."""
        check_project(project)
        if len(name) > LONGEST_NAME or not name.isprintable():
            raise InvalidRequestError(
                f"{name[:LONGEST_NAME]!r} can't name a project. Expected up to {LONGEST_NAME} characters."
            )
        try:
            with self._database.write() as connection:
                made = Project(project, name or project, self._database.now(connection))
                connection.execute(insert(PROJECTS).values(**asdict(made)))
        except IntegrityError:
            raise ConflictError(f"There is a project '{project}' already.") from None
        return made

    def ensure(self, project: str) -> None:
        """Make the project unless there is one. Raises ``InvalidRequestError`` for a bad name."""
        check_project(project)
        with self._database.write() as connection:
            insert_project(connection, project, self._database.now(connection))


def check_project(project: str) -> None:
    """Raise ``InvalidRequestError`` unless the text can name a project."""
    if not PROJECT_ID.fullmatch(project):
        raise InvalidRequestError(
            f"'{project}' can't name a project. Expected 1 to 63 letters, digits, '.', '_' or '-',"
            " the first a letter or digit."
        )


def insert_project(connection: Connection, project: str, now: datetime) -> None:
    """Make the project unless there is one, within the caller's transaction."""
    connection.execute(INSERT_PROJECT, {"id": project, "created_at": now})
