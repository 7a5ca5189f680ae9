"""Settings that delivery-svc reads at startup."""

from __future__ import annotations

from pydantic import Field

from candor.intake.settings import IntakeSettings
from candor.ops.setting_types import Port, ServiceName


class DeliverySettings(IntakeSettings):
    """Settings of delivery-svc."""

    service: ServiceName = "delivery-svc"
    """Name of the service, which chooses its database and its consumer group. Example: delivery-svc"""
    port: Port = 8102
    """TCP port that the process listens on; 0 takes any free one. Example: 8080"""
    pause_most_days: int = Field(default=30, ge=1, le=365)
    """Days after which the clock of a step that waits for the customer runs again by itself. Example: 14"""
