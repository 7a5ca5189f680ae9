"""Standard Webhooks as a source: one event `{"type", "timestamp", "data"}` per body, with the webhook's id."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from candor.intake.event import neutral
from candor.intake.source import Incoming, Items, Outcome, Reply, Unusable, canonical
from candor.web.http import strict_json
from candor.web.http.body import JSON
from candor.web.http.problems import Problem
from candor.web.security.schemes import Scheme, StandardWebhooks
from candor.web.security.webhooks import STANDARD, Webhook


class Standard:
    """The source for senders that use our own event types."""

    name = STANDARD
    media_types = JSON
    schemes: Sequence[Scheme] = (StandardWebhooks(),)

    def read(self, webhook: Webhook, known: Collection[str], now: datetime) -> Items:
        """One event."""
        document: Any = None
        try:
            document = strict_json.loads_object(webhook.raw)
            return [Incoming(webhook.id, neutral(document, known, now), canonical(document))]
        except Problem as problem:
            said = document.get("type") if isinstance(document, dict) else None
            return [Unusable(problem, webhook.id, said if isinstance(said, str) else "", webhook.raw)]

    def answer(self, webhook: Webhook, outcomes: Sequence[Outcome]) -> Reply:  # noqa: ARG002
        """The answer of the command's route, or 202 with the reason why the event was rejected."""
        result = outcomes[0].result
        if isinstance(result, Problem):
            return Reply(202, canonical({"state": "rejected", "code": result.code, "detail": result.detail}))
        return Reply(*result.answer)
