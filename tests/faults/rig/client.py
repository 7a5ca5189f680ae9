"""The sender of a run: every event again and again with the same id until a 2xx, which goes into the ledger."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

import httpx

from candor.ops.clock import Clock
from candor.replay.sending import Answer, Endpoints, ImportSender, WebhookSender
from candor.replay.stream import StreamEvent, utc_text
from tests.faults.rig.ledger import Ledger
from tests.faults.rig.plan import Round
from tests.faults.rig.story import PlannedEvent

ENDLESS = 10_000
SOURCE = "replay"


class Client:
    """Live events as signed webhooks, in order in each lane; history as imports, in order for each service."""

    def __init__(
        self, http: httpx.AsyncClient, endpoints: Endpoints, secret: str, key: str, clock: Clock, ledger: Ledger
    ) -> None:
        self.ledger = ledger
        self.refused: list[str] = []
        self.retries = 0
        self._urls = {"promise-svc": endpoints.promise, "delivery-svc": endpoints.delivery}
        self._clock = clock
        self._webhooks = WebhookSender(http, endpoints, SOURCE, secret)
        self._imports = ImportSender(http, key, tries=ENDLESS)

    async def send(self, round_: Round) -> None:
        """Returns once every event of the round was answered for good."""
        lanes: dict[str, list[PlannedEvent]] = defaultdict(list)
        for event in round_.live:
            lanes[event.lane].append(event)
        async with asyncio.TaskGroup() as group:
            for service, batches in round_.history.items():
                group.create_task(self._history(self._urls[service], batches))
            for lane in lanes.values():
                group.create_task(self._lane(lane))

    async def _history(self, url: str, batches: Sequence[list[StreamEvent]]) -> None:
        for batch in batches:
            answer = await self._imports.send(url, batch)
            rejected = {item["index"]: item["code"] for item in answer.body.get("rejected", [])}
            if answer.accepted:
                self.ledger.note([e for i, e in enumerate(batch) if i not in rejected], historical=True)
            self.refused += [f"{batch[index].id}: {code}" for index, code in rejected.items()]
            self._heard("an import", answer)

    async def _lane(self, lane: Sequence[PlannedEvent]) -> None:
        for planned in lane:
            event = said(planned, self._clock.now())
            answer = await self._webhooks.send(event)
            if answer.accepted:
                self.ledger.note([event])
            self._heard(event.id, answer)
            if crc32(event.id.encode()) % 20 == 0:
                # At least once means sometimes twice: the sender lost the answer, say.
                self._heard(event.id, await self._webhooks.send(event))

    def _heard(self, name: str, answer: Answer) -> None:
        self.retries += answer.tries - 1
        if not answer.accepted:
            self.refused.append(f"{name}: {answer.status} {answer.code} {answer.detail}")


def said(planned: PlannedEvent, now: datetime) -> StreamEvent:
    """The event as it is first sent at business time `now`; retries send these same bytes."""
    return StreamEvent(planned.id, planned.type, now, _timed(planned.data, now))


def _timed(value: Any, now: datetime) -> Any:
    if isinstance(value, timedelta):
        return utc_text(now + value)
    if isinstance(value, Mapping):
        return {key: _timed(item, now) for key, item in value.items()}
    return [_timed(item, now) for item in value] if isinstance(value, list) else value
