"""What comes in from outside: taken once, signed webhooks, bulk history, and what had to be turned away."""

from candor.intake.event import Event
from candor.intake.intake import Door
from candor.intake.once import Origin, Submission, Taken, event_receipt, key_receipt, once

__all__ = ["Door", "Event", "Origin", "Submission", "Taken", "event_receipt", "key_receipt", "once"]
