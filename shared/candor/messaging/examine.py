"""Kafka as `candor doctor` sees it: reachable, encrypted, signed in, and the topics as their cards say."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.codec import has_gzip, has_lz4, has_snappy, has_zstd
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError
from aiokafka.protocol.produce import ProduceRequest

from candor.contracts import CARDS, TopicCard
from candor.messaging.link import Link
from candor.messaging.topics import layout, mismatches, topic_name
from candor.ops.finding import Finding, checked

if TYPE_CHECKING:
    from candor.ops.settings import Settings

SECONDS: Final = 10.0
READ_MS: Final = 2_000
REFUSED: Final = TopicAuthorizationFailedError.errno
DAY_MS: Final = 24 * 3600 * 1000
READABLE: Final = {"gzip": has_gzip, "snappy": has_snappy, "lz4": has_lz4, "zstd": has_zstd}


async def examine(settings: Settings, process: str = "") -> AsyncIterator[Finding]:
    """All findings about Kafka, for one process (as topic cards name it) or for all of them."""
    try:
        link = Link(settings)
    except ValueError as error:
        yield Finding("kafka", False, str(error), "name a file that this process may read")
        return
    for server in settings.kafka_bootstrap_servers.split(","):
        found = await _reached(server.strip(), link.tls)
        for one in found:
            yield one
        if any(one.ok is False for one in found):
            return
    if link.tokens is not None:
        try:
            await link.tokens.token()
        except OSError as error:
            yield Finding("kafka token", False, str(error), "run KAFKA_SASL_TOKEN_COMMAND as this process would")
            return
    with _silent():
        try:
            async with _admin(link) as admin:
                yield Finding("kafka sign-in", True, _who(settings))
                async for one in _topics(admin, settings, process):
                    yield one
        except (KafkaError, OSError, TimeoutError) as error:
            mend = "check user, password or certificate and KAFKA_SASL_MECHANISM with who runs the broker"
            yield Finding("kafka sign-in", False, f"refused as {_who(settings)} ({type(error).__name__})", mend)


async def _reached(server: str, context: ssl.SSLContext | None) -> list[Finding]:
    host, _, port = server.rpartition(":")
    host = host.strip("[]")
    try:
        _, plain = await asyncio.wait_for(asyncio.open_connection(host, int(port)), SECONDS)
        plain.close()
    except (OSError, TimeoutError) as error:
        mend = "check KAFKA_BOOTSTRAP_SERVERS, and that the network lets this machine through"
        return [Finding("kafka reachable", False, f"{server}: {error or 'no answer'}", mend)]
    found = [Finding("kafka reachable", True, server)]
    if context is None:
        return [
            *found,
            Finding("kafka TLS", None, "off", "set KAFKA_SECURITY_PROTOCOL=SASL_SSL or SSL across a network"),
        ]
    try:
        opening = asyncio.open_connection(host, int(port), ssl=context, server_hostname=host)
        _, secure = await asyncio.wait_for(opening, SECONDS)
        secure.close()
    except ssl.SSLCertVerificationError as error:
        mend = "set KAFKA_SSL_CA_FILE to the authority that signed the broker, and use the name in its certificate"
        return [*found, Finding("kafka TLS", False, f"{server} is not believed: {error.verify_message}", mend)]
    except (OSError, TimeoutError) as error:
        mend = "the broker speaks no TLS on this port, or wants KAFKA_SSL_CERTIFICATE_FILE and KAFKA_SSL_KEY_FILE"
        return [*found, Finding("kafka TLS", False, f"{server}: {getattr(error, 'reason', None) or error}", mend)]
    return [*found, Finding("kafka TLS", True, f"{server} proved who it is")]


async def _topics(admin: AIOKafkaAdminClient, settings: Settings, process: str) -> AsyncIterator[Finding]:
    cards = [card for card in CARDS if not process or process in (*card.writers, *card.readers)]
    wanted = layout(settings.topic_prefix, settings.partitions, cards)
    seen = {one["topic"]: one for one in await admin.describe_topics() if one["topic"] in wanted}
    missing = [name for name in wanted if name not in seen]
    counts = {name: len(one["partitions"]) for name, one in seen.items()}
    made = ", ".join(f"{name} with {wanted[name]} partitions" for name in missing)
    mend = "make them, allow this user Describe, or allow it to make them: the next start then does"
    yield checked(
        "kafka topics", f"all {len(wanted)} are there", (missing and f"missing or hidden: {made}") or "", mend
    )
    mend = "set PARTITIONS to what is there, for all processes; while a topic has never held an event, make it anew"
    yield checked("kafka partitions", "as on the cards", mismatches(wanted, counts), mend)
    present = [card for card in cards if topic_name(settings.topic_prefix, card.name) in seen]
    for one in await _rights(admin, settings, present, process):
        yield one
    for one in await _configured(admin, settings, present):
        yield one


async def _rights(
    admin: AIOKafkaAdminClient, settings: Settings, cards: Iterable[TopicCard], process: str
) -> list[Finding]:
    names = {card: topic_name(settings.topic_prefix, card.name) for card in cards}
    writes = [name for card, name in names.items() if not process or process in card.writers]
    reads = [name for card, name in names.items() if not process or process in card.readers]
    mend = "allow this user {} on these topics, as deploy/k8s/components/kafka/users.yaml does"
    refused = {"Write": [name for name in writes if not await _may_write(admin, name)]}
    refused["Read"] = await _unreadable(Link(settings), reads) if reads else []
    return [
        checked(f"kafka {right}", "allowed", (names and f"not allowed on {', '.join(names)}") or "", mend.format(right))
        for right, names in refused.items()
    ]


async def _may_write(admin: AIOKafkaAdminClient, topic: str) -> bool:
    """Whether a record would be taken; asked with an empty batch, refused only after the question of rights."""
    request = ProduceRequest(transactional_id=None, required_acks=-1, timeout=5_000, topics=[(topic, [(0, b"")])])
    answer = await admin._send_request(request)
    return all(part[1] != REFUSED for _, parts in answer.topics for part in parts)


async def _unreadable(link: Link, topics: list[str]) -> list[str]:
    consumer = link.consumer(enable_auto_commit=False, fetch_max_wait_ms=200)
    refused: set[str] = set()
    await consumer.start()
    try:
        while left := [topic for topic in topics if topic not in refused]:
            consumer.assign([TopicPartition(topic, 0) for topic in left])
            for topic in left:
                consumer.seek(TopicPartition(topic, 0), 0)
            try:
                await consumer.getmany(timeout_ms=READ_MS)
            except TopicAuthorizationFailedError as error:
                named = error.args[0]
                refused |= {named} if isinstance(named, str) else set(named)
            else:
                break
    finally:
        await consumer.stop()
    return sorted(refused)


async def _configured(admin: AIOKafkaAdminClient, settings: Settings, cards: Iterable[TopicCard]) -> list[Finding]:
    short, codecs = [], {}
    for card in cards:
        name = topic_name(settings.topic_prefix, card.name)
        found = await _config(admin, ConfigResourceType.TOPIC, name)
        codecs[name] = found.get("compression.type", "")
        kept = int(found.get("retention.ms", card.retention_days * DAY_MS))
        if 0 <= kept < card.retention_days * DAY_MS:
            short.append(f"{name} keeps {kept / DAY_MS:g} days of {card.retention_days}")
    said = checked("kafka retention", "as on the cards, or not shown to us", "; ".join(short), "raise retention.ms")
    broker = await _config(admin, ConfigResourceType.BROKER, str(next(iter(admin._client.cluster.brokers())).nodeId))
    creates = broker.get("auto.create.topics.enable")
    mend = "switch it off: a misspelt name would become a topic" if creates == "true" else ""
    auto = {"true": "on", "false": "off"}.get(creates or "", "not shown to us")
    made = Finding("kafka auto-create", None if creates != "false" else True, auto, mend)
    return [said, compression(codecs, READABLE), made]


def compression(topics: Mapping[str, str], readable: Mapping[str, Callable[[], bool]]) -> Finding:
    """Whether records can be unpacked: a topic may have its own codec, and others may write with theirs."""
    lacking = [name for name, there in readable.items() if not there()]
    stuck = sorted(f"{topic} ({codec})" for topic, codec in topics.items() if codec in lacking)
    mend = "install what requirements.lock names: cramjam unpacks all of them"
    if stuck:
        return Finding("kafka compression", False, f"no record can be read of {', '.join(stuck)}", mend)
    if lacking:
        return Finding("kafka compression", None, f"cannot be read here: {', '.join(lacking)}", mend)
    return Finding("kafka compression", True, f"{', '.join(readable)} can be read")


async def _config(admin: AIOKafkaAdminClient, kind: ConfigResourceType, name: str) -> dict[str, str]:
    """What is configured; empty where this user may not see it."""
    with suppress(KafkaError, TimeoutError):
        (answer,) = await admin.describe_configs([ConfigResource(kind, name)])
        return {entry[0]: entry[1] for _, _, _, _, entries in answer.resources for entry in entries}
    return {}


def _who(settings: Settings) -> str:
    if settings.kafka_sasl_mechanism:
        return f"{settings.kafka_sasl_username or 'the bearer of a token'} by {settings.kafka_sasl_mechanism}"
    return f"the owner of {settings.kafka_ssl_certificate_file}" if settings.kafka_ssl_certificate_file else "anybody"


@asynccontextmanager
async def _admin(link: Link) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = link.admin(client_id="candor-doctor", request_timeout_ms=int(SECONDS * 1000))
    try:
        await asyncio.wait_for(admin.start(), 2 * SECONDS)
        yield admin
    finally:
        await admin.close()


class _silent:  # noqa: N801 - a context manager
    """Keeps the client's own log lines away from what the doctor says."""

    def __enter__(self) -> None:
        self._level = logging.getLogger("aiokafka").level
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL + 1)

    def __exit__(self, *_: object) -> None:
        logging.getLogger("aiokafka").setLevel(self._level)
