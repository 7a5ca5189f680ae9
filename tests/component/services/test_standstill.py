"""Whatever stops upstream of the board is said, by real processes' wirings on a real broker, until it is back."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import cast

import pytest

from risk_svc.web.watch import Watch
from tests.component.services.conftest import Started
from tests.support.api import Api
from tests.support.kafka_proxy import KafkaProxy
from tests.support.proxy import Proxy
from tests.support.waiting import until

pytestmark = pytest.mark.long

UPSTREAM = {
    "promise-svc": "promise-svc",
    "delivery-svc": "delivery-svc",
    "notify-svc": "notify-svc",
    "risk-worker": "risk-svc worker",
    "risk-learner": "risk-svc learner",
    "risk-insight": "risk-svc insight",
}


class ClosableProxy(Proxy):
    """A server that can be shut: links are cut, and new ones end at once."""

    shut = False

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.shut:
            writer.transport.abort()
            return
        await super()._serve(reader, writer)


def stopped(web: Api) -> list[str]:
    watch = cast(Watch, web.app.state.watch)
    return [one.part for one in watch.stopped()]


async def says(web: Api, *parts: str) -> None:
    await until(lambda: stopped(web) == [*parts], pause=0.1)


async def test_each_process_is_missed_until_it_is_back(start: Started, kafka: str) -> None:
    async with AsyncExitStack() as still:
        first = {process: await still.enter_async_context(AsyncExitStack()) for process in UPSTREAM}
        for process, context in first.items():
            await context.enter_async_context(start(process, kafka_bootstrap_servers=kafka))
        # The last one to start: it writes the key that its client has.
        web = await still.enter_async_context(start("risk-web", kafka_bootstrap_servers=kafka))
        await says(web)
        for path in ("/v1/summary", "/v1/gaps"):
            assert (await web.call("GET", path)).json()["stopped"] == []
        for process, part in UPSTREAM.items():
            await first[process].aclose()
            await says(web, part)
            await still.enter_async_context(start(process, kafka_bootstrap_servers=kafka))
            await says(web)


async def test_only_processes_that_the_deployment_has_are_missed(start: Started, kafka: str) -> None:
    expected = "promise-svc,risk-svc learner"
    async with start("risk-web", kafka_bootstrap_servers=kafka, expected_processes=expected) as web:
        await says(web, "promise-svc", "risk-svc learner")


async def test_a_broker_that_does_not_answer_is_said_until_it_does(start: Started, kafka: str) -> None:
    proxy = KafkaProxy(kafka)
    async with AsyncExitStack() as running:
        async with proxy.running():
            for other in UPSTREAM:
                await running.enter_async_context(start(other, kafka_bootstrap_servers=kafka))
            web = await running.enter_async_context(start("risk-web", kafka_bootstrap_servers=proxy.servers))
            await says(web)
        await says(web, "kafka")
        async with proxy.running():
            await says(web)


async def test_a_database_that_does_not_answer_is_said_until_it_does(start: Started, kafka: str, postgres: str) -> None:
    host, _, port = postgres.rpartition("@")[2].strip("/").partition(":")
    proxy = ClosableProxy(host, int(port))
    async with AsyncExitStack() as running:
        await running.enter_async_context(proxy.running())
        for other in UPSTREAM:
            await running.enter_async_context(start(other, kafka_bootstrap_servers=kafka))
        through = {"kafka_bootstrap_servers": kafka, "database_url": proxy.url(postgres)}
        web = await running.enter_async_context(start("risk-web", **through))
        await says(web)
        proxy.shut = True
        proxy.cut()
        await says(web, "database")
        proxy.shut = False
        await says(web)


async def test_a_relay_that_cannot_send_is_said_though_its_process_goes_on(
    start: Started, kafka: str, postgres: str
) -> None:
    host, _, port = postgres.rpartition("@")[2].strip("/").partition(":")
    proxy = ClosableProxy(host, int(port))
    async with AsyncExitStack() as running:
        await running.enter_async_context(proxy.running())
        for other in UPSTREAM.keys() - {"promise-svc"}:
            await running.enter_async_context(start(other, kafka_bootstrap_servers=kafka))
        through = {"kafka_bootstrap_servers": kafka, "database_url": proxy.url(postgres)}
        await running.enter_async_context(start("promise-svc", **through))
        web = await running.enter_async_context(start("risk-web", kafka_bootstrap_servers=kafka))
        await says(web)
        proxy.shut = True
        proxy.cut()
        # It hears answers of customers, too, and cannot store them.
        await says(web, "promise-svc relay", "promise-svc consumer")
        proxy.shut = False
        await says(web)


async def test_a_feed_that_hears_nothing_is_said(start: Started, kafka: str) -> None:
    async with start("risk-web", kafka_bootstrap_servers=kafka) as web:
        await web.app.state.feed.ready.wait()
        # What a library that hangs looks like from outside.
        web.app.state.feed._source._consumer.pause(*web.app.state.feed._source.names)
        await web.app.state.feed.stop()
        await says(web, "feed")
