"""`candor sources replay` against a real service: in order, page by page, and again with no effect."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import httpx
import pytest
import pytest_asyncio
from typer.testing import CliRunner

from candor.cli import build as commands
from candor.errors import InputError
from candor.replay import stored
from candor.replay.live import client as client_of
from candor.replay.sending import Unreachable
from candor.replay.stored import ReplayRefusedError, StoredOutcome, StoredReplay
from candor.replay.stored_command import in_words, replay_stored
from promise_svc.domain.limits import WAITING
from promise_svc.settings import PromiseSettings
from promise_svc.wiring import build
from tests.component.promise.bodies import LATER, body, made, new, sent
from tests.component.web.sample import serving
from tests.support.api import Api, Keys
from tests.support.clocks import ManualClock
from tests.support.servers import Databases

BEFORE = datetime(2020, 1, 1, tzinfo=UTC)


class Served(NamedTuple):
    """promise-svc, and where it answers."""

    api: Api
    url: str


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def served(
    postgres: str, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Served]:
    keys = Keys(tmp_path_factory.mktemp("replayed"))
    prefix = new("t").replace("-", "")
    settings = PromiseSettings(database_url=postgres, database_prefix=prefix, port=0, publishing=False, **keys.write())
    app = build(settings, ManualClock())
    async with serving(app) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        yield Served(Api(app, client, keys), f"http://127.0.0.1:{port}")
    await databases.drop(settings.database)


async def replay(served: Served, source: str = "crm", *, role: str = "operator", **more: Any) -> StoredOutcome:
    """What came of replaying all that this sender has sent until now."""
    key = served.api.keys.keys[role]
    since = more.pop("since", BEFORE)
    async with client_of() as client:
        once = StoredReplay(client, key, source, since, datetime.now(UTC), tries=1, **more)
        await once.run("promise-svc", served.url)
    return once.outcome


async def revise(api: Api, promise_id: str) -> str:
    """A revision of a promise by webhook; its id."""
    name = new("evt")
    data = {"promise_id": promise_id, "due": LATER, "asked_by": "company", "reason": "r"}
    assert (await api.webhook("promise.revised", data, webhook_id=name)).status_code == 202
    return name


async def too_many(api: Api, promise_id: str) -> None:
    """So many revisions before their promise that the last is refused, until the promise is made."""
    for _ in range(WAITING + 1):
        await revise(api, promise_id)


async def begins(served: Served) -> datetime:
    """A time after which only what this test sends comes."""
    (row,) = await served.api.rows("SELECT max(received_at) AS newest FROM request")
    return (row["newest"] or BEFORE) + timedelta(microseconds=1)


async def test_what_was_refused_is_taken_once_its_reason_is_gone_and_nothing_twice(served: Served) -> None:
    since, ids = await begins(served), [new("p") for _ in range(3)]
    for promise_id in ids:
        await too_many(served.api, promise_id)
    await served.api.webhook("promise.made", body())
    first = await replay(served, refused=True, since=since)
    assert (first.total, first.processed, [one.code for one in first.refused]) == (3, 0, ["limit_reached"] * 3)
    promises = [await made(served.api, promise_id=promise_id) for promise_id in ids[:2]]
    second = await replay(served, refused=True, since=since)
    assert (second.total, second.processed, len(second.refused)) == (3, 2, 1)
    third = await replay(served, since=since)
    every = 3 * (WAITING + 1) + 1
    assert (third.total, third.processed, len(third.refused), third.done) == (every, every - 1, 1, every)
    for promise in promises:
        # The revisions say the same of the same moment: once.
        assert len(await sent(served.api, promise["customer_id"])) == 2


async def test_pages_are_gone_through_in_the_order_in_which_requests_came(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "PAGE", 2)
    since, ids = await begins(served), [new("p") for _ in range(5)]
    for promise_id in ids:
        await too_many(served.api, promise_id)
    for promise_id in ids:
        await made(served.api, promise_id=promise_id)
    done = []
    found = await replay(served, refused=True, since=since, report=lambda outcome: done.append(outcome.done))
    assert (found.total, found.processed) == (5, 5)
    assert done == sorted(done)
    rows = await served.api.rows(
        "SELECT object FROM audit_log WHERE action = 'request.replay' ORDER BY id DESC LIMIT 5"
    )
    order = await served.api.rows(
        "SELECT request_id FROM request WHERE received_at >= $1 AND request_id = ANY($2) ORDER BY received_at",
        since,
        [row["object"].split("/")[3] for row in rows],
    )
    assert [row["object"].split("/")[3] for row in rows[::-1]] == [row["request_id"] for row in order]


async def test_another_senders_and_another_times_requests_are_left_alone(served: Served) -> None:
    await revise(served.api, new("p"))
    assert (await replay(served, "field")).total == 0
    assert (await replay(served, since=datetime.now(UTC) + timedelta(hours=1))).total == 0


async def test_what_is_erased_meanwhile_is_gone_and_no_failure(served: Served) -> None:
    since = await begins(served)
    await revise(served.api, new("p"))
    await revise(served.api, new("p"))
    key = served.api.keys.keys["operator"]
    async with client_of() as client:
        once = StoredReplay(client, key, "crm", since, datetime.now(UTC))
        items = [item async for item in once._stored(served.url, "")]
        await served.api.rows("DELETE FROM request WHERE received_at >= $1", since)
        for item in items:
            await once._one("promise-svc", served.url, item["request_id"])
    assert (once.outcome.gone, once.outcome.refused) == (2, [])


async def test_a_key_that_may_not_is_told_so_and_a_service_that_is_away_too(served: Served) -> None:
    await revise(served.api, new("p"))
    with pytest.raises(ReplayRefusedError, match="forbidden"):
        await replay(served, role="viewer")
    with pytest.raises(Unreachable):
        await replay(served._replace(url="http://127.0.0.1:1"))


def test_the_command_wants_a_time_and_a_service_that_answers() -> None:
    where = ("http://127.0.0.1:1", "http://127.0.0.1:1")
    with pytest.raises(InputError, match="--since yesterday: must be a date and time"):
        replay_stored("crm", "yesterday", "key", None, *where, refused=False, hidden=True)
    said = CliRunner().invoke(commands("sources"), ["sources", "replay", "crm", "--since", "2026-11-29"])
    assert said.exit_code == 2


def test_the_outcome_in_words_names_what_was_refused_again() -> None:
    again = [stored.RefusedAgain(f"r{number}", "promise-svc", "not_found", "no such promise") for number in range(22)]
    lines = in_words(StoredOutcome(total=30, processed=5, waiting=2, gone=1, refused=again)).splitlines()
    assert lines[:4] == [
        "5 of 30 requests processed",
        "2 wait for their completion: GET /v1/requests?state=waiting",
        "1 have been erased, or come to their end",
        "refused again in promise-svc: r0 not_found no such promise",
    ]
    assert (len(lines), lines[-1]) == (24, "and 2 more")


def test_where_nothing_is_found_it_says_where_to_look_instead_of_nought_of_nought() -> None:
    assert in_words(StoredOutcome()).startswith("no such request is kept since then: GET /v1/sources names senders")
