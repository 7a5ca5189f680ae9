"""Bodies of requests about matters. Field names equal the contract's; `entry` turns a body into its command."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field

from candor.web.http.fields import YEARS, Amount, Body, Currency, Id, InternalText, Moment, Name, Text
from promise_svc.api.requests import Short
from promise_svc.domain import Enter, Kind, limits
from promise_svc.matter_events import id_of

Department = Annotated[Short, Field(description="The department that says it.")]
Person = Annotated[Id, Field(description="Who said it: an id, never an address.")]
Words = Annotated[InternalText, Field(max_length=2000, description="The words, as they were said; internal.")]
Reason = Annotated[InternalText, Field(min_length=1, max_length=2000)]
QUESTIONS: Final = ("well", "improve", "others", "onward")
"""Those of an answer sheet: what we do well, what to improve, what others do differently, what to go on with."""
WORDS: Final = frozenset(("words", "reason", "person", "owner", *(f"{question}_words" for question in QUESTIONS)))
"""What has an end and is erased: text by people, and who they are."""
IDS: Final = frozenset(("customer_id", "promise_id", "capability_id"))


def _differ(names: Iterable[Any]) -> None:
    if len({*(found := list(names))}) != len(found):
        raise ValueError("must differ from each other")


def _once(parts: list[str]) -> list[str]:
    _differ(parts)
    return parts


Fault = tuple[str, str]
"""A JSON pointer and what is wrong there."""
Parts = Annotated[list[Short], Field(max_length=limits.PARTS), AfterValidator(_once)]


class MatterBody(Body):
    """Base of these bodies."""

    def fault(self) -> Fault | None:
        """What is wrong with fields beside each other, if anything is."""
        return None

    def derived(self) -> dict[str, Any]:
        """What follows from it and is kept beside it."""
        return {}


class SaidIn(MatterBody):
    """What every entry may say: by whom, and in which words."""

    person: Person | None = None
    words: Words | None = None


class BegunIn(SaidIn):
    """What a matter begins with; `at` is when it was said, by default now."""

    at: Moment | None = None


class HandoffIn(BegunIn):
    """Asks a deliverer to take over the work of a promise, which is unbacked until they accept."""

    handoff_id: Id | None = None
    promise_id: Id
    deliverer: Id
    department: Department
    due: Moment | None = None
    scope: Parts = []
    expires_at: Moment | None = None


class CounterIn(SaidIn):
    """The deliverer's answer with another date or scope, which the requester may agree to or reject."""

    due: Moment | None = None
    scope: Parts | None = None
    reason: Reason

    def fault(self) -> Fault | None:
        return ("/due", "another due or scope is missing") if self.due is None and self.scope is None else None


class ReasonIn(SaidIn):
    """An entry with its reason."""

    reason: Reason


class StatusIn(Body):
    """The status of a capability, everywhere or in one region or edition."""

    status: Annotated[
        Literal["available", "beta", "planned", "none"], Field(description="Whether the capability is there.")
    ]
    since_version: Short | None = None
    region: Id | None = None
    edition: Id | None = None


def _places(statuses: list[StatusIn]) -> list[StatusIn]:
    _differ((one.region, one.edition) for one in statuses)
    return statuses


class CapabilityIn(MatterBody):
    """What the register says of a capability from `at` on, and how that may be said to customers."""

    at: Moment | None = None
    statuses: Annotated[list[StatusIn], Field(min_length=1, max_length=limits.STATUSES), AfterValidator(_places)]
    wording: Annotated[Text, Field(max_length=1000)] | None = None


class ClaimIn(BegunIn):
    """What was said of a capability to a customer, or without one to so many prospects."""

    claim_id: Id | None = None
    capability_id: Id
    customer_id: Id | None = None
    said: Literal["available", "beta", "planned", "none", "left_out"]
    channel: Annotated[Short, Field(description="Where it was said, such as webinar or phone.")]
    department: Department
    recipients: Annotated[int, Field(ge=1, le=1_000_000_000)] = 1
    region: Id | None = None
    edition: Id | None = None


class CorrectionIn(SaidIn):
    """That those who were told were corrected: how many of them by now; by default all."""

    reached: Annotated[int, Field(ge=0, le=1_000_000_000, description="How many are corrected.")] | None = None


class StatementIn(BegunIn):
    """What one department told the next of a promise or a capability; a slot that is not given was left out."""

    statement_id: Id | None = None
    said_by: Id
    said_to: Id
    customer_id: Id | None = None
    promise_id: Id | None = None
    capability_id: Id | None = None
    due: Annotated[Moment, Field(description="The date that was said.")] | None = None
    scope: Annotated[Parts, Field(description="The parts that were said.")] | None = None
    quantity: Amount | None = None
    unit: Short | None = None
    certainty: Annotated[int, Field(ge=0, le=4)] | None = None
    conditions: Parts | None = None

    def fault(self) -> Fault | None:
        if self.promise_id is None and self.capability_id is None:
            return "/promise_id", "must be about a promise or a capability"
        if self.promise_id is not None and self.customer_id is not None:
            return "/customer_id", "must not be given beside a promise, which has its own customer"
        return None


class ChallengeIn(BegunIn):
    """An employee's doubt about a promise, a claim or a statement."""

    challenge_id: Id | None = None
    about: Literal["promise", "claim", "statement"]
    about_id: Id
    department: Department | None = None
    reason: Reason


class SettlementIn(SaidIn):
    """How a challenge ended."""

    outcome: Annotated[Literal["upheld", "dismissed"], Field(description="Whether the doubt was right.")]
    reason: Reason


class OptionIn(Body):
    """One of what a customer may choose from."""

    name: Short
    kind: Annotated[Literal["goodwill", "revised_terms", "other"], Field(description="What sort of option it is.")]
    value: Annotated[Amount, Field(description="What it costs us.")] | None = None
    currency: Currency | None = None
    due: Moment | None = None


def _options(options: list[OptionIn]) -> list[OptionIn]:
    _differ(one.name for one in options)
    return options


class OfferIn(BegunIn):
    """What is offered to a customer about a promise, of which they may take one."""

    offer_id: Id | None = None
    promise_id: Id
    options: Annotated[list[OptionIn], Field(min_length=1, max_length=limits.OPTIONS), AfterValidator(_options)]
    department: Department | None = None

    def fault(self) -> Fault | None:
        for place, one in enumerate(self.options):
            if wrong := _unpriced(one.value, one.currency):
                return f"/options/{place}/currency", wrong
        return None


class TakenIn(SaidIn):
    """Which option the customer took, by its name."""

    taken: Short


Asked = Annotated[
    Name, Field(max_length=300, description="What is asked; the customer reads it, word for word, on one line.")
]


class ClarificationIn(BegunIn):
    """What staff ask a customer about what they need, before or while a promise is carried out."""

    clarification_id: Id | None = None
    promise_id: Id
    question: Asked
    department: Department | None = None


class AnsweredIn(SaidIn):
    """What the customer answered, as staff heard it."""

    words: Annotated[InternalText, Field(min_length=1, max_length=2000, description="What was answered; internal.")]


class AccountIn(MatterBody):
    """What is at stake with a customer; what is not given is not known."""

    at: Moment | None = None
    renews_on: date | None = None
    exposure: Amount | None = None
    currency: Currency | None = None

    def fault(self) -> Fault | None:
        if self.renews_on is not None and not YEARS[0] <= self.renews_on.year <= YEARS[1]:
            return "/renews_on", f"must lie between the years {YEARS[0]} and {YEARS[1]}"
        wrong = _unpriced(self.exposure, self.currency)
        return ("/currency", wrong) if wrong else None


Rating = Annotated[int, Field(ge=1, le=5, description="From 1 to 5, the best; left out: not answered.")]
Said = Annotated[InternalText, Field(max_length=2000, description="What was written beside it; internal.")]


class SheetIn(MatterBody):
    """Answers of one person, or of several who agreed on them; a sheet names no person."""

    sheet_id: Id | None = None
    at: Moment | None = None
    side: Annotated[
        Literal["leadership", "staff", "customers"], Field(description="Whose belief it says: whom of the three.")
    ]
    people: Annotated[int, Field(ge=1, le=limits.PEOPLE, description="How many people agreed on the answers.")] = 1
    customer_id: Id | None = None
    department: Department | None = None
    well: Rating | None = None
    well_words: Said | None = None
    improve: Rating | None = None
    improve_words: Said | None = None
    others: Rating | None = None
    others_words: Said | None = None
    beside: (
        Annotated[Literal["better", "worse", "neither"], Field(description="How others do it, beside us.")] | None
    ) = None
    onward: Rating | None = None
    onward_words: Said | None = None

    def fault(self) -> Fault | None:
        if self.side == "customers" and self.department is not None:
            return "/department", "is given for leadership and staff alone"
        if self.side != "customers" and self.customer_id is not None:
            return "/customer_id", "is given for customers alone"
        if all(getattr(self, question) is None for question in QUESTIONS):
            return "/well", "at least one question must be answered"
        return None


def _unpriced(amount: float | None, currency: str | None) -> str:
    return "an amount and its currency must be given together" if (amount is None) != (currency is None) else ""


def entry(
    kind: Kind,
    matter_id: str,
    action: str,
    body: MatterBody,
    at: datetime,
    *,
    version: int | None = None,
    waits: bool = False,
    asked_at: datetime | None = None,
) -> Enter:
    """The command to add what a body says to a matter; `at` is when it was said, unless the body says it."""
    said = body.model_dump(mode="json", exclude_none=True, exclude={id_of(kind), "at"}) | body.derived()
    ids = {name: said.pop(name) for name in IDS & said.keys()}
    words = {name: said.pop(name) for name in WORDS & said.keys()}
    if kind is Kind.CHALLENGE and said.get("about") == "promise":
        ids["promise_id"] = said["about_id"]
    if kind is Kind.ACCOUNT:
        ids["customer_id"] = matter_id
    return Enter(
        kind=kind,
        matter_id=matter_id,
        action=action,
        at=getattr(body, "at", None) or at,
        content=said,
        words=words,
        expected_version=version,
        waits=waits,
        asked_at=asked_at,
        now=not waits and getattr(body, "at", None) is None,
        **ids,
    )
