"""History in pieces through Kafka, a worker and the learner: newest promises first, reports later, all of it twice."""

from __future__ import annotations

import random

from candor.contracts import Message
from candor.messaging.consumer import Worker
from candor.store.db import Database
from risk_svc.forecast.serialization import model_bytes
from risk_svc.forecasting.live import PublishedModel
from risk_svc.settings import RiskSettings
from risk_svc.training.learner import Learner
from risk_svc.training.timeline import Timeline
from risk_svc.wiring import GROUP
from risk_svc.worker.handlers import RiskHandler
from tests.component.risk.worker.test_worker import applied
from tests.support.at_work import at_work
from tests.support.clocks import ManualClock
from tests.support.learning import EACH, published
from tests.support.ledger.book import Sender
from tests.support.risk import entries, flights
from tests.support.waiting import until

COUNT = 30
FAST = EACH._replace(quiet=0.1, longest=0.5)


async def test_the_model_in_the_end_is_that_of_an_import_in_order(
    kafka: str, topic_prefix: str, risk_database: Database, clock: ManualClock, seeded: random.Random
) -> None:
    settings = RiskSettings(kafka_bootstrap_servers=kafka, topic_prefix=topic_prefix)
    found = flights(COUNT)
    worker = Worker(settings, risk_database, RiskHandler(PublishedModel(), clock, publishing=False), GROUP)
    learner = Learner(risk_database, clock, FAST)
    async with at_work(worker, learner), Sender(settings) as sender:
        sent: list[Message] = []
        for piece in pieces(found, seeded):
            sent += piece
            await sender.send(piece)
            await until(applied(settings, risk_database, sent))
            # The present goes on after each piece: what the next one brings comes out of its turn.
            await until(lambda: bool(learner.course and learner.course.upcoming > clock.now().timestamp()))
        # Idle of before the last piece says nothing: a whole turn must have begun after it.
        turns = learner.turns
        await until(
            lambda: learner.turns > turns + 1 and learner.idle and bool(learner.course and not learner.course.waiting)
        )
        wanted = Timeline()
        wanted.take(entries(found))
        wanted.close(clock.now().timestamp())
        newest = await published(risk_database)
        assert newest[max(newest)][1] == model_bytes(wanted.engine.model)
    assert await risk_database.pool.fetchval("SELECT count(*) FROM learnt_fact") == COUNT


def pieces(found: list[Message], rng: random.Random) -> list[list[Message]]:
    """Promises, the newest first, then what was reported of each in order, but of one before another by chance."""
    made = [one for one in found if one.data.TOPIC == "promises"][::-1]
    names = [one.envelope.subject for one in made]
    rng.shuffle(names)
    told = [one for name in names for one in found if one.envelope.subject == name and one.data.TOPIC != "promises"]
    half = len(told) // 2
    return [made[: COUNT // 2], made[COUNT // 2 :], told[:half], told[half:], [*made, *told]]
