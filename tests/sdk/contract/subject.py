"""One operation of one client, described so that the contract can be tried on it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from tests.sdk.contract.wire import Reply, Wire


@dataclass(frozen=True)
class Subject:
    """``build`` makes a client over a transport; ``call`` makes one call with it (the same line for both
    twins).
    """

    name: str
    http: Callable[[], Any]
    build: Callable[[Wire], Any] | None
    """``None`` for a client that is async alone."""
    build_async: Callable[[Wire], Any] | None
    """``None`` for a client without an async twin."""
    call: Callable[[Any], Any]
    reply: Reply
    seams: tuple[str, ...]
    """What is wrapped, as ``module:attribute.path``: for plain and for async clients."""
    attributes: Mapping[str, Any]
    """What the span must say, among other things."""
    output: str | None = None
    """A text that the answer's content has."""
    failure: Reply = field(default_factory=lambda: Reply({"error": {"message": "slow down"}}, status=429))
    failure_type: str = ""
    faces_faults: bool = True
    """Whether all our faults are tried on it: enough for one subject of each form of result."""
    partial_output: str | None = None
    """A text that is in the content when a stream is left after ``partial_chunks``."""
    partial_chunks: int = 2
    methods: tuple[str, ...] = ()
    """What the application calls, as ``seams``, where the seams are beneath that."""
    open: Callable[[Any], Any] = lambda result: result
    """What the application reads of a result: the stream in it, or the body, where that isn't the result."""
    wire_type: type[Wire] = Wire
    is_proxied: bool = False
    """Whether a proxy stands for the result, whose own iterator cannot be replaced."""
    title: str = ""
    """How the span's name begins, where that isn't its operation."""
    duration: str = "gen_ai.client.operation.duration"
    """The metric that counts it."""
    has_content: bool = True
    """Whether anything of it counts as content."""
    warnings: tuple[str, ...] = ()
    """What the client warns of by itself, as pytest's filters."""

    @property
    def is_stream(self) -> bool:
        return bool(self.reply.chunks)

    def wire(self, reply: Reply | None = None) -> Wire:
        return self.wire_type(self.http(), reply or self.reply)

    def originals(self) -> list[Any]:
        """What stands at the seams now, in the owners' own namespaces."""
        return [vars(owner).get(name) for owner, name in map(find_owner, self.seams)]


def find_owner(seam: str) -> tuple[Any, str]:
    module, _, path = seam.partition(":")
    owner: Any = import_module(module)
    *parents, name = path.split(".")
    for parent in parents:
        owner = getattr(owner, parent)
    return owner, name
