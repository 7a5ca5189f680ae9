"""Texts that we sign and get back from browsers: HMAC-SHA-256, by several secrets of which the first signs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from itsdangerous import TimestampSigner, URLSafeSerializer, URLSafeTimedSerializer

Secrets = Callable[[], Sequence[str]]
"""The live secrets, the first of which signs; asked for at every use, so that a changed file counts at once."""
SIGNED_BY: Final = {"key_derivation": "hmac", "digest_method": hashlib.sha256}


class Signing:
    """Signs and reads texts of one kind, `salt`; a signature for another kind or by an unknown secret is none."""

    def __init__(self, secrets: Secrets | str, salt: str) -> None:
        self._secrets = (lambda: (secrets,)) if isinstance(secrets, str) else secrets
        self._salt = salt

    def dumps(self, fields: object) -> str:
        """Return fields as signed text."""
        return str(self._plain().dumps(fields))

    def loads(self, text: str) -> Any:
        """Return the fields of a text. Raises BadData."""
        return self._plain().loads(text)

    def dumps_timed(self, fields: object) -> str:
        """Return fields as signed text that says when it was signed."""
        return str(self._timed().dumps(fields))

    def loads_timed(self, text: str) -> tuple[Any, datetime]:
        """Return the fields of a text and when it was signed. Raises BadData."""
        fields, signed = self._timed().loads(text, return_timestamp=True)
        return fields, signed

    def _plain(self) -> URLSafeSerializer:
        return URLSafeSerializer(self._keys(), salt=self._salt, signer_kwargs=SIGNED_BY)

    def _timed(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self._keys(), salt=self._salt, signer=TimestampSigner, signer_kwargs=SIGNED_BY)

    def _keys(self) -> list[str]:
        # itsdangerous signs with the last of its keys.
        return list(reversed(self._secrets()))
