"""When to speak (definitions.md): decides, with a reason, from a promise, its newest gap and what was told."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from candor.contracts import Fact, FactKind, Standing, Statement
from notify_svc.domain.ending import at_the_end, blocked, nothing, wait
from notify_svc.domain.expecting import Spared, spared
from notify_svc.domain.facts import Announcement, Decision, Episode, Gap, Kind, Promise, Reason, Rules
from notify_svc.domain.moving import postponed, tells_move, untold, within
from notify_svc.domain.schedule import held_until, step_of, write_at


def observe(episode: Episode, gap: Gap, rules: Rules) -> Episode:
    """The episode after one more gap: tracks since when P(slip) has been at or above the threshold."""
    slipping = gap.forecast is not None and gap.forecast.p_slip >= rules.warn_at and gap.standing is Standing.OPEN
    if not slipping:
        return replace(episode, slip_since=None)
    return episode if episode.slip_since is not None else replace(episode, slip_since=gap.as_of)


def decide(episode: Episode, gap: Gap | None, promise: Promise | None, now: datetime, rules: Rules) -> Decision:
    """Whether to notify the customer at business time `now`; pure and deterministic."""
    if promise is None or gap is None:
        return wait(Reason.NO_PROMISE if promise is None else Reason.NO_GAP)
    if gap.historical or episode.ended:
        return nothing(Reason.HISTORICAL if gap.historical else Reason.ENDED)
    if (apart := _apart(gap, promise, rules)) is not None:
        return wait(apart)
    if gap.standing is not Standing.OPEN:
        return at_the_end(episode, gap, promise, now)
    if (move := untold(promise, episode, now)) is not None:
        clear = recovered(gap, promise, now, rules) and not postponed(promise)
        return blocked(episode) or tells_move(move, episode, gap, clear=clear)
    return _while_open(episode, gap, promise, now, rules)


def after_speaking(episode: Episode, decision: Decision, told: Announcement) -> Episode:
    """The episode after `decision` has become a notice that states `told`."""
    moved = decision.about if decision.reason is Reason.DATE_MOVED else episode.moved
    if decision.statement is Statement.ALL_CLEAR:
        ended = decision.reason is Reason.KEPT
        return Episode(number=episode.number + 1, ended=ended, moved=moved)
    return replace(episode, told=told, ended=decision.closing, moved=moved)


def _while_open(episode: Episode, gap: Gap, promise: Promise, now: datetime, rules: Rules) -> Decision:
    if episode.told is not None:
        return _speak_again(episode, episode.told, gap, promise, now, rules)
    return blocked(episode) or _first_word(episode, gap, promise, now, rules)


def _first_word(episode: Episode, gap: Gap, promise: Promise, now: datetime, rules: Rules) -> Decision:
    p_slip = gap.forecast.p_slip if gap.forecast else 0.0
    evidence = {"p_slip": f"{p_slip:.3f}", "gap": gap.event_id}
    step = missed(gap, promise, now, rules)
    if step is not None:
        found = evidence | {"milestone": step.name, "event": step.event_id or "clock"}
        return Decision(Kind.SPEAK, Reason.MILESTONE_MISSED, Statement.WARNING, found)
    wakes = [due for due in (_missed_at(fact, gap, rules) for fact in gap.facts) if due is not None]
    if episode.slip_since is not None:
        due = held_until(episode.slip_since, promise.held_due, rules.calendar.at(promise.zone), rules.hold)
        if now >= due:
            found = evidence | {"since": episode.slip_since.isoformat()}
            if (why := spared(Reason.SLIP_HELD, None, p_slip, gap, promise, now, rules)) is not None:
                return _spare(why, Statement.WARNING, found, wakes)
            return Decision(Kind.SPEAK, Reason.SLIP_HELD, Statement.WARNING, found)
        return wait(Reason.SLIP_TOO_SHORT, min([due, *wakes]))
    return Decision(Kind.NOTHING, Reason.NOT_SLIPPING, evidence=evidence, wake_at=min(wakes, default=None))


def _speak_again(
    episode: Episode, told: Announcement, gap: Gap, promise: Promise, now: datetime, rules: Rules
) -> Decision:
    p_slip = gap.forecast.p_slip if gap.forecast else 1.0
    evidence = {"p_slip": f"{p_slip:.3f}", "gap": gap.event_id}
    if recovered(gap, promise, now, rules) and not postponed(promise):
        return Decision(Kind.SPEAK, Reason.RECOVERED, Statement.ALL_CLEAR, evidence)
    if episode.blocked:
        return wait(Reason.BLOCKED)
    why = None
    if told_otherwise(told, gap, promise, rules):
        why = spared(Reason.RANGE_LEFT, told, p_slip, gap, promise, now, rules)
        if why is None:
            return Decision(Kind.SPEAK, Reason.RANGE_LEFT, Statement.UPDATE, evidence)
    write = write_at(told, promise.held_due, rules.early(promise))
    if told.next_update_by is not None and write is not None and now >= write:
        found = evidence | {"due": told.next_update_by.isoformat()}
        return Decision(Kind.SPEAK, Reason.UPDATE_DUE, Statement.UPDATE, found)
    if why is not None:
        return _spare(why, Statement.UPDATE, evidence, [write] if write else [])
    return wait(Reason.NOTHING_NEW, write)


def _spare(why: Spared, statement: Statement, evidence: dict[str, str], wakes: list[datetime]) -> Decision:
    """Wait with a message that this customer does not expect now, until they do or something else is to be told."""
    wake = min([*([why.until] if why.until else []), *wakes], default=None)
    found = evidence | {"spared": why.why}
    return Decision(Kind.WAIT, Reason.TOLERATED, statement, found, wake)


def recovered(gap: Gap, promise: Promise, now: datetime, rules: Rules) -> bool:
    """Whether an open promise is expected to be kept again, with no step missed that the customer knows of.

    False once the promised date has passed, even within tolerance: "we expect to keep what we promised" no longer fits.
    """
    # Of a later date than the one that holds by now, P(slip) says too little.
    due = promise.held_due
    likely = gap.forecast is not None and gap.forecast.p_slip <= rules.clear_at and gap.held_due <= due
    return likely and now < due and missed(gap, promise, now, rules) is None


def missed(gap: Gap, promise: Promise, now: datetime, rules: Rules) -> Fact | None:
    """The first missed step that the customer knows of: reported as missed, or overdue for longer than the hold.

    What was missed before they agreed to the date that holds is no news beside that date.
    """
    agreed = promise.agreed_at
    for fact in gap.facts:
        if agreed is not None and fact.at <= agreed:
            continue
        due = _missed_at(fact, gap, rules)
        if due is not None and now >= due:
            return fact
    return None


def left(told: Announcement, gap: Gap, rules: Rules) -> bool:
    """Whether P50 has left the told range: upward at once, downward beyond the slack, or if a range came or went."""
    p50 = gap.forecast.p50 if gap.forecast and gap.forecast.p80 else None
    if told.low is None or told.high is None:
        return p50 is not None
    if p50 is None:
        return True
    # A P50 already in the past was told as "from now on", so it is no improvement.
    p50 = max(p50, told.at)
    slack = max((told.high - told.low) * rules.slack, step_of(told.low - told.at))
    return p50 > told.high or p50 < told.low - slack


def told_otherwise(told: Announcement, gap: Gap, promise: Promise, rules: Rules) -> bool:
    """Whether the forecast says other times than the customer was told: a range, or the later date of the company."""
    if told.low is None and within(promise, gap):
        return False
    return left(told, gap, rules)


def _apart(gap: Gap, promise: Promise, rules: Rules) -> Reason | None:
    """Why nothing may be concluded from this gap: the promise has changed, and its next gap has not come yet."""
    if promise.ended not in (None, gap.standing):
        return Reason.VERDICT_DIFFERS
    other = gap.standing is Standing.OPEN and gap.held_due != promise.held_due
    return Reason.DATES_DIFFER if other and not _late_by(gap, promise, rules) else None


def _late_by(gap: Gap, promise: Promise, rules: Rules) -> bool:
    # P(slip) refers to an earlier promised date; the quantiles of completion do not depend on the date.
    if gap.forecast is None:
        return False
    if gap.forecast.p50 is None:
        # Half of such promises are never completed; with too few of them, only that the earlier date has passed.
        return gap.forecast.n >= rules.min_cases and gap.forecast.no_range is None
    return gap.forecast.p50 > promise.held_due + promise.tolerance


def _missed_at(fact: Fact, gap: Gap, rules: Rules) -> datetime | None:
    if not fact.told:
        return None
    if fact.kind is FactKind.MILESTONE_MISSED:
        return gap.as_of
    if fact.kind is FactKind.MILESTONE_OVERDUE:
        return gap.as_of + max(timedelta(0), rules.overdue - timedelta(minutes=fact.minutes))
    return None
