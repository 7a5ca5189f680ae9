"""HTTP request bodies. Field names equal the contract's, and each body converts itself to its command."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, field_validator

from candor.contracts import Purpose, Tolerance
from candor.intake.once import new_id
from candor.web.http.body import convert
from candor.web.http.fields import (
    Amount,
    Body,
    Currency,
    Email,
    Id,
    InternalText,
    Labels,
    Moment,
    Name,
    PublicText,
    ReferenceId,
    Seconds,
    Text,
    Zone,
)
from promise_svc.domain import Make, Revise, Settle, State, Terms, Withdraw, limits
from promise_svc.domain.promise import NamespacedId, Outline, PlannedStep, ScopeItem

Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]
"""A BCP 47 language tag, such as de or pt-BR."""
Short = Annotated[Name, Field(max_length=200)]
What = Annotated[
    Text, Field(min_length=1, description="What was promised, as the customer was told it; letters say it.")
]


class StepIn(Body):
    """A step on the way to the promise; customers see the `name` only of steps that they were `told` of."""

    name: Short
    planned: Moment | None = None
    told: bool = False


def _differ(steps: list[StepIn]) -> list[StepIn]:
    if len({step.name for step in steps}) != len(steps):
        raise ValueError("milestones must have different names")
    return steps


class ItemIn(Body):
    """A part of what is promised; `weight` is relative to the other parts, `supported` false if it is unavailable."""

    item: Short
    weight: Annotated[float, Field(ge=0.001, le=1_000_000, allow_inf_nan=False)] = 1.0
    supported: bool = True


def _once(items: list[ItemIn]) -> list[ItemIn]:
    if len({item.item for item in items}) != len(items):
        raise ValueError("scope items must have different names")
    return items


class DependencyIn(Body):
    """Something the promise depends on."""

    kind: Id
    id: Id


class ReferenceIn(Body):
    """The promise's name in a foreign system."""

    system: Id
    id: ReferenceId


class TermsIn(Body):
    """What a promise may have besides what each has."""

    made_at: Moment | None = None
    requested_due: Moment | None = None
    tolerance_s: Seconds = 0
    labels: Labels = {}
    milestones: Annotated[list[StepIn], Field(max_length=limits.MILESTONES), AfterValidator(_differ)] = []
    depends_on: Annotated[list[DependencyIn], Field(max_length=limits.DEPENDENCIES)] = []
    references: Annotated[list[ReferenceIn], Field(max_length=limits.REFERENCES)] = []
    value: Amount | None = None
    currency: Currency | None = None
    owner: Id | None = None
    department: Short | None = None
    channel: Short | None = None
    deliverer: Id | None = None
    accepted: bool = True
    zone: Zone = "UTC"
    scope: Annotated[list[ItemIn], Field(max_length=limits.SCOPE_ITEMS), AfterValidator(_once)] = []

    def terms(self) -> Terms:
        """The terms, which never change."""
        return Terms(
            labels=dict(self.labels),
            milestones=tuple(PlannedStep(step.name, step.planned, step.told) for step in self.milestones),
            depends_on=tuple(NamespacedId(on.kind, on.id) for on in self.depends_on),
            references=tuple(NamespacedId(to.system, to.id) for to in self.references),
            value=self.value,
            currency=self.currency,
            owner=self.owner,
            department=self.department,
            channel=self.channel,
            deliverer=self.deliverer,
            accepted=self.accepted,
            zone=self.zone,
            scope=tuple(ScopeItem(part.item, part.weight, part.supported) for part in self.scope),
        )


class PromiseIn(TermsIn):
    """A promise to be made; `due` is the date given to the customer, `made_at` defaults to now."""

    promise_id: Id | None = None
    customer_id: Id
    kind: Id
    what: What
    due: Moment

    def command(self, at: datetime) -> Make:
        """The command to make the promise; a missing id is generated, a missing `made_at` becomes `at`."""
        return Make(
            promise_id=self.promise_id or new_id(),
            customer_id=self.customer_id,
            kind=self.kind,
            what=self.what,
            made_at=self.made_at or at,
            due=self.due,
            requested_due=self.requested_due,
            tolerance_s=self.tolerance_s,
            terms=self.terms(),
            made_now=self.made_at is None,
        )


class DraftIn(TermsIn):
    """What is known of a promise that is not complete; of each field what was said last counts."""

    customer_id: Id | None = None
    kind: Id | None = None
    what: What | None = None
    due: Moment | None = None

    def outline(self, promise_id: str, *, reported: bool = False) -> Outline:
        """The command to add this to the draft of the promise."""
        fields = self.model_dump(mode="json", exclude_unset=True, exclude_none=True, exclude={"promise_id"})
        return Outline(promise_id=promise_id, fields=fields, read=partial(whole, promise_id), reported=reported)


def whole(promise_id: str, fields: Mapping[str, Any], at: datetime) -> Make:
    """The command to make the promise of all its fields, as JSON, at `at` unless they say when. Raises Problem."""
    return convert(PromiseIn, {**fields, "promise_id": promise_id}).command(at)


class RevisionIn(Body):
    """A new date; it moves the promised date only if `agreed` or asked for by the customer. `reason` is internal."""

    due: Moment
    asked_by: Literal["customer", "company"]
    agreed: bool = False
    reason: Annotated[InternalText, Field(min_length=1)]
    public_reason: PublicText | None = None

    def command(self, promise_id: str, version: int | None = None, *, reported: bool = False) -> Revise:
        return Revise(
            promise_id=promise_id,
            due=self.due,
            asked_by_customer=self.asked_by == "customer",
            agreed=self.agreed,
            reason=self.reason,
            expected_version=version,
            public_reason=self.public_reason,
            reported=reported,
        )


class WithdrawalIn(Body):
    """Withdraws the promise. `reason` is internal. The customer is told, unless it was `asked_by` them."""

    reason: Annotated[InternalText, Field(min_length=1)]
    public_reason: PublicText | None = None
    asked_by: Literal["customer", "company"] | None = None

    def command(self, promise_id: str, version: int | None = None, *, reported: bool = False) -> Withdraw:
        by_customer = None if self.asked_by is None else self.asked_by == "customer"
        return Withdraw(promise_id, self.reason, version, self.public_reason, reported, by_customer)


class VerdictIn(Body):
    """How the promise ended."""

    verdict: Literal["kept", "broken", "disputed"]
    completed_at: Moment | None = None
    settled_at: Moment | None = None

    def command(self, promise_id: str, version: int | None = None, *, reported: bool = False) -> Settle:
        return Settle(promise_id, State(self.verdict), self.completed_at, self.settled_at, version, reported)


NameT = TypeVar("NameT", bound=str)
ChannelName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,19}$")]
Elsewhere = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[!-~][ -~]{2,2047}$")]
"""An address that is no e-mail's: a number, or a webhook's URL."""


def _each_once(names: list[NameT]) -> list[NameT]:
    if len(set(names)) != len(names):
        raise ValueError("each must be named once")
    return names


Purposes = Annotated[
    list[Purpose],
    Field(min_length=1, description="What they may be written to for, with `consent`; without it, all."),
    AfterValidator(_each_once),
]


class PersonIn(Body):
    """How to reach a person; sealed before it is stored. `consent` false: never message them.

    Without a `language` they are written to in the company's own; without a `zone`, in that of each promise.
    """

    addresses: Annotated[
        dict[ChannelName, Elsewhere],
        Field(max_length=8, description="Other addresses by kind: `phone`, `slack`, `teams`, `webhook`."),
    ] = {}
    email: Annotated[Email | None, Field(validate_default=True)] = None
    quiet: Annotated[
        str | None,
        Field(
            pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]|none)$",
            description="Quiet hours of their own on their clock, such as 21:00-07:00, or `none`.",
        ),
    ] = None
    channels: Annotated[
        list[ChannelName],
        Field(max_length=8, description="Channels to use, the preferred one first; without them e-mail is."),
        AfterValidator(_each_once),
    ] = []
    name: Short | None = None
    language: Language | None = None
    zone: Zone | None = None
    consent: bool = True
    purposes: Purposes | None = None

    @field_validator("email")
    @classmethod
    def _reached(cls, email: str | None, said: ValidationInfo) -> str | None:
        if email is None and not said.data.get("addresses", True):
            raise ValueError("is missing, and no other address is given")
        return email


class ContactIn(PersonIn):
    """How to reach a customer, and how they want to be written to; sealed before it is stored."""

    tier: Annotated[
        Short | None, Field(description="Their tier, whose defaults (`TIERS` of notify-svc) hold for what is not said.")
    ] = None
    tolerance: Annotated[
        Tolerance | None, Field(description="From which risk they are warned: low of a smaller one, high of a greater.")
    ] = None
    ahead_hours: Annotated[
        float | None, Field(ge=1, le=8784, description="Hours before the promised time from which a risk is told.")
    ] = None
    pace_hours: Annotated[
        float | None, Field(ge=1, le=720, description="Least hours between two messages of a promise's likely times.")
    ] = None


class StaffContactIn(PersonIn):
    """How to reach a promise's owner; sealed before it is stored. Customers are told their `name` and `reach`."""

    reach: Annotated[Short | None, Field(description="How customers reach them beside a reply; letters say it.")] = None
