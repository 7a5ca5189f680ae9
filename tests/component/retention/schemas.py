"""The four services' databases, as their migrations make them, and the rules by which each of them clears."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Final

import delivery_svc.wiring
import notify_svc.wiring
import promise_svc.wiring
import risk_svc.wiring
from candor.ops.clock import SystemClock
from candor.ops.settings import Settings
from candor.store.db import Database
from candor.store.migrate import upgrade
from candor.store.retention import Expiry, Retention
from delivery_svc.settings import DeliverySettings
from delivery_svc.store import expiry as of_delivery
from notify_svc.service import expiry as of_notify
from notify_svc.settings import NotifySettings
from promise_svc.service import expiry as of_promise
from promise_svc.settings import PromiseSettings
from risk_svc.settings import WorkerSettings
from risk_svc.store import expiry as of_risk
from tests.support.foundation import fresh_database
from tests.support.servers import Databases

SERVICES: Final = ("promise-svc", "delivery-svc", "risk-svc", "notify-svc")
_migrations: Final = {
    "promise-svc": promise_svc.wiring.MIGRATIONS,
    "delivery-svc": delivery_svc.wiring.MIGRATIONS,
    "risk-svc": risk_svc.wiring.MIGRATIONS,
    "notify-svc": notify_svc.wiring.MIGRATIONS,
}
KINDS: Final[dict[str, type[Settings]]] = {
    "promise-svc": PromiseSettings,
    "delivery-svc": DeliverySettings,
    "risk-svc": WorkerSettings,
    "notify-svc": NotifySettings,
}


def _preparing(folder: Path) -> Callable[[str], Awaitable[None]]:
    async def prepare(url: str) -> None:
        await upgrade(url, folder)

    return prepare


# One each, for the templates that databases are copied from.
PREPARE: Final = {service: _preparing(folder) for service, folder in _migrations.items()}


def schema_of(service: str, databases: Databases) -> AbstractAsyncContextManager[Database]:
    """A migrated database of a service, open for the length of the block."""
    return fresh_database(databases, PREPARE[service])


def own(service: str, **settings: Any) -> list[Expiry]:
    """The rules of a service's own tables."""
    found: Any = KINDS[service](**settings)
    match service:
        case "promise-svc":
            return of_promise.expiries(found, SystemClock())
        case "delivery-svc":
            return of_delivery.expiries(found)
        case "risk-svc":
            return of_risk.expiries(found)
        case _:
            return of_notify.expiries(found)


def retention_of(service: str, database: Database, *, batch: int = 2_000, **settings: Any) -> Retention:
    """What clears in that service."""
    return Retention(KINDS[service](**settings), database, own(service, **settings), batch=batch)
