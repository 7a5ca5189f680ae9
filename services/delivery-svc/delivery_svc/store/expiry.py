"""What of the reports has an end: those that wait, the words of those passed on, and of resolved incidents."""

from __future__ import annotations

from typing import Final

from candor.store.retention import Expiry, Rule, outbox_rule, rejected_rule, request_rule
from delivery_svc.settings import DeliverySettings
from delivery_svc.store.archive import ParkedExpiry

REPORT_WORDS: Final = "(reason IS NOT NULL OR public_reason IS NOT NULL)"
RESOLVED: Final = "words_since IS NOT NULL AND status = 'resolved'"
# The version, the status and what it hits stay: an older report of it still changes nothing.
UNTITLED: Final = """words_since = NULL,
  picture = picture || '{"title": "", "public_title": null}'::jsonb"""


def expiries(settings: DeliverySettings) -> list[Expiry]:
    """The rules of this service's own tables."""
    days = settings.texts_kept_days
    return [
        rejected_rule(settings),
        request_rule(settings),
        outbox_rule(settings),
        ParkedExpiry(settings.parked_kept_days),
        Rule("match", "matched_at", settings.parked_kept_days),
        Rule("unknown_label", "last_seen", settings.rejected_kept_days),
        Rule("milestone", "saved_at", days, REPORT_WORDS, "reason = NULL, public_reason = NULL"),
        Rule("sighting", "saved_at", days),
        Rule("incident", "words_since", days, RESOLVED, UNTITLED),
    ]
