"""Whatever happens, and whenever it is decided: no message is made twice, and none follows another without news."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import AskedBy, PromiseRevised, PromiseWithdrawn, Standing, message
from notify_svc import translate
from notify_svc.compose.drafting import Matter, draft
from notify_svc.compose.house import House
from notify_svc.domain.episode import after_speaking, decide, observe
from notify_svc.domain.facts import Decision, Episode, Gap, Kind, Promise, Reason
from notify_svc.store.notices import Notice
from notify_svc.store.read_model import PromiseRecord
from tests.support.clocks import NOON
from tests.support.notify import REACH, sealed
from tests.unit.notify.facts import DUE, RULES, gap, promise

CUSTOMER, _ = REACH.look(sealed())
DAY = timedelta(days=1)
days = st.integers(-3, 6)
moves = st.tuples(st.just("move"), days, st.booleans())
asked = st.tuples(st.just("asked"), days)
risks = st.tuples(st.just("risk"), st.sampled_from([0.05, 0.5, 0.9]), st.integers(-300, 3_000))
waits = st.tuples(st.just("wait"), st.integers(1, 2_000))
ends = st.tuples(st.just("off"), st.sampled_from([None, AskedBy.COMPANY]))
steps = st.lists(moves | asked | risks | waits | ends, max_size=14)


class Told:
    """One promise, its newest gap and what the customer was told: events come, and each is decided on twice."""

    def __init__(self) -> None:
        self.promise: Promise = promise()
        self.gap: Gap = gap(0.05)
        self.episode = Episode()
        self.now: datetime = NOON
        self.said: list[Notice] = []
        self.events = 0

    def happens(self, kind: str, *about: object) -> None:
        self.events += 1
        match (kind, *about):
            case ("move", int(count), bool(agreed)):
                self._revised(DUE + count * DAY, AskedBy.COMPANY, agreed=agreed)
            case ("asked", int(count)):
                self._revised(DUE + count * DAY, AskedBy.CUSTOMER, agreed=True)
            case ("risk", float(p_slip), int(late)):
                at = self.promise.held_due + timedelta(minutes=late)
                self._gap(p_slip, p50=at, p80=at + timedelta(minutes=90))
            case ("wait", int(minutes)):
                self.now += timedelta(minutes=minutes)
            case ("off", who):
                self._changed(PromiseWithdrawn("p1", "c1", "internal", None, who))  # type: ignore[arg-type]
                self._gap(0.0, standing=Standing.WITHDRAWN)

    def _revised(self, due: datetime, asked_by: AskedBy, *, agreed: bool) -> None:
        held = due if agreed else self.promise.held_due
        self._changed(PromiseRevised("p1", "c1", due, held, asked_by, agreed, "internal", None))

    def _changed(self, data: PromiseRevised | PromiseWithdrawn) -> None:
        if not self.promise.withdrawn:
            about = message(f"ev-{self.events}", "test", self.now, "c1", self.events, data).envelope
            self.promise = translate.promise_changed(self.promise, about, data)
            self._gap(0.05)

    def _gap(self, p_slip: float, standing: Standing = Standing.OPEN, **changes: object) -> None:
        standing = Standing.WITHDRAWN if self.promise.withdrawn else standing
        about = {"as_of": self.now, "held_due": self.promise.held_due, "event_id": f"gap-{self.events}"}
        self.gap = gap(p_slip, standing, **{**changes, **about})
        self.episode = observe(self.episode, self.gap, RULES)

    def decided(self) -> Decision:
        decision = decide(self.episode, self.gap, self.promise, self.now, RULES)
        if decision.kind is Kind.SPEAK and decision.statement is not None:
            known = PromiseRecord(promise_id="p1", customer_id="c1", partition=0, episode=self.episode)
            matter = Matter(
                known=known, promise=self.promise, gap=self.gap, decision=decision, statement=decision.statement
            )
            assert CUSTOMER is not None
            made = draft(matter, CUSTOMER, RULES, House(), self.now)
            assert made.letter.findings == (), made.letter.text
            self.said.append(made.notice)
            self.episode = after_speaking(self.episode, decision, made.notice.told)
        elif decision.ends:
            self.episode = replace(self.episode, ended=True)
        return decision


@given(steps)
def test_no_message_is_made_twice_and_none_without_news(drawn: list[tuple[object, ...]]) -> None:
    told = Told()
    for step in drawn:
        told.happens(*step)  # type: ignore[arg-type]
        told.decided()
        again = told.decided()
        assert again.kind is not Kind.SPEAK, (again, told.said[-2:])
    names = [notice.notice_id for notice in told.said if notice.about]
    assert len(names) == len(set(names))
    # A range that comes back within minutes has the identity of before, and the database keeps one.
    assert all(one.notice_id != two.notice_id for one, two in pairwise(told.said))


@given(steps)
def test_the_customer_knows_the_last_date_that_the_company_set_and_that_it_is_called_off(
    drawn: list[tuple[object, ...]],
) -> None:
    told = Told()
    for step in drawn:
        told.happens(*step)  # type: ignore[arg-type]
        told.decided()
    reasons = [notice.spoken_for for notice in told.said]
    assert reasons.count(Reason.CALLED_OFF) == told.promise.withdrawn
    if told.promise.withdrawn:
        assert reasons[-1] is Reason.CALLED_OFF
    elif told.promise.moves and told.now - told.promise.moves[-1].at < timedelta(days=7):
        newest = [notice.about for notice in told.said if notice.spoken_for is Reason.DATE_MOVED]
        known = told.episode.moved
        assert not newest or newest[-1] == known
        rest = [move.event_id for move in told.promise.moves]
        assert known in rest or told.promise.moves[0].before == told.promise.moves[-1].due
