"""Seals addresses as soon as they arrive: after that only notify-svc, which has the private key, can read them."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import msgspec
from nacl.public import PublicKey
from pydantic import BaseModel

from candor.contracts.sealed import seal
from candor.ops.secret_files import SecretFile


class Sealer:
    """Seals contacts with notify-svc's public key as it is now; `file` is where that is read again from."""

    def __init__(self, key: Callable[[], PublicKey], file: SecretFile[PublicKey] | None = None) -> None:
        self.file = file
        self._key = key

    @classmethod
    def of(cls, raw: bytes) -> Sealer:
        """The sealer with one key (32 bytes, base64). Raises ValueError for any other key."""
        key = public_key(raw)
        return cls(lambda: key)

    @classmethod
    def from_file(cls, path: Path | None) -> Sealer:
        """The sealer for a key file. Raises ValueError naming the setting if there is no file."""
        if path is None:
            raise ValueError("CONTACT_PUBLIC_KEY_FILE is missing: contacts could not be encrypted")
        file = SecretFile(path, public_key, name="CONTACT_PUBLIC_KEY_FILE")
        return cls(file.get, file)

    def seal(self, contact: BaseModel) -> str:
        """The contact as JSON in a sealed box, without what it does not say."""
        said = {name: value for name, value in contact.model_dump().items() if value not in (None, {}, [])}
        return seal(self._key(), msgspec.json.encode(said))


def public_key(raw: bytes) -> PublicKey:
    """The key in a file (32 bytes, base64). Raises ValueError for any other content."""
    try:
        return PublicKey(base64.b64decode(raw.strip(), validate=True))
    except (ValueError, TypeError) as error:
        raise ValueError("the contact public key must be the base64 of 32 bytes") from error
