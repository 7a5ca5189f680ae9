"""Signed webhooks in our own words."""

from candor.intake.standard import Standard

SOURCE = Standard()
