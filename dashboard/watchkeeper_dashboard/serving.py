"""The dashboard's server: Streamlit with our theme, our rules, and a policy for browsers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watchkeeper_dashboard.settings import Settings, is_loopback
from watchkeeper_dashboard.theme import theme_options

SCRIPT = Path(__file__).with_name("app.py")
LOOPBACK_NAMES = ["localhost", "127.0.0.1", "[::1]", "::1"]
# A second wall behind `plain`: even if telemetry became markup, a browser would load nothing for it.
# Streamlit's own code needs inline scripts and styles, and WebAssembly; Plotly makes images of blobs.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval';"  # its first script is inline
    " style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:;"
    " connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self';"
    " frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class BrowserPolicy:
    """Adds :data:`HEADERS` to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
                message = {**message, "headers": [*message.get("headers", ()), *added]}
            await send(message)

        await self._app(scope, receive, send_with_policy)


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    app = st.App(SCRIPT, secrets=settings.as_secrets(), middleware=[Middleware(BrowserPolicy)])
    app.run(config=server_options(settings))


def server_options(settings: Settings) -> Mapping[str, Any]:
    """Streamlit's options: nothing leaves this machine, nothing is watched, nothing of ours is shown."""
    return {
        **theme_options(),
        "server.address": settings.host,
        "server.port": settings.port,
        "server.headless": True,
        "server.fileWatcherType": "none",
        "server.runOnSave": False,
        # On loopback a page whose name was rebound to this machine is refused, as the collector does it.
        "server.allowedHosts": _allowed_names(settings) if is_loopback(settings.host) else [],
        "browser.gatherUsageStats": False,
        "client.showErrorDetails": "none",
        "client.showErrorLinks": False,
        "client.toolbarMode": "minimal",
        "runner.magicEnabled": False,
        "logger.hideWelcomeMessage": True,
        "logger.level": "warning",
    }


def _allowed_names(settings: Settings) -> list[str]:
    """This machine's, and the one under which people sign in, by way of a proxy."""
    public = urlsplit(settings.sign_in.address).hostname if settings.sign_in else None
    return [*LOOPBACK_NAMES, *filter(None, [public])]
