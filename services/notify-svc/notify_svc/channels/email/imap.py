"""Reads a mailbox by IMAP over TLS, some mails at a time and without changing it; blocking, so for a thread.

Contract: RFC 3501 (UIDs and their validity).
"""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final, NamedTuple

from candor.ops.secret_files import SecretFile

WINDOW: Final = 100
"""UIDs that one turn looks at."""
LARGEST: Final = 256 * 1024
"""Bytes of one mail that are read: what a report says stands before the mail that it returns."""
_UID: Final = re.compile(rb"\bUID (\d+)")


class Place(NamedTuple):
    """How far a mailbox was read; with another `validity` its UIDs begin anew."""

    validity: int = 0
    uid: int = 0


class Found(NamedTuple):
    """Mails by UID, up to which place they were looked for, and whether there may be more."""

    mails: list[tuple[int, bytes]]
    place: Place
    more: bool


@dataclass(frozen=True, slots=True)
class Inbox:
    """A mailbox; each step may take `seconds`. `domain` is that of our Message-IDs."""

    host: str
    port: int
    username: str
    password: SecretFile[str]
    folder: str
    domain: str
    context: ssl.SSLContext
    seconds: float = 20

    @property
    def name(self) -> str:
        """What tells it from others; contains no secret."""
        return f"{self.username}@{self.host}:{self.port}/{self.folder}"

    def check(self) -> None:
        """Open the mailbox, and fetch nothing. Raises OSError and imaplib's errors."""
        with self._opened():
            pass

    def after(self, place: Place) -> Found:
        """At most WINDOW mails that came after `place`. Raises OSError and imaplib's errors."""
        with self._opened() as (client, validity, following):
            begin = place.uid + 1 if place.validity == validity else 1
            end = min(begin + WINDOW - 1, following - 1)
            if begin > end:
                return Found([], Place(validity, max(begin, following) - 1), more=False)
            mails = [(uid, raw) for uid in self._uids(client, begin, end) for raw in self._mail(client, uid)]
            return Found(mails, Place(validity, end), more=end < following - 1)

    @contextmanager
    def _opened(self) -> Iterator[tuple[imaplib.IMAP4, int, int]]:
        client = imaplib.IMAP4_SSL(self.host, self.port, ssl_context=self.context, timeout=self.seconds)
        try:
            client.login(self.username, self.password.get())
            # Read only: nothing of a person's mailbox is marked or moved.
            kind, _ = client.select(_quoted(self.folder), readonly=True)
            if kind != "OK":
                raise client.error(f"there is no folder {self.folder}")
            yield client, _number(client, "UIDVALIDITY"), _number(client, "UIDNEXT")
        finally:
            with suppress(OSError, imaplib.IMAP4.error):
                client.logout()

    def _uids(self, client: imaplib.IMAP4, begin: int, end: int) -> list[int]:
        kind, found = client.uid("SEARCH", "UID", f"{begin}:{end}")
        if kind != "OK":
            raise client.error("the mailbox cannot be searched")
        return sorted(uid for uid in map(int, (found[0] or b"").split()) if begin <= uid <= end)

    def _mail(self, client: imaplib.IMAP4, uid: int) -> Iterator[bytes]:
        kind, found = client.uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{LARGEST}>)")
        if kind != "OK":
            raise client.error("a mail cannot be fetched")
        # A mail that went away meanwhile has no content; what else the server tells of others is not asked for.
        for one in found:
            if isinstance(one, tuple) and (named := _UID.search(one[0])) and int(named[1]) == uid:
                yield one[1]


def _quoted(folder: str) -> str:
    return '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _number(client: imaplib.IMAP4, name: str) -> int:
    _, found = client.response(name)
    if not found or found[0] is None:
        raise client.error(f"the server names no {name}")
    return int(found[0])
