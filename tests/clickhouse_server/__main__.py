"""Start the server: ``python -m tests.clickhouse_server --path DIR --port N [--password P]``."""

import argparse
import os
import signal
import threading
import time
from pathlib import Path

from tests.clickhouse_server.engine import Engine
from tests.clickhouse_server.http_interface import Server


def main() -> None:
    parser = argparse.ArgumentParser(description="ClickHouse's HTTP interface in front of a chDB engine.")
    parser.add_argument("--path", type=Path, required=True, help="data folder")
    parser.add_argument("--port", type=int, default=8123)
    parser.add_argument("--user", default="default")
    parser.add_argument("--password", default="")
    parser.add_argument("--parent", type=int, help="end when this process, which started the server, is gone")
    options = parser.parse_args()
    path = options.path.resolve()
    path.mkdir(parents=True, exist_ok=True)
    os.chdir(path)  # the engine keeps Protobuf schemas that come as text in the current folder
    engine = Engine(path)
    server = Server(options.port, engine, options.user, options.password)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    if options.parent:
        threading.Thread(target=end_with, args=(options.parent,), daemon=True).start()
    server.serve_forever(poll_interval=0.05)
    server.socket.close()
    engine.close()


def end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


if __name__ == "__main__":
    main()
