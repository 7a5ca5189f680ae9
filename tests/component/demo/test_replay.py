"""The replay engine against a real HTTP receiver: order, retries with the same id, refusals, stopping."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from candor.replay.engine import Outcome, Replay
from candor.replay.sending import Answer, Unreachable, WebhookSender, until_answered
from candor.replay.stream import StreamEvent
from tests.component.demo.receiver import SECRET, Receiver, serving
from tests.support.clocks import ManualClock

NOON = datetime(2013, 2, 5, 12, tzinfo=UTC)


def event(number: int, promise: int, minutes: float = 0, kind: str = "promise.made") -> StreamEvent:
    data = {"promise_id": f"p{promise}", "number": number}
    return StreamEvent(f"e{number}", kind, NOON + timedelta(minutes=minutes), data)


async def replay(
    receiver: Receiver, events: list[StreamEvent], *, clock: ManualClock | None = None, concurrency: int = 8
) -> Outcome:
    async with serving(receiver), httpx.AsyncClient() as client:
        sender = WebhookSender(client, receiver.endpoints, "crm", SECRET)
        run = Replay(sender, clock or ManualClock(NOON + timedelta(days=1)), 1000, concurrency=concurrency)
        return await run.run(events)


async def test_every_event_arrives_at_its_service_with_business_time() -> None:
    receiver = Receiver()
    outcome = await replay(receiver, [event(1, 1), event(2, 1, kind="milestone.reported")])
    assert outcome.sent == 2
    (first, second) = (body for _id, body in receiver.accepted)
    assert (first["service"], second["service"]) == ("promise", "delivery")
    assert first["timestamp"] == "2013-02-05T12:00:00Z"
    assert (first["type"], first["data"]["number"]) == ("promise.made", 1)


async def test_order_is_kept_per_promise_while_others_overtake() -> None:
    stubborn = {"e0", "e10"}
    receiver = Receiver(lambda event_id, attempt: 503 if event_id in stubborn and attempt < 3 else 202)
    outcome = await replay(receiver, [event(n, n % 5) for n in range(60)])
    assert outcome.sent == 60
    assert outcome.retried == 4
    assert sorted(receiver.ids) == sorted(f"e{n}" for n in range(60)), "each exactly once"
    for promise in range(5):
        numbers = [int(name[1:]) for name in receiver.ids if int(name[1:]) % 5 == promise]
        assert numbers == sorted(numbers)
    assert receiver.ids.index("e0") > receiver.ids.index("e1"), "a stubborn one holds up its own promise only"


@pytest.mark.parametrize("stubborn", ["word", "contact"])
async def test_an_event_that_joins_two_lanes_waits_for_both(stubborn: str) -> None:
    receiver = Receiver(lambda event_id, attempt: 503 if event_id == stubborn and attempt < 4 else 202)
    events = [
        StreamEvent("word", "statement.made", NOON, {"promise_id": "p1"}),
        StreamEvent("contact", "contact.set", NOON, {"customer_id": "c1"}),
        StreamEvent("made", "promise.made", NOON, {"promise_id": "p1", "customer_id": "c1"}),
    ]
    outcome = await replay(receiver, events)
    assert outcome.retried == 3
    assert receiver.ids[-1] == "made"
    assert receiver.ids[-2] == stubborn


async def test_no_more_in_flight_than_allowed() -> None:
    receiver = Receiver(slow=0.01)
    await replay(receiver, [event(n, n) for n in range(40)], concurrency=4)
    assert receiver.most_in_flight == 4


async def test_a_refusal_is_noted_and_not_repeated() -> None:
    receiver = Receiver(lambda event_id, _attempt: 422 if event_id == "e1" else 202)
    outcome = await replay(receiver, [event(1, 1), event(2, 1)])
    (refusal,) = outcome.refused
    assert (refusal.event_id, refusal.status, refusal.code) == ("e1", 422, "invalid_field")
    assert receiver.attempts["e1"] == 1
    assert receiver.ids == ["e2"]


async def test_a_webhook_that_was_turned_away_counts_as_refused_though_it_was_answered() -> None:
    receiver = Receiver()
    receiver.turned_away.add("e1")
    outcome = await replay(receiver, [event(1, 1), event(2, 1)])
    assert [(refusal.event_id, refusal.status, refusal.detail) for refusal in outcome.refused] == [("e1", 202, "/due")]
    assert receiver.attempts["e1"] == 1


async def test_nothing_goes_before_its_time() -> None:
    clock = ManualClock(NOON)
    receiver = Receiver()
    async with serving(receiver), httpx.AsyncClient() as client:
        run = Replay(WebhookSender(client, receiver.endpoints, "crm", SECRET), clock, 1000)
        task = asyncio.create_task(run.run([event(1, 1, 0), event(2, 1, 60)]))
        await receiver.received(1)
        await asyncio.sleep(0.05)
        assert receiver.ids == ["e1"]
        clock.set(NOON + timedelta(minutes=60))
        outcome = await task
    assert receiver.ids == ["e1", "e2"]
    assert outcome.most_behind_s == 0


async def test_falling_behind_is_counted_in_real_seconds() -> None:
    clock = ManualClock(NOON + timedelta(seconds=5000))
    outcome = await replay(Receiver(), [event(1, 1)], clock=clock)
    assert outcome.most_behind_s == 5
    assert outcome.late == 1


async def test_stopping_leaves_the_rest_unsent() -> None:
    clock = ManualClock(NOON)
    receiver = Receiver()
    async with serving(receiver), httpx.AsyncClient() as client:
        run = Replay(WebhookSender(client, receiver.endpoints, "crm", SECRET), clock, 1000)
        task = asyncio.create_task(run.run([event(1, 1, 0), event(2, 1, 60)]))
        await receiver.received(1)
        run.stop()
        outcome = await task
    assert outcome.stopped
    assert outcome.sent == 1


async def test_a_receiver_that_is_not_there_is_tried_until_it_is() -> None:
    answers: list[object] = [httpx.ConnectError("refused"), httpx.Response(503), httpx.Response(429), 0]
    answers[3] = httpx.Response(202, json={"state": "matched"})
    pauses: list[float] = []

    async def attempt() -> httpx.Response:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, httpx.Response)
        return answer

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    answered = await until_answered(attempt, pause=pause)
    assert (answered.status, answered.tries, answered.body) == (202, 4, {"state": "matched"})
    assert len(pauses) == 3
    assert all(0 < seconds <= 0.4 for seconds in pauses)


async def test_tries_end_where_they_are_limited() -> None:
    async def attempt() -> httpx.Response:
        return httpx.Response(500, headers={"retry-after": "3600"})

    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    with pytest.raises(Unreachable, match="2 tries: HTTP 500"):
        await until_answered(attempt, tries=2, pause=pause)
    assert pauses == [5.0], "an hour is not waited for"


async def test_a_broken_sender_stops_the_replay_and_is_not_hidden() -> None:
    class Broken:
        async def send(self, event: StreamEvent) -> Answer:
            raise RuntimeError(event.id)

    with pytest.raises(RuntimeError, match="e1"):
        await Replay(Broken(), ManualClock(NOON)).run([event(1, 1), event(2, 2)])
