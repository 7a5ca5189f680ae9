"""Signed links to the customer's page, and how a message carries one."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from html import escape
from typing import Final, NamedTuple

from itsdangerous import BadData
from itsdangerous.encoding import base64_decode, base64_encode

from candor.ops.clock import Clock, SystemClock
from candor.ops.secret_files import SecretFile
from candor.store.unit_of_work import UnitOfWork
from candor.web.security.signing import Secrets, Signing
from notify_svc.channels import Form
from notify_svc.page import PATH, STOP
from notify_svc.page.texts import LINK
from notify_svc.store import page_links
from notify_svc.store.notices import Notice

SALT: Final = "candor-page"
FORMS: Final = "candor-page-form"
AGE: Final = timedelta(days=30)
"""How long a link opens its page after the newest message that carries it."""
LONGEST: Final = 256
"""Characters of a token; no token of ours is longer."""
_token: Final = re.compile(r"[A-Za-z0-9_.-]+")
_carried: Final = re.compile(rf"(.+?): (https?://\S+{PATH}[A-Za-z0-9_.-]+)")


class Links:
    """Makes and reads links, signed with `secrets_`; `url` is where customers reach the page, a host of its own.

    A link is a row with an id that nobody can guess, and the signature keeps guesses from the database's index.
    """

    def __init__(self, secrets_: Secrets | str, url: str, clock: Clock | None = None) -> None:
        self._signing = Signing(secrets_, SALT)
        self._forms = Signing(secrets_, FORMS)
        self._url = url
        self.file: SecretFile[Sequence[str]] | None = None
        self.clock = clock or SystemClock()

    @classmethod
    def of(cls, file: SecretFile[Sequence[str]] | None, url: str) -> Links | None:
        """Links signed with the secrets of a file, which is watched; None without one."""
        if file is None:
            return None
        links = cls(file.get, url)
        links.file = file
        return links

    def address(self, link_id: str) -> str:
        """The whole link."""
        return f"{self._url}{PATH}{self._signing.dumps(link_id)}"

    def leaving(self, link_id: str) -> str:
        """Where the customer of this link leaves our messages."""
        return f"{self.address(link_id)}{STOP}"

    def read(self, token: str) -> str:
        """The id in a token; "" if we did not sign it."""
        if len(token) > LONGEST or not _token.fullmatch(token):
            return ""
        try:
            found = self._signing.loads(token)
        except BadData:
            return ""
        # A signature has other spellings of its last bits; one spelling opens.
        return found if isinstance(found, str) and _spelt_once(token) else ""

    def form(self, link_id: str) -> str:
        """A new text for a form of this link: whatever comes with it is taken once."""
        return self._forms.dumps([link_id, secrets.token_urlsafe(16)])

    def read_form(self, token: str, link_id: str) -> str:
        """What a form is known by; "" if it is not one of this link's."""
        try:
            about, name = self._forms.loads(token) if len(token) <= LONGEST else ("", "")
        except (BadData, ValueError, TypeError):
            return ""
        return str(name) if about == link_id else ""

    async def give(self, uow: UnitOfWork, promises: Mapping[str, str]) -> dict[str, str]:
        """By promise the address of its link, made where there is none, which from now on lasts AGE.

        `promises` maps each to its customer.
        """
        now = self.clock.now()
        new = {promise_id: secrets.token_urlsafe(16) for promise_id in promises}
        found = await page_links.give(uow, promises, new, now, now + AGE)
        return {promise_id: self.address(link_id) for promise_id, link_id in found.items()}


def _spelt_once(token: str) -> bool:
    signature = token.rpartition(".")[2]
    return base64_encode(base64_decode(signature)).decode() == signature


def linked(notice: Notice, address: str, form: Form, words: str = LINK) -> Notice:
    """The notice with the link, named by `words`, below its text, unless its channel carries no more text."""
    if not address:
        return notice
    text, html = below(notice.body, notice.html, Named(words, address))
    if form.longest is not None and len(text) > form.longest:
        return notice
    return replace(notice, body=text, html=html)


class Named(NamedTuple):
    """A link and the words that name it, in the reader's language."""

    words: str
    address: str


def below(text: str, html: str, link: Named) -> tuple[str, str]:
    """A message's text and HTML with the link below them; as they are without an address."""
    words, address = link
    if not address:
        return text, html
    line = f'<p><a href="{escape(address)}">{escape(words)}</a></p>\n</body>'
    return f"{text.rstrip()}\n\n{words}: {address}\n", html.replace("</body>", line)


def carried(text: str) -> Named:
    """The link that a message of ours carries; without an address if none."""
    found = _carried.fullmatch(text.rstrip().rpartition("\n")[2])
    return Named(*found.groups()) if found else Named("", "")


def without_links(text: str, address: str) -> str:
    """A message without lines that hold a link, which begins with `address`: whoever reads it has one."""
    return "\n".join(line for line in text.splitlines() if not address or f"{address}{PATH}" not in line).strip()
