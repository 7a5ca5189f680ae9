"""Topics as `candor partitions grow` sees them: how many partitions each has, where they end, and more of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    InvalidPartitionsError,
    KafkaError,
    TopicAuthorizationFailedError,
)

from candor.contracts import CARDS
from candor.messaging.connecting import uncut
from candor.messaging.link import Link
from candor.messaging.topics import topic_name

if TYPE_CHECKING:
    from candor.ops.settings import Settings

SECONDS: Final = 30.0
LOOKS: Final = 40
LOOK_SECONDS: Final = 0.5
SHARED: Final = tuple(card.name for card in CARDS if card.shared_layout)


class TopicsUnreachableError(Exception):
    """Kafka does not answer, or this user may not make partitions; the text says which."""


class SharedTopics:
    """The topics that are partitioned by customer."""

    def __init__(self, settings: Settings) -> None:
        self._link = Link(settings)
        self._prefix = settings.topic_prefix
        self._names = {card: topic_name(settings.topic_prefix, card) for card in SHARED}

    async def counts(self) -> dict[str, int]:
        """Partitions by card; a topic that is missing is left out. Raises TopicsUnreachableError."""
        async with self._admin() as admin:
            return await self._counts(admin)

    async def grow(self, to: int) -> None:
        """Give each topic so many partitions, and return once all show them. Raises TopicsUnreachableError."""
        refused = ""
        async with self._admin() as admin:
            for name in [self._names[card] for card, count in (await self._counts(admin)).items() if count < to]:
                try:
                    await admin.create_partitions({name: NewPartitions(to)}, timeout_ms=15_000)
                except InvalidPartitionsError as error:
                    # A broker may still show the number of before: then there is nothing to do but to wait.
                    refused = str(error)
        for _ in range(LOOKS):
            if min((await self.counts()).values(), default=0) >= to:
                return
            await asyncio.sleep(LOOK_SECONDS)
        raise TopicsUnreachableError(f"Kafka does not show {to} partitions of each topic. {refused}".rstrip())

    async def left(self, cards: Iterable[str], partitions: int) -> dict[tuple[str, int], tuple[int, int]]:
        """By card and partition, from which to which offset there are records. Raises TopicsUnreachableError."""
        names = {
            TopicPartition(topic_name(self._prefix, card), number): (card, number)
            for card in cards
            for number in range(partitions if card in self._names else 1)
        }
        consumer = self._link.consumer(group_id=None, enable_auto_commit=False, request_timeout_ms=15_000)
        try:
            async with asyncio.timeout(SECONDS):
                await uncut(consumer.start())
                ends, starts = await consumer.end_offsets(list(names)), await consumer.beginning_offsets(list(names))
        except (KafkaError, OSError, TimeoutError) as error:
            raise TopicsUnreachableError(f"Kafka does not say where topics end ({type(error).__name__})") from error
        finally:
            await consumer.stop()
        return {names[place]: (starts[place], ends[place]) for place in names}

    async def _counts(self, admin: AIOKafkaAdminClient) -> dict[str, int]:
        found = {one["topic"]: len(one["partitions"]) for one in await admin.describe_topics() if not one["error_code"]}
        return {card: found[name] for card, name in self._names.items() if name in found}

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        admin = self._link.admin(client_id="candor-partitions", request_timeout_ms=15_000)
        try:
            async with asyncio.timeout(SECONDS):
                await uncut(admin.start())
                yield admin
        except (TopicAuthorizationFailedError, ClusterAuthorizationFailedError) as error:
            raise TopicsUnreachableError("this user of Kafka may not see topics or make partitions (Alter)") from error
        except (KafkaError, OSError, TimeoutError) as error:
            raise TopicsUnreachableError(f"Kafka does not answer ({type(error).__name__})") from error
        finally:
            await admin.close()
