"""Reconciliation polls: what the interfaces of systems say that changed, taken as if their webhooks had brought it.

`book` keeps how far each poll is and which process is at it, `poller` is the background, `routes` shows it to staff.
"""
