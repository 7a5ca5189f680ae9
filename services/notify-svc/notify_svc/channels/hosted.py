"""A channel whose addresses are webhooks of one provider, who deduplicates nothing: Slack, Teams and their like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from candor.clients.posting import Posting
from notify_svc.channels import Begin, Form, Message, Outcome
from notify_svc.channels.hosts import Hosts
from notify_svc.channels.posting import attempt, usual


class HostedChannel:
    """Posts what `content` makes of a message, as JSON, to the webhook that is a contact's address of kind `name`.

    `gone` are the statuses by which the provider says that a webhook is no more.
    """

    def __init__(
        self,
        name: str,
        form: Form,
        content: Callable[[Message], dict[str, Any]],
        gone: frozenset[int],
        hosts: Hosts,
        seconds: float,
    ) -> None:
        self.name = self.address_kind = name
        self.form = form
        self.final_seconds = seconds + 1
        self._content = content
        self._gone = gone
        self._hosts = hosts
        self._posting = Posting(seconds=seconds)

    def normalise(self, address: str) -> str | None:
        """The webhook's address, if it is at one of our hosts."""
        return self._hosts.accepted(address)

    async def send(self, message: Message, begin: Begin) -> Outcome:
        """One attempt."""
        content = msgspec.json.encode(self._content(message))
        said = {"content-type": "application/json"}
        return await attempt(
            self._posting, message.address, content, said, begin, lambda reply: usual(reply, gone=self._gone)
        )

    async def check(self) -> None:
        """Nothing to check: each address is another webhook."""
