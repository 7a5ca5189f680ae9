"""What is known of one step of a promise after a report, which may come late, twice and in any order (ADR 0099).

An end stands over what only opens a step, and of two ends the later one; of two reports of the same end the one said
last, which may correct its time. A correction that opens the step again takes away the ends of up to its time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from risk_svc.domain.state import PLANS_LIMIT, Said, StepState, StepStatus

_FINISHED: Final = (StepStatus.REACHED, StepStatus.CANCELLED)


def planned(step: StepState, plan: float, said: float, known: float) -> None:
    """Take in a plan of time `said` that became known at `known`; the newest stands, all in epoch seconds."""
    if step.expected is None or step.expected_at is None or (said, plan) > (step.expected_at, step.expected):
        step.expected, step.expected_at = plan, said
    word = max(said, known), plan
    first = step.unplanned and len(step.plans) < PLANS_LIMIT and [word] < step.plans[:1]
    if step.planned is None or first:
        step.planned, step.unplanned = plan, True
    step.plans = sorted([*step.plans, word])[-PLANS_LIMIT:]


def ended(step: StepState, end: Said, *, final: bool) -> None:
    """Take in that the step was reached, missed or cancelled."""
    if step.reopened_at is not None and end.at <= step.reopened_at:
        return
    _stand(step, [*_words(step), end])
    step.final = step.final or final


def opened(step: StepState, word: Said, *, correction: bool | None) -> None:
    """Take in that the step is planned, dated anew or started; `correction`: whatever ended it up to then is over.

    None: nobody said; then what opens a finished step is one, as delivery-svc refused all others.
    """
    later = step.status in _FINISHED and step.at is not None and word.at >= step.at
    corrects = later if correction is None else correction
    reopened = step.reopened_at
    if corrects and (reopened is None or word.at > reopened):
        step.reopened_at = word.at
        left = [one for one in _words(step) if one.at > word.at]
        if left:
            _stand(step, left)
        else:
            _pend(step, word)
    elif reopened is not None and (word.at < reopened or (word.at == reopened and not corrects)):
        return
    elif corrects and step.status == StepStatus.PENDING and word.source_event > step.source_event:
        _pend(step, word)
    if word.status == StepStatus.STARTED:
        _stand(step, [*_words(step), word])


def _words(step: StepState) -> list[Said]:
    if step.at is None or step.known is None:
        return step.others
    said = step.source_event, step.reason, step.public_reason
    return [*step.others, Said(step.status, step.at, step.known, *said)]


def _stand(step: StepState, words: Iterable[Said]) -> None:
    """Of each status the word said last; of these the latest end, or that it was started."""
    newest: dict[int, Said] = {}
    for one in sorted(words, key=_order):
        newest[one.status] = one
    started = newest.pop(StepStatus.STARTED, None)
    latest = max(newest.values(), key=lambda one: (one.at, one.status)) if newest else started
    if latest is None:
        return
    others = [one for _, one in sorted(newest.items()) if one is not latest]
    # A correction of between the two would leave what was begun after it.
    step.others = [*others, started] if newest and started is not None and started.at > latest.at else others
    _say(step, latest)


def _order(word: Said) -> tuple[object, ...]:
    when = (word.at, word.known) if word.status == StepStatus.STARTED else (word.known, word.at)
    # The internal reason last: what a customer is told must not depend on it.
    return *when, word.source_event, word.public_reason, word.reason


def _pend(step: StepState, word: Said) -> None:
    _say(step, word)
    step.status, step.at, step.known_at, step.others = StepStatus.PENDING, None, None, []


def _say(step: StepState, word: Said) -> None:
    step.status, step.at = word.status, word.at
    step.known_at = word.known if word.known > word.at else None
    step.source_event, step.reason, step.public_reason = word.source_event, word.reason, word.public_reason
