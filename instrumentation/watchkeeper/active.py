"""What is in force in this process: the recorder, and the clients that the application registered.

Decorators are applied, ``score()`` and ``register()`` are called, where no handle is at hand: this is the
one thing they share, and the SDK's only state of module level.
"""

from collections.abc import Callable
from typing import Any

from watchkeeper.recorder import Recorder

_recorders: list[Recorder] = []
registrations: list[Callable[[Recorder], Any]] = []
"""Patches that each ``instrument()`` has to apply, as functions of its recorder."""


def recorder() -> Recorder | None:
    return _recorders[-1] if _recorders else None


def activate(recorder: Recorder) -> None:
    _recorders.append(recorder)


def deactivate(recorder: Recorder) -> None:
    recorder.is_active = False
    if recorder in _recorders:
        _recorders.remove(recorder)
