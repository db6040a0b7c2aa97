"""Runs a collector by its environment and says on the first line where it listens."""

import json
import logging
import sys

from watchkeeper_collector.errors import WatchkeeperError
from watchkeeper_collector.serving import Addresses, serve
from watchkeeper_collector.settings import load_settings


def announce(addresses: Addresses) -> None:
    print(json.dumps([addresses.http, addresses.grpc]), flush=True)


logging.basicConfig(level=logging.INFO)
try:
    sys.exit(serve(load_settings(), on_ready=announce))
except WatchkeeperError as error:
    sys.exit(error.message)
