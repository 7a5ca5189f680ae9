"""The interface of every signature scheme, and the request it verifies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol


class SignedRequest(NamedTuple):
    """A request as its sender signed it: `uri` the public one, `raw` the bytes received, `token` of its path or ""."""

    method: str
    uri: str
    headers: Mapping[str, str]
    raw: bytes
    token: str = ""


class Scheme(Protocol):
    """One way to prove who sent a request; a secrets file refers to it by `name`."""

    @property
    def name(self) -> str: ...

    def check(self, secret: str) -> None:
        """Raise ValueError, without the secret in it, for a value that cannot be a secret of this scheme."""
        ...

    def verify(self, request: SignedRequest, secrets: Sequence[str], now: datetime) -> str:
        """Return the request's id if what the sender proves includes one, else "".

        Any of the live `secrets` is accepted; `now` is system time. Raises Problem 401: `stale` for a valid signature
        of another time, `bad_signature` for everything else, in a time that does not depend on what matches.
        """
        ...

    def sign(self, request: SignedRequest, secret: str, now: datetime) -> Mapping[str, str]:
        """Return the headers by which a sender with this secret would prove the request; none if its path does."""
        ...
