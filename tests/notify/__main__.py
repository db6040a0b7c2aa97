"""A notifier as a process of its own, to be killed: python -m tests.notify STATE_URL FOLDER."""

import json
import sys
import threading
from pathlib import Path

from watchkeeper_collector.alerts.notify.worker import utc_now

from tests.notify.desk import NotifierDesk


class RunningDesk(NotifierDesk):
    """On the wall clock."""

    @property
    def now(self):  # type: ignore[no-untyped-def,override]
        return utc_now()

    @now.setter
    def now(self, value: object) -> None:
        """It goes by itself."""


def main(url: str, folder: str) -> None:
    configuration = json.loads((Path(folder) / "configuration.json").read_text())
    desk = RunningDesk(url, Path(folder), configuration)
    desk.notifier.start()
    print("ready", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
