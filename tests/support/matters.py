"""Events about matters as promise-svc sends them, each with what a test is about and the rest filled in."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from candor.contracts import (
    AccountChanged,
    CapabilityChanged,
    ChallengeChanged,
    Check,
    ClaimChanged,
    Claimed,
    ClarificationChanged,
    ClarificationState,
    Component,
    Event,
    HandoffChanged,
    LeadTimeChanged,
    LeadTimeState,
    Level,
    Message,
    OfferChanged,
    PlanChanged,
    ReviewChanged,
    ReviewState,
    SheetAnswered,
    Side,
    StatementMade,
    Tag,
    Tagger,
    WishChanged,
    WishState,
    message,
)
from candor.contracts.matters import (
    Availability,
    ChallengeState,
    HandoffState,
    OfferOption,
    OfferState,
    PlanState,
)
from tests.support.risk import DUE, MADE

HOPS = ("engineering", "product", "sales", "customer")


def said(name: str, by: str, to: str, hour: float = 0, *, customer: str | None = "c1", **slots: Any) -> Message:
    """A statement about the promise p1, unless it names another or a capability, so many hours after MADE."""
    about = {} if "capability_id" in slots else {"promise_id": "p1"}
    at = MADE + timedelta(hours=hour)
    data = StatementMade(statement_id=name, said_by=by, said_to=to, at=at, customer_id=customer, **{**about, **slots})
    return _message(data, name, at, customer or name, 1)


def path_of(promise: str = "p1", customer: str = "c1", *days: float, start: float = 0) -> list[Message]:
    """What engineering said of a date reaches the customer over all hops, which name it so many days after DUE."""
    return [
        said(
            f"{promise}-{number}-{start:g}",
            HOPS[number],
            HOPS[number + 1],
            start + number,
            customer=customer,
            promise_id=promise,
            due=DUE + timedelta(days=more),
        )
        for number, more in enumerate(days)
    ]


def handoff(
    name: str = "h1",
    state: HandoffState = HandoffState.REQUESTED,
    version: int = 1,
    *,
    customer: str = "c1",
    at: datetime = MADE,
    **fields: Any,
) -> Message:
    values = {"promise_id": "p1", "deliverer": "crew-7", "department": "sales", **fields}
    data = HandoffChanged(handoff_id=name, customer_id=customer, state=state, at=at, **values)
    return _message(data, name, at + timedelta(hours=version - 1), customer, version)


def offer(
    name: str = "o1",
    state: OfferState = OfferState.OFFERED,
    version: int = 1,
    *options: OfferOption,
    customer: str = "c1",
    at: datetime = MADE,
    answered: datetime | None = None,
    **fields: Any,
) -> Message:
    """An offer of half the price about the promise p1, unless it says otherwise; `answered` when it is as it is."""
    values = {"promise_id": "p1", "department": "success", **fields}
    given = list(options) or [OfferOption("half price", "goodwill", 250.0, "EUR")]
    data = OfferChanged(offer_id=name, customer_id=customer, state=state, at=at, options=given, **values)
    return _message(data, name, answered or at + timedelta(hours=version - 1), customer, version)


def challenge(
    name: str = "d1",
    state: ChallengeState = ChallengeState.OPENED,
    version: int = 1,
    *,
    customer: str | None = "c1",
    at: datetime = MADE,
    **fields: Any,
) -> Message:
    """A doubt about the promise p1, unless it says otherwise."""
    values = {"about": "promise", "about_id": "p1", "promise_id": "p1", "department": "operations", **fields}
    data = ChallengeChanged(challenge_id=name, customer_id=customer, state=state, at=at, **values)
    return _message(data, name, at + timedelta(hours=version - 1), customer or name, version)


def clarification(
    name: str = "cl1",
    state: ClarificationState = ClarificationState.ASKED,
    version: int = 1,
    *,
    customer: str = "c1",
    at: datetime = MADE,
    **fields: Any,
) -> Message:
    """A question to the customer about the promise p1, unless it names another."""
    values = {"promise_id": "p1", "question": "Which door?", "department": "operations", **fields}
    data = ClarificationChanged(clarification_id=name, customer_id=customer, state=state, at=at, **values)
    return _message(data, name, at + timedelta(hours=version - 1), customer, version)


def wish(
    name: str = "w1",
    state: WishState = WishState.OPEN,
    version: int = 1,
    *,
    customer: str = "c1",
    at: datetime = MADE,
    **fields: Any,
) -> Message:
    """A wish about the promise p1, unless it names another or none."""
    values = {"promise_id": "p1", "public_text": "a Saturday", "workaround": "before you open", **fields}
    values = {"look_again_on": (MADE + timedelta(days=90)).date(), "department": "operations", **values}
    data = WishChanged(wish_id=name, customer_id=customer, state=state, at=at, **values)
    return _message(data, name, at + timedelta(hours=version - 1), customer, version)


def claim(
    name: str = "k1",
    capability: str = "telemetry",
    claimed: Claimed = Claimed.AVAILABLE,
    version: int = 1,
    *,
    customer: str | None = "c1",
    at: datetime = MADE,
    **fields: Any,
) -> Message:
    values = {"verdict": Check.UNREGISTERED, "channel": "webinar", "department": "sales", **fields}
    data = ClaimChanged(claim_id=name, capability_id=capability, at=at, said=claimed, customer_id=customer, **values)
    return _message(data, name, at + timedelta(hours=version - 1), customer or name, version)


def capability(
    *statuses: Level | Availability, name: str = "telemetry", version: int = 1, at: datetime = MADE
) -> Message:
    rows = [one if isinstance(one, Availability) else Availability(one) for one in statuses]
    return _message(CapabilityChanged(capability_id=name, at=at, statuses=rows), name, at, name, version)


def account(
    customer: str = "c1", version: int = 1, *, renews_on: date | None = None, at: datetime = MADE, **fields: Any
) -> Message:
    data = AccountChanged(customer_id=customer, at=at, renews_on=renews_on, **fields)
    return _message(data, f"account-{customer}", at, customer, version)


def sheet(
    name: str, side: Side, rating: int, people: int = 1, *, customer: str | None = None, day: float = 0, **fields: Any
) -> Message:
    """An answer sheet on which all four questions get one rating, so many days after MADE."""
    at = MADE + timedelta(days=day)
    ratings = {**dict.fromkeys(("well", "improve", "others", "onward"), rating), **fields}
    data = SheetAnswered(sheet_id=name, side=side, at=at, people=people, customer_id=customer, **ratings)
    return _message(data, name, at, customer or name, 1)


def plan(
    name: str = "pl1",
    state: PlanState = PlanState.OPEN,
    version: int = 1,
    *,
    customer: str = "c1",
    day: float = 1,
    since: float | None = None,
    **fields: Any,
) -> Message:
    """A plan about the promise p1, unless it names another, opened and in its state so many days after MADE."""
    at, turned = (MADE + timedelta(days=day if one is None else one) for one in (day, since))
    values: dict[str, Any] = {"promise_id": "p1", "driver": Component.LATENESS, "action": "add-crew"}
    values |= {"department": "operations", "due": at + timedelta(days=3), **fields}
    data = PlanChanged(plan_id=name, customer_id=customer, state=state, at=at, since=turned, **values)
    return _message(data, name, turned, customer, version)


def review(
    name: str = "s1:r1",
    *tags: Tag,
    version: int = 1,
    customer: str | None = None,
    day: float = 0,
    read: bool = True,
    **fields: Any,
) -> Message:
    """A review on the site s1, so many days after MADE; `read` False: nobody has tagged it."""
    at = MADE + timedelta(days=day)
    tagged = {"tags": [*tags], "tagged_by": Tagger.MACHINE, "evidence": ["nobody told"] if tags else []}
    values = {"state": ReviewState.PUBLISHED, "source": "s1", "rating": 2.0, **(tagged if read else {}), **fields}
    data = ReviewChanged(review_id=name, at=at, customer_id=customer, **values)
    return _message(data, name, at + timedelta(minutes=version), customer or name, version)


def lead_time(name: str = "lt1", version: int = 1, *, at: datetime = MADE, **fields: Any) -> Message:
    """What a page states of a competitor's lead time for flights: two days, unless it states something else."""
    values = {"competitor": "Brew & Co", "kind": "flight", "typical": 2.0, "unit": "days", "source": "page", **fields}
    data = LeadTimeChanged(lead_time_id=name, at=at, **{"state": LeadTimeState.STATED, **values})
    return _message(data, name, at + timedelta(minutes=version), name, version)


def _message(data: Event, name: str, at: datetime, key: str, version: int) -> Message:
    return message(f"{name}.{version}", "promise-svc", at, key, version, data)
