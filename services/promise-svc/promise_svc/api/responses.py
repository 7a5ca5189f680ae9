"""HTTP response bodies, for the API description; `presenters` makes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from candor.web.http.listings import ListTotals
from promise_svc.api.requests import DependencyIn, ItemIn, ReferenceIn


class StepOut(BaseModel):
    """A step on the way."""

    name: str
    planned: datetime | None
    told: bool


class PromiseOut(BaseModel):
    """A promise with its four dates: requested, first, latest, and held (the promised date)."""

    promise_id: str
    customer_id: str
    kind: str
    what: str
    state: Literal["made", "kept", "broken", "disputed", "withdrawn"]
    version: int
    made_at: datetime
    requested_due: datetime | None
    first_due: datetime
    latest_due: datetime
    held_due: datetime
    tolerance_s: int
    historical: bool
    completed_at: datetime | None
    labels: dict[str, str | float | bool]
    milestones: list[StepOut]
    depends_on: list[DependencyIn]
    references: list[ReferenceIn]
    value: float | None
    currency: str | None
    owner: str | None
    department: str | None
    channel: str | None
    deliverer: str | None
    accepted: bool
    zone: str
    scope: list[ItemIn]


class ChangeOut(BaseModel):
    """A change after the promise was made; fields that do not apply to its kind are absent."""

    version: int
    kind: Literal["revised", "withdrawn", "settled", "assigned"]
    at: datetime
    due: datetime | None = None
    held_due: datetime | None = None
    asked_by: Literal["customer", "company"] | None = None
    agreed: bool | None = None
    reason: str | None = None
    public_reason: str | None = None
    verdict: Literal["kept", "broken", "disputed"] | None = None
    completed_at: datetime | None = None
    deliverer: str | None = None
    accepted: bool | None = None
    judged: Literal["kept", "broken"] | None = None
    in_effect: Literal[False] | None = None


class AskedOut(BaseModel):
    """A question about the need that the customer has not answered yet, in the words that they read."""

    clarification_id: str
    question: str
    at: datetime


class PromiseWithHistory(PromiseOut):
    """A promise with its changes in the order in which they were said: the newest 200, and how many came before them.

    Beside it what the customer is still asked about their need.

    `version` of a change is the order in which it arrived. `in_effect` is false for what was said after the end.
    `judged`: what a verdict comes to by the date that the customer held then, where it had been said by another date.
    """

    changes: list[ChangeOut]
    changes_older: int
    clarifications_open: int
    clarifications_open_exact: bool
    clarifications: list[AskedOut]


class WaitingOut(BaseModel):
    """What was said of a promise that is not known yet; fields that do not apply to its kind are null.

    Of statements between departments and challenges to them no source is kept; `waiting_id` is their own id.
    """

    waiting_id: str
    promise_id: str
    kind: Literal["revised", "withdrawn", "settled", "statement", "challenge"]
    said_at: datetime
    due: datetime | None
    asked_by: Literal["customer", "company"] | None
    agreed: bool | None
    reason: str | None
    public_reason: str | None
    verdict: Literal["kept", "broken", "disputed"] | None
    completed_at: datetime | None
    settled_at: datetime | None
    said_by: str | None
    said_to: str | None
    source: str | None
    source_event: str | None
    historical: bool | None
    waiting_at: datetime


class WaitingPage(ListTotals):
    """A page of what waits, oldest arrival first; the Link header leads to the next one."""

    items: list[WaitingOut]


class DraftOut(BaseModel):
    """A promise of which something is missing; `terms` are its fields besides those that each promise has."""

    promise_id: str
    state: Literal["draft", "withdrawn"]
    missing: list[Literal["customer_id", "kind", "what", "due"]]
    customer_id: str | None
    kind: str | None
    what: str | None
    due: datetime | None
    source: str
    historical: bool
    newest_at: datetime
    draft_at: datetime
    terms: dict[str, Any]
    said_at: dict[str, datetime]


class DraftPage(ListTotals):
    """A page of drafts, oldest first; the Link header leads to the next one."""

    items: list[DraftOut]


class DraftWithdrawn(BaseModel):
    """The draft is withdrawn: whatever completes it later is withdrawn at once."""

    promise_id: str
    state: Literal["withdrawn"]
    missing: list[Literal["customer_id", "kind", "what", "due"]]


class PromisePage(ListTotals):
    """A page of promises by promised date; the next page is in the `Link` header."""

    items: list[PromiseOut]


class ContactOut(BaseModel):
    """Confirms that a contact exists; only notify-svc can read it."""

    customer_id: str
    version: int


class StaffContactOut(BaseModel):
    """Confirms that a staff member's contact exists; only notify-svc can read it."""

    staff_id: str
    version: int


class StaffErasedOut(BaseModel):
    """Confirms that a staff member's contact was erased."""

    staff_id: str


class ErasedOut(BaseModel):
    """How far an erasure is in promise-svc, and how many promises are deleted; the other services follow."""

    customer_id: str
    promises_erased: int
    state: Literal["erased", "erasing"]


class ErasureOut(BaseModel):
    """How far the erasure of a customer is in promise-svc: whether any row of before is left."""

    customer_id: str
    state: Literal["erased", "erasing"]
    erased_at: datetime
