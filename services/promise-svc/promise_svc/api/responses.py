"""HTTP response bodies, for the API description; `presenters` makes them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

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


class PromiseWithHistory(PromiseOut):
    """A promise with its changes, oldest first: the newest 200, and how many there were before them."""

    changes: list[ChangeOut]
    changes_older: int


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
