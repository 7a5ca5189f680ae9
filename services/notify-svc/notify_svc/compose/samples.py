"""Made-up facts of every sort of letter, on which a template is tried before anybody gets a letter by it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from candor.contracts import Fact, FactKind, Standing, Statement
from notify_svc.compose.letter import Snapshot
from notify_svc.compose.signer import Signer
from notify_svc.compose.words import locale_of
from notify_svc.domain.facts import Announcement, CalledOff, Decision, Forecast, Gap, Kind, Move, Promise, Reason

NOW: Final = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
DUE: Final = NOW + timedelta(hours=6)
LOW, HIGH = DUE + timedelta(minutes=40), DUE + timedelta(minutes=80)
_PROMISE: Final = Promise(promise_id="sample", customer_id="sample", event_id="ev-p", what="4711", held_due=DUE)
_FORECAST: Final = Forecast(0.86, DUE + timedelta(minutes=37), DUE + timedelta(minutes=76), 412, 200, 0.8, 0.8)
_GAP: Final = Gap(
    version=1, event_id="ev-g", standing=Standing.OPEN, as_of=NOW, held_due=DUE, forecast=_FORECAST, facts=()
)
_LATE: Final = Fact(
    kind=FactKind.MILESTONE_LATE, event_id="ev-m", name="4712", at=NOW, minutes=47, told=True, public_reason="4713"
)
_INCIDENT: Final = Fact(kind=FactKind.INCIDENT_OPEN, event_id="ev-i", name="4714", at=NOW, public_text="4715")
_EARLIER: Final = Announcement(
    Statement.WARNING, NOW - timedelta(hours=1), DUE, DUE + timedelta(minutes=20), NOW + timedelta(minutes=5)
)
_MOVE: Final = Move("ev-r", NOW, DUE - timedelta(days=1), DUE, agreed=False, reason="4716")
_RANGE: Final[dict[str, Any]] = {"low": LOW, "high": HIGH, "next_update_by": DUE}
_ONWARD: Final[dict[str, Any]] = {"next_update_by": DUE}


def samples(statement: Statement, language: str) -> list[Snapshot]:
    """Facts of each sort of letter that makes this statement."""
    known = {
        Statement.WARNING: _warnings,
        Statement.UPDATE: _updates,
        Statement.ALL_CLEAR: _all_clears,
        Statement.CANCELLED: _ends,
    }[statement]
    return [replace(one, locale=locale_of(language), signer=Signer("4717", "4718")) for one in known()]


def _of(statement: Statement, reason: Reason, at: Gap = _GAP, **known: Any) -> Snapshot:
    closing, about = known.pop("closing", False), known.pop("about", "")
    decision = Decision(Kind.SPEAK, reason, statement, {"milestone": "4712"}, closing=closing, about=about)
    facts: dict[str, Any] = {"promise": _PROMISE, "now": NOW, **known}
    return Snapshot(gap=at, decision=decision, statement=statement, zone=ZoneInfo("UTC"), locale="en", **facts)


def _ended(standing: Standing, completed: datetime | None) -> Gap:
    return replace(_GAP, standing=standing, completed_at=completed, forecast=None)


def _warnings() -> list[Snapshot]:
    warning, missed = Statement.WARNING, replace(_GAP, forecast=replace(_FORECAST, p_slip=0.4), facts=(_LATE,))
    after, moved = DUE + timedelta(hours=1), replace(_MOVE, before=DUE - timedelta(hours=2))
    return [
        _of(warning, Reason.SLIP_HELD, replace(_GAP, facts=(_LATE, _INCIDENT)), **_RANGE),
        _of(warning, Reason.SLIP_HELD, **_RANGE),
        _of(warning, Reason.SLIP_HELD, **_ONWARD),
        _of(warning, Reason.MILESTONE_MISSED, missed, **_ONWARD),
        _of(warning, Reason.SLIP_HELD, now=after, next_update_by=after + timedelta(hours=1)),
        _of(warning, Reason.DATE_MOVED, about="ev-r", move=moved, **_RANGE),
        _of(warning, Reason.DATE_MOVED, about="ev-r", move=moved, **_ONWARD),
    ]


def _updates() -> list[Snapshot]:
    update, late = Statement.UPDATE, DUE + timedelta(hours=1)
    return [
        _of(update, Reason.RANGE_LEFT, earlier=_EARLIER, **_RANGE),
        _of(update, Reason.UPDATE_DUE, earlier=replace(_EARLIER, low=None, high=None), **_ONWARD),
        _of(update, Reason.UPDATE_DUE, earlier=replace(_EARLIER, low=LOW, high=HIGH), **_RANGE),
        _of(update, Reason.DONE_OUTSIDE_RANGE, _ended(Standing.BROKEN, late), now=late, closing=True),
        _of(update, Reason.NOT_KEPT, _ended(Standing.BROKEN, None), now=late, closing=True),
    ]


def _all_clears() -> list[Snapshot]:
    clear, fine = Statement.ALL_CLEAR, replace(_FORECAST, p_slip=0.1, p50=NOW + timedelta(hours=2))
    agreed = replace(_MOVE, agreed=True)
    return [
        _of(clear, Reason.RECOVERED, replace(_GAP, forecast=fine), earlier=_EARLIER),
        _of(clear, Reason.KEPT, _ended(Standing.KEPT, DUE), now=DUE, earlier=_EARLIER, closing=True),
        _of(clear, Reason.DATE_MOVED, about="ev-r", move=agreed, earlier=_EARLIER),
    ]


def _ends() -> list[Snapshot]:
    off = replace(_PROMISE, withdrawn=True, called_off=CalledOff("ev-w", NOW, ours=True, reason="4716"))
    gone = _ended(Standing.WITHDRAWN, None)
    return [
        _of(Statement.CANCELLED, Reason.CANCELLED, _ended(Standing.BROKEN, None), closing=True),
        _of(Statement.CANCELLED, Reason.CALLED_OFF, gone, promise=off, closing=True, about="ev-w"),
    ]
