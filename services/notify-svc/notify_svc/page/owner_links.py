"""Signed links in an owner's message, by which they say that they tell the customer themselves, or send it now."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from itsdangerous import BadData

from candor.web.security.signing import Secrets, Signing
from notify_svc.page import OWNER, PATH

SALT: Final = "candor-owner"
LONGEST: Final = 512
"""Characters of a token; no token of ours is longer."""
LINK: Final = "Tell them yourself, or send it now"
_token: Final = re.compile(r"[A-Za-z0-9_.-]+")


class Held(NamedTuple):
    """What a link is about: the customer's notice, and the owner whose it is."""

    notice_id: str
    owner: str


class OwnerLinks:
    """Makes and reads links, signed as the customer's are but of another kind; `url` is the same host."""

    def __init__(self, secrets_: Secrets | str, url: str) -> None:
        self._signing = Signing(secrets_, SALT)
        self._url = url

    def address(self, notice_id: str, owner: str) -> str:
        """The whole link."""
        return f"{self._url}{PATH}{self._signing.dumps([notice_id, owner])}{OWNER}"

    def read(self, token: str) -> Held | None:
        """What a token is about; None if we did not sign it, or not for this."""
        if len(token) > LONGEST or not _token.fullmatch(token):
            return None
        try:
            match self._signing.loads(token):
                case [str(notice_id), str(owner)]:
                    return Held(notice_id, owner)
        except BadData:
            pass
        return None
