"""The dashboard's server as a process: what it tells browsers, whom it serves, how it comes and goes."""

import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import httpx
import pytest
from watchkeeper_collector.cli.dashboard_process import DashboardProcess, Place, find_port, reach
from watchkeeper_collector.cli.failures import CommandFailedError
from watchkeeper_collector.errors import ConfigurationError
from watchkeeper_dashboard.client import RELAYED, Collector, build_http
from watchkeeper_dashboard.serving import server_options
from watchkeeper_dashboard.settings import Settings, SignIn, is_loopback, read_settings

from tests.collector import CollectorProcess

START_TIMEOUT_S = 120.0


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[DashboardProcess, Place]]:
    place = Place("127.0.0.1", find_port("127.0.0.1", 0))
    process = DashboardProcess(place, "http://127.0.0.1:9", "watchkeeper")
    process.start()
    wait_until_healthy(place)
    yield process, place
    process.stop()
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(place.url, timeout=5)


def wait_until_healthy(place: Place) -> None:
    ends_at_s = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            with urllib.request.urlopen(f"{place.url}/_stcore/health", timeout=5):
                return
        except OSError:
            assert time.monotonic() < ends_at_s
            time.sleep(0.1)


def test_browser_is_told_to_load_nothing_from_elsewhere(running: tuple[DashboardProcess, Place]) -> None:
    answer = httpx.get(running[1].url, trust_env=False)
    policy = answer.headers["content-security-policy"]
    for rule in ("default-src 'self'", "connect-src 'self'", "object-src 'none'", "frame-ancestors 'none'"):
        assert rule in policy
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_dashboard_that_died_is_started_again(
    running: tuple[DashboardProcess, Place], capfd: pytest.CaptureFixture[str]
) -> None:
    process, place = running
    assert process._process is not None
    os.kill(process._process.pid, signal.SIGKILL)
    process._process.wait()
    wait_until_healthy(place)
    assert process.is_wanted
    process.check_ended_well()


def test_dashboard_that_can_never_start_is_given_up() -> None:
    process = DashboardProcess(Place("no.such.host.invalid", 1), "http://127.0.0.1:9", "watchkeeper")
    process.start()
    process._thread.join(START_TIMEOUT_S)
    with pytest.raises(CommandFailedError, match="3 times in a row"):
        process.check_ended_well()


def test_port_that_is_taken_is_named(running: tuple[DashboardProcess, Place]) -> None:
    with pytest.raises(ConfigurationError, match="dashboard_port"):
        find_port("127.0.0.1", running[1].port)


def test_collector_that_listens_everywhere_is_called_here() -> None:
    assert reach("http://0.0.0.0:4318") == "http://127.0.0.1:4318"
    assert reach("http://[::]:4318") == "http://[::1]:4318"
    assert reach("http://10.0.0.5:4318") == "http://10.0.0.5:4318"
    assert Place("0.0.0.0", 8501).url == "http://127.0.0.1:8501"


def test_pages_see_no_secret_and_cookies_outlive_a_restart() -> None:
    sign_in = SignIn("https://id.example.com/", "watchkeeper", "hush-hush", "https://watch.example.com/")
    secrets = Settings(sign_in=sign_in).as_secrets()
    assert read_settings(secrets).has_sign_in
    assert "hush-hush" not in repr(read_settings(secrets)) + repr(secrets["watchkeeper"]) + repr(sign_in)
    assert "watch.example.com" in server_options(Settings(sign_in=sign_in))["server.allowedHosts"]
    assert secrets["auth"]["redirect_uri"] == "https://watch.example.com/oauth2callback"
    assert secrets["auth"]["cookie_secret"] == sign_in.as_auth()["cookie_secret"] != "hush-hush"


def test_pages_under_another_name_are_refused_on_loopback_only() -> None:
    here, everywhere = Settings(), Settings(host="0.0.0.0", is_trusted=False)
    assert "localhost" in server_options(here)["server.allowedHosts"]
    assert server_options(everywhere)["server.allowedHosts"] == []
    assert server_options(here)["browser.gatherUsageStats"] is False
    seen = read_settings(everywhere.as_secrets())
    assert (seen.host, seen.is_trusted, seen.has_sign_in) == ("0.0.0.0", False, False)
    assert [is_loopback(host) for host in ("::1", "localhost", "0.0.0.0", "example.com")] == [
        True,
        True,
        False,
        False,
    ]


def test_collector_without_keys_shows_nothing_to_viewers_of_other_machines(site: CollectorProcess) -> None:
    """The dashboard is a program of this machine; who looks at it may not be."""
    with build_http(site.http, is_relayed=False) as http:
        assert Collector(http).get("/status")["project"] == "default"
    with build_http(site.http, is_relayed=True) as http:
        answer = http.get("/status")
    assert answer.status_code == 403
    assert set(RELAYED) == {"X-Forwarded-For"}
