"""Ranges and times worth telling: rounded so that a person can read them, never earlier than the forecast."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from candor.calendar import Calendar
from notify_svc.domain.model import Forecast, Rules

QUARTER = timedelta(minutes=15)
TICK = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
CLOSE_OF_DAY = time(17, 0)


def step_of(ahead: timedelta) -> timedelta:
    """How finely a time `ahead` from now is told: 5 minutes within a day, an hour within two weeks, else a day."""
    if ahead <= timedelta(days=1):
        return timedelta(minutes=5)
    return HOUR if ahead <= timedelta(days=14) else timedelta(days=1)


def told_range(forecast: Forecast | None, now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """P50–P80 rounded up in `zone`; None where the forecast has no range, so that no bare best case is ever told."""
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
) -> datetime:
    """When to write again at the latest: a share of the time until `until`, bounded, at a civil time in `zone`.

    `least`: never sooner than this, where nothing has changed since the word before, so that a customer with no news
    gets few messages; `rules.update_max` bounds it too. Outside of working `hours` it is the next opening: whoever
    can say more than the forecast is there by then.
    """
    by = _unhurried(now, until, zone, rules, least)
    # The closing moment is working time still: by then it has been said.
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
    # Around a clock change the local multiple can lie before `at`: an hour on is still a civil time.
    return result if result >= at else result + max(step, HOUR)
