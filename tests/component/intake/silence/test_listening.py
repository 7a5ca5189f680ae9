"""Rhythms that are kept: several processes, outages, and what staff and metrics are told."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
import pytest_asyncio

from candor.intake.heard import Heard
from candor.intake.silence import book, rhythm
from candor.intake.silence.listening import Listening
from candor.intake.silence.rhythm import HOUR, MINUTE
from candor.ops.metrics import REGISTRY
from candor.store.errors import LinkBroken
from candor.store.unit_of_work import unit_of_work
from delivery_svc.settings import DeliverySettings
from delivery_svc.wiring import build
from tests.component.delivery.reports import new
from tests.support.api import Api, Keys, running
from tests.support.clocks import ManualClock
from tests.support.servers import Databases

pytestmark = pytest.mark.asyncio(loop_scope="session")
NOW: Final = datetime.now(UTC).replace(second=0, microsecond=0)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def api(postgres: str, databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    keys = Keys(tmp_path_factory.mktemp("silence"))
    prefix = f"t{secrets.token_hex(5)}"
    settings = DeliverySettings(database_url=postgres, database_prefix=prefix, publishing=False, **keys.write())
    async with running(build(settings, ManualClock(NOW), consuming=False), keys) as made:
        yield made
    await databases.drop(settings.database)


class Process:
    """One process that listens, with a clock of its own."""

    def __init__(self, api: Api, now: datetime) -> None:
        self.clock = ManualClock(now)
        self.heard = Heard(self.clock)
        self.listening = Listening(api.intake.database, self.heard, self.clock)

    async def hears(self, source: str, at: datetime) -> None:
        """The source speaks, and the round that saves it."""
        self.clock.set(at)
        self.heard.note(source)
        await self.listening.round()


async def taught(api: Api, source: str, until: datetime, days: int = 12, gap: timedelta = HOUR / 2) -> None:
    """A source that spoke every half hour, saved at once."""
    number = int(timedelta(days=days) / gap)
    moments = [until - gap * place for place in reversed(range(number))]
    async with unit_of_work(api.intake.database) as uow:
        await book.note(uow, {source: moments})


def stale(source: str) -> float | None:
    return REGISTRY.get_sample_value("candor_source_stale", {"source": source})


async def item(api: Api, source: str) -> dict[str, Any]:
    listed = await api.call("GET", "/v1/sources", role="viewer", params={"limit": 200})
    [found] = [one for one in listed.json()["items"] if one["source"] == source]
    return dict(found)


async def test_a_source_that_ends_is_silent_until_its_next_word(api: Api) -> None:
    name, start = new("crm"), NOW
    await taught(api, name, start)
    process = Process(api, start + 45 * MINUTE)
    await process.listening.round()
    assert (name in process.listening.silent, stale(name)) == (False, 0.0)
    process.clock.set(start + 12 * HOUR)
    await process.listening.round()
    assert process.listening.silent[name] == start
    assert stale(name) == 1.0
    await process.hears(name, start + 12 * HOUR)
    assert (name in process.listening.silent, stale(name)) == (False, 0.0)


async def test_what_two_processes_hear_is_one_rhythm(api: Api) -> None:
    name = new("crm")
    one, other = Process(api, NOW), Process(api, NOW)
    for minute in range(6):
        await (one if minute % 2 else other).hears(name, NOW + minute * MINUTE)
        await (other if minute % 2 else one).hears(name, NOW + minute * MINUTE + timedelta(seconds=20))
    async with unit_of_work(api.intake.database) as uow:
        found = (await book.all_of(uow))[name]
    alone = rhythm.begun(NOW)
    for minute in range(1, 6):
        alone = rhythm.heard(alone, NOW + minute * MINUTE)
    assert found == alone._replace(last=NOW + 5 * MINUTE + timedelta(seconds=20))


async def test_a_kept_rhythm_is_the_one_that_was_learnt(api: Api) -> None:
    name = new("crm")
    await taught(api, name, NOW, days=9, gap=timedelta(minutes=7))
    async with unit_of_work(api.intake.database) as uow:
        kept = (await book.all_of(uow))[name]
    number = int(timedelta(days=9) / timedelta(minutes=7))
    moments = [NOW - timedelta(minutes=7) * place for place in reversed(range(number))]
    learnt = rhythm.begun(moments[0])
    for at in moments[1:]:
        learnt = rhythm.heard(learnt, at)
    assert kept == learnt


async def test_what_could_not_be_saved_is_saved_later(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    name, process = new("crm"), Process(api, NOW)

    async def away(*_: Any) -> None:
        raise LinkBroken("gone")

    with monkeypatch.context() as patched:
        patched.setattr(book, "note", away)
        await process.hears(name, NOW)
        await process.hears(name, NOW + MINUTE)
    await process.listening.round()
    async with unit_of_work(api.intake.database) as uow:
        found = (await book.all_of(uow))[name]
    assert (found.since, found.last) == (NOW, NOW + MINUTE)


async def test_staff_see_who_is_heard_and_who_is_not(api: Api) -> None:
    quiet, young, refusing = new("quiet"), new("young"), new("refusing")
    await taught(api, quiet, NOW - timedelta(days=2), days=11)
    await taught(api, young, NOW, days=2)
    await taught(api, refusing, NOW)
    await api.intake.database.pool.execute(
        "INSERT INTO rejected (source, event_id, body_sha256, type, reason, detail)"
        " SELECT $1, n::text, sha256(n::text::bytea), '', 'invalid_field', '' FROM generate_series(1, 1200) AS n",
        refusing,
    )
    found = await item(api, quiet)
    assert (found["state"], found["silent_since"], found["refused"]) == ("stale", found["last_event_at"], 0)
    assert found["usual_minutes"] == 2.0
    found = await item(api, young)
    assert (found["state"], found["silent_since"]) == ("learning", None)
    found = await item(api, refusing)
    assert (found["state"], found["silent_since"], found["refused"]) == ("heard", None, 1_000)


async def test_the_list_has_pages(api: Api) -> None:
    for _ in range(3):
        await taught(api, new("paged"), NOW, days=1)
    first = await api.call("GET", "/v1/sources", role="viewer", params={"limit": 2})
    assert len(first.json()["items"]) == 2
    assert first.json()["total"] >= 3
    assert 'rel="next"' in first.headers["link"]
    refused = await api.call("GET", "/v1/sources", role="viewer", params={"state": "stale"})
    assert refused.status_code == 422


async def test_a_webhook_is_a_word_and_history_is_none(api: Api) -> None:
    # One that the service's own background does not look at.
    api.intake.heard = Heard()
    body = {"promise_id": new(), "milestone": "departed", "status": "reached", "at": NOW.isoformat()}
    assert (await api.webhook("milestone.reported", body)).status_code == 202
    assert list(api.intake.heard.taken()) == ["crm"]
    event = {"id": new("evt"), "type": "milestone.reported", "time": NOW.isoformat(), "data": body}
    answer = await api.call("POST", "/v1/imports", {"source": "old", "events": [event]})
    assert answer.status_code == 200
    assert api.intake.heard.taken() == {}
