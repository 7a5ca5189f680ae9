"""Seals addresses as soon as they arrive: after that only notify-svc, which has the private key, can read them."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

import msgspec
from nacl.public import PublicKey, SealedBox
from pydantic import BaseModel


class Sealer:
    """Seals contacts with notify-svc's public key (32 bytes, base64). Raises ValueError for any other key."""

    def __init__(self, public_key: bytes) -> None:
        try:
            self._box = SealedBox(PublicKey(base64.b64decode(public_key.strip(), validate=True)))
        except (binascii.Error, ValueError, TypeError) as error:
            raise ValueError("the contact public key must be the base64 of 32 bytes") from error

    @classmethod
    def from_file(cls, path: Path | None) -> Sealer:
        """The sealer for a key file. Raises ValueError naming the setting if there is no file."""
        if path is None:
            raise ValueError("CONTACT_PUBLIC_KEY_FILE is missing: contacts could not be encrypted")
        try:
            return cls(path.read_bytes())
        except OSError as error:
            raise ValueError(f"CONTACT_PUBLIC_KEY_FILE {path}: {error.strerror}") from error

    def seal(self, contact: BaseModel) -> str:
        """The contact as JSON in a sealed box, base64-encoded."""
        return base64.b64encode(self._box.encrypt(msgspec.json.encode(contact.model_dump()))).decode()
