"""The schemes of a mapping's `proof`."""

from __future__ import annotations

import base64
import binascii
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from candor.intake.mapped.config import HmacProof, Proof
from candor.web.security.schemes import (
    Basic,
    Bearer,
    HmacSignature,
    PathToken,
    Scheme,
    SecretHash,
    StandardWebhooks,
)
from candor.web.security.schemes.hmac_signature import plain_key


def _nfkd(secret: str) -> bytes:
    return unicodedata.normalize("NFKD", secret).encode()


def _base64(secret: str) -> bytes:
    return base64.b64decode(secret, validate=True)


_KEYS: Final[Mapping[str, Callable[[str], bytes]]] = {
    "plain": plain_key,
    "nfkd": _nfkd,
    "base64": _base64,
    "hex": bytes.fromhex,
}


class _CheckedHmac(HmacSignature):
    """An HMAC whose secrets must also be of the form from which its key is made."""

    def check(self, secret: str) -> None:
        super().check(secret)
        try:
            self.key(secret)
        except (binascii.Error, ValueError):
            raise ValueError("a secret is not of the form that its mapping names as `key`") from None


def schemes_of(proof: Proof) -> Sequence[Scheme]:
    """The schemes, strongest first. Raises ValueError for an HMAC that signs too little."""
    found: dict[str, Scheme] = {
        "standard_webhooks": StandardWebhooks(),
        "bearer": Bearer(),
        "basic": Basic(),
        "path_token": PathToken(),
    }
    if proof.hmac is not None:
        found["hmac"] = _hmac(proof.hmac)
    if proof.hashed is not None:
        found["hashed"] = SecretHash(proof.hashed.header, proof.hashed.signed)
    if proof.header is not None:
        found["header"] = Bearer(proof.header.name, "header")
    return [found[name] for name in Proof.model_fields if name in proof.model_fields_set]


def _hmac(said: HmacProof) -> Scheme:
    uri = partial(_unescaped, said.unescaped)
    return _CheckedHmac(**said.model_dump(exclude={"key", "unescaped"}), key=_KEYS[said.key], uri=uri)


def _unescaped(characters: str, uri: str) -> str:
    for character in characters:
        for escape in {f"%{ord(character):02X}", f"%{ord(character):02x}"}:
            uri = uri.replace(escape, character)
    return uri
