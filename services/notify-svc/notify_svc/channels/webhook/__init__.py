"""Signed webhooks by Standard Webhooks 1.0, to a customer's own system."""

from __future__ import annotations

from typing import Final

from notify_svc.channels import Registration
from notify_svc.channels.webhook.channel import WebhookChannel
from notify_svc.channels.webhook.settings import WebhookSettings


def _build(settings: WebhookSettings) -> WebhookChannel | None:
    secrets = settings.secrets()
    return None if secrets is None else WebhookChannel(secrets, settings.guard(), settings.webhook_seconds)


CHANNEL: Final = Registration(WebhookSettings, _build)
