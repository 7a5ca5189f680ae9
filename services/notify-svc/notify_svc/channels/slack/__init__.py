"""Slack by incoming webhooks: the address is a webhook's, of a person or a channel.

Contract: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
"""

from __future__ import annotations

from typing import Any, Final

from candor.ops.setting_types import Names, Seconds
from notify_svc.channels import Channel, ChannelSettings, Form, Message, Registration
from notify_svc.channels.hosted import HostedChannel
from notify_svc.channels.hosts import Hosts

SECTION: Final = 3_000
"""Signs of one section; a longer one is refused by Slack."""
HEADER: Final = 150
GONE: Final = frozenset({403, 404, 410})
"""`invalid_token`, `no_service` and `channel_is_archived`: the webhook is revoked or its channel gone."""
FORM: Final = Form(html=False, longest=12_000, replies=False)
"""Slack refuses messages from about 13,000 signs on."""


class SlackSettings(ChannelSettings):
    """Where Slack's webhooks are; none: there is no such channel."""

    slack_hosts: Names = ()
    """Hosts of incoming webhooks; without any, nothing goes to Slack. Example: hooks.slack.com"""
    slack_seconds: Seconds = 15
    """Seconds that Slack may take to accept a message. Example: 15"""


def content_of(message: Message) -> dict[str, Any]:
    """The message in Slack's blocks; `text` is what notifications and screen readers have."""
    header = message.subject if len(message.subject) <= HEADER else f"{message.subject[: HEADER - 1]}…"
    blocks: list[dict[str, Any]] = [{"type": "header", "text": _plain(header)}]
    blocks += [{"type": "section", "text": _plain(part)} for part in parts(message.text, SECTION)]
    return {"text": escaped(message.subject), "blocks": blocks, "unfurl_links": False, "unfurl_media": False}


def _plain(text: str) -> dict[str, Any]:
    # Not `mrkdwn`: what others named must not become a link or call people.
    return {"type": "plain_text", "text": text, "emoji": False}


def escaped(text: str) -> str:
    """The text as Slack shows it literally: no link, mention or channel comes of it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def parts(text: str, longest: int) -> list[str]:
    """The text in pieces of at most `longest` signs, parted between paragraphs where possible, else lines or words."""
    found: list[str] = []
    rest = text.strip()
    while len(rest) > longest:
        cuts = (rest.rfind(between, 1, longest) for between in ("\n\n", "\n", " "))
        at = next((cut for cut in cuts if cut > 0), longest)
        found.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
    return [*found, rest] if rest else found


def _build(settings: SlackSettings) -> Channel | None:
    if not settings.slack_hosts:
        return None
    return HostedChannel("slack", FORM, content_of, GONE, Hosts(settings.slack_hosts), settings.slack_seconds)


CHANNEL: Final = Registration(SlackSettings, _build)
