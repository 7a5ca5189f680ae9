"""A hash of the secret and the request: how HubSpot's private apps sign, for whom no HMAC is to be had."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from candor.web.security.schemes.scheme import SignedRequest
from candor.web.security.signatures import bad_signature

SHORTEST: Final = 16
PARTS: Final = frozenset({"secret", "method", "uri", "body"})
_part: Final = re.compile(r"\{(\w*)\}")


@dataclass(frozen=True)
class SecretHash:
    """SHA-256 in hexadecimal digits over the template `signed` of {secret}, {method}, {uri} and {body}.

    It proves no time, so an old request may be sent again: ids must come from the body. Bytes may be appended to a
    body without the secret, which always makes it other than JSON. Raises ValueError for a template without secret or
    body, or whose body is not last.
    """

    header: str
    signed: str = "{secret}{body}"
    name: str = "hashed"

    def __post_init__(self) -> None:
        used = _part.findall(self.signed)
        if set(used) - PARTS or used[:1] != ["secret"] or used[-1:] != ["body"] or used.count("body") != 1:
            raise ValueError(f"a hash begins with {{secret}} and ends with {{body}}: not {self.signed!r}")
        if not self.signed.endswith("{body}"):
            raise ValueError(f"nothing may follow the body in {self.signed!r}")

    def check(self, secret: str) -> None:
        if len(secret) < SHORTEST:
            raise ValueError(f"a secret of a hash must have {SHORTEST} characters or more")

    def verify(self, request: SignedRequest, secrets: Sequence[str], now: datetime) -> str:  # noqa: ARG002
        offered = request.headers.get(self.header, "").strip().lower().encode("utf-8", "replace")
        true = False
        for secret in secrets:
            true |= hmac.compare_digest(self._digest(request, secret), offered)
        if not true:
            raise bad_signature()
        return ""

    def sign(self, request: SignedRequest, secret: str, now: datetime) -> Mapping[str, str]:  # noqa: ARG002
        return {self.header: self._digest(request, secret).decode()}

    def _digest(self, request: SignedRequest, secret: str) -> bytes:
        parts = {"secret": secret, "method": request.method, "uri": request.uri}
        before = _part.sub(lambda found: parts[found[1]], self.signed.removesuffix("{body}"))
        return hashlib.sha256(before.encode("utf-8", "replace") + request.raw).hexdigest().encode()
