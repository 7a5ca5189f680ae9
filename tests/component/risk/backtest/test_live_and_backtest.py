"""One stream through Kafka, two workers and the learner, and through the backtest: every version forecasts the same."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest

from candor.contracts import (
    Message,
    MilestoneReported,
    MilestoneStatus,
    PlannedMilestone,
    PromiseMade,
    Standing,
    message,
)
from candor.messaging.consumer import Worker
from candor.store.db import Database
from risk_svc.backtest.stream import decide, take
from risk_svc.domain.fold import FoldOutcome, fold
from risk_svc.domain.predictions import LevelRecord
from risk_svc.domain.standings import standing
from risk_svc.domain.state import PromiseState
from risk_svc.forecast import view
from risk_svc.forecast.engine import Engine, Forecast
from risk_svc.forecast.intervals import STATED
from risk_svc.forecast.stated import AFTER
from risk_svc.forecast.view import MIN_SLIP_S
from risk_svc.forecasting import model_store
from risk_svc.forecasting.follower import Follower
from risk_svc.forecasting.live import TICK, PublishedModel, view_of
from risk_svc.settings import RiskSettings
from risk_svc.training.learner import Learner
from risk_svc.wiring import GROUP
from risk_svc.worker.handlers import RiskHandler
from tests.component.risk.worker.test_worker import applied
from tests.support.at_work import at_work
from tests.support.clocks import ManualClock
from tests.support.learning import EACH, published
from tests.support.ledger.book import Sender
from tests.support.stream import START, iso, stream
from tests.support.waiting import until

PROMISES = 120
END = START + timedelta(hours=2 * PROMISES - 10, minutes=5)
LATER = END + timedelta(minutes=10)
Event = dict[str, Any]


def recorded() -> list[Event]:
    """The made-up stream up to the end: plans slip when the clock says so, deadlines are as the engine has them."""
    events = [event for event in stream(PROMISES)[0] if event["type"] != "milestone.slipped"]
    reached = {event["promise_id"]: event["time"] for event in events if event["data"].get("milestone") == "shipped"}
    for event in [event for event in events if event["type"] == "promise.made"]:
        due = datetime.fromisoformat(event["data"]["due"])
        planned = datetime.fromisoformat(event["data"]["planned"]["shipped"])
        late = planned + timedelta(seconds=MIN_SLIP_S)
        event["data"]["due"] = (due + timedelta(seconds=TICK)).isoformat()
        if reached.get(event["promise_id"], "9") > late.strftime("%Y-%m-%dT%H:%M:%SZ"):
            data = {"milestone": "shipped", "planned": planned.isoformat()}
            slip = {"type": "milestone.slipped", "promise_id": event["promise_id"], "time": late.isoformat()}
            events.append(slip | {"id": "", "data": data})
    events = [event for event in events if datetime.fromisoformat(event["time"]) < END]
    return sorted(events, key=lambda event: datetime.fromisoformat(event["time"]))


def told(events: list[Event]) -> Iterator[Message]:
    """The same stream as promise-svc and delivery-svc would say it; that a plan slipped the clock says by itself."""
    counted: dict[str, int] = defaultdict(int)
    for event in events:
        name, at, said = event["promise_id"], datetime.fromisoformat(event["time"]), event["data"]
        data: PromiseMade | MilestoneReported
        if event["type"] == "promise.made":
            due = datetime.fromisoformat(said["due"]) - timedelta(seconds=TICK)
            steps = [(step, said["planned"].get(step)) for step in said["milestones"]]
            data = PromiseMade(
                promise_id=name,
                customer_id=name,
                kind=said["kind"],
                what="A parcel",
                made_at=at,
                first_due=due,
                latest_due=due,
                held_due=due,
                labels={"maker": said["maker"]},
                milestones=[PlannedMilestone(step, time and datetime.fromisoformat(time)) for step, time in steps],
            )
            yield message(f"{name}.made", "test", at, name, 1, data)
        elif event["type"] == "milestone.reached":
            counted[name] += 1
            final = bool(said.get("final"))
            data = MilestoneReported(
                promise_id=name,
                customer_id=name,
                milestone=said["milestone"],
                status=MilestoneStatus.REACHED,
                at=at,
                source="field",
                source_event=f"{name}.{counted[name]}",
                final=final,
            )
            yield message(f"{name}.{said['milestone']}", "test", at, name, counted[name], data)


def backtested(events: list[Event], decisions: list[Event]) -> list[Forecast]:
    """What `candor backtest` says at each decision."""
    engine, found, left = Engine(), [], list(events)
    for decision in decisions:
        while left and datetime.fromisoformat(left[0]["time"]) <= datetime.fromisoformat(decision["time"]):
            take(engine, left.pop(0))
        found.append(decide(engine, decision))
    return found


def folded(events: list[Event], until_when: str) -> dict[str, PromiseState]:
    """What a worker's fold knows at a time."""
    states: dict[str, PromiseState] = {}
    for item in told([one for one in events if one["time"] <= until_when]):
        state = states.setdefault(
            item.envelope.subject, PromiseState(promise_id=item.envelope.subject, customer_id=item.envelope.key)
        )
        assert fold(state, item.envelope, item.data) is FoldOutcome.APPLIED
    return states


async def lived(
    settings: RiskSettings, database: Database, events: list[Event], clock: ManualClock
) -> list[dict[str, PromiseState]]:
    """The stream through Kafka, two workers and the learner; each worker's open promises in the end, forecast again."""
    clock.set(END)
    followers = [Follower(database, PublishedModel()) for _ in range(2)]
    handlers = [RiskHandler(one.published, clock, publishing=False) for one in followers]
    workers = [Worker(settings, database, handler, GROUP) for handler in handlers]
    messages = list(told(events))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(at_work(*workers, *followers))
        sender = await stack.enter_async_context(Sender(settings))
        await until(lambda: all(len(worker.owned) == 2 for worker in workers))
        await sender.send(messages)
        await until(applied(settings, database, messages))
        learner = Learner(database, clock, EACH)
        async with at_work(learner):
            await until(lambda: learner.idle and learner.course is not None and learner.course.version > 0)
        newest = max(await published(database))
        await until(lambda: all(one.published.version == newest for one in followers))
        clock.set(LATER)
        for handler in handlers:
            handler.cache.look_again(LATER.timestamp())
        await until(lambda: not any(handler.cache.overdue(LATER.timestamp()) for handler in handlers))
        held = [handler.cache.partitions.values() for handler in handlers]
        return [{name: one for part in parts for name, one in part.states.items()} for parts in held]


@pytest.fixture
def settings(kafka: str, topic_prefix: str) -> RiskSettings:
    return RiskSettings(kafka_bootstrap_servers=kafka, topic_prefix=topic_prefix)


class Stated(NamedTuple):
    """What the live service states of a promise: P(slip), the quantiles (None: withheld), and what they rest on."""

    p_slip: float
    times: list[float | None]
    records: list[LevelRecord]


def same(live: Stated, other: Forecast, at: float, deadline: float, unit: float) -> None:
    """A forecast as it is stated live, and one of the backtest: chance and times on one side, then only ever later."""
    assert live.p_slip == pytest.approx(other.p_late, abs=1e-9)
    for level, mine, record, hours in zip(
        STATED, live.times, live.records, (other.q50, other.q80, other.q90), strict=True
    ):
        if mine is None or mine == float("inf"):
            # No time holds, or it may never complete: only live says so.
            continue
        # Seconds of this century have 1e-7 of room left in a float; how much later is said to the second.
        room = 0.51 if record.later_s else 1e-6
        said, engine = mine - record.later_s, at + hours * 3600
        if round(1 - live.p_slip, 4) >= level:
            assert said == pytest.approx(min(engine, deadline), abs=room)
        elif engine > deadline + 1 + unit * math.sinh(AFTER):
            assert said == pytest.approx(engine, abs=room)
        else:
            assert deadline < said <= deadline + 1 + unit * math.sinh(AFTER) + room


@pytest.mark.long
async def test_every_version_forecasts_as_the_backtest_does_and_two_workers_agree_with_it(
    settings: RiskSettings, risk_database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_store, "KEPT", 10_000)
    # A hundredth of a lead time is no instant that a recorded stream could name; a minute is.
    monkeypatch.setattr(view, "SLIP_SHARE", 0.0)
    events = recorded()
    workers = await lived(settings, risk_database, events, clock)
    models = {version: body for version, (_, body) in (await published(risk_database)).items()}

    # Every decision, by the version that the backtest used, on what the services had folded by then.
    decisions = [one for one in stream(PROMISES)[1] if datetime.fromisoformat(one["time"]) < END]
    used, compared = set(), 0
    for decision, other in zip(decisions, backtested(events, decisions), strict=True):
        model, at = PublishedModel(), datetime.fromisoformat(decision["time"]).timestamp()
        if other.version:
            model.take(models[other.version])
        state = folded(events, decision["time"])[decision["promise_id"]]
        live = model.forecast([view_of(state, at)], [[]], at)
        assert view_of(state, at).newest(at)[1] == decision["kind"]
        assert (live.withheld[0] == "") == (not math.isnan(live.q50[0]))
        times = [None if math.isnan(one[0]) else float(one[0]) for one in (live.q50, live.q80, live.q90)]
        stated = Stated(float(live.p_slip[0]), times, live.records[0])
        same(stated, other, at, view_of(state, at).deadline, model.model.context.unit(state.kind))
        compared += not live.withheld[0]
        used.add(other.version)
    assert len(used) > 100
    assert compared > 100

    # What the two workers said in the end, each of its own promises, by the newest version.
    both = workers[0] | workers[1]
    ahead = [one for one in both.values() if standing(one) is Standing.OPEN and one.deadline > LATER.timestamp()]
    assert min(len(one) for one in workers) > 0
    assert len(ahead) > 10
    at = LATER.timestamp()
    newest = PublishedModel()
    newest.take(models[max(models)])
    now = iso((LATER - START).total_seconds() / 3600)
    asked = [{"promise_id": one.promise_id, "time": now, "kind": view_of(one, at).newest(at)[1]} for one in ahead]
    for state, other in zip(ahead, backtested(events, asked), strict=True):
        assert (state.view.model, state.view.at) == (other.version, at)
        assert other.version == max(models)
        seen, unit = state.view, newest.model.context.unit(state.kind)
        stated = Stated(seen.p_slip, [seen.p50, seen.p80, seen.p90], [LevelRecord(*one) for one in seen.records])
        same(stated, other, at, view_of(state, at).deadline, unit)
