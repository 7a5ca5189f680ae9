"""Microsoft Teams by a flow of Workflows ("when a webhook request is received"): the address is the flow's.

Contract: https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook
"""

from __future__ import annotations

from typing import Any, Final

from candor.ops.setting_types import Names, Seconds
from notify_svc.channels import Channel, ChannelSettings, Form, Message, Registration
from notify_svc.channels.hosted import HostedChannel
from notify_svc.channels.hosts import Hosts

GONE: Final = frozenset({401, 403, 404, 410})
"""The flow is deleted or turned off, or the signature in its address is no longer valid."""
FORM: Final = Form(html=False, longest=8_000, replies=False)
"""A card may have 28 KB; of some scripts that is a third as many signs."""


class TeamsSettings(ChannelSettings):
    """Where flows are; none: there is no such channel."""

    teams_hosts: Names = ()
    """Hosts of Workflows' flows; without any, nothing goes to Teams.

    Example: *.logic.azure.com,*.environment.api.powerplatform.com
    """
    teams_seconds: Seconds = 20
    """Seconds that a flow may take to accept a message. Example: 20"""


def content_of(message: Message) -> dict[str, Any]:
    """The message as an Adaptive Card, in runs of text: a TextBlock would read names as Markdown."""
    body = [_block(message.subject, size="Medium", weight="Bolder")]
    body += [_block(line) for line in message.text.strip().split("\n") if line.strip()]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": message.subject,
        "body": body,
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _block(text: str, **style: str) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **style}]}


def _build(settings: TeamsSettings) -> Channel | None:
    if not settings.teams_hosts:
        return None
    return HostedChannel("teams", FORM, content_of, GONE, Hosts(settings.teams_hosts), settings.teams_seconds)


CHANNEL: Final = Registration(TeamsSettings, _build)
