"""E-mail over SMTP."""

from __future__ import annotations

from typing import Final

from notify_svc.channels import Registration
from notify_svc.channels.email.settings import EmailSettings
from notify_svc.channels.email.smtp import EmailChannel


def _build(settings: EmailSettings) -> EmailChannel:
    return EmailChannel(settings.server(), settings.sender(), settings.inbox(), settings.events())


CHANNEL: Final = Registration(EmailSettings, _build)
