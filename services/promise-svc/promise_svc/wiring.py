"""The composition root of promise-svc."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
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
from candor.records.origin import Signer
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
from promise_svc.api.neutral_events import KNOWN, Reader
from promise_svc.api.routes import (
    aggregates,
    answers,
    drafts,
    listings,
    market,
    matter_lists,
    matters,
    sheets,
    statements,
    themes,
    waiting,
)
from promise_svc.handlers import AnswersHandler
from promise_svc.offered import OFFERED
from promise_svc.service import use_cases
from promise_svc.service.answer_links import AnswerLinks
from promise_svc.service.expiry import expiries
from promise_svc.service.joiner import Joiner
from promise_svc.service.sealing import Sealer
from promise_svc.settings import PromiseSettings
from promise_svc.store import draft_rows, ledger, waiting_rows
from promise_svc.store.tables import PollRow, RejectedRow, RequestRow, RhythmRow

LEDGER: Final = (statements.router, listings.router, waiting.router, drafts.router)
MATTERS: Final = (
    *(aggregates.router, themes.router, sheets.router, market.router, matters.router(), matter_lists.router()),
    answers.router,
)
OUTSIDE: Final = (common(RejectedRow), stored(RequestRow), *routes(PollRow, RhythmRow), audit_routes.router)
MIGRATIONS: Final = scripts(Path(__file__).parent)


def build(settings: PromiseSettings, clock: Clock | None = None, *, sources: Sequence[Source] = ()) -> FastAPI:
    """The service's app. Raises ValueError for a bad key file or source; `clock` overrides the one from settings.

    `sources` are added to those in the `sources` folder.
    """
    known_sources = OFFERED.sources(sources, settings.sources_file)
    sealer = Sealer.from_file(settings.contact_public_key_file)
    settings.refuse_unsigned_events(signs=True)
    signer = Signer(settings.event_signing_key_file) if settings.event_signing_key_file is not None else None
    business = clock or settings.business_clock()
    secrets, vault = settings.answer_secrets(), Vault.of(settings)

    @asynccontextmanager
    async def parts(app: FastAPI) -> AsyncIterator[Sequence[Background]]:
        await upgrade(settings.database, MIGRATIONS)
        database = await Database.open(settings.database, partitions=settings.partitions)
        current = await as_grown(settings, database)
        database.signer = signer
        kafka = KafkaReach(settings)
        relay = Relay(current, database, keeps=True)
        worker = Worker(current, database, AnswersHandler(), settings.service)
        reader = Reader(sealer, settings.statement_hops)
        apply = partial(use_cases.apply, most_waiting=settings.parked_most_a_source)
        intake = Intake(database, business, KNOWN, reader.statement, apply, known_sources, app.state.customers, vault)
        app.state.intake, app.state.database = intake, database
        app.state.sealer, app.state.hops = sealer, settings.statement_hops
        app.state.links = AnswerLinks(secrets.get, settings.public_url) if secrets is not None else None
        watched = (database.password_file, sealer.file, signer.file if signer else None, secrets, vault.file)
        app.state.files.watch(*watched)
        app.state.health.add("database", database.check)
        # Intake continues without Kafka: accepted events wait in the outbox (ADR 0015).
        app.state.health.add("kafka", kafka.check, needed=False)
        app.state.health.add("consumer", worker.check, needed=False)
        asked = beside(intake, known_sources, app.state.health)
        try:
            beating: dict[str, Relay | Worker] = {"relay": relay, "consumer": worker}
            pulse = Pulse(current, "", beating, {name: part.reached for name, part in beating.items()})
            pulse.silent = lambda: asked.listening.silent
            kept = [*_ending(settings, database, business), shared_rates(app, database), *asked]
            kept += [replayable(app, intake), Joiner(database)]
            yield [*kept, worker, relay, pulse] if settings.publishing else kept
        finally:
            await intake.close()
            await kafka.close()
            await database.close()

    routers = [*LEDGER, *MATTERS, *OUTSIDE]
    bodies = {IMPORTS: IMPORT_BYTES, WEBHOOKS: BATCH_BYTES}
    webhooks = Accepted(known_sources, KNOWN, known_sources.attach, OFFERED.media_types())
    return create_app("Candor promise-svc", settings, parts, routers, bodies=bodies, webhooks=webhooks)


def _ending(settings: PromiseSettings, database: Database, clock: Clock) -> list[Background]:
    """What follows the partitions, ends what has an end, and counts the rest."""
    counted = [Counting(database, one) for one in (waiting_rows.TALLY, draft_rows.TALLY)]
    retention = Retention(settings, database, expiries(settings, clock))
    return [GrowthWatch(database), retention, Eraser(database, ledger.erasures()), *counted]
