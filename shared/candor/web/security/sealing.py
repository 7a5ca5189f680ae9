"""Texts and bytes that others keep for us and cannot read: sealed by several secrets, of which the first seals."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from candor.web.security.signing import Secrets


class Sealing:
    """Seals and opens what is of one kind, `use` (XSalsa20-Poly1305); the key of a use follows from the secret."""

    def __init__(self, secrets: Secrets | str, use: str) -> None:
        self._secrets = (lambda: (secrets,)) if isinstance(secrets, str) else secrets
        self._use = use.encode()

    def seal(self, text: str) -> str:
        """Return a text that only `opened` reads."""
        return urlsafe_b64encode(self.seal_bytes(text.encode())).decode()

    def opened(self, sealed: str) -> str:
        """Return the text; the empty one if it was sealed elsewhere, for another use or by a secret that is gone."""
        try:
            return (self.opened_bytes(urlsafe_b64decode(sealed)) or b"").decode()
        except ValueError:
            return ""

    def seal_bytes(self, plain: bytes) -> bytes:
        """Return bytes that only `opened_bytes` reads, 40 more than were given."""
        return bytes(self._box(self._secrets()[0]).encrypt(plain))

    def opened_bytes(self, sealed: bytes) -> bytes | None:
        """Return the bytes; None if they were sealed elsewhere, for another use or by a secret that is gone."""
        for secret in self._secrets():
            try:
                return self._box(secret).decrypt(sealed)
            except (CryptoError, ValueError):
                continue
        return None

    def _box(self, secret: str) -> SecretBox:
        return SecretBox(hashlib.blake2b(secret.encode(), digest_size=SecretBox.KEY_SIZE, person=self._use).digest())
