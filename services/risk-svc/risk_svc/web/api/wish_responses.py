"""HTTP response bodies about wishes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

from pydantic import BaseModel, Field

from candor.web.http.listings import ListTotals


class WishOut(BaseModel):
    """What a customer wished for, and when it is looked at again; their own words are in promise-svc alone."""

    wish_id: str
    promise_id: str | None = Field(description="The promise that it is about; null: none.")
    customer_id: str | None
    department: str | None = Field(description="The department that looks at it; null once names have ended.")
    state: str = Field(description="open, due, met or declined.")
    at: datetime = Field(description="When it was noted.")
    changed_at: datetime
    look_again_on: date
    public_text: str | None = Field(description="What was wished, as the customer reads it; null: they do not.")
    workaround: str | None
    promise_kind: str | None = Field(description="The type of the promise; null while the promise is not known.")
    promise_standing: str | None = Field(description="Where the promise stands.")
    promise_due: datetime | None = Field(description="The date that the customer holds.")
    score: float | None = Field(description="The gap of the promise, 0 to 100.")


class WishPage(ListTotals):
    """Wishes, the first day to look at one again first."""

    items: list[WishOut]


WISHES: Final[dict[str, Any]] = {
    "total": 1,
    "total_exact": True,
    "items": [
        {
            "wish_id": "WI-1",
            "promise_id": "PR-1001",
            "customer_id": "acme",
            "department": "operations",
            "state": "due",
            "at": "2026-03-02T15:00:00Z",
            "changed_at": "2026-03-05T09:00:00Z",
            "look_again_on": "2026-06-01",
            "public_text": "an installation on a Saturday",
            "workaround": "we come on a weekday from 7:00, before you open",
            "promise_kind": "install",
            "promise_standing": "open",
            "promise_due": "2026-06-02T12:00:00Z",
            "score": 22.5,
        }
    ],
}
"""An example of the answer; a test holds it against its model."""
