"""Opens contacts with the private key that only notify-svc has, in memory and only while they are used."""

from __future__ import annotations

import base64
import binascii
import hashlib
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox


class BadContact(Exception):  # noqa: N818 - what it is
    """A sealed contact that cannot be used; the error text contains none of it."""


class Contact(msgspec.Struct, frozen=True):
    """Who to write to and how; never stored, logged or shown.

    `addresses` are those other than e-mail; `channels` names the channels to use, the preferred one first.
    """

    email: str = ""
    name: str | None = None
    language: str | None = None
    zone: str | None = None
    consent: bool = False
    addresses: dict[str, str] = {}
    channels: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "Contact(…)"

    def address(self, kind: str) -> str:
        """The address of a kind as it was given; empty if there is none."""
        return self.email if kind == "email" else self.addresses.get(kind, "")


class Opener:
    """Opens sealed contacts with the private key (32 bytes, base64). Raises ValueError for an invalid key."""

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
        """The opener for a key file; raises ValueError, naming the setting, if there is none."""
        if path is None:
            raise ValueError(
                "CONTACT_PRIVATE_KEY_FILE is missing: no contact could be decrypted, so nothing could be sent"
            )
        try:
            return cls(path.read_bytes())
        except OSError as error:
            raise ValueError(f"CONTACT_PRIVATE_KEY_FILE {path}: {error.strerror}") from error

    def open(self, sealed: str) -> Contact:
        """The contact in a sealed box. Raises BadContact."""
        try:
            return self._decoder.decode(self._box.decrypt(base64.b64decode(sealed, validate=True)))
        except (CryptoError, msgspec.MsgspecError, ValueError, TypeError) as error:
            raise BadContact(type(error).__name__) from None

    def recipient(self, address: str) -> str:
        """A keyed hash of an address; reveals only whether two deliveries went to the same address."""
        return hashlib.blake2b(address.lower().encode(), key=self._pepper, digest_size=16).hexdigest()


def zone_of(*names: str | None) -> ZoneInfo:
    """The first name that is an existing time zone; UTC if none is."""
    for name in names:
        try:
            if name:
                return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return ZoneInfo("UTC")
