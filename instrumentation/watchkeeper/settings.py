"""Every setting of the SDK, in one frozen object built when ``instrument()`` is called.

An argument comes before its ``WATCHKEEPER_*`` variable, that before OpenTelemetry's own ``OTEL_*`` name, that
before the default. Nothing below this module reads the environment.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from math import isfinite
from re import fullmatch
from typing import Any, Literal, get_args
from urllib.parse import unquote

from watchkeeper.redaction import Policy, PolicyError, read_policy

Capture = Literal["none", "sampled", "all"]
Protocol = Literal["http/protobuf", "grpc"]
Compression = Literal["none", "gzip"]
Redact = bool | str | Sequence[str] | Mapping[str, str] | Policy | Callable[[str], str]
"""What ``watchkeeper.redaction.read_policy`` reads."""

CHOICES = {
    name: get_args(kind)
    for name, kind in (("capture", Capture), ("protocol", Protocol), ("compression", Compression))
}
CONTENT_SETTINGS = frozenset({"capture", "sample_ratio", "redact", "redact_key", "redact_labels"})
SECRET = frozenset({"api_key", "headers", "redact_key"})
POSITIVE = frozenset(
    {"queue_bytes", "request_bytes", "content_bytes", "export_interval_s", "metrics_interval_s", "timeout_s"}
)
"""Numbers that cannot be zero either."""
DEFAULT_ENDPOINT = "http://localhost:4318"
TRUE = frozenset({"1", "true", "yes", "on"})


class SettingError(ValueError):
    """A setting that cannot be understood: what was given, what was expected."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The SDK's settings. Sizes are bytes, times seconds, unless the name says otherwise."""

    service_name: str = ""
    endpoint: str = DEFAULT_ENDPOINT
    """Base URL of the collector; ``/v1/traces`` and the other paths are appended."""
    traces_endpoint: str = ""
    """The whole URL for spans, where it is not under ``endpoint``."""
    protocol: Protocol = "http/protobuf"
    api_key: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    certificate: str = ""
    client_certificate: str = ""
    client_key: str = ""
    compression: Compression = "none"
    dashboard: str = "http://localhost:8501"
    environment: str = ""
    release: str = ""
    resource: Mapping[str, str] = field(default_factory=dict)
    capture: Capture = "sampled"
    sample_ratio: float = 0.1
    """Share of traces whose content is kept when ``capture`` is ``sampled``."""
    slow_s: float = 30.0
    """A call that takes as long keeps its content."""
    dear_usd: float = 0.10
    """A call that costs as much keeps its content."""
    redact: Policy = field(default_factory=Policy)
    """What is taken out of content on the exporting thread; where that fails, the content is dropped."""
    redact_key: str = field(default="", repr=False)
    """Makes the digests of hashed values: the same in every process whose values are to be joined."""
    redact_labels: bool = False
    """Redact users, sessions, tags and the application's other attributes of our spans as content is."""
    providers: tuple[str, ...] | None = None
    """Names of the clients to instrument; ``None`` means all that are installed."""
    set_global: bool = False
    """Make our tracer provider the application's, which then needs no set-up of its own."""
    metrics: bool = True
    queue_bytes: int = 32 << 20
    """Memory for spans that wait for the collector; beyond it the oldest are dropped and counted."""
    request_bytes: int = 4 << 20
    """Largest request to the collector, before compression."""
    content_bytes: int = 1 << 20
    """Largest content attribute; longer texts inside it are cut."""
    export_interval_s: float = 1.0
    metrics_interval_s: float = 60.0
    timeout_s: float = 10.0
    """Longest wait for one answer of the collector."""
    exit_timeout_s: float = 3.0
    """Longest wait for the last spans when the process exits."""
    disabled: bool = False
    strict: bool = False
    """Let faults of the SDK itself reach the application: for tests."""


DEFAULTS = Settings()
VARIABLES: Mapping[str, tuple[str, ...]] = {
    "service_name": ("OTEL_SERVICE_NAME",),
    "endpoint": ("OTEL_EXPORTER_OTLP_ENDPOINT",),
    "traces_endpoint": ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",),
    "protocol": ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"),
    "headers": ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"),
    "certificate": ("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "OTEL_EXPORTER_OTLP_CERTIFICATE"),
    "client_certificate": (
        "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE",
        "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
    ),
    "compression": ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "OTEL_EXPORTER_OTLP_COMPRESSION"),
    "client_key": ("OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", "OTEL_EXPORTER_OTLP_CLIENT_KEY"),
    "resource": ("OTEL_RESOURCE_ATTRIBUTES",),
    "disabled": ("OTEL_SDK_DISABLED",),
}
"""OpenTelemetry's names, each after our own ``WATCHKEEPER_<FIELD>``."""


def read_settings(arguments: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from arguments (``None`` means not given) and the environment (the process' own by default).

    Raises ``SettingError`` with every wrong setting at once.
    """
    values, wrong = _find_all(arguments, os.environ if environ is None else environ)
    if wrong:
        raise SettingError("watchkeeper.instrument(): " + " ".join(wrong.values()))
    return Settings(**values)


def read_usable_settings(
    arguments: Mapping[str, Any], environ: Mapping[str, str] | None = None
) -> tuple[Settings, str]:
    """The same with the default in the place of every wrong setting, and what is wrong with them.

    Where one that decides over content cannot be understood, no content is captured: it may have been meant
    to keep content back.
    """
    values, wrong = _find_all(arguments, os.environ if environ is None else environ)
    if wrong.keys() & CONTENT_SETTINGS:
        values["capture"] = "none"
        wrong["capture"] = f"{wrong.get('capture', '')} No content is captured.".strip()
    return Settings(**values), " ".join(wrong.values())


def _find_all(
    arguments: Mapping[str, Any], environ: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """What was given, and what is wrong with the rest of it, by the setting that was meant."""
    values: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    names = [setting.name for setting in fields(Settings)]
    for name in names:
        try:
            value = _find(name, arguments, environ)
        except (TypeError, ValueError, OverflowError) as error:
            wrong[name] = str(error)
            continue
        if value is not None:
            values[name] = value
    for name in arguments.keys() - names:
        meant = next(iter(get_close_matches(str(name), names, 1)), "")
        hint = f"; did you mean '{meant}'?" if meant else "."
        wrong[meant or str(name)] = f"There is no setting '{name}'{hint}"
    return values, wrong


def _find(name: str, arguments: Mapping[str, Any], environ: Mapping[str, str]) -> Any:
    if name == "redact":
        return _find_policy(arguments, environ)
    if arguments.get(name) is not None:
        return _checked(name, name, arguments[name])
    for variable in (f"WATCHKEEPER_{name.upper()}", *VARIABLES.get(name, ())):
        if text := environ.get(variable, "").strip():
            return _checked(name, variable, _parsed(name, variable, text))
    return None


def _find_policy(arguments: Mapping[str, Any], environ: Mapping[str, str]) -> Policy:
    key = arguments.get("redact_key") or environ.get("WATCHKEEPER_REDACT_KEY", "").strip()
    source, given = "redact", arguments.get("redact")
    if given is None:
        source, given = "WATCHKEEPER_REDACT", environ.get("WATCHKEEPER_REDACT", "").strip() or None
    try:
        return read_policy(given, key if isinstance(key, str) else "")
    except PolicyError as error:
        raise SettingError(f"{source} is {given!r}, but this is no policy: {error}") from None


def _parsed(name: str, variable: str, text: str) -> Any:
    default = getattr(DEFAULTS, name)
    if name == "providers":
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if isinstance(default, Mapping):
        return dict(_pairs(text))
    if isinstance(default, bool):
        return text.lower() in TRUE
    try:
        return type(default)(text)
    except ValueError:
        kind = "a whole number" if isinstance(default, int) else "a number"
        raise SettingError(f"{variable} is '{text}', but {kind} is expected.") from None


def _pairs(text: str) -> list[tuple[str, str]]:
    """``a=1,b=2``, percent-encoded, as OpenTelemetry writes headers and resources."""
    pairs = (part.partition("=") for part in text.split(",") if "=" in part)
    return [(unquote(key.strip()), unquote(value.strip())) for key, _, value in pairs]


def _checked(name: str, source: str, value: Any) -> Any:
    if name == "providers":
        return _checked_names(source, value)
    choices = CHOICES.get(name)
    if choices and value not in choices:
        raise SettingError(f"{source} is {value!r}, but one of {', '.join(choices)} is expected.")
    value = _checked_kind(name, source, value)
    if isinstance(value, float | int) and (
        not isfinite(value) or value < 0 or (name in POSITIVE and not value)
    ):
        bound = "more than zero" if name in POSITIVE else "zero or more"
        raise SettingError(f"{source} is {value!r}, but a number of {bound} is expected.")
    if name == "sample_ratio" and value > 1:
        raise SettingError(f"{source} is {value!r}, but a number from 0 to 1 is expected.")
    return _checked_url(source, value) if name in ("endpoint", "dashboard") else value


def _checked_url(source: str, value: str) -> str:
    """``collector:4318`` is taken for ``http://collector:4318``."""
    url = value if "://" in value else f"http://{value}"
    if not fullmatch(r"https?://[^\s/:]+(:\d+)?(/\S*)?|http://\[[0-9a-fA-F:]+\](:\d+)?(/\S*)?", url):
        raise SettingError(f"{source} is {value!r}, but a URL such as http://localhost:4318 is expected.")
    return url.rstrip("/")


def _checked_kind(name: str, source: str, value: Any) -> Any:
    """``value`` if it is of the default's kind."""
    kinds: tuple[tuple[type, Any, str], ...] = (
        (bool, bool, "True or False"),
        (int, int, "a whole number"),
        (float, (int, float), "a number"),
        (str, str, "a text"),
        (Mapping, Mapping, "a mapping of texts"),
    )
    default = getattr(DEFAULTS, name)
    kind, accepted, expected = next(kind for kind in kinds if isinstance(default, kind[0]))
    if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
        shown = f"of type {type(value).__name__}" if name in SECRET else repr(value)
        raise SettingError(f"{source} is {shown}, but {expected} is expected.")
    if kind is Mapping:
        return {str(key): str(item) for key, item in value.items()}
    return value


def _checked_names(source: str, value: Any) -> tuple[str, ...]:
    names = (value,) if isinstance(value, str) else value
    if isinstance(names, Iterable):
        listed = tuple(names)
        if all(isinstance(name, str) for name in listed):
            return listed
    raise SettingError(f"{source} is {value!r}, but a list of names is expected.")
