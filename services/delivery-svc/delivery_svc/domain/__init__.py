"""What happens, decided: pure functions over frozen dataclasses. No HTTP, no Kafka, no SQL."""

from delivery_svc.domain.incident import Incident, IncidentStatus, Sighting, see
from delivery_svc.domain.milestone import Delivered, MilestoneStatus, Report, Step, check, check_items, record
from delivery_svc.domain.placement import Parked, ParkReason, place
from delivery_svc.domain.refusal import Refused, Why
from delivery_svc.domain.values import Named

__all__ = [
    "Delivered",
    "Incident",
    "IncidentStatus",
    "MilestoneStatus",
    "Named",
    "ParkReason",
    "Parked",
    "Refused",
    "Report",
    "Sighting",
    "Step",
    "Why",
    "check",
    "check_items",
    "place",
    "record",
    "see",
]
