"""Sealed contacts: a libsodium box, and before it the id of the key that opens it, so that keys can be rotated."""

from __future__ import annotations

import base64
import hashlib

from nacl.public import PublicKey, SealedBox


def key_id(public: PublicKey) -> str:
    """Return the id of a key pair: 16 hexadecimal digits that say nothing about the private key."""
    return hashlib.blake2b(bytes(public), digest_size=8, person=b"candor-contact").hexdigest()


def seal(public: PublicKey, raw: bytes) -> str:
    """Return bytes sealed as `<key id>.<base64>`."""
    return f"{key_id(public)}.{base64.b64encode(SealedBox(public).encrypt(raw)).decode()}"


def parted(sealed: str) -> tuple[str, bytes]:
    """Return the key id and the box. Raises ValueError if it is not sealed so."""
    name, _, box = sealed.partition(".")
    return name, base64.b64decode(box, validate=True)
