"""What promise-svc understands of webhooks, for the service and for `candor sources`."""

from __future__ import annotations

from typing import Final

from candor.intake.mapped import Offered
from promise_svc import sources
from promise_svc.api.neutral_events import DRAFTS, SHAPES

OFFERED: Final = Offered("promise-svc", SHAPES, sources, DRAFTS)
