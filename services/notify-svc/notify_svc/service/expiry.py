"""What of messages has an end: their text and evidence, and the words of promises that are over.

Never a row: the identity of a notice and the episode say what was told, and so that it is not told again.
"""

from __future__ import annotations

from typing import Final

from candor.store.retention import Expiry, Rule
from notify_svc.settings import NotifySettings

# What waits or is on its way still needs its text.
NOT_WAITING: Final = "words_since IS NOT NULL AND state NOT IN ('pending', 'sending')"
NO_TEXT: Final = (
    """subject = '', body = '', html = '', evidence = '{}', findings = '[]', withheld_for = '', words_since = NULL"""
)
# Without its words nothing is decided on a promise any more; the versions stay, so that no old event brings them back.
NO_WORDS: Final = "promise = NULL, gap = NULL, check_at = NULL, words_since = NULL"

NO_ANSWER: Final = "words = '', words_since = NULL"


def expiries(settings: NotifySettings) -> list[Expiry]:
    """The rules of this service's own tables."""
    return [
        Rule("notice", "words_since", settings.messages_kept_days, NOT_WAITING, NO_TEXT),
        Rule(
            "delivery",
            "created_at",
            settings.messages_kept_days,
            "recipient <> '' AND state NOT IN ('pending', 'sending')",
            "recipient = '', provider_id = ''",
        ),
        Rule("answer", "words_since", settings.texts_kept_days, "words_since IS NOT NULL", NO_ANSWER),
        Rule("phone_call", "words_since", settings.messages_kept_days),
        Rule("offer", "changed_at", settings.texts_kept_days),
        Rule("clarification", "changed_at", settings.texts_kept_days),
        # What is open is still to be looked at again.
        Rule("wish", "changed_at", settings.texts_kept_days, "state <> 'open'"),
        Rule("page_link", "ends_at", settings.messages_kept_days),
        Rule("mail_report", "created_at", settings.messages_kept_days),
        Rule("brief", "created_at", settings.messages_kept_days),
        Rule("promise", "words_since", settings.texts_kept_days, "words_since IS NOT NULL", NO_WORDS),
    ]
