"""The composition root of the four roles of risk-svc."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

from fastapi import FastAPI

from candor.messaging.consumer import Worker
from candor.messaging.growth import GrowthWatch, as_grown
from candor.messaging.pulse import Pulse
from candor.messaging.reach import KafkaReach
from candor.messaging.relay import Relay
from candor.ops.clock import Clock
from candor.runtime import Background, worker_app
from candor.store.db import Database
from candor.store.eraser import Eraser
from candor.store.migrate import scripts, upgrade
from candor.store.retention import Retention
from candor.store.tally import Counting
from candor.web import audit_routes
from candor.web.app import create_app, shared_rates
from candor.web.http.observed import BOARD_POLICY
from risk_svc.forecasting.follower import Follower
from risk_svc.forecasting.live import PublishedModel
from risk_svc.settings import InsightSettings, LearnerSettings, RiskSettings
from risk_svc.store import erasures, rebuilding
from risk_svc.store.counting import SHOWN
from risk_svc.store.expiry import expiries
from risk_svc.training.learner import Learner
from risk_svc.training.pacing import Pacing
from risk_svc.training.trimming import Size, Trimming
from risk_svc.web.feed import Feed
from risk_svc.web.figures import Figures
from risk_svc.web.watch import EVERY_SECONDS, Watch
from risk_svc.worker.aside import Aside, Consuming
from risk_svc.worker.handlers import RiskHandler

GROUP: Final = "risk-svc"
INSIGHT_GROUP: Final = "risk-svc-insight"
FIRST: Final = 0
"""Whoever owns this partition does what one process at a time does."""
MIGRATIONS: Final = scripts(Path(__file__).parent)


def worker(settings: RiskSettings, clock: Clock | None = None) -> FastAPI:
    """The role that consumes: worker, model follower and relay; its app serves health and metrics only."""
    settings.refuse_unsigned_events(signs=False)

    @asynccontextmanager
    async def parts(app: FastAPI) -> AsyncIterator[Sequence[Background]]:
        await upgrade(settings.database, MIGRATIONS)
        database = await Database.open(settings.database, partitions=settings.partitions)
        current = await as_grown(settings, database)
        kafka = KafkaReach(settings)
        try:
            follower = Follower(database, PublishedModel())
            await follower.catch_up()

            def consumes() -> Worker:
                handler = handler_of(settings, follower.published, clock or settings.business_clock())
                made = Worker(current, database, handler, GROUP)
                app.state.files.watch(made.event_keys)
                return made

            consumer = Consuming(consumes, partial(rebuilding.why_waiting, database))
            app.state.files.watch(database.password_file)
            app.state.published = follower.published
            app.state.health.add("database", database.check)
            app.state.health.add("kafka", kafka.check)
            app.state.health.add("partitions", consumer.check_part)
            app.state.health.add("read side", consumer.check)
            relay = [Relay(current, database, keeps=False)] if settings.publishing else []
            reaching = {"consumer": consumer.reached} | {one.name: one.reached for one in relay}
            pulse = Pulse(current, "worker", {"consumer": consumer} | {one.name: one for one in relay}, reaching)
            clearing: list[Background] = [
                Retention(settings, database, expiries(settings)),
                Eraser(database, erasures.work()),
                Counting(database, SHOWN),
                Trimming(database, Size(settings.journal_most_rows, settings.journal_most_bytes)),
            ]
            yield [GrowthWatch(database), consumer, follower, *relay, *clearing, pulse]
        finally:
            await kafka.close()
            await database.close()

    return worker_app("Candor risk-svc worker", settings, parts)


def learner(settings: LearnerSettings, clock: Clock | None = None) -> FastAPI:
    """The role that learns, in one process at a time; its app serves health and metrics only."""

    @asynccontextmanager
    async def parts(app: FastAPI) -> AsyncIterator[Sequence[Background]]:
        await upgrade(settings.database, MIGRATIONS)
        database = await Database.open(settings.database, partitions=settings.partitions, pool_size=4)
        current = await as_grown(settings, database)
        app.state.files.watch(database.password_file)
        app.state.health.add("database", database.check)
        pacing = Pacing(settings.quiet_seconds, settings.straggler_seconds, settings.checkpoint_seconds)
        try:
            learning = Aside(
                lambda: Learner(
                    database,
                    clock or settings.business_clock(),
                    pacing,
                    most=settings.most_entries,
                    kept=settings.kept_entries,
                ),
                partial(rebuilding.why_waiting, database),
            )
            app.state.health.add("read side", learning.check)
            yield [GrowthWatch(database), learning, Pulse(current, "learner", {"learner": learning})]
        finally:
            await database.close()

    return worker_app("Candor risk-svc learner", settings, parts)


def insight(settings: InsightSettings, clock: Clock | None = None) -> FastAPI:
    """The role that keeps tables of what promises come to; its app serves health and metrics only."""
    # Imported here because worker and learner do not need scipy: 68 MB.
    from risk_svc.insight.briefs import Briefs  # noqa: PLC0415
    from risk_svc.insight.claims import Comparing  # noqa: PLC0415
    from risk_svc.insight.forgetting import Forgetting  # noqa: PLC0415
    from risk_svc.insight.handlers import InsightHandler  # noqa: PLC0415
    from risk_svc.insight.reckoning import Reckoning  # noqa: PLC0415

    settings.refuse_unsigned_events(signs=False)

    @asynccontextmanager
    async def parts(app: FastAPI) -> AsyncIterator[Sequence[Background]]:
        await upgrade(settings.database, MIGRATIONS)
        database = await Database.open(settings.database, partitions=settings.partitions)
        current = await as_grown(settings, database)
        kafka = KafkaReach(settings)
        try:
            consumer = Worker(current, database, InsightHandler(), INSIGHT_GROUP)
            app.state.files.watch(database.password_file, consumer.event_keys)
            app.state.health.add("database", database.check)
            app.state.health.add("kafka", kafka.check)
            app.state.health.add("partitions", consumer.check)
            pulse = Pulse(current, "insight", {"consumer": consumer})
            business = clock or settings.business_clock()

            def ours() -> bool:
                return FIRST in consumer.owned

            reckoning = Reckoning(
                database,
                ours,
                rates=settings.rates,
                loss_share=settings.loss_share,
                persons=settings.show_persons,
                thresholds=settings.hop_thresholds,
                now=business.now,
            )
            briefs = Briefs(database, ours, business, settings.brief_at)
            kept: list[Background] = [Forgetting(database), Comparing(database), briefs]
            yield [GrowthWatch(database), consumer, *kept, reckoning, pulse]
        finally:
            await kafka.close()
            await database.close()

    return worker_app("Candor risk-svc insight", settings, parts)


def web(settings: RiskSettings, clock: Clock | None = None) -> FastAPI:
    """The role that serves queries, figures, and the feed of changes for the board."""
    # Imported here because the worker does not need the board's framework: a third of a second and 30 MB.
    from risk_svc.web import board  # noqa: PLC0415
    from risk_svc.web.api.routers import READING  # noqa: PLC0415

    @asynccontextmanager
    async def parts(app: FastAPI) -> AsyncIterator[Sequence[Background]]:
        await upgrade(settings.database, MIGRATIONS)
        database = await Database.open(settings.database, partitions=settings.partitions, pool_size=2)
        current = await as_grown(settings, database)
        # An answer that is kept for longer than a second would hide for as long that Kafka has stopped.
        kafka = KafkaReach(settings, fresh=EVERY_SECONDS / 2)
        feed = Feed(current)
        app.state.database = database
        app.state.files.watch(database.password_file)
        app.state.feed = feed
        app.state.clock = clock or settings.business_clock()
        servers = {"database": database.check, "kafka": kafka.check, "feed": feed.check}
        watch = Watch(servers, processes=settings.expected_processes)
        feed.on_alive = watch.heard
        app.state.watch = watch
        app.state.reading = board.LiveData(database, feed, app.state.clock, watch=watch)
        app.state.matters = board.MatterData(database, app.state.clock, thresholds=settings.hop_thresholds)
        app.state.published = PublishedModel()
        app.state.weights = settings.definition.weights
        app.state.show_persons = settings.show_persons
        app.state.hop_thresholds = settings.hop_thresholds
        app.state.health.add("database", database.check)
        app.state.health.add("kafka", kafka.check)
        try:
            follower = Follower(database, app.state.published)
            kept = [GrowthWatch(database), app.state.reading, follower, watch, shared_rates(app, database)]
            yield [feed, Figures(database), *kept, *board.tidying(app)]
        finally:
            board.forget_tables(app)
            await kafka.close()
            await database.close()

    policies = {board.MOUNT: BOARD_POLICY}
    routers = [*READING, board.administration.router, audit_routes.router, board.router]
    app = create_app("Candor risk-svc", settings, parts, routers, bodies=board.BODIES, policies=policies)
    app.state.staff = board.StaffSessions(app.state)
    if settings.session_secret_file is not None or settings.production:
        board.attach(app, settings)
    return app


def handler_of(settings: RiskSettings, published: PublishedModel, clock: Clock) -> RiskHandler:
    """The handler configured by the settings."""
    return RiskHandler(
        published,
        clock,
        definition=settings.definition,
        reviews_per_tick=settings.reviews_per_tick,
    )
