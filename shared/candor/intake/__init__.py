"""What comes in from outside: sources, taken once, bulk history, and what had to be turned away."""

from candor.intake.event import Event
from candor.intake.intake import Intake
from candor.intake.once import Acceptance, Origin, Submission, event_receipt, key_receipt, once

__all__ = ["Acceptance", "Event", "Intake", "Origin", "Submission", "event_receipt", "key_receipt", "once"]
