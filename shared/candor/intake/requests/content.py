"""The content of a stored request: body and the headers that matter, packed and sealed."""

from __future__ import annotations

import re
import secrets
import zlib
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
import structlog

from candor.intake.settings import IntakeSettings
from candor.intake.source import Source
from candor.ops.secret_files import SecretFile
from candor.web.security.sealing import Sealing
from candor.web.security.signing import Secrets
from candor.web.security.webhooks import Webhook

MOST_HEADERS: Final = 32
LONGEST_HEADER: Final = 512
FASTEST: Final = 1
"""Of zlib's levels: sealed bytes cannot be packed by the database any more, and JSON comes to a third."""
_telling: Final = re.compile(r"(?:x|ce|webhook)-.*|.*(?:event|topic|delivery|request-id|timestamp|webhook).*")
_secret: Final = re.compile(
    r".*(?:auth|signature|secret|token|hmac|key|cookie|passw|digest|sha\d|cert|jwt|session|forwarded|real-ip).*"
)
log: Final = structlog.get_logger("candor.requests")


class Content(msgspec.Struct, array_like=True, frozen=True):
    """What a sender sent: the id that it signed ("" for none), the body's media type, headers in lower case, body."""

    webhook_id: str
    media_type: str
    headers: dict[str, str]
    body: bytes


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Content).decode


class Vault:
    """Seals contents, and opens those sealed by any live secret."""

    def __init__(self, keys: Secrets | str, file: SecretFile[Sequence[str]] | None = None) -> None:
        self.file = file
        self._sealing = Sealing(keys, "request")

    @classmethod
    def of(cls, settings: IntakeSettings) -> Vault:
        """The vault of a process; `file` is where its secrets are read again. Raises ValueError for unsuitable ones."""
        file = settings.request_secrets()
        return cls(secrets.token_hex(32) if file is None else file.get, file)

    def seal(self, content: Content) -> bytes:
        """Return the content, packed and sealed."""
        return self._sealing.seal_bytes(zlib.compress(_encode(content), FASTEST))

    def open(self, sealed: bytes) -> Content | None:
        """Return a content; None if the secret that sealed it is gone."""
        opened = self._sealing.opened_bytes(sealed)
        return None if opened is None else _decode(zlib.decompress(opened))


def content_of(webhook: Webhook, source: Source) -> Content:
    """What is kept of a genuine webhook: nothing by which its sender proved itself."""
    return Content(webhook.id, webhook.media_type, telling(webhook.headers, source), webhook.raw)


def telling(headers: Mapping[str, str], source: Source) -> dict[str, str]:
    """The headers that say what a body is: ids, times, types; never a signature, a secret or whose connection it was.

    At most MOST_HEADERS, those that are longer than LONGEST_HEADER are left out.
    """
    proof = {str(getattr(scheme, "header", "")).lower() for scheme in source.schemes}
    found: dict[str, str] = {}
    for given, value in headers.items():
        name = given.lower()
        kept = _telling.fullmatch(name) and not _secret.fullmatch(name) and name not in proof
        if kept and len(value) <= LONGEST_HEADER and len(found) < MOST_HEADERS:
            found[name] = value
    return found
