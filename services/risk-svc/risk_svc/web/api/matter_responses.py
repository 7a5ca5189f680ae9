"""HTTP response bodies about hand-offs, claims, the register of capabilities, offers and challenges."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from candor.web.http.listings import ListTotals


class HandoffOut(BaseModel):
    """A hand-off with what both sides know: the promise as it is, and how much its deliverer has been asked for."""

    handoff_id: str
    promise_id: str | None
    customer_id: str | None
    department: str | None = Field(description="The department that asks.")
    deliverer: str | None
    state: str = Field(description="requested, countered, accepted, declined, withdrawn or expired.")
    at: datetime = Field(description="When it was requested.")
    changed_at: datetime
    due: datetime | None = Field(description="The date that was asked for, or countered last.")
    expires_at: datetime | None = Field(description="When it expires if nobody accepts.")
    scope: list[str] = Field(description="The parts that are handed over.")
    promise_kind: str | None = Field(description="The type of the promise; null while the promise is not known.")
    promise_standing: str | None = Field(description="Where the promise stands.")
    promise_due: datetime | None = Field(description="The date that the customer holds.")
    days_apart: float | None = Field(description="How many days after the customer's date the work is to be done.")
    score: float | None
    p_slip: float | None
    deliverer_open: int = Field(description="Open hand-offs that the deliverer has; at most 100 are counted.")
    reason: str | None = Field(description="What was given as a reason last; null: none, or its words have ended.")


class HandoffPage(ListTotals):
    """Hand-offs, in the order that was asked for."""

    items: list[HandoffOut]


class ClaimOut(BaseModel):
    """A claim beside the register as it stood when it was made."""

    claim_id: str
    capability_id: str
    customer_id: str | None = Field(description="The customer who was told; null: prospects.")
    at: datetime = Field(description="When it was made.")
    said: str
    there: str | None = Field(description="What the register had then; null: nothing that is known here.")
    verdict: str = Field(description="supported, over_claim, under_claim or unregistered.")
    channel: str | None = Field(description="Where it was said.")
    department: str | None = Field(description="The department that made it.")
    region: str | None
    edition: str | None
    recipients: int = Field(description="How many were told.")
    reached: int = Field(description="How many of them were corrected.")
    left_over: int = Field(description="How many of them were not.")


class ClaimPage(ListTotals):
    """Claims, those with most recipients first."""

    items: list[ClaimOut]


class RecallOut(ClaimPage):
    """False claims of a capability: whom they reached, over all pages, and the claims; nobody is written to."""

    capability_id: str
    claims: int = Field(description="How many claims were false.")
    customers: int = Field(description="How many customers they were made to.")
    told: int = Field(description="How many people were told what was false.")
    corrected: int = Field(description="How many of them were corrected.")
    left_over: int = Field(description="How many of them were not.")
    exact: bool = Field(description="False: there are more claims than are counted.")


class StatusOut(BaseModel):
    """The status of a capability, everywhere or in one region or edition."""

    status: str = Field(description="available, beta, planned or none.")
    since_version: str | None
    region: str | None
    edition: str | None


class CapabilityOut(BaseModel):
    """What the register says of a capability, and what was claimed of it; the 500 largest claims are counted."""

    capability_id: str
    at: datetime = Field(description="Since when the register says so.")
    version: int
    statuses: list[StatusOut]
    claims: int = Field(description="How many claims were made of it.")
    claims_exact: bool = Field(description="False: there are more.")
    over_claims: int = Field(description="How many of them said more than there was.")
    under_claims: int = Field(description="How many of them said less.")
    told: int = Field(description="How many people were told what was false.")
    corrected: int = Field(description="How many of them were corrected.")
    left_over: int = Field(description="How many of them were not.")


class CapabilityPage(ListTotals):
    """The register of capabilities, by id."""

    items: list[CapabilityOut]


class OptionOut(BaseModel):
    """One of what a customer may choose from."""

    name: str = Field(description="What it is called.")
    kind: str = Field(description="goodwill, revised_terms or other.")
    value: float | None = Field(description="What it costs us.")
    currency: str | None
    due: datetime | None = Field(description="The date that it promises.")


class OfferOut(BaseModel):
    """An offer with what was taken, and what the customer had requested beside what there is."""

    offer_id: str
    promise_id: str | None
    customer_id: str | None
    department: str | None = Field(description="The department that made it.")
    state: str = Field(description="offered, taken, declined or withdrawn.")
    at: datetime = Field(description="When it was made.")
    changed_at: datetime
    options: list[OptionOut] = Field(description="What the customer may choose from; empty once its texts have ended.")
    taken: str | None
    promise_kind: str | None = Field(description="The type of the promise; null while the promise is not known.")
    promise_standing: str | None = Field(description="Where the promise stands.")
    requested_due: datetime | None = Field(description="The date that the customer requested.")
    promise_due: datetime | None = Field(description="The date that the customer holds.")
    completed_at: datetime | None = Field(description="When the customer got it.")
    days_apart: float | None = Field(
        description="How many days after the requested date the customer got it, or is promised it; below 0 before."
    )
    score: float | None


class OfferPage(ListTotals):
    """Offers, the newest first."""

    items: list[OfferOut]


class ChallengeOut(BaseModel):
    """What an employee doubts, and what came of it; every entry is in promise-svc, GET /v1/challenges/{id}."""

    challenge_id: str
    about: str = Field(description="promise, claim or statement.")
    about_id: str = Field(description="The id of what is doubted.")
    promise_id: str | None
    customer_id: str | None
    department: str | None = Field(description="The department of who doubts it.")
    state: str = Field(description="opened, answered or settled.")
    outcome: str | None = Field(description="upheld or dismissed; null until it is settled.")
    at: datetime = Field(description="When it was opened.")
    changed_at: datetime
    promise_kind: str | None = Field(description="The type of the promise; null where there is none that is known.")
    promise_standing: str | None = Field(description="Where the promise stands.")
    score: float | None
    reason: str | None = Field(description="What was given as a reason last; null: its words have ended.")


class ChallengePage(ListTotals):
    """Challenges, the newest first."""

    items: list[ChallengeOut]


class OfferCount(BaseModel):
    """How often options of one sort were offered and taken, of offers whose words have not ended."""

    kind: str = Field(description="The sort of option: goodwill, revised_terms or other.")
    offered: int = Field(description="How many were offered.")
    taken: int = Field(description="How many of them were taken.")


class RequestedGot(BaseModel):
    """What a customer asked for beside what they got, counted."""

    customer_id: str
    promises: int = Field(description="How many promises they were made.")
    requested: int = Field(description="Promises for which they asked for a date.")
    promised_as_requested: int = Field(description="Of those, how many were promised by that date.")
    completed: int = Field(description="Of those, how many are complete, by their last step or by a verdict.")
    completed_as_requested: int = Field(description="Of those, how many were complete by the date asked for.")
    offers: list[OfferCount] = Field(description="What they were offered, by sort of option.")
    exact: bool = Field(description="False: there are more promises or offers than are counted.")
