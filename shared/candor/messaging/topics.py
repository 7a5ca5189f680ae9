"""Topics as defined by the topic cards: created when missing, rejected when their layout differs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import structlog
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    KafkaError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    for_code,
)

from candor.contracts import CARDS, TopicCard
from candor.messaging.connecting import uncut
from candor.messaging.link import Link
from candor.ops.backgrounds import CannotStartError

if TYPE_CHECKING:
    from candor.ops.settings import Settings

_log: Final = structlog.get_logger("candor.topics")
_DAY_MS: Final = 24 * 3600 * 1000
PAUSES: Final = (0.05, 0.1, 0.2, 0.4, 0.8, 0.0)
"""Seconds between looks for topics that were just made."""


FIXED: Final = (
    "only `candor partitions grow` changes it once there are events, and topics that hold some must not be made anew: "
    "what has not been read yet would be lost"
)


class TopicsMissingError(Exception):
    """Topics are missing, or hidden from us, and this user may not make them; the text names each with its layout."""


class TopicsUnseenError(Exception):
    """Topics exist and the broker does not show them; the text names them. Unseen, their layout cannot be checked."""


class TopicMismatchError(CannotStartError):
    """A topic's partition count differs from this deployment's: keys would change partitions, so nothing may start."""


def topic_name(prefix: str, card: str) -> str:
    """The Kafka topic of a card, e.g. `candor-promises`; hyphens only: dots and underscores collide in metrics."""
    return f"{prefix}-{card}"


def layout(prefix: str, partitions: int, cards: Iterable[TopicCard] = CARDS) -> dict[str, int]:
    """Return topic names with the number of partitions each must have."""
    return {topic_name(prefix, card.name): partitions if card.shared_layout else 1 for card in cards}


def mismatches(wanted: Mapping[str, int], found: Mapping[str, int]) -> str:
    """Describe the differences and what to do, "" if there are none; topics missing from `found` do not count."""
    wrong = {name: count for name, count in wanted.items() if name in found and found[name] != count}
    if not wrong:
        return ""
    has, needs = {found[name] for name in wrong}, {*wrong.values()}
    if len(has) == len(needs) == 1 and needs != {1}:
        there, ours = *has, *needs
        return f"PARTITIONS is {ours}, but {', '.join(wrong)} have {there}: set PARTITIONS={there}; {FIXED}"
    each = ", ".join(f"{name} has {found[name]} and needs {count}" for name, count in wrong.items())
    return f"numbers of partitions: {each}; {FIXED}"


async def ensure_topics(settings: Settings, *, patience_s: float | None = None) -> None:
    """Create missing topics with the retention of their cards, and check existing ones.

    Raises TopicMismatchError. While the broker is away, or topics are missing that this user may not make or see, it
    retries for ever, or for `patience_s` seconds and then raises the last KafkaError, TopicsMissingError or
    TopicsUnseenError.
    """
    wanted = layout(settings.topic_prefix, settings.partitions)
    link = Link(settings)
    loop = asyncio.get_running_loop()
    started, pause, told = loop.time(), 0.2, float("-inf")
    while True:
        try:
            await asyncio.wait_for(_ensure(link, wanted, settings.grows_to), 30)
        except (TopicsMissingError, TopicsUnseenError, KafkaError, OSError, TimeoutError) as error:
            missing = isinstance(error, TopicsMissingError)
            over = patience_s is not None and loop.time() - started > patience_s
            # What is missing is said also by who gives up: somebody else has to make it.
            if loop.time() - told > 30 and (missing or not over):
                told = loop.time()
                _tell(error, settings)
            if over:
                raise
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2.0)
        else:
            return


def _tell(error: Exception, settings: Settings) -> None:
    if isinstance(error, TopicsMissingError):
        # Somebody else makes them, perhaps after us: the start goes on once they are there.
        _log.error("topics are missing and this user may not make them", missing=str(error))
    elif isinstance(error, TopicsUnseenError):
        _log.warning("topics were made but the broker does not show them, not checked yet", unseen=str(error))
    else:
        servers = settings.kafka_bootstrap_servers
        _log.warning("Kafka is unreachable, topics not checked yet", servers=servers, reason=repr(error))


async def _ensure(link: Link, wanted: Mapping[str, int], grows_to: int | None) -> None:
    admin = link.admin(client_id="candor-topics", request_timeout_ms=10_000)
    try:
        await uncut(admin.start())
        found = await _found(admin, wanted)
        missing = [name for name in wanted if name not in found]
        if missing:
            await _make(admin, {name: wanted[name] for name in missing})
            found = await _seen(admin, wanted)
    finally:
        await admin.close()
    wrong = mismatches(wanted, {name: count for name, count in found.items() if wanted[name] == 1 or count != grows_to})
    if wrong:
        raise TopicMismatchError(wrong)


async def _make(admin: AIOKafkaAdminClient, wanted: Mapping[str, int]) -> None:
    try:
        await _create(admin, wanted)
    except (TopicAuthorizationFailedError, ClusterAuthorizationFailedError) as error:
        listed = ", ".join(f"{name} with {count} partition{'s' * (count > 1)}" for name, count in wanted.items())
        raise TopicsMissingError(listed) from error


async def _seen(admin: AIOKafkaAdminClient, wanted: Mapping[str, int]) -> dict[str, int]:
    """All topics, some moments after they were made: a broker hears of them later than its controller."""
    for pause in PAUSES:
        found = await _found(admin, wanted)
        if len(found) == len(wanted):
            return found
        await asyncio.sleep(pause)
    raise TopicsUnseenError(", ".join(name for name in wanted if name not in found))


async def _found(admin: AIOKafkaAdminClient, wanted: Mapping[str, int]) -> dict[str, int]:
    # Asked for by name, a topic that is missing would be created with the broker's default of one partition.
    topics: list[dict[str, Any]] = await admin.describe_topics()
    return {
        topic["topic"]: len(topic["partitions"])
        for topic in topics
        if topic["topic"] in wanted and topic["error_code"] == 0
    }


def _configs(days: int) -> dict[str, str]:
    return {"retention.ms": str(days * _DAY_MS), "cleanup.policy": "delete"}


async def _create(admin: AIOKafkaAdminClient, wanted: Mapping[str, int]) -> None:
    days = {card.name: card.retention_days for card in CARDS}
    # -1: the broker's default number of replicas, one on a laptop and three in a cluster.
    topics = [NewTopic(name, count, -1, {}, _configs(days[name.rpartition("-")[2]])) for name, count in wanted.items()]
    response = await admin.create_topics(topics, timeout_ms=8_000)
    for name, code, *message in response.topic_errors:
        error = for_code(code)
        # Every service does this at its start: losing the race to another one is success.
        if code != 0 and error is not TopicAlreadyExistsError:
            raise error(f"{name}: {message[0] if message else ''}")
