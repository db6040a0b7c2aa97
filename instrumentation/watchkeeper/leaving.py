"""Last chances to send, in processes that leave without ``atexit``."""

import multiprocessing
import sys
from collections.abc import Callable
from typing import Any


def flush_when_leaving(flush: Callable[[float], bool], timeout_s: float) -> None:
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
