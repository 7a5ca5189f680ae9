"""Translates contract events into notify-svc's own facts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from candor.contracts import (
    AskedBy,
    Envelope,
    Forecast,
    GapScored,
    Label,
    PromiseAssigned,
    PromiseMade,
    PromiseRestated,
    PromiseRevised,
    PromiseSettled,
    PromiseState,
    PromiseTerms,
    PromiseWithdrawn,
    Revision,
    Standing,
    TimesHeld,
    Verdict,
)
from candor.contracts.promise import label_text
from notify_svc.domain import facts
from notify_svc.domain.support import supported

# Other blanks, such as one that keeps a number and its unit together, are part of what was promised.
_SPACES: Final = re.compile(r"[ \t\n]+")


def promise_made(envelope: Envelope, data: PromiseMade) -> facts.Promise:
    """The promise as made."""
    return facts.Promise(
        promise_id=data.promise_id,
        customer_id=data.customer_id,
        event_id=envelope.id,
        what=_SPACES.sub(" ", data.what).strip(),
        held_due=data.held_due,
        tolerance=timedelta(seconds=data.tolerance_s),
        zone=data.zone,
        deliverer=data.deliverer,
        accepted=data.accepted,
        historical=envelope.historical,
        owner=data.owner,
        kind=data.kind,
        latest_due=data.latest_due,
        first_due=data.first_due,
        labels=_labels(data.labels),
    )


def _labels(labels: Mapping[str, Label]) -> tuple[tuple[str, str], ...]:
    return tuple((name, label_text(value)) for name, value in sorted(labels.items()))


def promise_changed(
    promise: facts.Promise,
    envelope: Envelope,
    data: PromiseRevised | PromiseWithdrawn | PromiseSettled | PromiseAssigned | PromiseRestated,
) -> facts.Promise:
    """The promise after a later event; the evidence for "we promised" is the event that last moved the date."""
    if isinstance(data, PromiseWithdrawn):
        reason = data.public_reason or ""
        return replace(promise, withdrawn=True, withdrawn_for=reason, called_off=_called_off(envelope, data))
    if isinstance(data, PromiseSettled):
        ended = {Verdict.KEPT: Standing.KEPT, Verdict.BROKEN: Standing.BROKEN}.get(data.verdict)
        return replace(promise, disputed=data.verdict is Verdict.DISPUTED, ended=ended)
    if isinstance(data, PromiseAssigned):
        return replace(promise, deliverer=data.deliverer, accepted=data.accepted)
    if isinstance(data, PromiseRestated):
        ended = {PromiseState.KEPT: Standing.KEPT, PromiseState.BROKEN: Standing.BROKEN}.get(data.state)
        withdrawn, disputed = data.state is PromiseState.WITHDRAWN, data.state is PromiseState.DISPUTED
        called_off = promise.called_off if promise.withdrawn else _restated_off(envelope)
        called_off = called_off if withdrawn else None
        promise = replace(promise, withdrawn=withdrawn, disputed=disputed, ended=ended, called_off=called_off)
        promise = replace(promise, first_due=data.first_due or promise.first_due)
        promise = promise if data.terms is None else _completed(promise, data.terms)
    promise = _dated(_moved(promise, envelope, data), envelope, data)
    if data.held_due == promise.held_due:
        return promise
    return replace(promise, held_due=data.held_due, event_id=envelope.id)


def _completed(promise: facts.Promise, terms: PromiseTerms) -> facts.Promise:
    promise = replace(promise, deliverer=terms.deliverer, accepted=terms.accepted, owner=terms.owner)
    labels = _labels(terms.labels)
    return replace(promise, tolerance=timedelta(seconds=terms.tolerance_s), zone=terms.zone, labels=labels)


def _called_off(envelope: Envelope, data: PromiseWithdrawn) -> facts.CalledOff | None:
    if envelope.historical or data.asked_by is AskedBy.CUSTOMER:
        return None
    return facts.CalledOff(envelope.id, envelope.time, data.asked_by is AskedBy.COMPANY, data.public_reason or "")


def _restated_off(envelope: Envelope) -> facts.CalledOff | None:
    """That a withdrawal came late: whose wish it was is not said then, and the customer hears of it all the same."""
    return None if envelope.historical else facts.CalledOff(envelope.id, envelope.time, ours=False)


def _moved(promise: facts.Promise, envelope: Envelope, data: PromiseRevised | PromiseRestated) -> facts.Promise:
    """The promise with its last told date, and with the move to it if the company told it."""
    before = promise.latest_due or promise.held_due
    if data.latest_due == before:
        return replace(promise, latest_due=before)
    said = data if isinstance(data, PromiseRevised) else data.revision
    by_company = said is not None and said.asked_by is AskedBy.COMPANY and not envelope.historical
    if said is None or not by_company or (isinstance(said, Revision) and said.due != data.latest_due):
        # The customer asked for this date, or other statements made it the last one: what was moved before is no news.
        return replace(promise, latest_due=data.latest_due, moves=())
    reason = said.public_reason or ""
    move = facts.Move(envelope.id, envelope.time, before, data.latest_due, said.agreed, reason)
    return replace(promise, latest_due=data.latest_due, moves=(*promise.moves, move)[-facts.MOVES_KEPT :])


def _dated(promise: facts.Promise, envelope: Envelope, data: PromiseRevised | PromiseRestated) -> facts.Promise:
    if isinstance(data, PromiseRevised):
        dates = sorted((*promise.dates, _given(envelope, data.latest_due, data)), key=_place)
        return replace(promise, dates=tuple(dates[-facts.DATES :]))
    found = [*promise.dates]
    if data.revision is not None:
        found.append(_given(envelope, data.revision.due, data.revision))
    # In effect, and in the order in which they were said, are those that the event names.
    left = Counter(one.at for one in data.moves)
    kept = []
    for given in sorted(found, key=_place):
        if left[given.at]:
            left[given.at] -= 1
            kept.append(given)
    reason = promise.withdrawn_for if data.state is PromiseState.WITHDRAWN else ""
    return replace(promise, dates=tuple(kept[-facts.DATES :]), withdrawn_for=reason)


def _place(given: facts.DateGiven) -> tuple[datetime, datetime, bool, str]:
    # Of one moment, by what they say: whatever order they come in, they end alike.
    return given.at, given.due, given.moved, given.reason


def _given(envelope: Envelope, due: datetime, said: PromiseRevised | Revision) -> facts.DateGiven:
    moved = said.agreed or said.asked_by is AskedBy.CUSTOMER
    return facts.DateGiven(envelope.time, due, moved, said.public_reason or "")


def gap_scored(envelope: Envelope, data: GapScored, min_cases: int) -> facts.Gap:
    """The gap without its score, and without a forecast that rests on too little: no notice depends on those."""
    found = data.forecast
    forecast = _forecast(found, data.times or TimesHeld()) if found else None
    return facts.Gap(
        version=envelope.version,
        event_id=envelope.id,
        standing=data.standing,
        as_of=data.as_of,
        held_due=data.held_due,
        forecast=supported(forecast, data.as_of, data.held_due, min_cases),
        facts=tuple(data.facts),
        completed_at=data.completed_at,
        historical=envelope.historical,
        traceparent=envelope.traceparent,
        pause=data.pause,
        missing=data.missing,
    )


def _forecast(found: Forecast, times: TimesHeld) -> facts.Forecast:
    record = (times.completed, times.held, times.holds, times.no_range)
    return facts.Forecast(found.p_slip, found.p50, found.p80, found.n, *record)
