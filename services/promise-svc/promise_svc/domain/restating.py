"""Statements of systems that tell states instead of changes: a CRM says which date there is, moved or not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from promise_svc.domain.promise import Promise, Revise, State


def restates(promise: Promise, command: Revise, at: datetime) -> Promise | None:
    """The promise if the command moves no date: it says the one that stands, as of `at`, or is older than that."""
    if not command.if_moved:
        return None
    if (command.asked_by_customer or command.agreed) and command.due != promise.held_due:
        return None
    if at < promise.latest_at:
        return promise
    if command.due != promise.latest_due:
        return None
    # Of a promise that has ended, what was said before the last word of it: that word may have come first.
    if promise.state is not State.MADE and (promise.newest_at is None or at >= promise.newest_at):
        return promise
    # An older statement of another date, should it still come, is older than this one too.
    return replace(promise, latest_at=at, newest_at=max(at, promise.newest_at or at))
