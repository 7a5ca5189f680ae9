"""Settings that delivery-svc reads at startup."""

from __future__ import annotations

from candor.ops.settings import Settings


class DeliverySettings(Settings):
    """Settings of delivery-svc."""

    service: str = "delivery-svc"
    port: int = 8102
