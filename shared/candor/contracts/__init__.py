"""Contracts between services: one class per event, one file per owner, topic cards, codec and golden examples."""

from candor.contracts.codec import decode, encode, message
from candor.contracts.contact import STAFF, ContactRemoved, ContactSet, staff_key
from candor.contracts.delivery import (
    DeliveredShare,
    IncidentReported,
    IncidentStatus,
    MilestoneReported,
    MilestoneStatus,
)
from candor.contracts.envelope import ContractError, Envelope, Event, Message, Record
from candor.contracts.gap import MIN_CASES, Component, Contribution, Fact, FactKind, Forecast, GapScored, Standing
from candor.contracts.notice import NoticeChanged, NoticeState, Statement
from candor.contracts.promise import (
    AskedBy,
    CustomerErased,
    Dependency,
    Label,
    PlannedMilestone,
    PromiseMade,
    PromiseRevised,
    PromiseSettled,
    PromiseWithdrawn,
    Reference,
    ScopeItem,
    Verdict,
)
from candor.contracts.pulse import PROCESSES, ProcessAlive, known_processes
from candor.contracts.topics import CARDS, EVENTS, TOPICS, TopicCard

__all__ = [
    "CARDS",
    "EVENTS",
    "MIN_CASES",
    "PROCESSES",
    "STAFF",
    "TOPICS",
    "AskedBy",
    "Component",
    "ContactRemoved",
    "ContactSet",
    "ContractError",
    "Contribution",
    "CustomerErased",
    "DeliveredShare",
    "Dependency",
    "Envelope",
    "Event",
    "Fact",
    "FactKind",
    "Forecast",
    "GapScored",
    "IncidentReported",
    "IncidentStatus",
    "Label",
    "Message",
    "MilestoneReported",
    "MilestoneStatus",
    "NoticeChanged",
    "NoticeState",
    "PlannedMilestone",
    "ProcessAlive",
    "PromiseMade",
    "PromiseRevised",
    "PromiseSettled",
    "PromiseWithdrawn",
    "Record",
    "Reference",
    "ScopeItem",
    "Standing",
    "Statement",
    "TopicCard",
    "Verdict",
    "decode",
    "encode",
    "known_processes",
    "message",
    "staff_key",
]
