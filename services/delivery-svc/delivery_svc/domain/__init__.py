"""Decisions about reports: pure functions over frozen dataclasses. No HTTP, no Kafka, no SQL."""

from delivery_svc.domain.incident import Incident, IncidentStatus, Sighting, hit, see
from delivery_svc.domain.milestone import (
    NOTHING,
    DeliveredShare,
    MilestoneState,
    MilestoneStatus,
    Report,
    check,
    check_items,
    record,
    with_end,
)
from delivery_svc.domain.placement import ParkedReport, ParkReason, place_report
from delivery_svc.domain.refusal import Refusal, RefusalReason
from delivery_svc.domain.values import NamespacedId

__all__ = [
    "NOTHING",
    "DeliveredShare",
    "Incident",
    "IncidentStatus",
    "MilestoneState",
    "MilestoneStatus",
    "NamespacedId",
    "ParkReason",
    "ParkedReport",
    "Refusal",
    "RefusalReason",
    "Report",
    "Sighting",
    "check",
    "check_items",
    "hit",
    "place_report",
    "record",
    "see",
    "with_end",
]
