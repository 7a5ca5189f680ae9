"""Statements of systems that tell states instead of changes: a CRM says which date there is, moved or not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from promise_svc.domain.promise import Promise, Revise, State, Stated
from promise_svc.domain.story import newest_states, stands


def restates(promise: Promise, command: Revise, at: datetime) -> Promise | None:
    """The promise if nobody needs to read what was said of it: its sender tells the date that stands, newest of all.

    So it is with what was told already, and with what was told before the promise was made.
    """
    if not command.if_moved:
        return None
    said = (command.asked_by_customer, command.agreed, command.reason, command.public_reason)
    state = Stated(at, command.due, *said)
    if state in promise.states:
        return promise
    if at < (promise.first_at or promise.made_at):
        # It is one of the promise's states should an older one be told to have made it.
        return promise if promise.first_at is None else _with(promise, state)
    newest = promise.version == 1 if promise.newest_at is None else at > promise.newest_at
    if not newest or promise.state is not State.MADE or not stands(promise, command, promise.latest_due):
        return None
    return replace(_with(promise, state), latest_at=at, newest_at=at)


def _with(promise: Promise, state: Stated) -> Promise:
    return replace(promise, states=newest_states((*promise.states, state)))
