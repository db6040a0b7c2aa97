"""Carrying labels and the current span into threads and executors, which start with an empty context."""

import functools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from opentelemetry.context import Context, attach, get_current

from watchkeeper.labels import detach
from watchkeeper.patching import Patch, patch
from watchkeeper.recorder import Recorder


def carry(recorder: Recorder) -> list[Patch]:
    """Have new threads and submitted functions run in the context they were started from."""
    return [
        patch(threading.Thread, "start", functools.partial(_carrying_start, recorder)),
        patch(ThreadPoolExecutor, "submit", functools.partial(_carrying_submit, recorder)),
    ]


def _carrying_start(recorder: Recorder, start: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(start)
    def start_carrying(self: threading.Thread) -> Any:
        if recorder.is_active and (context := get_current()):
            self.run = _within(context, self.run)  # type: ignore[method-assign]
        return start(self)

    return start_carrying


def _carrying_submit(recorder: Recorder, submit: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(submit)
    def submit_carrying(self: Any, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        if recorder.is_active and (context := get_current()):
            function = _within(context, function)
        return submit(self, function, *args, **kwargs)

    return submit_carrying


def _within(context: Context, function: Callable[..., Any]) -> Callable[..., Any]:
    def run(*args: Any, **kwargs: Any) -> Any:
        token = attach(context)
        try:
            return function(*args, **kwargs)
        finally:
            detach(token)

    return run
