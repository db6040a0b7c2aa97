"""Takes a release back when an alert on it fires: a receiver for Watchkeeper's webhook.

It looks at the signature (Standard Webhooks), obeys each message once, and runs one command that does not
depend on what the message says.

    WEBHOOK_SECRET=whsec_… python examples/gate/rollback.py kubectl argo rollouts abort shop-assistant
"""

import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer

PORT = 8080
LONGEST_BYTES = 262_144
TOLERANCE_S = 300
ALERT = "ReleaseFails"


def is_signed(secret: str, headers: Mapping[str, str], body: bytes, now_s: float) -> bool:
    """Whether one of the signatures is of this body at this time."""
    message_id, sent = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not sent.isdigit() or abs(now_s - int(sent)) > TOLERANCE_S:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{message_id}.{sent}.".encode() + body, hashlib.sha256).digest()
    expected = "v1," + base64.b64encode(digest).decode()
    given = headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(expected.encode(), one.encode()) for one in given)


def asks_for_rollback(body: bytes) -> bool:
    """Whether an alert of that name began to fire."""
    message = json.loads(body)
    alerts = message.get("data", {}).get("alerts", [])
    return message.get("type") == "alert.firing" and any(
        alert.get("status") == "firing" and alert.get("labels", {}).get("alertname") == ALERT
        for alert in alerts
    )


def build_handler(secret: str, command: Sequence[str]) -> type[BaseHTTPRequestHandler]:
    seen: set[str] = set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", 0))
            body = self.rfile.read(min(length, LONGEST_BYTES))
            headers = {name.lower(): value for name, value in self.headers.items()}
            if not is_signed(secret, headers, body, time.time()):
                self.send_error(401)
                return
            if asks_for_rollback(body) and headers["webhook-id"] not in seen:
                subprocess.run(command, check=True, timeout=60)  # a failure is answered 500: it is sent again
                seen.add(headers["webhook-id"])
            self.send_response(204)
            self.end_headers()

    return Handler


def main() -> None:
    secret, command = os.environ["WEBHOOK_SECRET"], sys.argv[1:]
    if not command:
        sys.exit("Say the command that takes the release back.")
    HTTPServer(("", PORT), build_handler(secret, command)).serve_forever()


if __name__ == "__main__":
    main()
