"""``watchkeeper.register()``: a client of one's own, recorded like the built-in ones."""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from watchkeeper.call import Call, Endpoint, receive
from watchkeeper.patching import Patch, patch, traced
from watchkeeper.reading import Reader
from watchkeeper.recorder import Recorder


def register_method(recorder: Recorder, owner: Any, method: str, reader: Reader, endpoint: Endpoint) -> Patch:
    """Wrap ``owner.method``, of a class or a module; its reader is given the arguments by their names."""
    signature = inspect.signature(inspect.unwrap(getattr(owner, method)))

    def begin(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Call | None:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        arguments = {name: value for name, value in bound.arguments.items() if name != "self"}
        return recorder.begin(reader, endpoint, _flattened(signature, arguments), receive)

    return patch(owner, method, functools.partial(_traced, begin, recorder))


def _traced(begin: Any, recorder: Recorder, method: Callable[..., Any]) -> Callable[..., Any]:
    return traced(method, begin, recorder.guard)


def _flattened(signature: inspect.Signature, arguments: dict[str, Any]) -> dict[str, Any]:
    """Arguments with those of ``**kwargs`` among them."""
    for name, parameter in signature.parameters.items():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            arguments |= arguments.pop(name, {})
    return arguments
