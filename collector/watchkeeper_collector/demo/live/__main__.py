"""``python -m watchkeeper_collector.demo.live SERVICE ENDPOINT``: a service of the shop, until stdin ends."""

import random
import sys
import threading
from contextlib import closing

import watchkeeper

from watchkeeper_collector.demo.live.application import (
    RELEASES,
    SERVICES,
    Assistant,
    run_script,
    serve_customers,
)
from watchkeeper_collector.demo.live.model_server import ModelServer


def main() -> None:
    service_name, endpoint = sys.argv[1:3]
    handle = watchkeeper.instrument(
        service_name=service_name,
        release=RELEASES[service_name],
        environment="production",
        endpoint=endpoint,
        capture="all",
        resource={"service.namespace": "shop"},
    )
    over = threading.Event()
    threading.Thread(target=_until_end_of_input, args=(over,), daemon=True).start()
    rng = random.Random()  # noqa: S311 - traffic, not secrets
    with ModelServer() as models, closing(SERVICES[service_name](models.url)) as service:
        if isinstance(service, Assistant):
            threading.Thread(target=run_script, args=(service, rng, over.wait), daemon=True).start()
        for _ in serve_customers(service, rng):
            if over.wait(rng.uniform(*service.pause_s)):
                break
    handle.shutdown()


def _until_end_of_input(over: threading.Event) -> None:
    sys.stdin.buffer.read()
    over.set()


if __name__ == "__main__":
    main()
