"""Builders of notify-svc's own facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from candor.contracts import Fact, FactKind, Standing, Statement
from notify_svc.compose.letter import Snapshot
from notify_svc.domain.episode import after_speaking, decide, observe
from notify_svc.domain.facts import Announcement, Decision, Episode, Forecast, Gap, Promise, Rules
from tests.support.clocks import NOON

RULES = Rules()
NEW_YORK = ZoneInfo("America/New_York")
DUE = NOON + timedelta(hours=6)
HELD = (200, 0.8, 0.8)
"""Of the last 200 completed promises, 8 of 10 came by P80."""
LOW, HIGH = DUE + timedelta(minutes=40), DUE + timedelta(minutes=80)


def minutes(amount: float) -> timedelta:
    return timedelta(minutes=amount)


def promise(**changes: Any) -> Promise:
    return replace(
        Promise(
            promise_id="p1",
            customer_id="c1",
            event_id="ev-p",
            what="Flight UA 1545, EWR to IAH",
            held_due=DUE,
            zone=NEW_YORK.key,
        ),
        **changes,
    )


def gap(p_slip: float | None = 0.86, standing: Standing = Standing.OPEN, **changes: Any) -> Gap:
    """A gap as of NOON; `p50` and `p80` name completion times, else the range is 37 to 76 minutes late."""
    p50 = changes.pop("p50", DUE + minutes(37))
    p80 = changes.pop("p80", DUE + minutes(76))
    forecast = None if p_slip is None else Forecast(p_slip, p50, p80, 412, *changes.pop("record", HELD))
    return replace(
        Gap(version=1, event_id="gap-1", standing=standing, as_of=NOON, held_due=DUE, forecast=forecast), **changes
    )


def step(kind: FactKind = FactKind.MILESTONE_MISSED, **changes: Any) -> Fact:
    return msgspec.structs.replace(Fact(kind=kind, event_id="ev-m", name="departed", at=NOON, told=True), **changes)


def told(**changes: Any) -> Announcement:
    return replace(Announcement(Statement.WARNING, NOON, LOW, HIGH, HIGH + minutes(10)), **changes)


def warned(**changes: Any) -> Episode:
    return Episode(told=told(**changes))


def decided(
    at: Gap, now: datetime = NOON, episode: Episode | None = None, rules: Rules = RULES, about: Promise | None = None
) -> Decision:
    """What is decided at `now`, once `at` was observed."""
    return decide(observe(episode or Episode(), at, rules), at, about or promise(), now, rules)


def spoken(decision: Decision, episode: Episode, **changes: Any) -> Episode:
    return after_speaking(episode, decision, told(**changes))


def snapshot(decision: Decision, statement: Statement = Statement.WARNING, **changes: Any) -> Snapshot:
    """All that a letter draws on, at NOON, with the range LOW to HIGH and an update due at the promised time."""
    known = Snapshot(
        promise=promise(),
        gap=gap(),
        decision=decision,
        statement=statement,
        now=NOON,
        zone=NEW_YORK,
        locale="en_GB",
        low=LOW,
        high=HIGH,
        next_update_by=DUE,
    )
    return replace(known, **changes)
