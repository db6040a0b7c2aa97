"""``watchkeeper migrate``: the schema of both stores, brought up to this version."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from watchkeeper_collector.cli import options
from watchkeeper_collector.cli.console import print_line, say
from watchkeeper_collector.cli.failures import CommandFailedError
from watchkeeper_collector.cli.manual import add_command

if TYPE_CHECKING:
    from watchkeeper_collector.settings import Settings
    from watchkeeper_collector.state.state import State
    from watchkeeper_collector.store.layout import Layout
    from watchkeeper_collector.store.migration import Plan

LEASE_S = 600.0


def add_to(program: typer.Typer) -> None:
    add_command(program, "migrate", bring_up_to_date)


def bring_up_to_date(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the SQL that ClickHouse would get, and change nothing.")
    ] = False,
    data: options.Data = None,
    dsn: options.Dsn = None,
    state_dsn: options.StateDsn = None,
    config: options.Config = None,
) -> None:
    """Bring the schema of ClickHouse and of the state store up to this version.

    A collector does this when it starts; the command is for whoever wants to see or do it before. It prints
    what was applied. The embedded engine has one user at a time: stop the collector first.

    $ watchkeeper migrate --dry-run
    $ watchkeeper migrate --dsn clickhouse://user:password@clickhouse:8123/watchkeeper
    """
    from watchkeeper_collector.settings import load_settings  # noqa: PLC0415 - slow, for --help

    settings = load_settings(config, data_dir=data, dsn=dsn, state_dsn=state_dsn)
    if dry_run:
        _print_plan(settings)
    else:
        _migrate(settings)


def _print_plan(settings: "Settings") -> None:
    layout = _known_layout(settings)
    plan = _build_plan(settings, layout)
    for statement in plan.statements(layout):
        print_line(f"{statement};\n")
    say(f"{len(plan.pending)} migrations to apply, {len(plan.changes)} views and retentions to change.")


def _known_layout(settings: "Settings") -> "Layout":
    """With the retentions of projects, as far as the state store is there and has them."""
    from watchkeeper_collector.app import build_layout  # noqa: PLC0415 - slow, for --help
    from watchkeeper_collector.app.keeping import with_retentions  # noqa: PLC0415
    from watchkeeper_collector.errors import StateUnavailableError  # noqa: PLC0415
    from watchkeeper_collector.state.state import State  # noqa: PLC0415

    layout = build_layout(settings)
    if not (settings.state_dsn or (settings.data_dir / "state.db").exists()):
        return layout
    with closing(State(settings.state_url)) as state:
        try:
            return with_retentions(layout, state.retentions.list())
        except StateUnavailableError:  # it is older than retentions, or away: then there is none to show
            return layout


def _build_plan(settings: "Settings", layout: "Layout") -> "Plan":
    """What is to be done. An embedded engine that isn't there yet is not made for that."""
    from watchkeeper_collector.store.client import Store  # noqa: PLC0415
    from watchkeeper_collector.store.migration import Plan, build_plan  # noqa: PLC0415
    from watchkeeper_collector.store.schema import load_migrations  # noqa: PLC0415

    store = Store(settings.store_dsn)
    if store.is_embedded and not Path(urlsplit(settings.store_dsn).path).is_dir():
        return Plan(list(load_migrations()))
    with closing(store):
        return build_plan(store, layout)


def _migrate(settings: "Settings") -> None:
    from watchkeeper_collector.app import build_layout  # noqa: PLC0415 - slow, for --help
    from watchkeeper_collector.app.keeping import with_retentions  # noqa: PLC0415
    from watchkeeper_collector.state.state import State  # noqa: PLC0415
    from watchkeeper_collector.store.client import Store  # noqa: PLC0415
    from watchkeeper_collector.store.migration import migrate  # noqa: PLC0415

    with closing(State(settings.state_url)) as state, closing(Store(settings.store_dsn)) as store:
        applied = [f"state {label}" for label in state.migrate()]
        layout = with_retentions(build_layout(settings), state.retentions.list())
        with _alone(state):
            applied += [f"clickhouse {label}" for label in migrate(store, layout)]
    for line in applied:
        print_line(line)
    say(f"{len(applied)} applied." if applied else "Nothing to apply: both stores are up to date.")


@contextmanager
def _alone(state: "State") -> Iterator[None]:
    """The lease that collectors take too when they start."""
    lease = state.lease("migration", ttl_s=LEASE_S)
    if not lease.acquire():
        raise CommandFailedError("A collector migrates this store right now. Wait until it is done.")
    try:
        yield
    finally:
        lease.release()
