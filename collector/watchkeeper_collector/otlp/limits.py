"""What requests may hold."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """``request_bytes`` counts after decompression, ``elements`` at all depths together."""

    request_bytes: int = 64 << 20
    elements: int = 250_000
    attribute_bytes: int = 1 << 20

    @property
    def in_flight_bytes(self) -> int:
        """Bodies that are being received over HTTP, all together."""
        return 4 * self.request_bytes
