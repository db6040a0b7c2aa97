"""Loads the operator's file, and says everything that is wrong with it at once, each with its place."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from watchkeeper_collector.alerts.documents import (
    Document,
    Fault,
    Faults,
    explain,
    read_document,
    render_faults,
)
from watchkeeper_collector.alerts.documents import Path as Place
from watchkeeper_collector.alerts.notify.building import build_inhibitions, build_intervals, build_tree
from watchkeeper_collector.alerts.notify.channels.catalogue import CHANNELS, secret_fields
from watchkeeper_collector.alerts.notify.configuration import Receiver, build_receiver
from watchkeeper_collector.alerts.notify.document import FileDocument, RouteDocument, name_channel_fields
from watchkeeper_collector.alerts.notify.routing.inhibition import InhibitRule
from watchkeeper_collector.alerts.notify.routing.routes import Route
from watchkeeper_collector.errors import ConfigurationError

HIDDEN = "…"
MOST_SECRET_BYTES = 16 << 10


@dataclass(frozen=True, slots=True)
class FileConfiguration:
    """What the file says, and the files that it names, whose change is a change too."""

    root: Route
    receivers: tuple[Receiver, ...]
    inhibitions: tuple[InhibitRule, ...]
    files: tuple[Path, ...] = field(default=())


def load_configuration(path: Path, environment: Mapping[str, str]) -> FileConfiguration:
    """Raises ``ConfigurationError`` with a line for everything that is wrong."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"The file '{path}' of receivers and routes can't be read: {error}."
        ) from error
    document, found = read_document(text, path.name)
    if document is None:
        raise _wrong(path, found)
    faults = Faults(document)
    files = _fill_secrets(document, faults, path.parent, environment)
    model = _read(document, faults)
    if model is not None:
        _check_names(model, faults)
    if model is None or found or faults.found:
        raise _wrong(path, [*found, *faults.found])
    receivers = tuple(build_receiver("", one.name, list(one.channels())) for one in model.receivers)
    root = build_tree(model.route, build_intervals(model.time_intervals))
    return FileConfiguration(root, receivers, build_inhibitions(model.inhibit_rules), tuple(files))


def _wrong(path: Path, faults: list[Fault]) -> ConfigurationError:
    lines = "\n".join(f"  {line}" for line in render_faults(faults))
    return ConfigurationError(f"The file '{path}' of receivers and routes is wrong:\n{lines}")


def _read(document: Document, faults: Faults) -> FileDocument | None:
    """As the model; an error never shows what stands in a secret's place."""
    try:
        return FileDocument.model_validate(document.content if document.content is not None else {})
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            path: Place = tuple(problem["loc"])
            hidden = {"input": HIDDEN} if _is_secret(path) else {}
            is_name = problem["type"] == "extra_forbidden"
            faults.note(path, explain({**problem, **hidden}, FileDocument), is_name=is_name)
        return None


def _is_secret(path: Place) -> bool:
    """Everything within a receiver is taken for one: who mistypes a key's name has its value there too."""
    return path[:1] == ("receivers",) and len(path) > 3


# --- secrets


def _fill_secrets(
    document: Document, faults: Faults, folder: Path, environment: Mapping[str, str]
) -> list[Path]:
    """Put what ``<secret>_file`` and ``<secret>_env`` name into their places. The files read."""
    files: list[Path] = []
    for place, channel, kind in _channels(document.content):
        known = secret_fields(CHANNELS[kind]) if kind in CHANNELS else frozenset()
        for name in list(channel):
            secret, _, source = name.rpartition("_")
            if source not in ("file", "env") or secret not in known:
                continue
            named = str(channel.pop(name))
            read: Callable[[], str]
            if source == "file":
                files.append(folder / named)
                read = _reading_file(folder / named)
            else:
                read = _reading_variable(environment, named)
            try:
                channel.setdefault(secret, read())
            except ValueError as error:
                faults.note((*place, name), str(error))
                channel.setdefault(secret, None)
    return files


def _channels(content: Any) -> Iterator[tuple[Place, dict[str, Any], str]]:
    receivers = content.get("receivers") if isinstance(content, dict) else None
    for number, receiver in enumerate(receivers if isinstance(receivers, list) else ()):
        if isinstance(receiver, dict):
            for name, kind, place, channel in name_channel_fields(receiver):
                yield ("receivers", number, name, place), channel, kind


def _reading_file(path: Path) -> Callable[[], str]:
    def read() -> str:
        try:
            with path.open("rb") as file:
                return file.read(MOST_SECRET_BYTES).decode("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
            raise ValueError(f"The secret's file '{path}' can't be read: {reason}.") from None

    return read


def _reading_variable(environment: Mapping[str, str], name: str) -> Callable[[], str]:
    def read() -> str:
        if name not in environment:
            raise ValueError(f"The environment has no variable '{name[:100]}'.")
        return environment[name].strip()

    return read


# --- what refers to what


def _check_names(model: FileDocument, faults: Faults) -> None:
    receivers = {receiver.name for receiver in model.receivers}
    intervals = {interval.name for interval in model.time_intervals}
    _check_unique("receivers", [receiver.name for receiver in model.receivers], faults)
    _check_unique("time_intervals", [interval.name for interval in model.time_intervals], faults)
    if model.route.matchers:
        faults.note(("route", "matchers"), "The first route takes every alert: it has no matchers.")
    for place, route in walk_routes(model.route, ("route",)):
        if route.receiver is not None and route.receiver not in receivers:
            known = ", ".join(sorted(receivers)) or "none"
            faults.note((*place, "receiver"), f"There is no receiver '{route.receiver}'. There is: {known}.")
        for name in ("mute_time_intervals", "active_time_intervals"):
            for number, interval in enumerate(getattr(route, name)):
                if interval not in intervals:
                    faults.note((*place, name, number), f"There is no time interval '{interval}'.")


def _check_unique(field_name: str, names: list[str], faults: Faults) -> None:
    for number, name in enumerate(names):
        if name in names[:number]:
            faults.note((field_name, number, "name"), f"The name '{name}' is taken already.")


def walk_routes(route: RouteDocument, place: Place) -> Iterator[tuple[Place, RouteDocument]]:
    yield place, route
    for number, child in enumerate(route.routes):
        yield from walk_routes(child, (*place, "routes", number))
