"""Bodies about plans to close the gap of a promise."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, StringConstraints

from candor.contracts import Component
from candor.web.http.fields import Id, Moment
from promise_svc.api.matter_requests import BegunIn, Fault, SaidIn
from promise_svc.api.requests import Short

ACTION: Final = r"^[a-z0-9]+(-[a-z0-9]+)*$"
Due = Annotated[Moment, Field(description="When it is to be done.")]
Department = Annotated[Short, Field(description="The department that owns the plan.")]
Owner = Annotated[Id, Field(description="Who of them does it: an id, never an address; it stays in promise-svc.")]


class PlanIn(BegunIn):
    """What is to be done until when, and by whom, so that one component of a promise's gap falls."""

    plan_id: Id | None = None
    promise_id: Id
    driver: Annotated[Component, Field(description="The component of the gap that it is to close.")]
    action: Annotated[
        str,
        StringConstraints(pattern=ACTION, max_length=60),
        Field(description="What is to be done, as a short code by which plans are counted, such as add-crew."),
    ]
    department: Department
    owner: Owner | None = None
    due: Due


class PlanChangeIn(SaidIn):
    """Another date or owner; what is not given stays."""

    due: Due | None = None
    department: Department | None = None
    owner: Owner | None = None

    def fault(self) -> Fault | None:
        given = (self.due, self.department, self.owner)
        return ("/due", "another due, department or owner is missing") if given == (None, None, None) else None
