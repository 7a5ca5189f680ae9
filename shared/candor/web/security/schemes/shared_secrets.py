"""Schemes of senders that do not sign: the request carries the secret itself, in a header or in the path."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from candor.web.security.schemes.scheme import SignedRequest
from candor.web.security.signatures import bad_signature

SHORTEST = 24
SHORTEST_PASSWORD = 16


@dataclass(frozen=True)
class Bearer:
    """`Authorization: Bearer <secret>`, or the bare secret in another `header`; at least 24 characters."""

    header: str = "authorization"
    name: str = "bearer"

    def check(self, secret: str) -> None:
        _long_enough(secret, SHORTEST)

    def verify(self, request: SignedRequest, secrets: Sequence[str], now: datetime) -> str:  # noqa: ARG002
        given = request.headers.get(self.header, "")
        if self.header == "authorization":
            word, _, given = given.partition(" ")
            given = given.strip() if word.lower() == "bearer" else ""
        return _one_of(given, secrets)

    def sign(self, request: SignedRequest, secret: str, now: datetime) -> Mapping[str, str]:  # noqa: ARG002
        return {self.header: f"Bearer {secret}" if self.header == "authorization" else secret}


@dataclass(frozen=True)
class Basic:
    """`Authorization: Basic …`; a secret is `user:password` with a password of at least 16 characters."""

    name: str = "basic"

    def check(self, secret: str) -> None:
        user, colon, password = secret.partition(":")
        if not user or not colon:
            raise ValueError("a secret of basic authentication must be user:password")
        _long_enough(password, SHORTEST_PASSWORD)

    def verify(self, request: SignedRequest, secrets: Sequence[str], now: datetime) -> str:  # noqa: ARG002
        word, _, text = request.headers.get("authorization", "").partition(" ")
        try:
            given = base64.b64decode(text.strip(), validate=True).decode() if word.lower() == "basic" else ""
        except ValueError:
            given = ""
        return _one_of(given, secrets)

    def sign(self, request: SignedRequest, secret: str, now: datetime) -> Mapping[str, str]:  # noqa: ARG002
        return {"authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"}


@dataclass(frozen=True)
class PathToken:
    """`POST /v1/webhooks/{sender}/{token}`; at least 24 letters, digits, hyphens or underscores."""

    name: str = "path_token"

    def check(self, secret: str) -> None:
        _long_enough(secret, SHORTEST)
        if not (secret.isascii() and secret.replace("-", "").replace("_", "").isalnum()):
            raise ValueError("a token in a path must be of letters, digits, hyphens and underscores")

    def verify(self, request: SignedRequest, secrets: Sequence[str], now: datetime) -> str:  # noqa: ARG002
        return _one_of(request.token, secrets)

    def sign(self, request: SignedRequest, secret: str, now: datetime) -> Mapping[str, str]:  # noqa: ARG002
        return {}


def _long_enough(secret: str, shortest: int) -> None:
    if len(secret) < shortest:
        raise ValueError(f"a secret of this scheme must have {shortest} characters or more")


def _one_of(given: str, secrets: Sequence[str]) -> str:
    # Compare digests of equal length: comparing texts of different length would reveal the secret's length.
    offered = _digest(given)
    true = False
    for secret in secrets:
        true |= hmac.compare_digest(_digest(secret), offered)
    if not (true and given):
        raise bad_signature()
    return ""


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
