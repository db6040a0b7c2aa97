"""Signs of life while something takes long: on a terminal, never in a pipe."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def working(title: str) -> Iterator[None]:
    """A turning sign beside the title."""
    from rich.console import Console  # noqa: PLC0415 - slow, and --help has no use for it

    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(title):
        yield


@contextmanager
def counting(title: str) -> Iterator[Callable[[float], None]]:
    """A bar; it is told the share that is done."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(title, total=1.0)
        yield lambda share: progress.update(task, completed=share)
