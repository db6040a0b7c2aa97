"""TLS on both doors: what is shown, who is let in, and a certificate that changes."""

import ssl
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import grpc
import pytest
import trustme
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpanExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter
from watchkeeper_collector.certificates import Certificates
from watchkeeper_collector.errors import ConfigurationError
from watchkeeper_collector.settings import load_settings
from watchkeeper_collector.store import connection

from tests.collector import CollectorProcess


class Authority:
    """An authority of the tests' own, and the files that a collector is given."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir()
        self.issue("localhost", "127.0.0.1")

    def issue(self, *names: str) -> None:
        """Another authority's certificate in the place of the one before."""
        self.ca = trustme.CA()
        made = self.ca.issue_cert(*names)
        self.ca.cert_pem.write_to_path(self.folder / "ca.pem")
        made.private_key_pem.write_to_path(self.folder / "key.pem")
        (self.folder / "cert.pem").write_bytes(b"".join(one.bytes() for one in made.cert_chain_pems))

    @property
    def settings(self) -> dict[str, object]:
        return {"tls_cert_file": self.folder / "cert.pem", "tls_key_file": self.folder / "key.pem"}

    def client_files(self) -> tuple[str, str]:
        """A client's certificate and key."""
        made = self.ca.issue_cert("client@example.org")
        made.cert_chain_pems[0].write_to_path(self.folder / "client.pem")
        made.private_key_pem.write_to_path(self.folder / "client-key.pem")
        return str(self.folder / "client.pem"), str(self.folder / "client-key.pem")


def ask(collector: CollectorProcess, authority: Authority, *client: str) -> int:
    context = ssl.create_default_context(cafile=str(authority.folder / "ca.pem"))
    if client:
        context.load_cert_chain(*client)
    with urllib.request.urlopen(f"{collector.http}/healthz", timeout=10, context=context) as answer:
        return int(answer.status)


def export(exporter: SpanExporter) -> None:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with provider.get_tracer("tests").start_as_current_span("chat"):
        pass
    provider.shutdown()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "tls")


def query(collector: CollectorProcess, authority: Authority) -> Any:
    context = ssl.create_default_context(cafile=str(authority.folder / "ca.pem"))
    url = f"{collector.http}/api/v1/query?measures=spans"
    try:
        with urllib.request.urlopen(url, timeout=10, context=context) as answer:
            return answer.read()
    except urllib.error.HTTPError:
        return b""


def test_both_doors_speak_tls_and_show_a_changed_certificate(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):  # the exporter's client would prefer these
        monkeypatch.delenv(name, raising=False)
    with CollectorProcess(tmp_path / "data", segment_age_s=0.05, **authority.settings) as collector:
        assert collector.http.startswith("https://")
        assert ask(collector, authority) == 200
        with pytest.raises(OSError):
            urllib.request.urlopen(collector.http.replace("https", "http"), timeout=5)
        authority_pem = authority.folder / "ca.pem"
        export(HttpSpanExporter(f"{collector.http}/v1/traces", certificate_file=str(authority_pem)))
        credentials = grpc.ssl_channel_credentials(authority_pem.read_bytes())
        export(GrpcSpanExporter(collector.grpc, credentials=credentials))
        collector.until(lambda: b'"spans":2' in query(collector, authority))

        authority.issue("127.0.0.1")  # of another authority, which alone is trusted from here on
        collector.until(lambda: is_trusted(collector, authority))
        credentials = grpc.ssl_channel_credentials(authority_pem.read_bytes())
        export(GrpcSpanExporter(collector.grpc, credentials=credentials))
        collector.until(lambda: b'"spans":3' in query(collector, authority))

        (authority.folder / "key.pem").write_text("no key", "utf-8")
        time.sleep(1.5)
        assert ask(collector, authority) == 200


def is_trusted(collector: CollectorProcess, authority: Authority) -> bool:
    try:
        return ask(collector, authority) == 200
    except urllib.error.URLError:
        return False


def test_with_an_authority_for_clients_strangers_are_not_let_in(tmp_path: Path, authority: Authority) -> None:
    settings = {**authority.settings, "tls_client_ca_file": authority.folder / "ca.pem"}
    client = authority.client_files()
    with CollectorProcess(tmp_path / "data", **settings) as collector:
        assert ask(collector, authority, *client) == 200
        with pytest.raises(OSError):
            ask(collector, authority)
        root = (authority.folder / "ca.pem").read_bytes()
        certificate, key = (Path(name).read_bytes() for name in client)
        known = grpc.ssl_channel_credentials(root, key, certificate)
        for credentials, is_served in ((known, True), (grpc.ssl_channel_credentials(root), False)):
            with grpc.secure_channel(collector.grpc, credentials) as channel:
                assert is_reached(channel) is is_served


def is_reached(channel: grpc.Channel) -> bool:
    try:
        grpc.channel_ready_future(channel).result(timeout=3)
    except grpc.FutureTimeoutError:
        return False
    return True


def test_files_that_do_not_fit_are_told_in_words(authority: Authority, tmp_path: Path) -> None:
    folder = authority.folder
    for cert, key in ((folder / "ca.pem", folder / "key.pem"), (tmp_path / "none", folder / "key.pem")):
        with pytest.raises(ConfigurationError, match="can't be used"):
            Certificates(cert, key).build_context()
    with pytest.raises(ConfigurationError, match="TLS needs both"):
        _ = load_settings(None, tls_cert_file=folder / "cert.pem").certificates


def test_a_servers_dsn_names_files_for_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}

    class Client:
        server_tz = None

    def get_client(**options: Any) -> Client:
        given.update(options)
        return Client()

    monkeypatch.setattr(connection.clickhouse_connect, "get_client", get_client)
    dsn = "clickhouses://u:p@host/db?ca_file=/ca.pem&cert_file=/c.pem&key_file=/k.pem"
    connection.connect(dsn, {}, 10)
    assert (given["interface"], given["ca_cert"]) == ("https", "/ca.pem")
    assert (given["client_cert"], given["client_cert_key"]) == ("/c.pem", "/k.pem")
