"""Topic cards: who owns a topic, who reads it, what it contains, how it is partitioned."""

from __future__ import annotations

from dataclasses import dataclass

from candor.contracts.contact import ContactRemoved, ContactSet
from candor.contracts.delivery import IncidentReported, MilestoneReported
from candor.contracts.envelope import Event
from candor.contracts.gap import GapScored
from candor.contracts.notice import NoticeChanged
from candor.contracts.promise import CustomerErased, PromiseMade, PromiseRevised, PromiseSettled, PromiseWithdrawn
from candor.contracts.pulse import ProcessAlive

RETENTION_DAYS = 28


@dataclass(frozen=True)
class TopicCard:
    """One topic. `shared_layout`: partitioned by customer like its siblings; else one partition that all read whole.

    `handled` false: no worker reads it, only the board's feed, which starts at its end.
    """

    name: str
    owner: str
    consumers: tuple[str, ...]
    events: tuple[type[Event], ...]
    key: str = "customer id"
    shared_layout: bool = True
    handled: bool = True
    retention_days: int = RETENTION_DAYS


CARDS = (
    TopicCard(
        "promises",
        "promise-svc",
        ("delivery-svc", "risk-svc", "notify-svc"),
        (PromiseMade, PromiseRevised, PromiseWithdrawn, PromiseSettled, CustomerErased),
    ),
    TopicCard("contacts", "promise-svc", ("notify-svc",), (ContactSet, ContactRemoved)),
    TopicCard("milestones", "delivery-svc", ("risk-svc",), (MilestoneReported,)),
    TopicCard("incidents", "delivery-svc", ("risk-svc",), (IncidentReported,), key="incident id", shared_layout=False),
    TopicCard("gaps", "risk-svc", ("notify-svc", "risk-svc"), (GapScored,)),
    TopicCard("notices", "notify-svc", ("risk-svc",), (NoticeChanged,)),
    TopicCard(
        "pulses",
        "every-service",
        ("risk-svc",),
        (ProcessAlive,),
        key="instance",
        shared_layout=False,
        handled=False,
        retention_days=1,
    ),
)
TOPICS = {card.name: card for card in CARDS}
EVENTS: dict[str, type[Event]] = {event.TYPE: event for card in CARDS for event in card.events}
