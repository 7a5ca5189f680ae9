"""Opens contacts with the private keys that only notify-svc has, in memory and only while they are used."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import structlog
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from candor.contracts import Purpose, Tolerance
from candor.contracts.sealed import key_id, parted
from candor.ops.secret_files import SecretFile, lines
from notify_svc.domain.facts import Expectation
from notify_svc.domain.purposes import ALL
from notify_svc.domain.quiet import QuietHours, quiet_hours

MOST_SAID: Final = 16
MOST_HOURS: Final = 8784.0
"""Hours of a year: more means no more."""
log = structlog.get_logger("notify.contacts")


class BadContact(Exception):  # noqa: N818 - what it is
    """A sealed contact that cannot be used; the error text contains none of it."""


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """Who to write to and how; never stored, logged or shown, but for the `name` that a letter greets.

    `purposes` are those that they may be written to for, None for all. `addresses` are those other than e-mail;
    `channels` names the channels to use, the preferred one first; `quiet` are quiet hours of their own, or `none`.
    `reach`, of staff, is what customers are told as the way to reach them. `tier`, `tolerance`, `ahead_hours` and
    `pace_hours`, of customers, say how they want to be written to.
    """

    email: str = ""
    name: str | None = None
    language: str | None = None
    zone: str | None = None
    consent: bool = False
    purposes: tuple[str, ...] | None = None
    quiet: str | None = None
    addresses: dict[str, str] = {}
    channels: tuple[str, ...] = ()
    reach: str | None = None
    tier: str | None = None
    tolerance: str | None = None
    ahead_hours: float | None = None
    pace_hours: float | None = None

    def __repr__(self) -> str:
        return "Contact(…)"

    def quiet_hours(self, usual: QuietHours | None) -> QuietHours | None:
        """Their own quiet hours; `usual` ones if they have none that can be read."""
        try:
            return quiet_hours(self.quiet) if self.quiet else usual
        except ValueError:
            return usual

    def wanted(self, left: Collection[str] = ()) -> frozenset[Purpose]:
        """The purposes that they may be written to for, without those that they `left` themselves.

        One that only a later release knows is none of ours.
        """
        allowed = ALL if self.purposes is None else self.purposes
        return frozenset(one for one in Purpose if one in allowed and one not in left)

    def expectation(self) -> Expectation:
        """How they want to be written to; a tolerance that only a later release knows says nothing."""
        tolerance = next((one for one in Tolerance if one.value == self.tolerance), None)
        return Expectation(self.tier or "", tolerance, _hours(self.ahead_hours), _hours(self.pace_hours))

    def address(self, kind: str) -> str:
        """The address of a kind as it was given; empty if there is none."""
        return self.email if kind == "email" else self.addresses.get(kind, "")


def _hours(said: float | None) -> timedelta | None:
    return None if said is None else timedelta(hours=min(max(said, 0.0), MOST_HOURS))


class Keyring(NamedTuple):
    """The private keys by their id, and what makes the hashes of recipients differ from everybody else's."""

    boxes: Mapping[str, SealedBox[PrivateKey]]
    pepper: bytes


def keyring(raw: bytes) -> Keyring:
    """The keys in a file, one a line, the newest first (32 bytes each, base64). Raises ValueError for anything else."""
    try:
        keys = [PrivateKey(base64.b64decode(line, validate=True)) for line in lines(raw)]
    except (CryptoError, ValueError, TypeError) as error:
        raise ValueError("the contact private key must be the base64 of 32 bytes, one key a line") from error
    # The oldest: a new key before it leaves the hashes of recipients as they are.
    pepper = hashlib.blake2b(bytes(keys[-1]), person=b"candor-notify").digest()
    return Keyring({key_id(key.public_key): SealedBox(key) for key in keys}, pepper)


class Opener:
    """Opens sealed contacts with the private keys as they are now; `file` is where those are read again from."""

    def __init__(self, keys: Callable[[], Keyring], file: SecretFile[Keyring] | None = None) -> None:
        self.file = file
        self._keys = keys
        self._unknown: set[str] = set()
        self._decoder = msgspec.json.Decoder(Contact)

    @classmethod
    def of(cls, raw: bytes) -> Opener:
        """The opener with these keys. Raises ValueError for an invalid key."""
        ring = keyring(raw)
        return cls(lambda: ring)

    @classmethod
    def from_file(cls, path: Path | None) -> Opener:
        """The opener for a key file; raises ValueError, naming the setting, if there is none."""
        if path is None:
            raise ValueError(
                "CONTACT_PRIVATE_KEY_FILE is missing: no contact could be decrypted, so nothing could be sent"
            )
        file = SecretFile(path, keyring, name="CONTACT_PRIVATE_KEY_FILE")
        return cls(file.get, file)

    def open(self, sealed: str) -> Contact:
        """The contact in a sealed box. Raises BadContact."""
        try:
            name, box = parted(sealed)
            return self._decoder.decode(self._box(name).decrypt(box))
        except (CryptoError, msgspec.MsgspecError, ValueError, TypeError) as error:
            raise BadContact(type(error).__name__) from None

    def read(self, sealed: str | None) -> Contact | None:
        """The contact in a sealed box; None without one, and for one that cannot be opened."""
        try:
            return self.open(sealed) if sealed else None
        except BadContact:
            return None

    def _box(self, name: str) -> SealedBox[PrivateKey]:
        found = self._keys().boxes.get(name)
        if found is None and self.file is not None and self.file.look():
            # Sealed with a key that was added since the file was last looked at.
            found = self._keys().boxes.get(name)
        if found is None:
            if name not in self._unknown and len(self._unknown) < MOST_SAID:
                log.error("contacts are sealed with a key that is not here; nobody they name is written to", key=name)
            self._unknown.add(name)
            raise BadContact("unknown_key")
        return found

    def recipient(self, address: str) -> str:
        """A keyed hash of an address; reveals only whether two deliveries went to the same address."""
        return hashlib.blake2b(address.lower().encode(), key=self._keys().pepper, digest_size=16).hexdigest()


def zone_of(*names: str | None) -> ZoneInfo:
    """The first name that is an existing time zone; UTC if none is."""
    for name in names:
        try:
            if name:
                return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return ZoneInfo("UTC")
