"""Contacts opened with the private key that only notify-svc has, in memory, for as long as a use takes."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from notify_svc.domain.silence import Recipient

ADDRESS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")


class BadContact(Exception):  # noqa: N818 - what it is
    """A sealed contact that cannot be used; the text never holds any of it."""


class Contact(msgspec.Struct, frozen=True):
    """Who to write to and how; never stored, logged or shown."""

    email: str
    name: str | None = None
    language: str | None = None
    zone: str | None = None
    consent: bool = False

    def __repr__(self) -> str:
        return "Contact(…)"


Open = Callable[[str], Contact]


class Opener:
    """Opens sealed contacts with the private key (32 bytes, base64). Raises ValueError for any other key."""

    def __init__(self, private_key: bytes) -> None:
        try:
            key = PrivateKey(base64.b64decode(private_key.strip(), validate=True))
        except (binascii.Error, ValueError, TypeError) as error:
            raise ValueError("the contact private key must be the base64 of 32 bytes") from error
        self._box = SealedBox(key)
        self._pepper = hashlib.blake2b(bytes(key), person=b"candor-notify").digest()
        self._decoder = msgspec.json.Decoder(Contact)

    @classmethod
    def from_file(cls, path: Path | None) -> Opener:
        """The opener of a key file; ValueError, naming the setting, where there is none."""
        if path is None:
            raise ValueError("CONTACT_PRIVATE_KEY_FILE is missing: no contact could be opened, nothing be sent")
        try:
            return cls(path.read_bytes())
        except OSError as error:
            raise ValueError(f"CONTACT_PRIVATE_KEY_FILE {path}: {error.strerror}") from error

    def open(self, sealed: str) -> Contact:
        """The contact in a sealed box. Raises BadContact."""
        try:
            contact = self._decoder.decode(self._box.decrypt(base64.b64decode(sealed, validate=True)))
        except (CryptoError, msgspec.MsgspecError, ValueError, TypeError) as error:
            raise BadContact(type(error).__name__) from None
        if not ADDRESS.fullmatch(contact.email) or ".." in contact.email:
            raise BadContact("address")
        return contact

    def look(self, sealed: str | None, *, refused: bool, erased: bool = False) -> tuple[Contact | None, Recipient]:
        """The contact in a sealed box, if it can be read, and what counts of it."""
        if sealed is None:
            return None, Recipient(erased=erased)
        try:
            contact = self.open(sealed)
        except BadContact:
            return None, Recipient(known=True)
        return contact, Recipient(True, contact.consent, refused)

    def recipient(self, contact: Contact) -> str:
        """A keyed hash of the address: says whether two notices went to the same one, and nothing else."""
        return hashlib.blake2b(contact.email.lower().encode(), key=self._pepper, digest_size=16).hexdigest()


def zone_of(*names: str | None) -> ZoneInfo:
    """The first zone that exists, UTC if none does."""
    for name in names:
        try:
            if name:
                return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return ZoneInfo("UTC")
