"""HTTP queries about hand-offs, claims, the register of capabilities, offers and challenges."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from candor.web.http.fields import Id
from risk_svc.insight import challenges, offers
from risk_svc.insight.challenges import ChallengeFilter
from risk_svc.insight.claim_lists import ClaimFilter, Verdict
from risk_svc.insight.handoffs import HandoffFilter, Sort, State
from risk_svc.insight.offers import OfferFilter
from risk_svc.web.api.insight_requests import PageQuery


class HandoffQuery(PageQuery):
    """Which hand-offs, and in which order."""

    state: State = Field(default="all", description="In this state; open: requested or countered, and not expired.")
    sort: Sort = Field(default="due", description="due: the first date first; age: the oldest first; newest first.")
    promise: Id | None = Field(default=None, description="Only those about this promise.")
    customer: Id | None = None
    department: Id | None = Field(default=None, description="Only what this department asked for.")
    deliverer: Id | None = Field(default=None, description="Only those to this deliverer.")

    def wanted(self) -> HandoffFilter:
        """The filter."""
        return HandoffFilter(self.state, self.promise, self.customer, self.department, self.deliverer)


class ClaimQuery(PageQuery):
    """Which claims."""

    verdict: Verdict | None = Field(default=None, description="Only of this verdict; false: over- and under-claims.")
    capability: Id | None = Field(default=None, description="Only of this capability.")
    customer: Id | None = None
    department: Id | None = Field(default=None, description="Only what this department claimed.")
    left_over: bool = Field(default=False, description="Only those of which somebody who was told is not corrected.")

    def wanted(self) -> ClaimFilter:
        """The filter."""
        return ClaimFilter(self.verdict, self.capability, self.customer, self.department, self.left_over)


class RecallQuery(PageQuery):
    """Of which capability."""

    capability: Id = Field(description="The id of the capability.")


class RegisterQuery(PageQuery):
    """Which capabilities."""

    search: Id | None = Field(default=None, description="How the capability's id begins.")


class OfferQuery(PageQuery):
    """Which offers."""

    state: Literal["all"] | offers.State = Field(default="all", description="In this state; offered: not answered.")
    promise: Id | None = Field(default=None, description="Only those about this promise.")
    customer: Id | None = None
    department: Id | None = Field(default=None, description="Only what this department offered.")
    option: Literal["goodwill", "revised_terms", "other"] | None = Field(
        default=None, description="Only those with an option of this sort."
    )

    def wanted(self) -> OfferFilter:
        """The filter."""
        return OfferFilter(
            None if self.state == "all" else self.state, self.promise, self.customer, self.department, self.option
        )


class ChallengeQuery(PageQuery):
    """Which challenges."""

    state: Literal["all"] | challenges.State = Field(
        default="all", description="In this state; open: opened or answered, not settled."
    )
    outcome: challenges.Outcome | None = Field(default=None, description="Only those that were settled so.")
    about: challenges.About | None = Field(default=None, description="Only those about things of this sort.")
    about_id: Id | None = Field(default=None, description="Only those about this one.")
    promise: Id | None = Field(default=None, description="Only those about this promise.")
    customer: Id | None = None
    department: Id | None = Field(default=None, description="Only what this department doubts.")

    def wanted(self) -> ChallengeFilter:
        """The filter."""
        state = None if self.state == "all" else self.state
        return ChallengeFilter(
            state, self.outcome, self.about, self.about_id, self.promise, self.customer, self.department
        )
