"""Standard Webhooks 1.0 as a scheme."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from candor.web.security import signatures
from candor.web.security.schemes.scheme import SignedRequest


@dataclass(frozen=True)
class StandardWebhooks:
    """Headers `webhook-id`, `webhook-timestamp` and `webhook-signature`; secrets are `whsec_` and base64."""

    name: str = "standard_webhooks"

    def check(self, secret: str) -> None:
        signatures.secret_bytes(secret)

    def verify(self, request: SignedRequest, secrets: Sequence[str], now: datetime) -> str:
        return signatures.verify(request.headers, request.raw, secrets, now)

    def sign(self, request: SignedRequest, secret: str, now: datetime) -> Mapping[str, str]:
        return signatures.signed_headers(
            secret, f"msg_{hashlib.sha256(request.raw).hexdigest()[:24]}", now, request.raw
        )
