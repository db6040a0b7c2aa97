"""Last chances to send, in processes that leave without ``atexit``."""

import multiprocessing
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial, wraps
from typing import Any

from watchkeeper.patching import Patch, patch

Flush = Callable[[float], bool]
SERVER = "uvicorn.server"


def flush_when_leaving(flush: Flush, timeout_s: float) -> None:
    """Have ``flush(timeout_s)`` called when this process leaves, if it is a worker of a known kind.

    Looks at what is imported already: what isn't has started nothing.
    """
    if "multiprocessing.util" in sys.modules and multiprocessing.parent_process() is not None:
        from multiprocessing.util import Finalize  # noqa: PLC0415 - it is there, and nobody else needs it

        Finalize(None, flush, args=(timeout_s,), exitpriority=100)
    if signals := sys.modules.get("celery.signals"):

        def flush_worker(**_: Any) -> None:
            flush(timeout_s)

        signals.worker_process_shutdown.connect(flush_worker, weak=False)


def flush_when_served(flush: Flush, timeout_s: float) -> list[Patch]:
    """Have it called at the end of uvicorn's own shutdown, after which the server ends by the signal that
    asked for it, and so without ``atexit``.
    """
    return [patch(sys.modules[SERVER].Server, "shutdown", partial(_flushing, flush, timeout_s))]


def _flushing(flush: Flush, timeout_s: float, shutdown: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(shutdown)
    async def shut_down(*args: Any, **kwargs: Any) -> Any:
        import asyncio  # noqa: PLC0415 - it is there, and others do without it

        try:
            return await shutdown(*args, **kwargs)
        finally:
            with suppress(RuntimeError):  # no new threads any more
                await asyncio.to_thread(flush, timeout_s)

    return shut_down
