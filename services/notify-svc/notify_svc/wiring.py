"""The composition root of notify-svc."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from fastapi import FastAPI

from candor.messaging.consumer import Worker
from candor.messaging.growth import GrowthWatch, as_grown
from candor.messaging.hearing import Hearing
from candor.messaging.pulse import Pulse
from candor.messaging.reach import KafkaReach
from candor.messaging.relay import Relay
from candor.ops.clock import Clock
from candor.runtime import Background
from candor.store.db import Database
from candor.store.eraser import Eraser
from candor.store.migrate import scripts, upgrade
from candor.store.retention import Retention
from candor.store.unit_of_work import unit_of_work
from candor.web import audit_routes
from candor.web.app import create_app, shared_rates
from notify_svc.api.routes import (
    answers,
    approval,
    callbacks,
    expectations,
    mass,
    next_updates,
    page,
    page_links,
    record,
    stop,
    taking,
    templates,
)
from notify_svc.api.routes.notices import router
from notify_svc.briefs.approvals import ESCALATION
from notify_svc.briefs.sender import Addressed, BriefSender
from notify_svc.channels import Channel
from notify_svc.channels.email.smtp import EmailChannel
from notify_svc.compose.contact import Opener
from notify_svc.compose.reach import FIRST, Reach
from notify_svc.delivery import switches
from notify_svc.delivery.announced import Announced
from notify_svc.delivery.figures import Figures
from notify_svc.delivery.mailbox import Mailbox
from notify_svc.delivery.mass import Guard
from notify_svc.delivery.postman import Postman
from notify_svc.delivery.reconcile import Reconciler
from notify_svc.domain.freshness import Freshness
from notify_svc.handlers import NotifyHandler
from notify_svc.page.links import Links
from notify_svc.page.owner_links import OwnerLinks
from notify_svc.service.chasing import Chaser
from notify_svc.service.expiry import expiries
from notify_svc.service.speaker import Speaker
from notify_svc.service.waiting import Waiting
from notify_svc.settings import NotifySettings
from notify_svc.store import read_model

MIGRATIONS: Final = scripts(Path(__file__).parent)

STAFF: Final = (
    router,
    approval.router,
    mass.router,
    page_links.router,
    answers.router,
    record.router,
    expectations.router,
    next_updates.router,
    templates.router,
    audit_routes.router,
)
ROUTERS: Final = (*STAFF, page.router, stop.router, taking.router, callbacks.router)


def build(settings: NotifySettings, clock: Clock | None = None, channels: Iterable[Channel] = ()) -> FastAPI:
    """The service's app; `clock` overrides the configured one, `channels` are added to those in `channels/`.

    Raises ValueError if a key file is missing or wrong, or a channel is set up wrongly.
    """
    reach = Reach(Opener.from_file(settings.contact_private_key_file), settings.channels(channels))
    settings.refuse_unsigned_events(signs=False)
    business = clock or settings.business_clock()
    links = Links.of(settings.page_secrets(), settings.page_url)
    owner_links = OwnerLinks(links.file.get, settings.page_url) if links and links.file else None
    speaker = Speaker(reach, settings.rules(), settings.houses(), links, settings.approving(), owner_links)

    @asynccontextmanager
    async def parts(app: FastAPI) -> AsyncIterator[Sequence[Background]]:
        await upgrade(settings.database, MIGRATIONS)
        database = await Database.open(settings.database, partitions=settings.partitions)
        current = await as_grown(settings, database)
        kafka = KafkaReach(settings)
        async with unit_of_work(database) as uow:
            await switches.begin(uow, sending=not settings.production)
        app.state.database, app.state.clock = database, business
        freshness = Freshness(settings.expected_processes, settings.freshest_seconds)
        worker = app.state.worker = _worker(current, database, speaker, business, freshness)
        app.state.links, app.state.owner_links, app.state.reach = links, owner_links, reach
        app.state.houses = speaker.houses
        secrets = (reach.opener.file, speaker.houses.file, worker.event_keys, links and links.file)
        app.state.files.watch(database.password_file, *secrets)
        app.state.health.add("database", database.check)
        app.state.health.add("kafka", kafka.check)
        app.state.health.add("consumer", worker.check)
        for channel in reach.channels.values():
            app.state.health.add(f"channel {channel.name}", channel.check, needed=False)
        postman = Postman(database, reach, business, settings.rules(), settings.patience(), links)
        # Publishing is off while the read model is rebuilt: nothing is decided, sent or published meanwhile.
        sender = Reconciler(postman, concurrency=settings.concurrency, guard=Guard(database, settings.mass()))
        figures = Figures(database, list(reach.channels), freshness, freshest=settings.freshest_seconds)
        relay = Relay(current, database, keeps=False)
        pulse = Pulse(current, "", {"sender": sender, "consumer": worker, "relay": relay})
        pulse.held = sender.held
        try:
            kept: list[Background] = [worker, Hearing(current, freshness.heard), *_beside(app, settings, database)]
            waiting = Waiting(database, reach, business, settings.rules(), settings.waiting())
            mails = _mails(app, settings, database, speaker, business)
            said: list[Background] = [sender, Announced(database, business), waiting, figures, relay, pulse, *mails]
            yield [*said, *kept] if settings.publishing else kept
        finally:
            await kafka.close()
            await database.close()

    return create_app("Candor notify-svc", settings, parts, ROUTERS)


def _beside(app: FastAPI, settings: NotifySettings, database: Database) -> list[Background]:
    """What every such service has beside its own work."""
    return [
        GrowthWatch(database),
        Retention(settings, database, expiries(settings)),
        Eraser(database, read_model.erasures()),
        shared_rates(app, database),
    ]


def _mails(
    app: FastAPI, settings: NotifySettings, database: Database, speaker: Speaker, clock: Clock
) -> list[Background]:
    """What mails beside the sender, and what reads the mails that come back."""
    reach = speaker.reach
    found = [*_briefs(settings, database, reach, clock), *_mailbox(app, database, reach, clock)]
    return [*found, *_chaser(settings, database, speaker, clock)]


def _briefs(settings: NotifySettings, database: Database, reach: Reach, clock: Clock) -> list[Background]:
    """What mails briefs, kept running without recipients too: what was to be sent to those of before has an end."""
    channel = reach.channels.get(FIRST)
    if channel is None:
        return []
    recipients = dict[str, Sequence[str]](settings.brief_recipients)
    if settings.approval_escalation:
        recipients[ESCALATION] = (settings.approval_escalation,)
    addressed = Addressed(recipients, settings.board_url)
    return [BriefSender(database, channel, reach.opener, clock, addressed, settings.patience())]


def _chaser(settings: NotifySettings, database: Database, speaker: Speaker, clock: Clock) -> list[Background]:
    """What asks customers for what is open about their need, unless that is off."""
    if settings.chase_days <= 0:
        return []
    return [Chaser(database, speaker.reach, clock, speaker.rules, speaker.houses, settings.chase(), speaker.links)]


def _mailbox(app: FastAPI, database: Database, reach: Reach, clock: Clock) -> list[Background]:
    """What reads the mailbox that bounces come back to, if there is one."""
    channel = reach.channels.get("email")
    if not isinstance(channel, EmailChannel):
        return []
    app.state.files.watch(channel.events and channel.events.keys)
    if channel.inbox is None:
        return []
    mailbox = Mailbox(database, channel.inbox, reach, clock)
    app.state.health.add("mailbox", mailbox.check, needed=False)
    app.state.files.watch(channel.inbox.password)
    return [mailbox]


def _worker(
    settings: NotifySettings, database: Database, speaker: Speaker, clock: Clock, freshness: Freshness
) -> Worker:
    def age(partition: int) -> float:
        return time.time() - freshness.as_of(partition, worker.lag.reached(partition))

    handler = NotifyHandler(speaker, clock, age, freshest=settings.freshest_seconds, deciding=settings.publishing)
    worker = Worker(settings, database, handler, settings.service)
    return worker
