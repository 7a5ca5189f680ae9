"""The whole of Candor in its own processes: a made-up day goes in over HTTP, honest mails come out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest
from rich.console import Console

from candor.replay.live import client
from candor_demo import gather, perform, stage
from candor_demo.day import Day
from tests.support.tiny_day import FOGGY, tiny_day

SPEED = 1500
STILL_COMING = 3
"""Business time goes on while we count: the passengers of a flight that never arrives go on being written to."""


@pytest.fixture(scope="module")
def day() -> Day:
    return tiny_day(flights=30, history_days=20)


@pytest.fixture(scope="module")
def running(day: Day, kafka: str, postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[stage.Stage]:
    """The demo's stack on the test servers, with topics and databases of its own and ports that are free."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CANDOR_HOME", str(tmp_path_factory.mktemp("home")))
        environment.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka)
        environment.setenv("DATABASE_URL", postgres)
        made = stage.prepare(day, SPEED, print, usual_ports=False)
        try:
            made.stack.start()
            yield made
        finally:
            made.stack.stop()


@pytest.fixture(scope="module")
def performed(day: Day, running: stage.Stage) -> perform.Performed:
    console = Console(quiet=True)

    async def play() -> perform.Performed:
        imported = await perform.import_history(running, day, console)
        replayed = await perform.replay_day(running, day, SPEED, console)
        return await perform.conclude(running, day, imported, replayed, console)

    return asyncio.run(play())


def test_everything_was_taken_and_nothing_is_left_lying(performed: perform.Performed, day: Day) -> None:
    assert performed.imported.accepted == len(day.history)
    assert performed.imported.rejected == []
    assert performed.replayed.sent == len(day.live)
    assert performed.replayed.refused == []
    unsent = {state: count for state, count in performed.states.items() if state not in {"sent", "suppressed"}}
    assert sum(unsent.values()) <= STILL_COMING, unsent


def test_the_summary_counts_the_day_as_it_was(performed: perform.Performed, day: Day) -> None:
    found = performed.summary
    assert found.promises == len(day.truths)
    assert found.late == sum(truth.late for truth in day.truths.values())
    assert found.cancelled == 1
    assert found.all_clears_given == found.all_clears_owed
    assert found.forecast is not None


def test_some_late_ones_were_told_and_each_mail_has_one_notice(performed: perform.Performed) -> None:
    assert performed.summary.warned > 0
    assert abs(performed.summary.messages - performed.states["sent"]) <= STILL_COMING
    assert performed.summary.messages_max <= 10


def test_nobody_is_told_about_the_past(running: stage.Stage, performed: perform.Performed, day: Day) -> None:
    async def told() -> list[str]:
        async with client() as http:
            return await gather.recipients(http, running.stack.urls["mailbox"])

    customers = {f"{truth.customer_id.lower()}@example.com" for truth in day.truths.values()}
    assert set(asyncio.run(told())) <= customers


def test_the_fog_is_named_as_a_circumstance_where_it_lay(running: stage.Stage, performed: perform.Performed) -> None:
    url = running.stack.urls["mailbox"]
    mails = httpx.get(f"{url}/messages", params={"limit": 500}, trust_env=False).json()["messages"]
    foggy = [mail for mail in mails if "Low visibility" in mail["text"]]
    assert all(mail["recipients"][0].endswith(f"-{FOGGY.lower()}@example.com") for mail in foggy)
