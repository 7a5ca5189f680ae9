"""Signed webhooks in Candor's own format."""

from candor.intake.standard import Standard

SOURCE = Standard()
