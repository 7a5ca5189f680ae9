"""Mapped sources with an interface to ask: the client of their `poll`, and thin webhooks that it completes."""

from __future__ import annotations

from math import ceil
from typing import Final

import structlog

from candor.clients.calling import SECONDS, CallError, Calling
from candor.clients.credentials import ClientCredentials, Credentials, Fixed
from candor.clients.kinds import KINDS, Access, secret
from candor.clients.pages import Client, Completing
from candor.intake.mapped.config import SourceRule
from candor.intake.mapped.poll_config import OAuth, Poll
from candor.intake.mapped.source import MappedSource
from candor.web.http.problems import Problem
from candor.web.security.webhooks import Webhook

log: Final = structlog.get_logger("candor.completing")
PATIENCE: Final = 4.0
"""Seconds of a call; a request that is not completed is tried again."""
AGAIN: Final = 30


def client_of(poll: Poll, seconds: float = SECONDS) -> Client:
    """The client that a configuration describes; a request of it takes at most so many seconds."""
    return KINDS[poll.api](
        Access(
            Calling(poll.base, seconds=seconds),
            _credentials(poll, seconds),
            poll.object or "",
            poll.fields,
            poll.tenant or "",
            secret(poll.app_key_file, poll.app_key_env),
            poll.version or "",
        )
    )


def _credentials(poll: Poll, seconds: float) -> Credentials:
    if poll.oauth is None:
        return Fixed(secret(poll.token_file, poll.token_env))
    said: OAuth = poll.oauth
    calling = Calling(said.url, seconds=seconds)
    return ClientCredentials(calling, said.client_id, secret(said.secret_file, said.secret_env), said.scope)


class CompletedSource(MappedSource):
    """A mapped source whose webhooks are completed before they are read."""

    def __init__(self, name: str, rule: SourceRule, client: Completing) -> None:
        super().__init__(name, rule)
        self._client = client

    async def complete(self, webhook: Webhook) -> Webhook:
        """The webhook with the objects that its events name. Raises Problem 503 with Retry-After."""
        try:
            return webhook._replace(raw=await self._client.complete(webhook.raw))
        except CallError as error:
            log.warning("webhook not completed yet, it waits and is tried again", source=self.name, reason=error.words)
            wait = {"Retry-After": str(max(AGAIN, ceil(error.wait)))}
            raise Problem("source_unavailable", f"its interface: {error.words}", headers=wait) from None


def mapped(name: str, rule: SourceRule) -> MappedSource:
    """The source of a mapping; one that is completed, if its system posts thin webhooks and its interface is named."""
    client = client_of(rule.poll, PATIENCE) if rule.poll is not None else None
    return CompletedSource(name, rule, client) if isinstance(client, Completing) else MappedSource(name, rule)
