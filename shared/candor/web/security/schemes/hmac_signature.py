"""HMAC signatures in the various forms that senders use."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from candor.ops.moments import read_moment
from candor.web.http.problems import Problem
from candor.web.security.schemes.scheme import SignedRequest
from candor.web.security.signatures import MAX_SIGNATURES, TOLERANCE_S, bad_signature, header_text

SHORTEST: Final = 16
PARTS: Final = frozenset({"method", "uri", "timestamp", "id", "body"})
_part: Final = re.compile(r"\{(\w*)\}")
_digits: Final = re.compile(r"[0-9]{1,15}")


def plain_key(secret: str) -> bytes:
    """Return the secret's UTF-8 bytes as the key."""
    return secret.encode()


def same_uri(uri: str) -> str:
    """Return the public URI unchanged, for signing."""
    return uri


@dataclass(frozen=True, kw_only=True)
class HmacSignature:
    """HMAC over the template `signed` of {method}, {uri}, {timestamp}, {id} and {body}; the body is raw bytes.

    `header` carries signatures, each after `prefix`, several of them separated by `separator` (none: a single one). A
    timestamp is in `timestamp_header`, is signed too, and may differ `tolerance_s` seconds from our clock. `id_header`
    names the request, for senders that sign it and repeat it on every retry; without it ids come from the body. `key`
    derives the key from a secret, `uri` the signed text from the public URI. Header names in any case. Raises
    ValueError for a template that cannot be signed, or leaves a header unsigned.
    """

    header: str
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = ""
    separator: str = ""
    signed: str = "{body}"
    timestamp_header: str = ""
    timestamp_unit: Literal["seconds", "milliseconds", "iso"] = "seconds"
    tolerance_s: int = TOLERANCE_S
    id_header: str = ""
    key: Callable[[str], bytes] = plain_key
    uri: Callable[[str], str] = same_uri
    name: str = "hmac"

    def __post_init__(self) -> None:
        used = set(_part.findall(self.signed))
        if used - PARTS or "body" not in used:
            raise ValueError(f"an HMAC is over {{body}} and others of {', '.join(sorted(PARTS))}: not {self.signed!r}")
        for part, header in (("timestamp", self.timestamp_header), ("id", self.id_header)):
            if part in used and not header:
                raise ValueError(f"{self.signed!r} signs a {part} and names no {part}_header")
            if header and part not in used:
                raise ValueError(f"anybody can change a {part} that is not signed: sign it, or leave {header} out")

    def check(self, secret: str) -> None:
        if len(secret) < SHORTEST:
            raise ValueError(f"a secret of an HMAC must have {SHORTEST} characters or more")

    def verify(self, request: SignedRequest, secrets: Sequence[str], now: datetime) -> str:
        timestamp = header_text(request.headers.get(self.timestamp_header, "")) if self.timestamp_header else ""
        request_id = header_text(request.headers.get(self.id_header, "")) if self.id_header else ""
        if self.id_header and not request_id:
            raise bad_signature()
        text = self._text(request, timestamp, request_id)
        offered = self._offered(request.headers.get(self.header, ""))
        true = False
        for secret in secrets:
            wanted = self._signature(secret, text)
            for signature in offered:
                true |= hmac.compare_digest(wanted, signature)
        if not true:
            raise bad_signature()
        if self.timestamp_header and abs(now.astimezone(UTC).timestamp() - self._seconds(timestamp)) > self.tolerance_s:
            raise Problem("stale", f"the timestamp must lie within {self.tolerance_s} s of our clock")
        return request_id

    def sign(self, request: SignedRequest, secret: str, now: datetime) -> Mapping[str, str]:
        at = now.astimezone(UTC)
        milliseconds = int(at.timestamp() * 1000)
        written = {"seconds": str(milliseconds // 1000), "milliseconds": str(milliseconds), "iso": at.isoformat()}
        timestamp = written[self.timestamp_unit] if self.timestamp_header else ""
        request_id = hashlib.sha256(request.raw).hexdigest()[:24] if self.id_header else ""
        signature = self._signature(secret, self._text(request, timestamp, request_id)).decode()
        found = {self.header: self.prefix + signature, self.timestamp_header: timestamp, self.id_header: request_id}
        return {name: value for name, value in found.items() if name}

    def _signature(self, secret: str, text: bytes) -> bytes:
        return self._encoded(hmac.digest(self.key(secret), text, getattr(hashlib, self.algorithm)))

    def _seconds(self, timestamp: str) -> float:
        if self.timestamp_unit != "iso":
            if not _digits.fullmatch(timestamp):
                raise Problem("stale", f"{self.timestamp_header} must be {self.timestamp_unit} since 1970")
            return int(timestamp) / (1000 if self.timestamp_unit == "milliseconds" else 1)
        try:
            return read_moment(timestamp).timestamp()
        except ValueError as error:
            raise Problem("stale", f"{self.timestamp_header} {error}") from None

    def _text(self, request: SignedRequest, timestamp: str, request_id: str) -> bytes:
        parts = {"method": request.method, "timestamp": timestamp, "id": request_id, "uri": self.uri(request.uri)}
        # Split at the body: its bytes may not be text, and may look like placeholders themselves.
        pieces = self.signed.split("{body}")
        filled = [_part.sub(lambda found: parts[found[1]], piece).encode("utf-8", "replace") for piece in pieces]
        return request.raw.join(filled)

    def _encoded(self, digest: bytes) -> bytes:
        return base64.b64encode(digest) if self.encoding == "base64" else digest.hex().encode()

    def _offered(self, header: str) -> list[bytes]:
        # Compared as text: several base64 texts decode to the same bytes, and only one of them was sent by the signer.
        texts = header.split(self.separator)[:MAX_SIGNATURES] if self.separator else [header]
        given = [text.strip() for text in texts]
        found = [text[len(self.prefix) :] for text in given if text.startswith(self.prefix)]
        return [(text.lower() if self.encoding == "hex" else text).encode("utf-8", "replace") for text in found]
