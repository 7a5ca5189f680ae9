"""The probe of Kafka: one connection however often it is asked, its own deadline, back when the broker is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from candor.messaging.reach import KafkaAwayError, KafkaReach
from candor.ops.settings import Settings
from tests.support.kafka_proxy import KafkaProxy


@asynccontextmanager
async def reaching(servers: str, fresh: float = -1.0, seconds: float = 5.0) -> AsyncIterator[KafkaReach]:
    """A probe that looks every time it is asked, unless told otherwise."""
    settings = Settings(service="risk-svc", port=0, kafka_bootstrap_servers=servers)
    reach = KafkaReach(settings, seconds=seconds, fresh=fresh)
    try:
        yield reach
    finally:
        await reach.close()


async def test_a_broker_that_answers_is_there(kafka: str) -> None:
    async with reaching(kafka) as reach:
        await reach.check()
        await reach.check()


async def test_many_probes_need_no_new_connection(kafka: str) -> None:
    proxy = KafkaProxy(kafka)
    async with proxy.running(), reaching(proxy.servers) as reach:
        await reach.check()
        await reach.check()
        used = proxy.accepted
        for _ in range(20):
            await reach.check()
        assert proxy.accepted == used


async def test_a_recent_answer_is_given_again_without_asking(kafka: str) -> None:
    proxy = KafkaProxy(kafka)
    async with proxy.running():
        pass
    # Its address is known now, and nobody listens there any more.
    async with reaching(proxy.servers, fresh=3600) as reach:
        with pytest.raises(KafkaAwayError):
            await reach.check()
        async with proxy.running():
            with pytest.raises(KafkaAwayError):
                await reach.check()
            assert proxy.accepted == 0


async def test_an_outage_is_named_and_ends_with_the_broker_back(kafka: str) -> None:
    proxy = KafkaProxy(kafka)
    async with proxy.running(), reaching(proxy.servers) as reach:
        await reach.check()
    async with reaching(proxy.servers) as reach:
        with pytest.raises(KafkaAwayError, match=r"127\.0\.0\.1:\d+"):
            await reach.check()
        async with proxy.running():
            await reach.check()
        with pytest.raises(KafkaAwayError):
            await reach.check()
        async with proxy.running():
            await reach.check()


async def test_a_broker_that_listens_and_says_nothing_is_away_after_the_deadline() -> None:
    silent = asyncio.Event()

    async def listen(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await silent.wait()
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with reaching(f"127.0.0.1:{port}", seconds=0.2) as reach:
        with pytest.raises(KafkaAwayError, match=r"no answer from .* within 0\.2 s"):
            await reach.check()
    silent.set()
    server.close()


async def test_a_check_that_gives_up_leaves_the_handshake_to_the_next(kafka: str) -> None:
    proxy = KafkaProxy(kafka)
    async with proxy.running(), reaching(proxy.servers, seconds=0) as reach:
        with pytest.raises(KafkaAwayError, match="no answer"):
            await reach.check()
        async with asyncio.timeout(20):
            while True:
                with suppress(KafkaAwayError):
                    await reach.check()
                    break
                await asyncio.sleep(0.01)
        # Cut short, each check would have opened a connection anew, and none would ever have answered.
        assert proxy.accepted <= 2


async def test_one_broker_of_several_is_enough(kafka: str) -> None:
    async with reaching(f"127.0.0.1:1,{kafka}") as reach:
        await reach.check()


async def test_closing_twice_or_unused_is_fine(kafka: str) -> None:
    async with reaching(kafka) as reach:
        await reach.close()
        await reach.check()
        await reach.close()
