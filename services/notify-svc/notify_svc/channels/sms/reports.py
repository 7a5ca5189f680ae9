"""Reports of what became of text messages, and how Twilio proves them.

Contract: https://www.twilio.com/docs/usage/security#validating-requests, https://www.twilio.com/docs/api/errors
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from typing import Final

FAILED: Final = frozenset({"undelivered", "failed", "canceled"})
"""Statuses of a message that did not arrive; all others are on the way there."""
GONE: Final = frozenset({"30004", "30005", "30006", "21610", "21614"})
"""Error codes of a number that blocks us, does not exist, or is a landline."""


def gone_by(code: str) -> bool:
    """Whether an error code says that the number is not to be tried again."""
    return code in GONE


def signature(token: str, url: str, fields: Iterable[tuple[str, str]]) -> str:
    """Twilio's signature of a form for `url`: HMAC-SHA1 of the address and the fields in the order of their names."""
    said = url + "".join(f"{name}{value}" for name, value in sorted(set(fields)))
    return base64.b64encode(hmac.digest(token.encode(), said.encode(), hashlib.sha1)).decode()
