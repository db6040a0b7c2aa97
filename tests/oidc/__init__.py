"""A small OpenID Connect provider on loopback: discovery, keys that rotate, and people who sign in.

    with Provider() as provider:
        token = provider.token(groups=["checkout-team"])
        provider.rotate()

It speaks the code flow (authorisation, token) too, so that a browser can sign in through it; whoever comes is
``person``. Its tokens can be wrong in any way that a test likes.
"""

import base64
import json
import secrets
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import get_default_algorithms

CLIENT_ID, CLIENT_SECRET = "watchkeeper", "the dashboard's secret"
KINDS = {
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
    "PS256": lambda: rsa.generate_private_key(65537, 2048),
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}
PERSON = {"sub": "0001", "email": "ada@example.com", "email_verified": True}


class Key:
    """A key pair with an id."""

    def __init__(self, algorithm: str = "RS256") -> None:
        self.algorithm = algorithm
        self.id = secrets.token_hex(8)
        self.private: Any = KINDS[algorithm]()

    @property
    def public(self) -> dict[str, Any]:
        """As a JWK."""
        algorithm: Any = get_default_algorithms()[self.algorithm]
        shown = json.loads(algorithm.to_jwk(self.private.public_key()))
        return {**shown, "kid": self.id, "use": "sig", "alg": self.algorithm}

    @property
    def public_pem(self) -> bytes:
        pem: bytes = self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return pem


class Provider:
    """``documents`` may replace what it answers at a path; ``asked`` counts how often each was."""

    def __init__(self, algorithm: str = "RS256") -> None:
        self.key = Key(algorithm)
        self.keys = [self.key]
        self.person: Mapping[str, Any] = {**PERSON, "groups": ["checkout-team"]}
        self.documents: dict[str, bytes] = {}
        self.asked: dict[str, int] = {}
        self.codes: dict[str, str] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def token(self, *, key: Key | None = None, header: Mapping[str, Any] | None = None, **claims: Any) -> str:
        """A token as it should be, but for the claims given; ``None`` leaves a claim out."""
        key, now = key or self.key, int(time.time())
        usual = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, **self.person}
        given = {name: value for name, value in {**usual, **claims}.items() if value is not None}
        return jwt.encode(given, key.private, key.algorithm, headers={"kid": key.id, **(header or {})})

    def rotate(self, algorithm: str = "RS256") -> Key:
        """Sign with a new key from now on; the one before is gone."""
        self.key = Key(algorithm)
        self.keys = [self.key]
        return self.key

    def answer(self, path: str) -> bytes | None:
        self.asked[path] = self.asked.get(path, 0) + 1
        if path in self.documents:
            return self.documents[path]
        match path:
            case "/.well-known/openid-configuration":
                return json.dumps(self._discovery()).encode()
            case "/jwks":
                return json.dumps({"keys": [key.public for key in self.keys]}).encode()
            case _:
                return None

    def _discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "jwks_uri": f"{self.issuer}/jwks",
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [key.algorithm for key in self.keys],
        }

    def __enter__(self) -> "Provider":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def unsigned(claims: Mapping[str, Any], algorithm: str = "none") -> str:
    """A token that says what it likes and is signed by nobody."""
    parts = [json.dumps({"alg": algorithm, "typ": "JWT"}).encode(), json.dumps(claims).encode()]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/authorize":
                return self._authorize({name: v[0] for name, v in parse_qs(parts.query).items()})
            found = provider.answer(parts.path)
            return self._send(404 if found is None else 200, found or b"{}")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            nonce = provider.codes.pop(parse_qs(body)["code"][0], None)
            if nonce is None:
                return self._send(400, b'{"error": "invalid_grant"}')
            token = provider.token(nonce=nonce)
            said = {"access_token": token, "token_type": "Bearer", "expires_in": 300, "id_token": token}
            return self._send(200, json.dumps(said).encode())

        def _authorize(self, asked: Mapping[str, str]) -> None:
            """Whoever comes is the provider's person, and has said yes."""
            code = secrets.token_hex(8)
            provider.codes[code] = asked.get("nonce", "")
            back = f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"
            self.send_response(302)
            self.send_header("Location", back)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Tests read no access log."""

    return Handler
