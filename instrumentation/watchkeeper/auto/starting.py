"""What ``sitecustomize`` calls inside the program."""

from watchkeeper.instrumentation import open_handle


def start() -> None:
    """Record by the settings of the environment, until the program says its own."""
    open_handle({}, is_automatic=True)
