"""What was once attempted under an id is what every attempt under it says; other words go under another id."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest_asyncio
from starlette.responses import Response

from candor.clients.public_address import Guard
from candor.contracts import Message, Standing
from candor.ops.secret_files import SecretFile
from notify_svc.channels.webhook.channel import WebhookChannel
from notify_svc.channels.webhook.settings import Secrets, keys
from tests.support.hooks import Hook
from tests.support.notify import Desk, contact, departed_late, desk, gap, prepare, promise
from tests.support.servers import Databases
from tests.support.stand_in import standing_in
from tests.unit.notify.channels.test_webhook import KEYS, written


@dataclass
class Answering(Hook):
    """A customer's system that answers with each of `answers` in turn, then with 200."""

    answers: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.said = lambda: Response(b"", self.answers.pop(0) if self.answers else 200)


class Site(NamedTuple):
    desk: Desk
    hook: Answering

    async def not_kept(self, *, reason: str) -> None:
        """A message that the promise was not kept waits for a customer whose system takes webhooks."""
        reached: dict[str, Any] = {"addresses": {"webhook": f"{self.hook.base}/hooks"}, "channels": ("webhook",)}
        await self.desk.take(promise(), contact(**reached), self._broken(1, reason), tick=True)

    async def decided_anew(self, version: int, *, reason: str) -> None:
        """The waiting message gives way to one that says the same with another reason."""
        self.desk.lag = 61.0
        await self.desk.take(self._broken(version, reason))
        self.desk.lag = 0.0
        await self.desk.retry_now()
        assert await self.desk.send() == 1
        await self.desk.later(1)

    def _broken(self, version: int, reason: str) -> Message:
        late = departed_late(reason=reason, event_id=f"ev-{reason[:4]}")
        return gap(version, None, Standing.BROKEN, facts=[late], at=self.desk.clock.now())

    @property
    def said(self) -> list[tuple[str, Any]]:
        """The id and body of each attempt, whatever was answered."""
        return [(headers["webhook-id"], msgspec.json.decode(body)) for body, headers in self.hook.taken]


@pytest_asyncio.fixture(loop_scope="session")
async def site(databases: Databases, tmp_path: Path) -> AsyncIterator[Site]:
    url = await databases.fresh(prepare)
    file = SecretFile(written(tmp_path / "key", *KEYS), keys, name="WEBHOOK_KEY_FILE")
    channel = WebhookChannel(Secrets(file), Guard(private=True), 2)
    async with standing_in(Answering()) as hook, desk(url, tmp_path, channels=[channel]) as made:
        assert isinstance(hook, Answering)
        yield Site(made, hook)
    await databases.drop(url)


async def test_other_words_about_the_same_matter_go_under_another_id(site: Site) -> None:
    site.hook.answers = [500, 200]
    await site.not_kept(reason="late inbound aircraft")
    assert await site.desk.send() == 1
    await site.decided_anew(2, reason="closed ramp")
    assert await site.desk.send() == 1
    (first, before), (second, after) = site.said
    assert "late inbound aircraft" in before["data"]["text"]
    assert "closed ramp" in after["data"]["text"]
    assert first != second
    assert before["data"]["notice_id"] == after["data"]["notice_id"]


async def test_the_same_words_decided_anew_go_under_their_id_as_they_were(site: Site) -> None:
    site.hook.answers = [500, 200]
    await site.not_kept(reason="late inbound aircraft")
    assert await site.desk.send() == 1
    await site.decided_anew(2, reason="closed ramp")
    await site.decided_anew(3, reason="late inbound aircraft")
    assert await site.desk.send() == 1
    first, second = site.said
    assert first == second
