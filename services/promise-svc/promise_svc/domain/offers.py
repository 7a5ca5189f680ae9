"""An option that a customer took: a date that it carries is a new date to which they agreed."""

from __future__ import annotations

from datetime import datetime

from promise_svc.domain.machines import Kind
from promise_svc.domain.matter import Matter
from promise_svc.domain.promise import Promise, Revise, State
from promise_svc.domain.refusal import Refusal, RefusalReason

TAKEN = "taken"


def agreed_date(promise: Promise, before: Matter | None, offer: Matter, *, reported: bool) -> Revise | None:
    """The new date of the promise that an offer leaves, which was as `before`; None if no date comes of it.

    `reported`: another system says so; else one of our own users does, now, and a promise that has ended stays as it
    is. The date that is held already, and one before the promise was made, move nothing.
    """
    chosen = (offer.state, offer.content.get(TAKEN))
    if offer.kind is not Kind.OFFER or offer.state != TAKEN:
        return None
    if before is not None and (before.state, before.content.get(TAKEN)) == chosen:
        return None
    due = next((_due(option) for option in offer.content["options"] if option["name"] == chosen[1]), None)
    if due is None or due < promise.made_at:
        return None
    if not reported and (promise.state is not State.MADE or due == promise.held_due == promise.latest_due):
        return None
    return Revise(
        promise_id=promise.promise_id,
        due=due,
        asked_by_customer=False,
        agreed=True,
        reason=f"the customer took an option of offer {offer.matter_id}",
        reported=reported,
    )


def refuse_past(promise: Promise, offer: Matter) -> None:
    """Raise Refusal where an option carries a date before the promise was made: nobody could take it."""
    for place, option in enumerate(offer.content["options"]):
        due = _due(option)
        if due is not None and due < promise.made_at:
            detail = "due lies before the promise was made"
            raise Refusal(RefusalReason.DUE_BEFORE_MADE, detail, f"/options/{place}/due")


def _due(option: dict[str, str | None]) -> datetime | None:
    said = option.get("due")
    return None if said is None else datetime.fromisoformat(said)
