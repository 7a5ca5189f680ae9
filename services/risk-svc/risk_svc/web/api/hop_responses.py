"""HTTP response bodies about hops: where messages changed on their way to the customer."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from candor.web.http.listings import ListTotals
from risk_svc.web.api.insight_responses import FigureOut


class DriftOut(BaseModel):
    """How far each slot of a statement moved, as a part of its scale, -1 to 1; above 0 more is promised than was heard.

    Null: the slot was never spoken of, or in units that cannot be compared. A date's scale is 30 days, certainty's four
    steps; scope and conditions count what differs of all that either side names.
    """

    drift_date: float | None = Field(description="The drift of the date; above 0 earlier.")
    drift_scope: float | None = Field(description="The drift of the scope; above 0 more of it.")
    drift_quantity: float | None = Field(description="The drift of the quantity; above 0 more.")
    drift_certainty: float | None = Field(description="The drift of the certainty; above 0 surer.")
    drift_conditions: float | None = Field(description="The drift of the conditions; above 0 fewer.")


class PassedOut(DriftOut):
    """A statement that passes on another one, and what changed."""

    statement_id: str
    promise_id: str | None
    capability_id: str | None
    customer_id: str | None
    kind: str | None
    said_by: str
    said_to: str
    at: datetime = Field(description="When it was said.")
    heard: str = Field(description="The id of the statement that its speaker had heard.")
    heard_from: str = Field(description="The department that had said it.")
    due_in: datetime | None = Field(description="The date that its speaker had heard.")
    due_out: datetime | None = Field(description="The date that stood after it.")
    days: float | None = Field(description="How many days later the date became; below 0 earlier.")
    distortion: float = Field(description="How much the message changed here, 0 to 1.")
    threshold: float = Field(description="The distortion from which on this kind of hop is named (HOP_THRESHOLDS).")
    past_threshold: bool = Field(description="Whether it is past that.")
    imposed: bool | None = Field(
        description="Whether it was about the work of another team that had not accepted it; null: about no such work."
    )
    waits: bool = Field(description="Whether its promise is not known yet.")
    unlike_units: bool = Field(description="Whether quantities on its way have units that cannot be compared.")


class PassedPage(ListTotals):
    """Statements that pass on others, the largest distortion first."""

    items: list[PassedOut]


class PathOut(BaseModel):
    """How what a customer was told of a promise came about, hop by hop.

    It is the path of the newest statement to the customer, or to whoever the longest path ends at. Weights of the slots
    and the threshold are assumed.
    """

    promise_id: str
    customer_id: str | None
    kind: str | None
    waits: bool = Field(description="Whether the promise is not known yet, only what was said of it.")
    distortion_sum: float = Field(description="The distortions of the hops together.")
    net_distortion: float = Field(description="What lies between the first statement and the last, 0 to 1.")
    net: DriftOut = Field(description="The drift of each slot from the first statement to the last.")
    threshold: float = Field(description="The distortion from which on a hop is named that has none of its own.")
    first_past: str | None = Field(description="The first hop past its threshold, such as sales>customer.")
    unlike_units: list[str] = Field(
        description="The quantities that were spoken of where their units cannot be compared; then none of them counts."
    )
    statements: int = Field(description="How many statements there are about the promise; at most 200 are compared.")
    statements_exact: bool = Field(description="False: there are more than `statements`.")
    hops: list[PassedOut] = Field(description="The hops of the path, in order.")


class HopOut(BaseModel):
    """What a kind of hop does to messages: mean signed drift by slot, and whether dates swing more than those heard.

    Means have Student's 95 % interval, the ratio that of Pitman and Morgan, the share Wilson's.
    """

    name: str = Field(description="The kind of hop: who said it > to whom.")
    said_by: str
    said_to: str
    messages: int = Field(description="How many messages went over it.")
    too_little_history: str | None = Field(description="That there are too few messages to state a mean, in words.")
    distortion: FigureOut = Field(description="Mean distortion, 0 to 1.")
    drift_date: FigureOut = Field(description="Mean drift of the date, by 30 days; above 0 earlier.")
    drift_scope: FigureOut = Field(description="Mean drift of the scope; above 0 more of it.")
    drift_quantity: FigureOut = Field(description="Mean drift of the quantity; above 0 more.")
    drift_certainty: FigureOut = Field(description="Mean drift of the certainty, by four steps; above 0 surer.")
    drift_conditions: FigureOut = Field(description="Mean drift of the conditions; above 0 fewer.")
    days: FigureOut = Field(description="Mean days by which dates became later; below 0 earlier.")
    variance_ratio: FigureOut = Field(description="Var(date told) / Var(date heard); above 1 dates swing more.")
    imposed: FigureOut = Field(
        description="The share of impositions: what was said of another team's work that it had not accepted."
    )
    threshold: float = Field(description="The distortion from which on this kind of hop is named (HOP_THRESHOLDS).")


class HopPage(ListTotals):
    """Kinds of hops, the largest mean distortion first; those with too little history last."""

    messages: int = Field(description="How many messages the figures are of, the newest ones.")
    messages_exact: bool = Field(description="False: there are more messages than that.")
    items: list[HopOut]
