"""The demo's on-call engineer: who is paged about what, and a line on the terminal for each page."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from watchkeeper_collector.cli.console import clean, say

if TYPE_CHECKING:
    from watchkeeper_collector.demo.pager import Pager, PagerEvent
    from watchkeeper_collector.settings import Settings

CONFIGURATION_FILE = "demo-alerts.yaml"
ROUTING_KEY = "0123456789abcdef0123456789abcdef"
CONFIGURATION = """\
# Written by `watchkeeper up --demo` at each start: whom the demo's alerts go to.
route:
  group_by: [alertname, environment, provider, user]
  group_wait: 15s
  group_interval: 15s
  routes:
    - matchers: [alertname="ProviderOutage"]
      receiver: pager
      group_wait: 0s
    - matchers: [severity="page"]
      receiver: pager
    - matchers: [alertname="UserAbuse"]
      receiver: pager

receivers:
  - name: pager
    pagerduty_configs:
      - routing_key: "{routing_key}"
        url: "{url}"
"""
SAID = {"trigger": "Page", "acknowledge": "Acknowledged", "resolve": "Resolved"}


@contextmanager
def open_pager() -> Iterator["Pager"]:
    """The pager, until the end of the block."""
    from watchkeeper_collector.demo.pager import Pager  # noqa: PLC0415 - slow, for --help

    with Pager(tell) as pager:
        yield pager


def configure_pages(settings: "Settings", url: str) -> dict[str, object]:
    """Write who is paged into the data folder; the settings for it."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    path = settings.data_dir / CONFIGURATION_FILE
    path.write_text(CONFIGURATION.format(routing_key=ROUTING_KEY, url=url), "utf-8")
    return {"alerts_config": path, "egress_allow": (*settings.egress_allow, "127.0.0.1/32")}


def tell(event: "PagerEvent") -> None:
    """A line about an event."""
    say(f"{event.at:%H:%M:%S} UTC  {SAID[event.action]} ({event.severity}): {clean(event.summary)}")
