"""Screenshots of every page of the dashboard, light and dark, wide and narrow.

    python scripts/screenshots.py --out DIR                    starts a demo of its own, and ends it
    python scripts/screenshots.py --out DIR --url http://127.0.0.1:8501 --api http://127.0.0.1:4318

It needs a Chromium (`apt-get install chromium`).
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

SIZES = {"wide": (1440, 900), "narrow": (420, 900)}
SCHEMES = ("light", "dark")
HTTP_PORT, GRPC_PORT, DASHBOARD_PORT = 24418, 24417, 28601
START_TIMEOUT_S, IDLE_TIMEOUT_MS, SETTLE_MS, MOST_PX = 240, 60_000, 1200, 7000
IDLE = """() => !document.querySelector('[data-testid="stStatusWidget"], [data-testid="stSkeleton"]')
    && document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState !== 'running'"""
HEIGHT = "() => document.querySelector('[data-testid=\"stMain\"]').scrollHeight"
FAULTS = "() => [...document.querySelectorAll('[data-testid=\"stException\"]')].map((e) => e.innerText)"


def main() -> int:
    """The exit status: 1 where a page shows an exception."""
    options = read_options()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.url:
        return take_all(options, options.url, options.api)
    with demo() as (url, api):
        return take_all(options, url, api)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the pictures")
    parser.add_argument("--url", default="", help="a dashboard that runs; else a demo is started")
    parser.add_argument("--api", default="http://127.0.0.1:4318", help="the collector behind --url")
    parser.add_argument("--pages", default="", help="only pages whose name holds this")
    parser.add_argument("--chromium", default=shutil.which("chromium") or "", help="the browser")
    return parser.parse_args()


@contextmanager
def demo() -> Iterator[tuple[str, str]]:
    """A collector with a dashboard and the demo's data: where they are."""
    url, api = f"http://127.0.0.1:{DASHBOARD_PORT}", f"http://127.0.0.1:{HTTP_PORT}"
    with tempfile.TemporaryDirectory(prefix="watchkeeper-screenshots-", ignore_cleanup_errors=True) as folder:
        command = [sys.executable, "-m", "watchkeeper_collector", "up", "--demo", "--data", folder]
        ports = {"--http-port": HTTP_PORT, "--grpc-port": GRPC_PORT, "--dashboard-port": DASHBOARD_PORT}
        command += [word for name, port in ports.items() for word in (name, str(port))]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            wait_for_traffic(process)
            wait_for(f"{url}/_stcore/health")
            yield url, api
        finally:
            process.terminate()
            process.wait(60)


def wait_for_traffic(process: "subprocess.Popen[str]") -> None:
    """Until the demo says that all of its history is there."""
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("Live traffic is on"):
            threading.Thread(target=process.stderr.read, daemon=True).start()  # a full pipe would stop it
            return
    raise SystemExit("The demo ended before its history was there.")


def wait_for(url: str) -> None:
    ends_at_s = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < ends_at_s:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise SystemExit(f"Nothing answers at {url}.")


def find_pages(api: str) -> dict[str, str]:
    """Pages by name with their address; those of one thing are of what the demo has."""
    pages = {
        name: f"/{name}"
        for name in ("spend", "performance", "errors", "traces", "sessions", "users", "quality")
    }
    pages = {"overview": "/", **pages}
    pages |= {
        f"data-{part}": f"/data?part={part}"
        for part in ("ingest", "senders", "storage", "prices", "keys", "about")
    }
    found = {
        "trace": first(api, "/traces?limit=1&filter=is:call%20kind:llm%20feature:*", "trace_id"),
        "session": first(api, "/sessions?limit=1&order=-turn_count&start=-1h", "session_id"),
        "user": first(api, "/users?limit=1", "user_id"),
        "error-group": first(api, "/errors?limit=1&order=-count", "fingerprint"),
    }
    names = {"trace": "id", "session": "session", "user": "user", "error-group": "group"}
    pages |= {page: f"/{page}?{names[page]}={quote(value)}" for page, value in found.items() if value}
    pages["nothing-found"] = "/traces?filter=model:no-such-model"
    pages["wrong-filter"] = "/traces?filter=cost:%3Ex"
    return pages


def first(api: str, path: str, field: str) -> str:
    with urllib.request.urlopen(f"{api}/api/v1{path}", timeout=30) as answer:
        items: list[dict[str, Any]] = json.load(answer)["items"]
    return str(items[0][field]) if items else ""


def take_all(options: argparse.Namespace, url: str, api: str) -> int:
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - says what to install
    except ModuleNotFoundError:
        raise SystemExit("Playwright is missing: pip install playwright") from None
    pages = {name: path for name, path in find_pages(api).items() if options.pages in name}
    faults = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
        for scheme in SCHEMES:
            for size, (width, height) in SIZES.items():
                context = browser.new_context(
                    viewport={"width": width, "height": height},
                    color_scheme=scheme,
                    timezone_id="Europe/Oslo",
                )
                for name, path in pages.items():
                    file = options.out / f"{name}-{size}-{scheme}.png"
                    faults += take(context.new_page(), f"{url}{path}", file, width)
                context.close()
        browser.close()
    print(f"{len(pages)} pages in {options.out}; {faults} show an exception.")
    return 1 if faults else 0


def take(page: Any, url: str, file: Path, width: int) -> int:
    """One picture of the whole page. 1 where it shows an exception."""
    page.goto(url)
    page.wait_for_selector('[data-testid="stMainBlockContainer"] [data-testid="stElementContainer"]')
    settle(page)
    page.set_viewport_size({"width": width, "height": min(page.evaluate(HEIGHT) + 40, MOST_PX)})
    settle(page)
    page.screenshot(path=str(file))
    found = page.evaluate(FAULTS)
    for text in found:
        print(f"{file.name}: {text}", file=sys.stderr)
    page.close()
    return 1 if found else 0


def settle(page: Any) -> None:
    """Until nothing is asked for and drawn any more."""
    page.wait_for_timeout(SETTLE_MS / 3)
    page.wait_for_function(IDLE, timeout=IDLE_TIMEOUT_MS)
    page.wait_for_timeout(SETTLE_MS)


if __name__ == "__main__":
    sys.exit(main())
