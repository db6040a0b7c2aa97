"""Every setting of the collector, in one frozen object built at the edge.

Order of precedence: command-line flags, then ``WATCHKEEPER_*`` variables, then the TOML file
(``--config``, else ``WATCHKEEPER_CONFIG``, else ``./watchkeeper.toml`` if there is one), then the
defaults below. The table in ``docs/settings.md`` is generated from this class.
"""

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from watchkeeper_collector.certificates import Certificates
from watchkeeper_collector.errors import ConfigurationError
from watchkeeper_collector.sealing import KeyChain, load_key_file, read_keys

CONFIG_VARIABLE = "WATCHKEEPER_CONFIG"
DEMO_PROJECT = "demo"
"""Where `up --demo` sends, so that its data can be told from others' and removed."""
DEFAULT_CONFIG = Path("watchkeeper.toml")


def read_list(value: object) -> object:
    """A text of an environment variable becomes the parts between its commas."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


class Settings(BaseSettings):
    """The collector's settings. Sizes are bytes, times seconds, unless the name says otherwise."""

    model_config = SettingsConfigDict(env_prefix="WATCHKEEPER_", frozen=True, extra="forbid")

    # Absolute from the start: loading the embedded engine changes the process's folder for a moment.
    data_dir: Annotated[Path, AfterValidator(Path.absolute)] = Field(
        Path("watchkeeper-data"),
        validate_default=True,
        description="Folder of the embedded engine, the spool and the state file.",
    )
    dsn: str = Field(
        "",
        description=(
            "ClickHouse: `chdb:///path` (embedded), "
            "`clickhouse://user:password@host:8123/database` or `clickhouses://` (TLS); "
            "without a database it is `watchkeeper`. Empty: embedded, under the data folder."
        ),
    )
    state_dsn: str = Field(
        "",
        description=(
            "Relational store: an SQLAlchemy URL, SQLite or PostgreSQL. Empty: an SQLite file "
            "under the data folder."
        ),
    )
    encryption_key_file: Path | None = Field(
        None,
        description=(
            "Keys that the embedded store, the spool and the dead letters are encrypted with: a file that"
            " only its owner can read, a line `<id>:<64 hexadecimal digits>` for each key, the newest last."
        ),
    )
    encryption_keys: SecretStr = Field(
        SecretStr(""),
        description="The same keys with commas between them, for an environment variable in place of a file.",
    )
    cluster: str = Field(
        "",
        description=(
            "Name of the ClickHouse cluster; makes migrations use Replicated and Distributed engines."
        ),
    )
    host: str = Field(
        "127.0.0.1",
        description="Address that both doors listen on.",
    )
    http_port: int = Field(
        4318,
        ge=0,
        le=65535,
        description="OTLP/HTTP, REST API, health and metrics. 0 takes a free port.",
    )
    grpc_port: int = Field(
        4317,
        ge=0,
        le=65535,
        description="OTLP/gRPC. 0 takes a free port.",
    )
    backup_target: str = Field(
        "",
        description=(
            "Where a ClickHouse server writes backups, as its SQL says it, with `{name}` for theirs:"
            " `Disk('backups', '{name}')`. The embedded engine's go into the backup's own folder."
        ),
    )
    tls_cert_file: Path | None = Field(
        None,
        description="Certificate chain in PEM that both doors show: then they speak TLS and nothing else.",
    )
    tls_key_file: Path | None = Field(
        None,
        description="The certificate's key in PEM, without a password. All three are read anew when changed.",
    )
    tls_client_ca_file: Path | None = Field(
        None,
        description="Authorities in PEM: only clients with a certificate of theirs are served (mutual TLS).",
    )
    insecure: bool = Field(
        default=False,
        description=(
            "Serve everybody although no API key exists: on an address that other machines reach,"
            " and without a look at `Host` and `Origin`."
        ),
    )
    row_policies: bool = Field(
        default=False,
        description=(
            "On a ClickHouse server, put people's questions by a user of its own in a role of their project,"
            " whose row policies leave only its rows. The DSN's user needs a password and"
            " `access_management`."
        ),
    )
    oidc_issuer: str = Field(
        "",
        description=(
            "OpenID Connect provider, as it names itself (`https://…`): people sign in through it, and"
            " nobody is served without a key or a token. Empty: keys alone."
        ),
    )
    oidc_client_id: str = Field(
        "",
        description="What the provider knows Watchkeeper as; the audience that tokens must be for.",
    )
    oidc_client_secret_file: Path | None = Field(
        None,
        description="File with the secret that the dashboard signs people in with, and nothing else.",
    )
    oidc_groups_claim: str = Field(
        "groups",
        description="Claim of a token that lists the groups of its person.",
    )
    oidc_name_claim: str = Field(
        "email",
        description="Claim that names the person in the audit; `sub` where a token lacks it.",
    )
    oidc_grants: dict[str, str] = Field(
        {},
        description=(
            "What groups may do, as `project:role` with blanks between several: roles are viewer, analyst,"
            " responder, admin; the project `*` is every one. `[oidc_grants]` with `checkout-team ="
            ' "checkout:analyst"` in the file, JSON in the environment.'
        ),
    )
    default_project: str = Field(
        "default",
        description=(
            "The operators' project: that of requests without a key, on loopback while no key exists, and the"
            " one whose keys see figures of the whole collector."
        ),
    )
    metrics_need_key: bool = Field(
        default=False,
        description=(
            "Answer `/metrics` only with a key of the operators' project. Without, whoever reaches the port"
            " sees what all projects together send."
        ),
    )
    max_request_bytes: int = Field(
        64 << 20,
        gt=0,
        description="Largest request after decompression.",
    )
    max_request_elements: int = Field(
        250_000,
        gt=0,
        description=(
            "Most repeated elements (spans, attributes, events, …) in one request, at all depths together."
        ),
    )
    max_attribute_bytes: int = Field(
        1 << 20,
        gt=0,
        description="Largest attribute value; content beyond it is cut inside its string parts.",
    )
    commit_window_ms: float = Field(
        10.0,
        ge=0,
        description="Longest wait for other requests to share one fsync.",
    )
    segment_bytes: int = Field(
        32 << 20,
        gt=0,
        description="A spool segment is closed at this size …",
    )
    segment_age_s: float = Field(
        1.0,
        gt=0,
        description="… or at this age, whichever comes first.",
    )
    spool_quota_bytes: int = Field(
        10 << 30,
        gt=0,
        description="Disk the spool may use before senders are told to wait.",
    )
    disk_reserve_bytes: int = Field(
        512 << 20,
        ge=0,
        description="Free disk that is left alone: with less, senders wait; the store stops at half of it.",
    )
    retry_window_s: float = Field(
        600.0,
        ge=0,
        description="An identical request body within this time is a retry and is stored once.",
    )
    rate_limit_spans_per_s: float = Field(
        0.0,
        ge=0,
        description=(
            "Spans, log records and data points a second that one API key may send, on average. 0: no limit."
        ),
    )
    rate_limit_bytes_per_s: float = Field(
        0.0,
        ge=0,
        description="Bytes a second that one API key may send, as they arrive, on average. 0: no limit.",
    )
    redaction: dict[str, Any] = Field(
        default={},
        description=(
            "What is redacted of the telemetry of projects that set no policy of their own, as"
            " `PUT /redaction` takes it; in a variable as JSON. Empty: nothing."
        ),
    )
    redaction_key: str = Field(
        "",
        repr=False,
        description=(
            "Secret that values are hashed under, the same on all collectors. Empty: one is made and kept"
            " in the state store."
        ),
    )
    shutdown_timeout_s: float = Field(
        30.0,
        gt=0,
        description=(
            "Longest time from SIGTERM to the end: requests under way, then the spool into the "
            "store. What is left waits on disk for the next start."
        ),
    )
    settle_interval_s: float = Field(
        5.0,
        gt=0,
        description="Pause between two rounds of the settling worker.",
    )
    query_timeout_s: float = Field(
        30.0,
        gt=0,
        description="Longest run time of one query.",
    )
    query_memory_bytes: int = Field(
        4 << 30,
        gt=0,
        description="Most memory of one query.",
    )
    alerts_enabled: bool = Field(
        default=True,
        description="Evaluate alert rules and notify.",
    )
    drift_enabled: bool = Field(
        default=True,
        description="Check every window for drift once it is over.",
    )
    drift_window_s: int = Field(
        3_600,
        ge=60,
        le=86_400,
        description="Length of a window that is checked for drift; days are checked beside.",
    )
    drift_baseline_days: float = Field(
        7.0,
        gt=0,
        le=400,
        description="Days before a window that it is compared with, until the same hours of weeks are known.",
    )
    alert_rules: Annotated[tuple[str, ...], NoDecode, BeforeValidator(read_list)] = Field(
        ("default",),
        description=(
            "Alert rules: files, folders and globs, in a variable with commas between them. `default` are"
            " the rules that come with Watchkeeper."
        ),
    )
    alerts_config: Path | None = Field(
        None,
        description="File that says whom alerts go to: route, receivers, inhibition, times. Empty: nobody.",
    )
    public_url: str = Field(
        "",
        description=(
            "Where people find the dashboard (`https://watchkeeper.example.com`): notifications link to it."
        ),
    )
    public_api_url: str = Field(
        "",
        description=(
            "Where people reach this API (`https://api.watchkeeper.example.com`): notifications have a link"
            " that acknowledges. Empty: they have none."
        ),
    )
    egress_allow: Annotated[tuple[str, ...], NoDecode, BeforeValidator(read_list)] = Field(
        (),
        description=(
            "Hosts (`alertmanager.internal`, `*.internal`) and networks (`10.0.0.0/8`) off the public"
            " internet that notifications may go to."
        ),
    )
    egress_proxy: SecretStr = Field(
        SecretStr(""),
        description="HTTP proxy of notifications (`http://user:password@proxy:3128`); no variable is obeyed.",
    )
    egress_ca_file: Path | None = Field(
        None,
        description="Certificates of authorities that notifications trust beside the system's.",
    )
    content_retention_days: int = Field(
        30,
        gt=0,
        description="Days that prompts and answers are kept.",
    )
    span_retention_days: int = Field(
        90,
        gt=0,
        description="Days that spans, logs and metrics are kept.",
    )
    aggregate_retention_days: int = Field(
        400,
        gt=0,
        description="Days that roll-ups and scores are kept.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (
            init_settings,
            env_settings,
            TomlConfigSettingsSource(settings_cls, _config_file(init_settings)),
        )

    @property
    def store_dsn(self) -> str:
        """The DSN in force: the given one, else the embedded engine under the data folder, with its keys."""
        dsn = self.dsn or f"chdb://{(self.data_dir / 'clickhouse').resolve()}"
        key_file = self.encryption_key_file and self.encryption_key_file.absolute()
        keys = {"encryption_key_file": key_file, "encryption_keys": self.encryption_keys.get_secret_value()}
        given = {name: str(value) for name, value in keys.items() if value}
        return f"{dsn}?{urlencode(given)}" if given and dsn.startswith("chdb:") else dsn

    @property
    def chain(self) -> KeyChain | None:
        """The encryption keys; none: nothing is encrypted. Raises ``ConfigurationError``."""
        if self.encryption_key_file is not None:
            return load_key_file(self.encryption_key_file)
        keys = self.encryption_keys.get_secret_value()
        return read_keys(keys, "The setting `encryption_keys`") if keys else None

    @property
    def state_url(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.state_dsn or f"sqlite:///{(self.data_dir / 'state.db').resolve()}"

    @property
    def certificates(self) -> Certificates | None:
        """What the doors speak TLS with; none: they don't. Raises ``ConfigurationError``."""
        if self.tls_cert_file is None and self.tls_key_file is None and self.tls_client_ca_file is None:
            return None
        if self.tls_cert_file is None or self.tls_key_file is None:
            raise ConfigurationError("TLS needs both `tls_cert_file` and `tls_key_file`.")
        return Certificates(self.tls_cert_file, self.tls_key_file, self.tls_client_ca_file)

    @property
    def backups_dir(self) -> Path:
        """Where a running collector makes backups."""
        return self.data_dir / "backups"

    @property
    def spool_dir(self) -> Path:
        return self.data_dir / "spool"

    @property
    def is_loopback(self) -> bool:
        return is_loopback_name(self.host)


def is_loopback_name(name: str) -> bool:
    """Whether the name or address can only mean this machine."""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name.lower() == "localhost"


def load_settings(config: Path | None = None, **flags: Any) -> Settings:
    """Build the settings from flags (``None`` means not given), environment and TOML file.

    Raises ``ConfigurationError`` that lists every wrong setting at once.
    """
    if config is not None and not config.is_file():
        raise ConfigurationError(f"The configuration file '{config}' does not exist.")
    given = {name: value for name, value in flags.items() if value is not None}
    if config is not None:
        given["_config_file"] = config
    try:
        return Settings(**given)
    except ValidationError as error:
        lines = [
            f"  {'.'.join(map(str, e['loc']))}: {e['msg']} (got {e.get('input')!r})" for e in error.errors()
        ]
        raise ConfigurationError("These settings are wrong:\n" + "\n".join(lines)) from error


def load_environment() -> Mapping[str, str]:
    """What configuration that names a variable may read."""
    return dict(os.environ)


def _config_file(init_settings: PydanticBaseSettingsSource) -> Path | None:
    given = init_settings.init_kwargs.pop("_config_file", None)  # type: ignore[attr-defined]
    if given is not None:
        return Path(given)
    if named := os.environ.get(CONFIG_VARIABLE):
        return Path(named)
    return DEFAULT_CONFIG if DEFAULT_CONFIG.is_file() else None
