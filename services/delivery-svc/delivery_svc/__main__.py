"""`python -m delivery_svc`: the service that takes reports of steps and incidents."""

from __future__ import annotations

from candor.runtime import main
from delivery_svc.settings import DeliverySettings
from delivery_svc.wiring import build

if __name__ == "__main__":
    main(DeliverySettings, build)
