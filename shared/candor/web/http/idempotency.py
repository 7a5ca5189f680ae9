"""Decides the answer to a repeated request. Pure functions; the store keeps the receipts."""

from __future__ import annotations

import hashlib
import hmac
import re
from enum import StrEnum
from typing import Final

from candor.store.receipts import Answer
from candor.web.http.problems import Problem

LONGEST_KEY: Final = 255
_quoted: Final = re.compile(r'"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
_bare: Final = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x7e]+")


class Identity(StrEnum):
    """What identifies a request: the caller's Idempotency-Key, or the event's own id (webhook id, event_id)."""

    KEY = "key"
    EVENT = "event"


def sha256(raw: bytes) -> bytes:
    """Return the hash by which two bodies are compared."""
    return hashlib.sha256(raw).digest()


def parse_key(header: str | None) -> str | None:
    """Return the key of an `Idempotency-Key` header: a quoted structured-field string or a bare token; None if absent.

    Raises Problem 400 for anything else, and for keys that are empty or longer than 255 characters.
    """
    if header is None:
        return None
    text = header.strip(" \t")
    quoted = _quoted.fullmatch(text)
    if quoted:
        key = re.sub(r"\\(.)", r"\1", quoted[1])
    elif _bare.fullmatch(text):
        key = text
    else:
        raise Problem("bad_idempotency_key", 'send one quoted string, such as "4a1f"')
    if not 1 <= len(key) <= LONGEST_KEY:
        raise Problem("bad_idempotency_key", f"the key must have 1 to {LONGEST_KEY} characters")
    return key


def decide(identity: Identity, sha: bytes, earlier: tuple[bytes, Answer] | None) -> Answer | None:
    """Return the answer to repeat, or None for a new request; `earlier` as found by `receipts.answered`.

    Raises Problem if the earlier body was different: 422 for an Idempotency-Key, 409 for an event id; and 409
    `erased` if the customer concerned has been erased since.
    """
    if earlier is None:
        return None
    known, answer = earlier
    if not known:
        raise Problem("erased", "the customer of this request has been erased since")
    if hmac.compare_digest(known, sha):
        return answer
    raise Problem("idempotency_key_reused" if identity is Identity.KEY else "event_id_reused")
