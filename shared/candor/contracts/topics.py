"""Topic cards: who owns a topic, which processes write and read it, what it contains, how it is partitioned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from candor.contracts.answer import AnswerGiven, ClarificationAnswered, OptionTaken, SheetGiven
from candor.contracts.brief import BriefMade
from candor.contracts.contact import ContactRemoved, ContactSet
from candor.contracts.delivery import IncidentReported, MilestoneReported, MilestonesRestated
from candor.contracts.envelope import Event
from candor.contracts.gap import GapScored
from candor.contracts.market import LeadTimeChanged, ReviewChanged
from candor.contracts.matters import (
    AccountChanged,
    CapabilityChanged,
    ChallengeChanged,
    ClaimChanged,
    ClarificationChanged,
    HandoffChanged,
    OfferChanged,
    PlanChanged,
    SheetAnswered,
    StatementMade,
    WishChanged,
)
from candor.contracts.notice import NoticeChanged
from candor.contracts.promise import (
    CustomerErased,
    PromiseAssigned,
    PromiseMade,
    PromiseRestated,
    PromiseRevised,
    PromiseSettled,
    PromiseWithdrawn,
)
from candor.contracts.pulse import PROCESSES, ProcessAlive

RETENTION_DAYS = 28
WORKER, INSIGHT, WEB = "risk-svc worker", "risk-svc insight", "risk-svc web"
GROUPS: Final = {
    "promise-svc": "promise-svc",
    "delivery-svc": "delivery-svc",
    WORKER: "risk-svc",
    INSIGHT: "risk-svc-insight",
    "notify-svc": "notify-svc",
}
"""The consumer group under which a process shows Kafka's tools how far it has read, by process."""


@dataclass(frozen=True, kw_only=True)
class TopicCard:
    """One topic. `writers` and `readers` are processes, by service and role: a broker need allow nobody else.

    `shared_layout`: partitioned by customer like its siblings; else one partition that all read whole. `handled` false:
    no worker reads it, only the board's feed and notify-svc's hearing, which start at its end.
    """

    name: str
    owner: str
    writers: tuple[str, ...]
    readers: tuple[str, ...]
    events: tuple[type[Event], ...]
    key: str = "customer id"
    shared_layout: bool = True
    handled: bool = True
    retention_days: int = RETENTION_DAYS

    @property
    def consumers(self) -> tuple[str, ...]:
        """The services that read it."""
        return tuple(dict.fromkeys(reader.partition(" ")[0] for reader in self.readers))


CARDS = (
    TopicCard(
        name="promises",
        owner="promise-svc",
        writers=("promise-svc",),
        readers=("delivery-svc", WORKER, INSIGHT, "notify-svc"),
        events=(
            *(PromiseMade, PromiseRevised, PromiseWithdrawn, PromiseSettled, PromiseAssigned, PromiseRestated),
            CustomerErased,
        ),
    ),
    TopicCard(
        name="contacts",
        owner="promise-svc",
        writers=("promise-svc",),
        readers=("notify-svc",),
        events=(ContactSet, ContactRemoved),
    ),
    TopicCard(
        name="statements",
        owner="promise-svc",
        writers=("promise-svc",),
        readers=(INSIGHT, "notify-svc"),
        events=(
            *(HandoffChanged, ClaimChanged, StatementMade, ChallengeChanged, OfferChanged, AccountChanged),
            *(SheetAnswered, PlanChanged, ReviewChanged, LeadTimeChanged, ClarificationChanged, WishChanged),
        ),
        key="customer id, or where none is known that of the event's subject",
    ),
    TopicCard(
        name="capabilities",
        owner="promise-svc",
        writers=("promise-svc",),
        readers=(INSIGHT,),
        events=(CapabilityChanged,),
        key="capability id",
        shared_layout=False,
    ),
    TopicCard(
        name="milestones",
        owner="delivery-svc",
        writers=("delivery-svc",),
        readers=(WORKER, INSIGHT),
        events=(MilestoneReported, MilestonesRestated),
    ),
    TopicCard(
        name="incidents",
        owner="delivery-svc",
        writers=("delivery-svc",),
        readers=(WORKER, INSIGHT),
        events=(IncidentReported,),
        key="incident id",
        shared_layout=False,
    ),
    TopicCard(
        name="gaps", owner="risk-svc", writers=(WORKER,), readers=("notify-svc", INSIGHT, WEB), events=(GapScored,)
    ),
    TopicCard(
        name="notices",
        owner="notify-svc",
        writers=("notify-svc",),
        readers=(WORKER, INSIGHT),
        events=(NoticeChanged,),
    ),
    TopicCard(
        name="answers",
        owner="notify-svc",
        writers=("notify-svc",),
        readers=("promise-svc",),
        events=(AnswerGiven, OptionTaken, ClarificationAnswered, SheetGiven),
    ),
    TopicCard(
        name="briefs",
        owner="risk-svc",
        # Insight makes them; the worker sends what risk-svc has in its outbox.
        writers=(WORKER,),
        readers=("notify-svc",),
        events=(BriefMade,),
        key="department, or company",
    ),
    TopicCard(
        name="pulses",
        owner="every-service",
        writers=tuple(PROCESSES),
        readers=(WEB, "notify-svc"),
        events=(ProcessAlive,),
        key="instance",
        shared_layout=False,
        handled=False,
        retention_days=1,
    ),
)
TOPICS = {card.name: card for card in CARDS}
EVENTS: dict[str, type[Event]] = {event.TYPE: event for card in CARDS for event in card.events}
