"""What `candor doctor` asks for promise-svc besides what every process needs: the secrets of its senders."""

from __future__ import annotations

from collections.abc import AsyncIterator

from candor.diagnosis.keys import webhooks
from candor.intake.sources import discover
from candor.ops.finding import Finding
from candor.ops.settings import Settings
from candor.web.security.webhooks import Accepted
from promise_svc import sources
from promise_svc.api.neutral_events import KNOWN


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """The finding about WEBHOOK_SECRETS_FILE, if there is one."""
    if settings.webhook_secrets_file is not None:
        yield webhooks(settings.webhook_secrets_file, settings.service, Accepted(discover(sources, ()), KNOWN))
