"""HTTP queries about public reviews and stated lead times."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, Field

from candor.web.http.fields import Id, Name, dated
from risk_svc.insight.lead_times import LeadTimeFilter
from risk_svc.insight.reviews import ReviewFilter, Tag
from risk_svc.web.api.insight_requests import PageQuery

Moment = Annotated[datetime, BeforeValidator(dated, json_schema_input_type=datetime)]


class AboutQuery(PageQuery):
    """About what reviews are."""

    source: str | None = Field(default=None, pattern="^[a-z0-9._-]{1,40}$", description="Only reviews on this site.")
    product: Id | None = Field(default=None, description="Only about this product.")
    place: Id | None = Field(default=None, description="Only about this place.")
    beside_promise: bool | None = Field(
        default=None, description="true: only those that name a promise; false: only those that name none."
    )
    said_from: Moment | None = Field(default=None, description="Published at this time or later, RFC 3339.")
    said_before: Moment | None = Field(default=None, description="Published before this time, RFC 3339.")

    def wanted(self) -> ReviewFilter:
        """The filter."""
        return ReviewFilter(
            source=self.source,
            product=self.product,
            place=self.place,
            beside_promise=self.beside_promise,
            since=self.said_from,
            before=self.said_before,
        )


class ReviewQuery(AboutQuery):
    """Which reviews."""

    tag: Tag | None = Field(
        default=None,
        description="failure: any of the four tags; none: read and of none of them; untagged: not read by anybody.",
    )
    customer: Id | None = None
    promise: Id | None = Field(default=None, description="Only those about this promise.")

    def wanted(self) -> ReviewFilter:
        """The filter."""
        return super().wanted()._replace(tag=self.tag, customer_id=self.customer, promise_id=self.promise)


class CompetitorQuery(PageQuery):
    """Which stated lead times."""

    competitor: Name | None = Field(default=None, max_length=100, description="Only those of this competitor.")
    kind: Id | None = Field(default=None, description="Only those of this promise type.")

    def wanted(self) -> LeadTimeFilter:
        """The filter."""
        return LeadTimeFilter(self.competitor, self.kind)
