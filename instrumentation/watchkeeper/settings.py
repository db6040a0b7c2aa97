"""Every setting of the SDK, in one frozen object built when ``instrument()`` is called.

An argument comes before its ``WATCHKEEPER_*`` variable, that before OpenTelemetry's own ``OTEL_*`` name, that
before the default. Nothing below this module reads the environment.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args
from urllib.parse import unquote

Capture = Literal["none", "sampled", "all"]
Protocol = Literal["http/protobuf", "grpc"]
Compression = Literal["none", "gzip"]
Redact = Callable[[str], str]

CHOICES = {
    name: get_args(kind)
    for name, kind in (("capture", Capture), ("protocol", Protocol), ("compression", Compression))
}
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
    redact: Redact | None = None
    """Applied to every text of content on the exporting thread; where it raises, the content is dropped."""
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
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    wrong: list[str] = []
    for name in (setting.name for setting in fields(Settings)):
        try:
            value = _find(name, arguments, environ)
        except (TypeError, ValueError) as error:
            wrong.append(str(error))
            continue
        if value is not None:
            values[name] = value
    if wrong:
        raise SettingError("watchkeeper.instrument(): " + " ".join(wrong))
    return Settings(**values)


def _find(name: str, arguments: Mapping[str, Any], environ: Mapping[str, str]) -> Any:
    if arguments.get(name) is not None:
        return _checked(name, name, arguments[name])
    for variable in (f"WATCHKEEPER_{name.upper()}", *VARIABLES.get(name, ())):
        if (text := environ.get(variable, "").strip()) and name != "redact":
            return _checked(name, variable, _parsed(name, variable, text))
    return None


def _parsed(name: str, variable: str, text: str) -> Any:
    default = getattr(Settings(), name)
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
    choices = CHOICES.get(name)
    if choices and value not in choices:
        raise SettingError(f"{source} is {value!r}, but one of {', '.join(choices)} is expected.")
    if name == "sample_ratio" and not 0 <= value <= 1:
        raise SettingError(f"{source} is {value!r}, but a number from 0 to 1 is expected.")
    if name == "redact" and not callable(value):
        raise SettingError(f"{source} is {value!r}, but a function from text to text is expected.")
    if name == "providers":
        return (value,) if isinstance(value, str) else tuple(value)
    return value.rstrip("/") if name in ("endpoint", "dashboard") else value
