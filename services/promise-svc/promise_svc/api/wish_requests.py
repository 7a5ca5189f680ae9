"""Bodies about wishes: what a customer asked for and does not get yet."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

from pydantic import Field

from candor.web.http.fields import YEARS, Id, InternalText, Name
from promise_svc.api.matter_requests import BegunIn, Department, Fault, SaidIn

LONGEST: Final = 200
PublicText = Annotated[
    Name, Field(max_length=LONGEST, description="What was wished, in approved words that the customer may read.")
]
Workaround = Annotated[
    Name, Field(max_length=LONGEST, description="What they can do until then, in approved words that they may read.")
]
Day = Annotated[date, Field(description="The day on which it is looked at again, after today.")]


def _far(day: date | None) -> Fault | None:
    if day is not None and not YEARS[0] <= day.year <= YEARS[1]:
        return "/look_again_on", f"must lie between the years {YEARS[0]} and {YEARS[1]}"
    return None


class WishIn(BegunIn):
    """What a customer wishes for and does not get yet, with or without a promise that it is about."""

    wish_id: Id | None = None
    customer_id: Id | None = None
    promise_id: Id | None = None
    words: Annotated[
        InternalText, Field(min_length=1, max_length=2000, description="The wish in the customer's words; internal.")
    ]
    public_text: PublicText | None = None
    workaround: Workaround | None = None
    look_again_on: Day
    department: Department | None = None

    def fault(self) -> Fault | None:
        if self.promise_id is None and self.customer_id is None:
            return "/customer_id", "must be given where there is no promise_id"
        if self.promise_id is not None and self.customer_id is not None:
            return "/customer_id", "must not be given beside a promise, which has its own customer"
        if self.workaround is not None and self.public_text is None:
            return "/public_text", "must be given beside a workaround, which nobody reads without it"
        return _far(self.look_again_on)


class WishChangeIn(SaidIn):
    """Other approved words, another workaround or another day; what is not given stays."""

    public_text: PublicText | None = None
    workaround: Workaround | None = None
    look_again_on: Day | None = None

    def fault(self) -> Fault | None:
        if (self.public_text, self.workaround, self.look_again_on) == (None, None, None):
            return "/workaround", "another public_text, workaround or look_again_on is missing"
        return _far(self.look_again_on)
