"""The whole of Candor in its own processes: a made-up day goes in over HTTP, honest mails come out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from rich.console import Console

from candor.messaging.topics import topic_name
from candor.replay.live import client
from candor.replay.where import webhook_secret
from candor.web.security.signatures import signed_headers
from candor_demo import gather, perform, stage
from candor_demo.day import Day
from tests.support.scrape import ScrapedMetrics, grown
from tests.support.staged import staged
from tests.support.tiny_day import FOGGY, tiny_day

pytestmark = pytest.mark.long

SPEED = 1500
SETTLED = "candor_forecasts_settled"


@pytest.fixture(scope="module")
def day() -> Day:
    return tiny_day(flights=30, history_days=20)


@pytest.fixture(scope="module")
def running(day: Day, kafka: str, postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[stage.Stage]:
    with staged(day, SPEED, kafka, postgres, tmp_path_factory.mktemp("home")) as made:
        yield made


@pytest.fixture(scope="module")
def performed(day: Day, running: stage.Stage) -> perform.DemoResult:
    console = Console(quiet=True)

    async def play() -> perform.DemoResult:
        imported = await perform.import_history(running, day, console)
        await perform.learn(running, day, console)
        replayed = await perform.replay_day(running, day, SPEED, console)
        return await perform.conclude(running, day, imported, replayed, console)

    return asyncio.run(play())


def test_everything_was_taken_and_nothing_is_left_lying(performed: perform.DemoResult, day: Day) -> None:
    assert performed.imported.accepted == len(day.history)
    assert performed.imported.rejected == []
    assert performed.replayed.sent == len(day.live)
    assert performed.replayed.refused == []
    unsent = {state: count for state, count in performed.states.items() if state not in {"sent", "suppressed"}}
    assert unsent == {}


def test_business_time_stands_where_the_day_ended_and_everything_lives_on(
    running: stage.Stage, performed: perform.DemoResult, day: Day
) -> None:
    for _ in range(2):
        for name, url in running.stack.urls.items():
            if name in running.stack.processes:
                assert httpx.get(f"{url}/readyz", trust_env=False).status_code == 200, name
        headers = {"authorization": f"Bearer {running.key}"}
        found = httpx.get(f"{running.stack.urls['risk-web']}/v1/summary", headers=headers, trust_env=False).json()
        assert datetime.fromisoformat(found["as_of"]) == day.ends


def test_the_summary_counts_the_day_as_it_was(performed: perform.DemoResult, day: Day) -> None:
    found = performed.summary
    assert found.promises == len(day.truths)
    assert found.late == sum(truth.late for truth in day.truths.values())
    assert found.cancelled == 1
    assert found.all_clears_given == found.all_clears_owed
    assert found.forecast is not None


def test_some_late_ones_were_told_and_each_mail_has_one_notice(performed: perform.DemoResult) -> None:
    assert performed.summary.warned > 0
    assert performed.summary.messages == performed.states["sent"]
    assert performed.summary.messages_max <= 10


def test_nobody_is_told_about_the_past(running: stage.Stage, performed: perform.DemoResult, day: Day) -> None:
    async def told() -> list[str]:
        async with client() as http:
            return await gather.recipients(http, running.stack.urls["mailbox"])

    customers = {f"{truth.customer_id.lower()}@example.com" for truth in day.truths.values()}
    assert set(asyncio.run(told())) <= customers


def test_the_fog_is_named_as_a_circumstance_where_it_lay(running: stage.Stage, performed: perform.DemoResult) -> None:
    url = running.stack.urls["mailbox"]
    mails = httpx.get(f"{url}/messages", params={"limit": 500}, trust_env=False).json()["messages"]
    foggy = [mail for mail in mails if "Low visibility" in mail["text"]]
    assert all(mail["recipients"][0].endswith(f"-{FOGGY.lower()}@example.com") for mail in foggy)


class Processes:
    """The running processes as Prometheus and a source of events see them."""

    def __init__(self, stage: stage.Stage, http: httpx.AsyncClient) -> None:
        self.stage = stage
        self.http = http
        self.urls = {name: stage.stack.urls[name] for name in stage.stack.processes}
        self.scraped = {name: ScrapedMetrics(http, f"{url}/metrics") for name, url in self.urls.items()}

    async def tell(self, service: str, event: str, /, **data: Any) -> None:
        """A signed webhook, said to have happened when the day began."""
        raw = json.dumps({"type": event, "timestamp": self.stage.start.isoformat(), "data": data}).encode()
        secret = webhook_secret(self.stage.stack.secrets.webhooks, stage.SOURCE)
        headers = signed_headers(secret, str(uuid4()), datetime.now(UTC), raw) | {"content-type": "application/json"}
        answer = await self.http.post(f"{self.urls[service]}/v1/webhooks/{stage.SOURCE}", content=raw, headers=headers)
        assert answer.status_code == 202, answer.text

    async def garbage(self, card: str) -> None:
        """A record on a topic that nobody can read."""
        environment = self.stage.stack.environment(self.stage.stack.services[0])
        producer = AIOKafkaProducer(bootstrap_servers=environment["KAFKA_BOOTSTRAP_SERVERS"])
        await producer.start()
        await producer.send_and_wait(topic_name(environment["TOPIC_PREFIX"], card), b"{not json", key=b"somebody")
        await producer.stop()


@pytest.fixture
def looking(running: stage.Stage, performed: perform.DemoResult) -> Callable[[Any], None]:
    """Runs a coroutine function that is given the processes after the day."""

    def look(what: Callable[[Processes], Any]) -> None:
        async def all_of_it() -> None:
            async with client() as http:
                await what(Processes(running, http))

        asyncio.run(all_of_it())

    return look


def test_the_figures_of_the_processes_are_those_of_the_day(
    looking: Callable[[Any], None], performed: perform.DemoResult, day: Day
) -> None:
    async def figures(processes: Processes) -> None:
        promise, delivery = (processes.scraped[name] for name in ("promise-svc", "delivery-svc"))
        accepted = [await one.value("candor_accepted_total") for one in (promise, delivery)]
        assert sum(accepted) == len(day.history) + len(day.live)
        for scraped in processes.scraped.values():
            await scraped.becomes(lambda age: age == 0, "candor_outbox_oldest_age_seconds")
            await scraped.becomes(lambda lag: lag == 0, "candor_consumer_lag_seconds")
            assert await scraped.value("candor_dead_lettered_total") == 0
        risk, board = processes.scraped["risk-worker"], processes.scraped["risk-web"]
        # One page for both: between two of them a batch may come in.
        batches = await risk.page()
        counted = batches["candor_batch_seconds_count", frozenset()]
        assert counted == batches["candor_batch_seconds_bucket", frozenset({("le", "+Inf")})] > 0
        notify = processes.scraped["notify-svc"]
        sent = performed.states["sent"]
        await notify.becomes(lambda value: value >= sent, "candor_notices_in_state", state="sent")
        assert await notify.value("candor_notices_in_state", state="unknown") == 0
        assert await notify.value("candor_notice_unknown_oldest_age_seconds") == 0

        # The flight that never landed is overdue by now, so it is sure to slip.
        await board.becomes(lambda value: value == 1, "candor_promises_open")
        assert await board.value("candor_promises_slipping") == 1
        scored = performed.summary.forecast
        assert scored is not None
        page = await board.page()
        assert 0 < page["candor_forecast_brier_ratio", frozenset()] < 1
        settled = {dict(labels)["bin"]: count for (name, labels), count in page.items() if name == SETTLED}
        assert sum(settled.values()) > 0
        for each in settled:
            of_bin = frozenset({("bin", each)})
            low = float(each)
            assert low <= page["candor_forecast_predicted_ratio", of_bin] <= low + 0.1 + 1e-9
            assert 0 <= page["candor_forecast_observed_ratio", of_bin] <= 1

    looking(figures)


def test_one_event_more_moves_its_figure_by_one(looking: Callable[[Any], None], running: stage.Stage) -> None:
    async def figures(processes: Processes) -> None:
        promise, delivery, risk, board = (
            processes.scraped[name] for name in ("promise-svc", "delivery-svc", "risk-worker", "risk-web")
        )

        async def promised() -> None:
            due = running.start + timedelta(days=3650)
            await processes.tell(
                "promise-svc",
                "promise.made",
                promise_id="one-more",
                customer_id="somebody",
                kind="trip",
                what="A trip",
                due=due.isoformat(),
            )

        async def reported() -> None:
            await processes.tell(
                "delivery-svc",
                "milestone.reported",
                promise_id="nobodys",
                milestone="departed",
                status="reached",
                at=running.start.isoformat(),
            )

        open_before = await board.value("candor_promises_open")
        await grown(promise, promised, 1, "candor_accepted_total", type="promise.made")
        waiting = await delivery.value("candor_parked_events", reason="awaiting_promise")
        await grown(delivery, reported, 1, "candor_parked_total", reason="awaiting_promise")
        await delivery.becomes(lambda value: value == waiting + 1, "candor_parked_events", reason="awaiting_promise")
        await grown(risk, lambda: processes.garbage("milestones"), 1, "candor_dead_lettered_total")
        await risk.becomes(lambda value: value == 1, "candor_dead_letters")
        await board.becomes(lambda value: value == open_before + 1, "candor_promises_open")

    looking(figures)
