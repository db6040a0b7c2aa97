"""The certificate that both doors show, and which clients they let in: PEM files, read anew when changed."""

import logging
import ssl
from dataclasses import dataclass
from pathlib import Path

from watchkeeper_collector.errors import ConfigurationError

log = logging.getLogger(__name__)

Version = tuple[tuple[int, int, int], ...]
"""Of each file when it was changed (ns), its size and its inode."""


@dataclass(frozen=True, slots=True)
class Certificates:
    """``client_ca_file``: only clients with a certificate of this authority are served."""

    cert_file: Path
    key_file: Path
    client_ca_file: Path | None = None

    def version(self) -> Version:
        """Another one when a file was changed. Raises ``OSError``."""
        stats = [path.stat() for path in self._files()]
        return tuple((stat.st_mtime_ns, stat.st_size, stat.st_ino) for stat in stats)

    def read(self) -> tuple[bytes, bytes, bytes | None]:
        """Key, certificate chain and clients' authority. Raises ``ConfigurationError``."""
        self.build_context()
        authority = self.client_ca_file.read_bytes() if self.client_ca_file else None
        return self.key_file.read_bytes(), self.cert_file.read_bytes(), authority

    def build_context(self) -> ssl.SSLContext:
        """What a server speaks TLS 1.2 or newer with. Raises ``ConfigurationError``."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(self.cert_file, self.key_file)
            if self.client_ca_file is not None:
                context.load_verify_locations(self.client_ca_file)
                context.verify_mode = ssl.CERT_REQUIRED
        except (OSError, ssl.SSLError) as error:
            names = ", ".join(f"'{path}'" for path in self._files())
            raise ConfigurationError(
                f"The files for TLS ({names}) can't be used: {error}. Expected a certificate chain, its key"
                " without a password, and for `tls_client_ca_file` certificates of authorities, all in PEM."
            ) from error
        return context

    def refresh(self, context: ssl.SSLContext) -> bool:
        """Let a context show what is in the files now. Files that don't fit together change nothing."""
        try:
            self.build_context()
            context.load_cert_chain(self.cert_file, self.key_file)
            if self.client_ca_file is not None:
                context.load_verify_locations(self.client_ca_file)
        except (ConfigurationError, OSError) as error:
            log.warning("The changed files for TLS are not used yet: %s", error)
            return False
        return True

    def _files(self) -> tuple[Path, ...]:
        given = (self.cert_file, self.key_file, self.client_ca_file)
        return tuple(path for path in given if path is not None)
