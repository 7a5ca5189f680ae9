"""What delivery-svc understands of webhooks, for the service and for `candor sources`."""

from __future__ import annotations

from typing import Final

from candor.intake.mapped import Offered
from delivery_svc import sources
from delivery_svc.api.neutral_events import SHAPES

OFFERED: Final = Offered("delivery-svc", SHAPES, sources)
