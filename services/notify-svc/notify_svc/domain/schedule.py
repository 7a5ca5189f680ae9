"""Ranges and times to tell: rounded to be readable, and never earlier than the forecast."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from candor.calendar import Calendar
from notify_svc.domain.facts import Announcement, Forecast, Rules
from notify_svc.domain.quiet import QuietHours, quiet_until

QUARTER = timedelta(minutes=15)
TICK = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
CLOSE_OF_DAY = time(17, 0)


def step_of(ahead: timedelta) -> timedelta:
    """The rounding of a time `ahead` from now: 5 minutes within a day, an hour within two weeks, else a day."""
    if ahead <= timedelta(days=1):
        return timedelta(minutes=5)
    return HOUR if ahead <= timedelta(days=14) else timedelta(days=1)


def told_range(forecast: Forecast | None, now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """P50–P80 rounded up in `zone`; None if the forecast has no range, so that no best case is told alone."""
    if forecast is None or forecast.p50 is None or forecast.p80 is None:
        return None
    soonest = max(forecast.p50, now)
    step = step_of(soonest - now)
    low = ceil_to(soonest, step, zone)
    high = ceil_to(max(forecast.p80, soonest), step, zone)
    return low, max(high, low + step)


def next_update(
    now: datetime,
    until: datetime,
    zone: ZoneInfo,
    rules: Rules,
    least: timedelta | None = None,
    hours: Calendar | None = None,
    due: datetime | None = None,
) -> datetime:
    """When to write again at the latest: a bounded share of the time until `until`, at a civil time in `zone`.

    `least`: the shortest wait if nothing has changed since the last message, so that a customer without news gets few
    messages; `rules.update_max` limits it too. A time outside working `hours` moves to the next opening, when staff
    who know more than the forecast are there.

    While the promised time `due` is ahead, the result is never after it: at the latest the last working moment before
    `due`, or `due` itself if that is less than `rules.update_min` away. An update shortly before that moves to it.
    """
    by = _in_hours(now, until, zone, rules, least, hours)
    if due is None or due <= now:
        return by
    last = due if hours is None else hours.after(now, hours.elapsed(now, due)).astimezone(now.tzinfo)
    last = last if last - now >= rules.update_min else due
    return by if last - by >= rules.update_min else last


def write_at(told: Announcement, due: datetime, early: timedelta) -> datetime | None:
    """When to write the update announced in `told`: `early` before it is due, but at most half of the wait.

    An update due at or after the promised time is not written before that time, when lateness becomes known.
    """
    by = told.next_update_by
    if by is None:
        return None
    before = by - min(early, (by - told.at) / 2)
    return min(by, due) if before < due <= by else before


def in_the_morning(by: datetime, due: datetime, zone: ZoneInfo, quiet: QuietHours | None, early: timedelta) -> datetime:
    """The announced time `by` of an update, or one past the quiet hours that it lies in; not past a `due` ahead of it.

    An update is written `early` before it is due, which is not in quiet hours either.
    """
    until = quiet_until(by - early, zone, quiet)
    if until is None:
        return by
    later = ceil_to(until + early, QUARTER, zone)
    return by if by <= due < later else later


def held_until(since: datetime, due: datetime, hours: Calendar, hold: timedelta) -> datetime:
    """When a risk that rose at `since` has held: after `hold` of working hours, if that is before the promised time.

    Otherwise by the clock: a promise due at a weekend would be warned of when it is over.
    """
    worked = hours.after(since, hold)
    return worked if worked < due else since + hold


def owner_until(at: datetime, announced: datetime | None, rules: Rules) -> datetime:
    """Until when a notice decided at `at` waits for the owner: not past `announced`, but at least a minute.

    `announced`: when the customer was told to expect this notice, if it is an announced update.
    """
    until = at + rules.owner_wait
    return until if announced is None else min(until, max(announced, at + MINUTE))


def _in_hours(
    now: datetime,
    until: datetime,
    zone: ZoneInfo,
    rules: Rules,
    least: timedelta | None,
    hours: Calendar | None,
) -> datetime:
    by = _unhurried(now, until, zone, rules, least)
    # The closing moment still counts as working time because the message is sent by then.
    if hours is None or hours.is_open(by) or hours.is_open(by - TICK):
        return by
    return ceil_to(hours.after(by, TICK) - TICK, QUARTER, zone).astimezone(now.tzinfo)


def _unhurried(now: datetime, until: datetime, zone: ZoneInfo, rules: Rules, least: timedelta | None) -> datetime:
    wanted = max((until - now) * rules.update_share, rules.update_min, least or timedelta(0))
    wanted = min(wanted, rules.update_max)
    if wanted <= 6 * HOUR:
        return ceil_to(now + wanted, QUARTER, zone)
    if wanted <= timedelta(hours=36):
        return ceil_to(now + wanted, HOUR, zone)
    local = (now + wanted).astimezone(zone)
    close = datetime.combine(local.date(), CLOSE_OF_DAY, zone)
    if close < local:
        close = datetime.combine(local.date() + timedelta(days=1), CLOSE_OF_DAY, zone)
    return close.astimezone(now.tzinfo)


def ceil_to(at: datetime, step: timedelta, zone: ZoneInfo) -> datetime:
    """`at` rounded up to the next multiple of `step` on the local clock of `zone`, in the zone of `at`."""
    local = at.astimezone(zone)
    wall = local.replace(tzinfo=None)
    midnight = datetime.combine(wall.date(), time.min)
    whole = -((midnight - wall) // step)
    rounded = (midnight + whole * step).replace(tzinfo=zone)
    result = rounded.astimezone(at.tzinfo)
    # Around a clock change the local multiple can be before `at`; an hour later is still a civil time.
    return result if result >= at else result + max(step, HOUR)
