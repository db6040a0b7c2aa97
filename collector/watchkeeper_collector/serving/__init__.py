"""Runs a collector until it is told to stop: sockets, servers, signals."""

from watchkeeper_collector.serving.addresses import Addresses
from watchkeeper_collector.serving.server import serve

__all__ = ["Addresses", "serve"]
