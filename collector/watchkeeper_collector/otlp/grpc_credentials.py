"""TLS of the gRPC door, with a certificate that may change while it is open."""

from typing import Any

import grpc

from watchkeeper_collector.certificates import Certificates, Version
from watchkeeper_collector.errors import ConfigurationError


class Credentials:
    """Asked for at every handshake: hands the files' contents out anew when they changed."""

    def __init__(self, certificates: Certificates) -> None:
        self._certificates = certificates
        self._version: Version = ()

    def build(self) -> Any:
        """Raises ``ConfigurationError`` where the files can't be used."""
        initial = self._load()
        return grpc.dynamic_ssl_server_credentials(
            initial,
            self._changed,
            require_client_authentication=self._certificates.client_ca_file is not None,
        )

    def _load(self) -> Any:
        version = _version_of(self._certificates)
        key, chain, authority = self._certificates.read()
        self._version = version
        return grpc.ssl_server_certificate_configuration([(key, chain)], root_certificates=authority)

    def _changed(self) -> Any:
        """Nothing where all is as it was, or can't be used."""
        try:
            if _version_of(self._certificates) != self._version:
                return self._load()
        except (ConfigurationError, OSError):
            return None
        return None


def _version_of(certificates: Certificates) -> Version:
    try:
        return certificates.version()
    except OSError:
        return ()
