"""``watchkeeper projects``: what telemetry and keys belong to, straight in the state store."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from watchkeeper_collector.cli import options
from watchkeeper_collector.cli.console import Column, print_json, print_table, say
from watchkeeper_collector.cli.manual import add_group
from watchkeeper_collector.cli.moments import render_time
from watchkeeper_collector.cli.state_store import open_state

if TYPE_CHECKING:
    from watchkeeper_collector.state.keys import ApiKey
    from watchkeeper_collector.state.projects import Project

HELP = """Projects: teams that share a collector and see nothing of each other.

A key belongs to one project, and so does everything that is sent or asked with it.
"""
COLUMNS = (
    Column("PROJECT"),
    Column("NAME", is_flexible=True),
    Column("MADE"),
    Column("KEYS", is_number=True),
)


def add_to(program: typer.Typer) -> None:
    add_group(program, "projects", HELP, create=create_project, list=list_projects)


def create_project(
    project: Annotated[
        str,
        typer.Argument(metavar="ID", help="What it is called in keys and queries: letters, digits, . _ -"),
    ],
    name: Annotated[str, typer.Option(help="What people call it.", show_default="its id")] = "",
    data: options.Data = None,
    state_dsn: options.StateDsn = None,
    config: options.Config = None,
) -> None:
    """Make a project.

    $ watchkeeper projects create checkout --name "Checkout team"
    """
    with open_state("projects create", config, data, state_dsn, makes=True) as state:
        made = state.projects.create(project, name)
    say(f"Project '{made.id}' is there. `watchkeeper keys create --project {made.id}` makes its keys.")


def list_projects(
    form: options.ListFormat = options.Format.TABLE,
    data: options.Data = None,
    state_dsn: options.StateDsn = None,
    config: options.Config = None,
) -> None:
    """List the projects, with how many keys of each are in force.

    $ watchkeeper projects list
    """
    with open_state("projects list", config, data, state_dsn) as state:
        projects, keys = state.projects.list(), state.keys.list()
    if form == options.Format.JSON:
        print_json([asdict(project) for project in projects])
        return
    rows = (_row(project, keys) for project in projects)
    print_table(COLUMNS, rows, empty="There are no projects: `watchkeeper projects create` makes one.")


def _row(project: "Project", keys: "list[ApiKey]") -> tuple[str, ...]:
    in_force = sum(key.project == project.id and key.revoked_at is None for key in keys)
    return project.id, project.name, render_time(project.created_at), str(in_force)
