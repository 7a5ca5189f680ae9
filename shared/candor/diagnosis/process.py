"""One process examined: its settings, its files, Kafka, its database, and what its service adds."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NamedTuple

from candor.diagnosis import files, keys
from candor.errors import OperatorError
from candor.messaging import examine as kafka
from candor.ops.finding import Finding
from candor.ops.loading import load
from candor.ops.settings import Settings
from candor.store import examine as database
from candor.store.migrate import scripts


class Kind(NamedTuple):
    """A process: the package that it is in, its settings there, and its name on topic cards."""

    package: str
    settings: str
    card: str


PROCESSES: Final = {
    "promise-svc": Kind("promise_svc", "PromiseSettings", "promise-svc"),
    "delivery-svc": Kind("delivery_svc", "DeliverySettings", "delivery-svc"),
    "risk-worker": Kind("risk_svc", "WorkerSettings", "risk-svc worker"),
    "risk-learner": Kind("risk_svc", "LearnerSettings", "risk-svc learner"),
    "risk-insight": Kind("risk_svc", "InsightSettings", "risk-svc insight"),
    "risk-web": Kind("risk_svc", "RiskSettings", "risk-svc web"),
    "notify-svc": Kind("notify_svc", "NotifySettings", "notify-svc"),
}


def settings_of(process: str, **given: Any) -> Settings:
    """A process's settings from the environment. Raises OperatorError where its package is not installed."""
    if find_spec(PROCESSES[process].package) is None:
        raise OperatorError(f"{process} is not installed here: run this where it runs, such as in its Pod")
    return load(settings_class(process), **given)


def settings_class(process: str) -> type[Settings]:
    """The class of a process's settings. Raises ModuleNotFoundError where its package is not installed."""
    kind = PROCESSES[process]
    found: type[Settings] = getattr(importlib.import_module(f"{kind.package}.settings"), kind.settings)
    return found


async def examine(process: str, settings: Settings) -> AsyncIterator[Finding]:
    """All findings about a process, in the order in which its start would meet them."""
    kind = PROCESSES[process]
    for one in files.examine(settings):
        yield one
    if settings.api_keys_file is not None:
        yield keys.api_keys(settings.api_keys_file, settings.service, datetime.now(UTC))
    async for one in kafka.examine(settings, kind.card):
        yield one
    package = importlib.import_module(kind.package)
    async for one in database.examine(settings.database, scripts(Path(str(package.__file__)).parent)):
        yield one
    if find_spec(f"{kind.package}.doctor") is not None:
        async for one in importlib.import_module(f"{kind.package}.doctor").examine(settings):
            yield one
