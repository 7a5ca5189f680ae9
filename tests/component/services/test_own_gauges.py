"""Each process, scraped: its page has the gauges that it measures, and none of another's."""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from candor.local.ports import choose_port
from candor.local.stack import SERVICES, Service
from tests.support.api import Keys
from tests.support.servers import Databases
from tests.support.waiting import until

pytestmark = pytest.mark.long

ALL = frozenset(
    {
        "build_info",
        "ready",
        "check_failed",
        "event_loop_lag_seconds",
        "disk_free_bytes",
        "disk_size_bytes",
        "http_connections",
        "http_requests_running",
        "mounted_file_unreadable",
    }
)
RELAY = {"outbox_oldest_age_seconds", "outbox_rows", "outbox_dead_letters", "customers_erasing"}
CONSUMER = {
    "consumer_lag_seconds",
    "consumer_lag_records",
    "partitions_halted",
    "partitions_owned",
    "dead_letters",
    "reviews_set_aside",
}
LEARNING = {"model_version", "model_boundaries_waiting", "journal_unread_rows", "journal_waiting_entries"}
LEARNING |= {"learner_sample_ratio"}
NOTICES = {
    "notices_in_state",
    "notice_unknown_oldest_age_seconds",
    "notice_unsent_oldest_age_seconds",
    "sending_enabled",
    "kill_switch_engaged",
    "mass_held_customers",
    "approvals_waiting",
    "approvals_overdue",
    "templates_failing",
    "facts_age_seconds",
    "notices_waiting_for_facts",
    "upstream_age_seconds",
}
OWN = {
    "promise-svc": RELAY | CONSUMER | {"outbox_again_rows"},
    "delivery-svc": RELAY | CONSUMER | {"parked_events", "outbox_again_rows"},
    "risk-worker": RELAY | CONSUMER | {"promises_in_memory", "journal_rows", "journal_bytes"},
    "risk-learner": LEARNING,
    "risk-insight": CONSUMER | {"insight_customers_forgetting", "wishes_due"},
    "risk-web": {"promises_open", "promises_slipping", "part_stopped"},
    "notify-svc": RELAY | CONSUMER | NOTICES,
}
"""What a process without any event, model, contact or letter yet measures beside what all do."""


@asynccontextmanager
async def running(service: Service, keys: Keys, **settings: str) -> AsyncIterator[httpx.AsyncClient]:
    """The process on its own, as it is started everywhere."""
    port = choose_port(None, service.name)
    private = keys.folder / "private_key"
    private.write_bytes(base64.b64encode(bytes(keys.private)))
    files = {name.upper(): str(path) for name, path in keys.write().items()} | {
        "CONTACT_PRIVATE_KEY_FILE": str(private)
    }
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_FILE")}
    environment |= {**files, **settings, "PORT": str(port), "DRAIN_PAUSE_SECONDS": "0"}
    module, *role = service.module
    command = (sys.executable, "-m", module, *role)
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=asyncio.subprocess.DEVNULL)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            yield client
    finally:
        process.terminate()
        await process.wait()


async def gauges(client: httpx.AsyncClient) -> set[str]:
    """The gauges on the page, without their prefix; none while nobody answers."""
    try:
        page = await client.get("/metrics")
    except httpx.TransportError:
        return set()
    families = text_string_to_metric_families(page.text)
    return {family.name.removeprefix("candor_") for family in families if family.type == "gauge" and family.samples}


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
async def test_a_process_exports_the_gauges_that_it_measures_and_no_other(
    service: Service, kafka: str, postgres: str, databases: Databases, topic_prefix: str, tmp_path: Path
) -> None:
    prefix, expected = f"t{secrets.token_hex(5)}", ALL | OWN[service.name]
    settings = {"DATABASE_URL": postgres, "DATABASE_PREFIX": prefix, "TOPIC_PREFIX": topic_prefix}
    try:
        async with running(service, Keys(tmp_path), KAFKA_BOOTSTRAP_SERVERS=kafka, **settings) as client:

            async def complete() -> bool:
                return expected <= await gauges(client)

            await until(complete, seconds=90)
            assert await gauges(client) == expected
    finally:
        await databases.drop(f"{postgres}/{prefix}_{service.settings.removesuffix('-svc')}")
