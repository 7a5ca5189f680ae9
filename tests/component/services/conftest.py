"""All seven processes, each as its wiring makes it, in the test's own event loop."""

from __future__ import annotations

import base64
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from nicegui.testing.general import nicegui_reset_globals

import delivery_svc.wiring
import notify_svc.wiring
import promise_svc.wiring
import risk_svc.wiring
from delivery_svc.settings import DeliverySettings
from notify_svc.settings import NotifySettings
from promise_svc.settings import PromiseSettings
from risk_svc.settings import InsightSettings, LearnerSettings, RiskSettings, WorkerSettings
from tests.support.api import Api, Keys, running
from tests.support.servers import Databases

Started = Callable[..., AbstractAsyncContextManager[Api]]
PROCESSES = ("promise-svc", "delivery-svc", "risk-worker", "risk-learner", "risk-insight", "risk-web", "notify-svc")


def app_of(process: str, values: dict[str, Any], private_key: Path) -> FastAPI:
    """The app of one process with these settings."""
    match process:
        case "promise-svc":
            return promise_svc.wiring.build(PromiseSettings(**values))
        case "delivery-svc":
            return delivery_svc.wiring.build(DeliverySettings(**values))
        case "risk-worker":
            return risk_svc.wiring.worker(WorkerSettings(**values))
        case "risk-learner":
            return risk_svc.wiring.learner(LearnerSettings(**values))
        case "risk-insight":
            return risk_svc.wiring.insight(InsightSettings(**values))
        case "risk-web":
            return risk_svc.wiring.web(RiskSettings(**values))
        case _:
            return notify_svc.wiring.build(NotifySettings(contact_private_key_file=private_key, **values))


@pytest.fixture
def start(postgres: str, databases: Databases, topic_prefix: str, tmp_path: Path) -> Started:
    """Runs one process, by name, on a database of its own; other settings as given."""

    @asynccontextmanager
    async def started(process: str, **settings: Any) -> AsyncIterator[Api]:
        keys, prefix = Keys(tmp_path), f"t{secrets.token_hex(5)}"
        values = {
            **keys.write(),
            "database_url": postgres,
            "database_prefix": prefix,
            "topic_prefix": topic_prefix,
            "kafka_bootstrap_servers": "127.0.0.1:1",
            **settings,
        }
        private = tmp_path / "private_key"
        private.write_bytes(base64.b64encode(bytes(keys.private)))
        # NiceGUI is one app for a whole process: each board of a test begins with a fresh one.
        with nicegui_reset_globals() if "session_secret_file" in settings else nullcontext():
            app = app_of(process, values, private)
            async with running(app, keys) as api:
                yield api
        await databases.drop(app.state.settings.database)

    return started
