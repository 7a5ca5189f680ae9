"""Proof that an event comes from its producer, for what erases and what says where letters go: Ed25519 signatures.

Whoever could write to a topic could otherwise make every service forget a customer, or send letters to another address.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from candor.contracts.envelope import ContractError, Record
from candor.ops.secret_files import SecretFile, lines

SIGNATURE: Final = "candor_signature"
MISPLACED: Final = "misplaced"
FOREIGN: Final = frozenset({"missing_attribute", "foreign_type", "forged", MISPLACED})
"""Reasons of records that no service of ours wrote, or not now; they say nothing about our own builds."""
_DOMAIN: Final = b"candor event 1\0"
Headers = Sequence[tuple[str, bytes]]


class Signer:
    """Signs a producer's events with the key in a file: 32 bytes as base64. Raises ValueError for anything else.

    The file is looked at for each signature, so that a new key counts at once: few events are signed. While it cannot
    be read, the last key signs on.
    """

    def __init__(self, path: Path) -> None:
        self.file = SecretFile(path, _signing_key, every=0, name="EVENT_SIGNING_KEY_FILE")

    def sign(self, topic: str, record: Record) -> Record:
        """Return the record with its signature among the headers."""
        signature = self.file.get().sign(_signed(topic, record.key, record.headers, record.value)).signature
        return Record(record.key, record.value, [*record.headers, (SIGNATURE, signature)])


class Origins:
    """Checks signatures against the producers' public keys, one a line, of which any may have signed.

    A file that changed is read again within a second, and before a signature is called forged: a key is rotated without
    a restart by adding the new public key here, then changing the producer's. While the file cannot be read, the keys
    known so far count on, and what they do not open can be replayed. Raises ValueError for a wrong file.
    """

    def __init__(self, path: Path) -> None:
        self.file = SecretFile(path, _public_keys, name="EVENT_PUBLIC_KEYS_FILE")

    def check(self, topic: str, key: bytes | None, headers: Headers, value: bytes | None) -> None:
        """Raise ContractError `forged` unless a known producer signed exactly this record for this topic."""
        signature = dict(headers).get(SIGNATURE) or b""
        signed = _signed(topic, key or b"", headers, value or b"")
        if self._holds(signed, signature) or (self.file.look() and self._holds(signed, signature)):
            return
        raise ContractError("forged", "signed by none of EVENT_PUBLIC_KEYS_FILE" if signature else "not signed")

    def _holds(self, signed: bytes, signature: bytes) -> bool:
        for known in self.file.get():
            try:
                known.verify(signed, signature)
            except (BadSignatureError, ValueError):
                continue
            return True
        return False


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


def _signing_key(raw: bytes) -> SigningKey:
    (key,) = _keys(raw, "must hold one key of 32 bytes as base64", most=1)
    return SigningKey(key)


def _public_keys(raw: bytes) -> list[VerifyKey]:
    return [VerifyKey(key) for key in _keys(raw, "must hold keys of 32 bytes as base64", most=16)]


def _keys(raw: bytes, wanted: str, *, most: int) -> list[bytes]:
    try:
        found = [base64.b64decode(line, validate=True) for line in lines(raw, most)]
    except ValueError:
        found = []
    if not found or any(len(key) != 32 for key in found):
        raise ValueError(wanted)
    return found
