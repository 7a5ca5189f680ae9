"""The usual service's worker: a message a transaction through an ORM; the same fold, forecast and score as Candor's.

python -m bench.whole.usual_worker DATABASE_URL BOOTSTRAP TOPIC MODEL_FILE
"""

from __future__ import annotations

import math
import sys
from datetime import UTC, datetime
from pathlib import Path

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from sqlmodel.ext.asyncio.session import AsyncSession

from bench.whole.usual_tables import GapRow, engine
from candor.contracts import Message, MilestoneReported, decode, encode
from risk_svc.domain.facts import facts
from risk_svc.domain.fold import fold
from risk_svc.domain.gap import GapDefinition
from risk_svc.domain.standings import standing
from risk_svc.domain.state import PromiseState, from_bytes, to_bytes
from risk_svc.forecasting.live import PublishedModel
from risk_svc.worker.handlers import gap_message
from risk_svc.worker.partition_state import PartitionState
from risk_svc.worker.scoring import Scoring
from risk_svc.worker.touched import PromiseChange


def scored(state: PromiseState, item: Message, published: PublishedModel, now: float) -> Message:
    """Fold one event into its promise and score it; returns what is to be published."""
    fold(state, item.envelope, item.data)
    scoring = Scoring(published, GapDefinition(), now, math.inf)
    scoring.run([PromiseChange(PartitionState(0), state, True, "")])
    stands = standing(state)
    scoring.explain([state])
    return gap_message(state, stands, facts(state, [], now))


async def take(session: AsyncSession, item: Message, published: PublishedModel) -> Message:
    """Read, fold, score and save one promise in a transaction of its own."""
    async with session.begin():
        name = item.envelope.subject
        row = await session.get(GapRow, name, with_for_update=True)
        state = PromiseState(promise_id=name, customer_id=item.envelope.key) if row is None else from_bytes(row.state)
        said = scored(state, item, published, datetime.now(UTC).timestamp())
        if row is None:
            row = GapRow(promise_id=name, customer_id=state.customer_id, score=0.0, state=b"")
        row.score, row.state = state.view.score, to_bytes(state)
        session.add(row)
    return said


async def run(url: str, bootstrap: str, topic: str, published: PublishedModel) -> None:
    """Take messages until SIGTERM."""
    held = engine(url, 2)
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, group_id=topic, auto_offset_reset="earliest", enable_auto_commit=True
    )
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer, consumer:
        async for record in consumer:
            kind = "milestones" if dict(record.headers)["ce_type"] == MilestoneReported.TYPE.encode() else "promises"
            async with AsyncSession(held, expire_on_commit=False) as session:
                said = await take(session, decode(kind, record.headers, record.value), published)
            out = encode(said)
            await producer.send_and_wait(f"{topic}-gaps", out.value, out.key, headers=out.headers)


if __name__ == "__main__":
    url, bootstrap, topic, model = sys.argv[1:]
    followed = PublishedModel()
    followed.take(Path(model).read_bytes())
    uvloop.run(run(url, bootstrap, topic, followed))
