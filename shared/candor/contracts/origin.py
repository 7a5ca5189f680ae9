"""Proof that an event comes from its producer, for what erases and what says where letters go: Ed25519 signatures.

Whoever could write to a topic could otherwise make every service forget a customer, or send letters to another address.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import structlog
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from candor.contracts.envelope import ContractError, Record

SIGNATURE: Final = "candor_signature"
FOREIGN: Final = frozenset({"missing_attribute", "foreign_type", "forged"})
"""Reasons of records that no service of ours wrote; they say nothing about our own builds."""
_DOMAIN: Final = b"candor event 1\0"
log: Final = structlog.get_logger("candor.origin")
Headers = Sequence[tuple[str, bytes]]


class Signer:
    """Signs a producer's events with the key in a file: 32 bytes as base64. Raises ValueError for anything else.

    The file is read anew for each signature, so that a new key counts at once: few events are signed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last = self._key()

    def sign(self, topic: str, record: Record) -> Record:
        """Return the record with its signature among the headers."""
        try:
            self._last = self._key()
        except ValueError:
            log.warning("key not read, the last one signs on", file=str(self._path))
        signature = self._last.sign(_signed(topic, record.key, record.headers, record.value)).signature
        return Record(record.key, record.value, [*record.headers, (SIGNATURE, signature)])

    def _key(self) -> SigningKey:
        (raw,) = _keys(self._path, "EVENT_SIGNING_KEY_FILE", most=1)
        return SigningKey(raw)


class Origins:
    """Checks signatures against the producers' public keys, one a line, of which any may have signed.

    A file that changed is read again before a signature is called forged: a key is rotated without a restart by adding
    the new public key here, then changing the producer's. Raises ValueError for a wrong file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = self._changed()
        self._known = self._read()

    def check(self, topic: str, key: bytes | None, headers: Headers, value: bytes | None) -> None:
        """Raise ContractError `forged` unless a known producer signed exactly this record for this topic."""
        signature = dict(headers).get(SIGNATURE) or b""
        signed = _signed(topic, key or b"", headers, value or b"")
        if self._holds(signed, signature):
            return
        if self._renewed() and self._holds(signed, signature):
            return
        raise ContractError("forged", "signed by none of EVENT_PUBLIC_KEYS_FILE" if signature else "not signed")

    def _renewed(self) -> bool:
        try:
            stamp = self._changed()
            if stamp == self._stamp:
                return False
            self._known, self._stamp = self._read(), stamp
        except ValueError:
            # Half written, or wrong: the keys known so far count on, and what they do not open can be replayed.
            return False
        return True

    def _holds(self, signed: bytes, signature: bytes) -> bool:
        for known in self._known:
            try:
                known.verify(signed, signature)
            except (BadSignatureError, ValueError):
                continue
            return True
        return False

    def _read(self) -> list[VerifyKey]:
        return [VerifyKey(raw) for raw in _keys(self._path, "EVENT_PUBLIC_KEYS_FILE", most=16)]

    def _changed(self) -> tuple[int, int]:
        try:
            found = self._path.stat()
        except OSError as error:
            raise ValueError(f"EVENT_PUBLIC_KEYS_FILE {self._path}: {error.strerror}") from error
        return found.st_mtime_ns, found.st_ino


def new_keys() -> tuple[str, str]:
    """Return a new pair for the two files: the producer's key, and the public key that consumers know it by."""
    key = SigningKey.generate()
    return base64.b64encode(bytes(key)).decode(), base64.b64encode(bytes(key.verify_key)).decode()


def _signed(topic: str, key: bytes, headers: Headers, value: bytes) -> bytes:
    parts = [topic.encode(), key, value]
    for name, given in sorted(headers):
        if name.startswith("ce_"):
            parts += [name.encode(), given or b""]
    return _DOMAIN + b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def _keys(path: Path, setting: str, *, most: int) -> list[bytes]:
    try:
        lines = [line.strip() for line in path.read_text().splitlines() if line.strip()]
        found = [base64.b64decode(line, validate=True) for line in lines]
    except OSError as error:
        raise ValueError(f"{setting} {path}: {error.strerror}") from error
    except ValueError:
        found = []
    if not 1 <= len(found) <= most or any(len(raw) != 32 for raw in found):
        raise ValueError(f"{setting} {path} must hold {'one key' if most == 1 else 'keys'} of 32 bytes as base64")
    return found
