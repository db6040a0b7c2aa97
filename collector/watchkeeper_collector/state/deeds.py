"""What somebody is about to do, known to whatever happens on the way: a request, or a command.

A deed travels in a context variable, through threads too, so that a transaction of the state store can write
down who caused it, whichever repository it is of.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["change", "read"]
Outcome = Literal["done", "refused"]
Rows = list[dict[str, Any]]


@dataclass(slots=True)
class Change:
    """Rows of one table before and after; rows that were made have no before."""

    table: str
    before: Rows
    after: Rows


@dataclass(slots=True)
class Deed:
    """``actor`` is ``key:…``, ``person:…``, ``local``, ``cli:…`` or ``link``; empty: nobody is known.

    ``project`` is empty where only the changed rows say it. ``body`` is what was sent along, not yet
    redacted, ``scope`` the right that was asked for. ``is_kept``: there is an entry about it already.
    ``is_over``: it was answered, and what still runs in its context is no part of it.
    """

    actor: str = ""
    project: str = ""
    source: str = ""
    action: str = ""
    target: Mapping[str, Any] = field(default_factory=dict)
    kind: Kind = "change"
    outcome: Outcome = "done"
    scope: str = ""
    body: Any = None
    may_read_content: bool = False
    reads_content: bool = False
    is_kept: bool = False
    is_over: bool = False
    changes: list[Change] = field(default_factory=list)


CURRENT: ContextVar[Deed | None] = ContextVar("deed", default=None)


@contextmanager
def doing(deed: Deed) -> Iterator[Deed]:
    """What happens within the block is this deed."""
    with _being(deed):
        yield deed


@contextmanager
def nobody() -> Iterator[None]:
    """What happens within the block is no deed, as when the audit itself is written."""
    with _being(None):
        yield


@contextmanager
def _being(deed: Deed | None) -> Iterator[None]:
    token = CURRENT.set(deed)
    try:
        yield
    finally:
        CURRENT.reset(token)


def note_content_read() -> None:
    """Say that the answer to this request has prompts or answers in it."""
    deed = CURRENT.get()
    if deed is not None:
        deed.reads_content = True


def forget_body() -> None:
    """Say that what was sent along is content, of which an entry holds nothing."""
    deed = CURRENT.get()
    if deed is not None:
        deed.body = None
