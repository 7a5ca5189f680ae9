"""What of the ledger has an end: the words of promises that are over, and contacts of customers with nothing open."""

from __future__ import annotations

from typing import Final

from candor.intake import Origin
from candor.intake.once import new_id
from candor.ops.clock import Clock
from candor.store import erasing
from candor.store.retention import Expiry, Rule, Step, outbox_rule, rejected_rule, request_rule
from candor.store.unit_of_work import UnitOfWork
from promise_svc import domain, events
from promise_svc.settings import PromiseSettings
from promise_svc.store import ledger

# Dates, versions and the names of steps and scope items stay: a promise made again under this id is still refused.
EMPTIED: Final = """what = '', words_since = NULL, states = '[]',
  terms = terms || '{"labels": {}, "references": [], "depends_on": [], "owner": null,
    "department": null, "channel": null, "deliverer": null}'::jsonb"""
OVER: Final = """words_since IS NOT NULL AND (state <> 'made'
    OR greatest(held_due, latest_due) < now() - make_interval(secs => $1::float8 * 86400))"""
# An old change may belong to a promise that is still open: its words go with those of the promise.
OF_EMPTIED: Final = """words_since IS NOT NULL AND (
    SELECT promise.words_since IS NULL FROM promise WHERE promise.promise_id = change.promise_id)"""

WORDED: Final = "words_since IS NOT NULL"
WORDLESS: Final = "words = '{}'::jsonb, words_since = NULL"
# Goes as a whole, its entries with it, however long words are kept.
WAITING: Final = "customer_id IS NULL AND promise_id IS NOT NULL"


def expiries(settings: PromiseSettings, clock: Clock) -> list[Expiry]:
    """The rules of this service's own tables; `clock` says when a contact is removed."""
    return [
        rejected_rule(settings),
        request_rule(settings),
        outbox_rule(settings),
        Rule("promise", "words_since", settings.texts_kept_days, OVER, EMPTIED),
        Rule(
            "change",
            "words_since",
            settings.texts_kept_days,
            OF_EMPTIED,
            "reason = NULL, public_reason = NULL, deliverer = NULL, words_since = NULL",
        ),
        Rule("matter", "words_since", settings.texts_kept_days, f"{WORDED} AND NOT ({WAITING})", WORDLESS),
        Rule("matter_entry", "words_since", settings.texts_kept_days, WORDED, WORDLESS),
        Rule("matter", "words_since", settings.parked_kept_days, WAITING, says="matter_waiting"),
        Rule("waiting", "waiting_at", settings.parked_kept_days),
        Rule("draft", "draft_at", settings.parked_kept_days),
        ContactExpiry(settings.contacts_kept_days, clock),
    ]


class ContactExpiry:
    """Removes contacts, a page of customers at a time, as if they had been taken back: notify-svc hears of it.

    Contacts of staff stay until somebody deletes them: nobody else knows when they leave.
    """

    name = "contact"
    table = "customer"

    def __init__(self, days: float, clock: Clock) -> None:
        self.days = days
        self._clock = clock
        self._after = ""

    async def step(self, uow: UnitOfWork, most: int) -> Step:
        """Look at the next `most` customers who have a contact."""
        page = await ledger.with_contact(uow, self._after, most)
        await erasing.writing(uow)
        # Locked before the second look: a promise that is being made to one of them is seen, or waits for this.
        known = await ledger.customers(uow, await ledger.contact_over(uow, page, self.days))
        over = await ledger.contact_over(uow, list(known), self.days)
        ended = [domain.remove_contact(known[name]) for name in over]
        await ledger.save_customers(uow, known.keys(), ended)
        now = self._clock.now()
        uow.emit([events.contact_removed(customer, Origin(new_id(), "retention", now)) for customer in ended])
        more = len(page) == most
        self._after = page[-1] if more else ""
        return Step(len(ended), more)
