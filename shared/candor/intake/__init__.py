"""Input from outside: sources, idempotent commands, bulk history, and rejected webhooks."""

from candor.intake.event import Event
from candor.intake.intake import Intake
from candor.intake.once import Acceptance, Caller, Origin, Submission, event_receipt, key_receipt, once

__all__ = ["Acceptance", "Caller", "Event", "Intake", "Origin", "Submission", "event_receipt", "key_receipt", "once"]
