"""What delivery-svc needs to know at start."""

from __future__ import annotations

from candor.ops.settings import Settings


class DeliverySettings(Settings):
    """Settings of delivery-svc."""

    service: str = "delivery-svc"
    port: int = 8102
