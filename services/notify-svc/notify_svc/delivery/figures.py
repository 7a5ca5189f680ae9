"""The figures of messages, in transactions of their own: however many there are, none waits for being counted."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import TYPE_CHECKING, Final

import structlog

from candor.contracts import NoticeState
from candor.ops.rounds import Rounds
from candor.store.errors import StoreUnavailable
from candor.store.tally import Tally
from candor.store.unit_of_work import unit_of_work
from notify_svc import metrics
from notify_svc.delivery import claims, switches
from notify_svc.domain.freshness import Freshness
from notify_svc.store import templates

if TYPE_CHECKING:
    from candor.store.db import Database

EVERY_SECONDS: Final = 5.0
MOST: Final = 10_000
"""Messages that are looked at one by one; of more, only so many are."""
NOTICES: Final = Tally("notice", ("state",))
DELIVERIES: Final = Tally("delivery", ("state", "channel"))
log = structlog.get_logger("notify.figures")


class Figures(Rounds):
    """A background that sets the gauges every few seconds; `channels` are those that this process has.

    `freshness` knows how old the word of each process upstream is, and `freshest` how old facts may be.
    """

    name = "figures"

    def __init__(
        self, database: Database, channels: Collection[str], freshness: Freshness, *, freshest: float = 60
    ) -> None:
        super().__init__()
        self._database = database
        self._freshness = freshness
        self._freshest = freshest
        self._channels = frozenset(channels)
        self._gone: set[str] = set()

    async def round(self) -> float:
        """Measure once; without the database the last figures remain."""
        try:
            await self.measure()
        except StoreUnavailable as error:
            log.warning("figures not measured", error=error.detail, consequence="gauges are not updated")
        return EVERY_SECONDS

    async def measure(self) -> None:
        """Set all gauges once."""
        async with unit_of_work(self._database, durable=False) as uow:
            for tally in (NOTICES, DELIVERIES):
                await tally.fold(uow)
            notices = await NOTICES.counts(uow)
            deliveries = await DELIVERIES.counts(uow)
            unsent = await uow.connection.fetchval(_UNSENT)
            unknown = await uow.connection.fetchval(_UNKNOWN)
            waiting = await uow.connection.fetchval(_WAITING, self._freshest, MOST)
            failing = await templates.failing(uow)
            switch = await switches.read(uow)
        self._tell_age()
        metrics.NOTICES_WAITING.set(waiting)
        metrics.NOTICE_UNSENT_AGE_SECONDS.set(unsent or 0)
        metrics.NOTICE_UNKNOWN_AGE_SECONDS.set(unknown or 0)
        metrics.TEMPLATES_FAILING.set(failing)
        metrics.SENDING_ENABLED.set(switch.sending)
        metrics.KILL_SWITCH.set(switch.killed)
        for state in NoticeState:
            metrics.NOTICES.labels(state.value).set(notices.get((state.value,), 0))
        pending = NoticeState.PENDING.value
        self._tell_gone({c: n for (state, c), n in deliveries.items() if state == pending and c not in self._channels})

    def _tell_age(self) -> None:
        for process, age in self._freshness.ages(time.time()).items():
            metrics.UPSTREAM_AGE_SECONDS.labels(process).set(min(age, 1e9))

    def _tell_gone(self, waiting: dict[str, int]) -> None:
        """Count deliveries over channels that are missing here, and say once which they are."""
        for channel in waiting.keys() | self._gone:
            metrics.DELIVERIES_WITHOUT_CHANNEL.labels(channel).set(waiting.get(channel, 0))
        for channel in waiting.keys() - self._gone:
            consequence = (
                f"not sent unless a process with it takes them within {claims.CHANNEL_WAIT / 60:.0f} minutes; "
                "then suppressed as channel_gone and decided again: set the channel up again if that is not meant"
            )
            log.warning(
                "deliveries wait for a channel that is not configured",
                channel=channel,
                waiting=waiting[channel],
                consequence=consequence,
            )
        self._gone = set(waiting)


_WAITING: Final = """
SELECT count(*) FROM (
  SELECT notice_id FROM delivery WHERE state = 'pending' AND next_at <= statement_timestamp() LIMIT $2) AS due
JOIN notice USING (notice_id) JOIN promise USING (promise_id) JOIN freshness f ON f.partition = promise.partition
WHERE f.lag_seconds + extract(epoch FROM clock_timestamp() - f.seen_at) > $1"""

_UNSENT: Final = """
SELECT extract(epoch FROM clock_timestamp() - min(created_at))::float8 FROM delivery
WHERE state IN ('pending', 'sending')"""

_UNKNOWN: Final = """
SELECT extract(epoch FROM clock_timestamp() - min(unknown_since))::float8 FROM delivery WHERE state = 'unknown'"""
