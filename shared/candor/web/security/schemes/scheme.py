"""What every scheme answers, and what it is asked about."""

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
    """One way to prove who sent a request; a secrets file names it by `name`."""

    @property
    def name(self) -> str: ...

    def check(self, secret: str) -> None:
        """Raises ValueError, without the secret in it, for what cannot be a secret of this scheme."""
        ...

    def verify(self, request: SignedRequest, secrets: Sequence[str], now: datetime) -> str:
        """The request's id where the scheme knows one, else "".

        `secrets` are the live ones, any of which will do; `now` is system time. Raises Problem 401: `stale` for a true
        signature of another time, `bad_signature` for everything else, in a time that does not depend on what matches.
        """
        ...
