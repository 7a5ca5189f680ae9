"""What the relay says of trouble: an outage is waited for, anything else is a failure with its trace."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest
from aiokafka.errors import KafkaConnectionError
from structlog.testing import capture_logs

from candor.messaging.relay import Relay
from tests.support.ledger.book import settings_for

OUTAGES = (
    asyncpg.CannotConnectNowError("the database system is starting up"),
    ConnectionRefusedError(111, "Connection refused"),
    KafkaConnectionError("no broker"),
    TimeoutError(),
)


def relay() -> Relay:
    nowhere: Any = SimpleNamespace(written=asyncio.Event())
    return Relay(settings_for("127.0.0.1:1", "t"), nowhere, keeps=True)


@pytest.mark.parametrize("error", OUTAGES, ids=lambda error: type(error).__name__)
async def test_an_outage_is_no_failure_of_the_relay(error: Exception) -> None:
    with capture_logs() as logs:
        relay()._report(error)
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("relay waits", "warning")]


async def test_anything_else_is_told_as_a_failure() -> None:
    with capture_logs() as logs:
        relay()._report(ValueError("a bug"))
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("relay failed and tries again", "error")]
