"""Bodies about links to the form of four questions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from candor.web.http.fields import Body, Id, Moment
from promise_svc.api.matter_requests import Department, Fault


class LinkIn(Body):
    """For whom a link is: it says nothing else of them, and names nobody."""

    side: Annotated[
        Literal["leadership", "staff", "customers"], Field(description="Whose belief it says: whom of the three.")
    ]
    customer_id: Id | None = None
    department: Department | None = None
    expires_at: Annotated[Moment, Field(description="When the link ends, by default after 30 days.")] | None = None

    def fault(self) -> Fault | None:
        """What is wrong with fields beside each other, if anything is."""
        if self.side == "customers" and self.department is not None:
            return "/department", "is given for leadership and staff alone"
        if self.side != "customers" and self.customer_id is not None:
            return "/customer_id", "is given for customers alone"
        return None


class LinkOut(BaseModel):
    """A link, and the sheet that it opens."""

    sheet_id: str
    url: Annotated[str, Field(description="The link: whoever has it can answer, once.")]
    expires_at: Annotated[datetime, Field(description="When the link ends.")]
