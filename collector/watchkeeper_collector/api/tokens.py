"""Tokens of an OpenID Connect provider: what is checked before one is believed.

The checks are those of RFC 8725 (best practices for JSON Web Tokens) and OpenID Connect Core 3.1.3.7: only
asymmetric algorithms, each bound to the kind of its key, so that neither ``none`` nor a public key taken for
a shared secret passes; the issuer, the audience and the times are those that they have to be.
"""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from watchkeeper_collector.errors import UnauthenticatedError

FAMILIES: Mapping[str, str] = {
    "RS256": "RSA", "RS384": "RSA", "RS512": "RSA", "PS256": "RSA", "PS384": "RSA", "PS512": "RSA",
    "ES256": "EC", "ES384": "EC", "ES512": "EC", "EdDSA": "OKP",
}  # fmt: skip
"""The algorithms that may sign a token, with the kind of key that each needs."""
MOST_TOKEN_CHARS = 16_384
MOST_HEADER_CHARS = 2_048
LEEWAY_S = 30
"""So much may the provider's clock differ from ours."""
REQUIRED = ["exp", "iss", "aud", "sub"]


@dataclass(frozen=True, slots=True)
class TokenHeader:
    """What a token says of its signature; nothing of it is believed yet. ``key_id`` may be empty."""

    algorithm: str
    key_id: str


@dataclass(frozen=True, slots=True)
class Audience:
    """Whose tokens are taken, and for whom they have to be."""

    issuer: str
    client_id: str


def is_token(text: str) -> bool:
    """Whether it looks like a token, not a key: three parts, of which the first begins a JSON object."""
    return text.startswith("eyJ") and text.count(".") == 2


def read_header(token: str) -> TokenHeader:
    """Raises ``UnauthenticatedError`` for what can't be a token that we take."""
    if len(token) > MOST_TOKEN_CHARS:
        raise _refused(f"it has more than {MOST_TOKEN_CHARS:,} characters")
    encoded = token.partition(".")[0]
    if len(encoded) > MOST_HEADER_CHARS:
        raise _refused("its header is too long")
    try:
        header = json.loads(urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
        algorithm, key_id = header["alg"], header.get("kid", "")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _refused("its header can't be read") from None
    if algorithm not in FAMILIES or not isinstance(key_id, str):
        raise _refused(f"its algorithm is none of {', '.join(FAMILIES)}")
    return TokenHeader(algorithm, key_id)


def check_token(token: str, algorithm: str, key: Mapping[str, Any], audience: Audience) -> Mapping[str, Any]:
    """The claims of a token that is genuine, current and for us. ``key`` is the provider's, as a JWK.

    Raises ``UnauthenticatedError``.
    """
    import jwt  # noqa: PLC0415 - slow to load, and without a provider nobody needs it

    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            jwt.PyJWK(dict(key), algorithm),
            algorithms=[algorithm],
            audience=audience.client_id,
            issuer=audience.issuer,
            leeway=LEEWAY_S,
            options={"require": REQUIRED, "enforce_minimum_key_length": True},
        )
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise _refused(_reason(error)) from None
    _check_authorized_party(claims, audience)
    return claims


def _check_authorized_party(claims: Mapping[str, Any], audience: Audience) -> None:
    """A token for several was made for the one that it names (OpenID Connect Core 3.1.3.7, 4 and 5)."""
    party = claims.get("azp", audience.client_id)
    if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and party != audience.client_id:
        raise _refused("it was made for another client")


def _reason(error: Exception) -> str:
    """In words; the library's own text may hold what the token says."""
    reasons = {
        "ExpiredSignatureError": "it has expired",
        "ImmatureSignatureError": "it is not valid yet",
        "InvalidAudienceError": "it is for another audience",
        "InvalidIssuerError": "it is of another issuer",
        "InvalidSignatureError": "its signature is wrong",
        "MissingRequiredClaimError": f"it lacks one of the claims {', '.join(REQUIRED)}",
        "InvalidKeyError": "the provider's key can't be used",
    }
    return reasons.get(type(error).__name__, "it can't be read")


def _refused(reason: str) -> UnauthenticatedError:
    return UnauthenticatedError(f"The token is refused: {reason}. Sign in again.")
