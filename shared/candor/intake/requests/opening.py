"""Makes a webhook of a stored request again, as if its sender had sent it now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from candor.intake.requests.content import Content, Vault
from candor.intake.source import Source
from candor.web.http.problems import Problem
from candor.web.security.webhooks import Sender, Webhook

CODE: Final = "not_replayable"
Senders = Callable[[], Mapping[str, Sender]]


class Opening:
    """Opens contents; what a sender may send, and which source reads it, is as the `senders` of now say."""

    def __init__(self, vault: Vault, senders: Senders, sources: Mapping[str, Source]) -> None:
        self.vault = vault
        self._senders = senders
        self._sources = sources

    def content(self, sealed: bytes) -> Content:
        """The content. Raises Problem `not_replayable` if the secret that sealed it is gone."""
        found = self.vault.open(sealed)
        if found is None:
            raise Problem(CODE, "the secret that sealed it is no longer in REQUEST_KEY_FILE")
        return found

    def webhook(self, sender: str, content: Content) -> Webhook:
        """The webhook. Raises Problem `not_replayable` for a sender who is gone, and 503 where nobody is let in."""
        known = self._senders().get(sender)
        if known is None or known.source not in self._sources:
            raise Problem(CODE, f"{sender} is no longer among the senders in WEBHOOK_SECRETS_FILE")
        return Webhook(
            sender, content.webhook_id, content.body, content.media_type, content.headers, known.source, known.events
        )
