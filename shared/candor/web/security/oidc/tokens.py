"""ID tokens: an identity provider's claims about who signed in, accepted only if every check passes."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from candor.web.http.text import one_line
from candor.web.security.oidc.refusal import RefusedError

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Public-key signatures only: if HMAC were allowed too, anybody could sign with our provider's public key."""
LEEWAY: Final = timedelta(seconds=60)
SMALLEST_RSA: Final = 2048
LONGEST_SUBJECT: Final = 255
"""By OpenID Connect Core, 2."""
LONGEST_TOKEN: Final = 64 * 1024
_KINDS: Final = {"RS": "RSA", "PS": "RSA", "ES": "EC"}
_PUBLIC: Final = {"RSA": ("kty", "n", "e"), "EC": ("kty", "crv", "x", "y")}
_UNREADABLE: Final = (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError)
_registry: Final = jws.JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
# Some providers put their certificate into the header.
_registry.max_header_length = 16 * 1024
Jwk = dict[str, Any]


class TokenRequirements(NamedTuple):
    """What a token must contain; `began` is when this sign-in started, on the system clock like `now`."""

    issuer: str
    client_id: str
    nonce: str
    began: datetime
    now: datetime


class UnknownKeyError(RefusedError):
    """Signed with a key that is not in the current set: the provider may have changed its keys."""


def verify(token: str, keys: Sequence[Jwk], expected: TokenRequirements) -> dict[str, Any]:
    """Return the claims of an ID token (OpenID Connect Core, 3.1.3.7). Raises RefusedError or UnknownKeyError."""
    if len(token) > LONGEST_TOKEN:
        raise RefusedError("token_unreadable")
    try:
        signed = jws.extract_compact(token.encode(), registry=_registry)
        header = dict(signed.headers())
    except _UNREADABLE:
        raise RefusedError("token_unreadable") from None
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise RefusedError("token_algorithm")
    # Other kinds of token are signed with the same keys; unknown extensions may change what is signed.
    if str(header.get("typ", "JWT")).upper() != "JWT" or "crit" in header or "b64" in header:
        raise RefusedError("token_kind")
    if not any(_holds(signed, key) for key in _candidates(keys, header.get("kid"), algorithm)):
        raise RefusedError("token_signature")
    try:
        claims = json.loads(signed.payload or b"")
        if not isinstance(claims, dict):
            raise RefusedError("token_unreadable")
        _check(claims, expected)
    except _UNREADABLE:
        raise RefusedError("token_claims") from None
    return claims


def _candidates(keys: Sequence[Jwk], kid: object, algorithm: str) -> list[Jwk]:
    fitting = [
        key
        for key in keys
        if key.get("kty") == _KINDS[algorithm[:2]]
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
    ]
    named = [key for key in fitting if key.get("kid") == kid]
    # A token need not name its key if the provider has only one.
    found = fitting if kid is None and len(fitting) == 1 else named
    if not found:
        raise UnknownKeyError("token_key")
    return found


def _holds(signed: jws.CompactSignature, key: Jwk) -> bool:
    try:
        public = {name: key[name] for name in _PUBLIC[key["kty"]]}
        if key["kty"] == "EC":
            return jws.validate_compact(signed, ECKey.import_key(public), registry=_registry)
        rsa = RSAKey.import_key(public)
        return rsa.public_key.key_size >= SMALLEST_RSA and jws.validate_compact(signed, rsa, registry=_registry)
    except _UNREADABLE:
        return False


def _check(claims: dict[str, Any], expected: TokenRequirements) -> None:
    now, leeway = int(expected.now.timestamp()), int(LEEWAY.total_seconds())
    jwt.JWTClaimsRegistry(
        now,
        leeway,
        iss={"essential": True, "value": expected.issuer},
        aud={"essential": True, "value": expected.client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
    ).validate(claims)
    for reason, holds in _further(claims, expected, leeway):
        if not holds:
            raise RefusedError(reason)


def _further(claims: dict[str, Any], expected: TokenRequirements, leeway: int) -> Iterator[tuple[str, bool]]:
    yield "token_claims", _nameable(claims["sub"])
    nonce, audience = claims.get("nonce"), claims["aud"]
    matches = isinstance(nonce, str) and hmac.compare_digest(nonce.encode(), expected.nonce.encode())
    yield "token_nonce", matches
    several = isinstance(audience, list) and len(audience) > 1
    yield "token_claims", claims.get("azp", None if several else expected.client_id) == expected.client_id
    # Issued for this sign-in, not kept from an earlier one.
    yield "token_claims", claims["iat"] >= expected.began.timestamp() - leeway


def _nameable(subject: object) -> bool:
    """Whether a subject is one line of text: else no log could keep it as it is, and no order end its sessions."""
    return isinstance(subject, str) and len(subject) <= LONGEST_SUBJECT and one_line(subject) == subject
