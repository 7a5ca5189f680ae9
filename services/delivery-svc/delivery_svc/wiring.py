"""The composition root of delivery-svc."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

from fastapi import FastAPI

from candor.intake import Intake
from candor.intake.beside import beside, routes
from candor.intake.requests.content import Vault
from candor.intake.requests.routes import stored
from candor.intake.requests.started import replayable
from candor.intake.routes import IMPORTS, WEBHOOKS, common
from candor.intake.source import Source
from candor.messaging.consumer import Worker
from candor.messaging.growth import GrowthWatch, as_grown
from candor.messaging.pulse import Pulse
from candor.messaging.reach import KafkaReach
from candor.messaging.relay import Relay
from candor.ops.clock import Clock
from candor.runtime import Background
from candor.store.db import Database
from candor.store.eraser import Eraser
from candor.store.migrate import scripts, upgrade
from candor.store.retention import Retention
from candor.store.tally import Counting
from candor.web import audit_routes
from candor.web.app import create_app, shared_rates
from candor.web.http.limits import BATCH_BYTES, IMPORT_BYTES
from candor.web.security.webhooks import Accepted
from delivery_svc.api.neutral_events import KNOWN, statement
from delivery_svc.api.routes import labels, listings, parked, reports
from delivery_svc.handlers import PromisesHandler
from delivery_svc.offered import OFFERED
from delivery_svc.service import use_cases
from delivery_svc.service.labels import LabelKeeper
from delivery_svc.service.matcher import Matcher
from delivery_svc.settings import DeliverySettings
from delivery_svc.store import erasures, parked_rows
from delivery_svc.store.expiry import expiries
from delivery_svc.store.tables import PollRow, RejectedRow, RequestRow, RhythmRow

BODIES: Final = {IMPORTS: IMPORT_BYTES, reports.EVENTS: BATCH_BYTES, WEBHOOKS: BATCH_BYTES}
OUTSIDE: Final = (common(RejectedRow), stored(RequestRow), *routes(PollRow, RhythmRow), audit_routes.router)
MIGRATIONS: Final = scripts(Path(__file__).parent)


def build(
    settings: DeliverySettings, clock: Clock | None = None, *, consuming: bool = True, sources: Sequence[Source] = ()
) -> FastAPI:
    """The service's app. Raises ValueError for a bad key file or source; `clock` overrides the one from settings.

    `consuming` false does not consume `promises`, for tests of HTTP alone. `sources` are added to those in the
    `sources` folder.
    """
    known_sources = OFFERED.sources(sources, settings.sources_file)
    settings.refuse_unsigned_events(signs=False)
    business, vault = clock or settings.business_clock(), Vault.of(settings)

    @asynccontextmanager
    async def parts(app: FastAPI) -> AsyncIterator[Sequence[Background]]:
        await upgrade(settings.database, MIGRATIONS)
        database = await Database.open(settings.database, partitions=settings.partitions)
        current = await as_grown(settings, database)
        kafka = KafkaReach(settings)
        decide = use_cases.UseCases(settings.parked_most_a_source, timedelta(days=settings.pause_most_days)).apply
        intake = Intake(database, business, KNOWN, statement, decide, known_sources, app.state.customers, vault)
        worker = Worker(current, database, PromisesHandler(), settings.service)
        relay = Relay(current, database, keeps=True)
        app.state.intake, app.state.database = intake, database
        app.state.files.watch(database.password_file, vault.file)
        app.state.health.add("database", database.check)
        # Intake continues without Kafka: accepted events wait in the outbox (ADR 0015).
        app.state.health.add("kafka", kafka.check, needed=False)
        asked = beside(intake, known_sources, app.state.health)
        app.state.health.add("consumer", worker.check, needed=False)
        backgrounds: list[Background] = [
            *(GrowthWatch(database), Retention(settings, database, expiries(settings))),
            Eraser(database, erasures.work()),
            Counting(database, parked_rows.TALLY, parked_rows.show),
            LabelKeeper(database, known_sources),
            *(replayable(app, intake), shared_rates(app, database)),
        ]
        backgrounds += [*asked, worker, Matcher(database)] if consuming else [*asked]
        beating: dict[str, Relay | Worker] = {"relay": relay} | ({"consumer": worker} if consuming else {})
        pulse = Pulse(current, "", beating, {name: part.reached for name, part in beating.items()})
        pulse.silent = lambda: asked.listening.silent
        try:
            yield [*backgrounds, relay, pulse] if settings.publishing else backgrounds
        finally:
            await intake.close()
            await kafka.close()
            await database.close()

    routers = [reports.router, parked.router, labels.router, listings.router, *OUTSIDE]
    webhooks = Accepted(known_sources, KNOWN, known_sources.attach, OFFERED.media_types())
    return create_app("Candor delivery-svc", settings, parts, routers, bodies=BODIES, webhooks=webhooks)
