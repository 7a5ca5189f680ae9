"""The background that asks the systems of SOURCES_FILE what changed, a page at a time."""

from __future__ import annotations

import os
import random
import secrets
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

import structlog

from candor.clients.calling import AwayError, CallError
from candor.clients.pages import Client, Page
from candor.intake import metrics
from candor.intake.intake import Intake
from candor.intake.mapped.completing import client_of
from candor.intake.mapped.poll_config import Poll, seconds
from candor.intake.mapped.registry import Registry
from candor.intake.mapped.source import MappedSource
from candor.intake.polling import book
from candor.intake.polling.book import Counts, Terms
from candor.intake.source import Outcome
from candor.ops.rounds import Rounds
from candor.store.errors import StoreUnavailable
from candor.store.unit_of_work import unit_of_work
from candor.web.http.problems import Problem
from candor.web.security.webhooks import Webhook

log: Final = structlog.get_logger("candor.poller")
IDLE_SECONDS: Final = 1.0
FIRST_WAIT: Final = 5.0
LONGEST_WAIT: Final = 3_600.0
REFUSED_WAIT: Final = 60.0
"""Seconds at least after a request that is wrong as it is: somebody has to change a setting first."""
MANY: Final = 3
"""Failures in a row from which on the process says so."""


class PollsFailingError(Exception):
    """Polls of some sources have failed several times in a row."""


class Poller(Rounds):
    """Asks each source that has a `poll` when it is due; of several processes one is at a page.

    `jitter` gives a number in [0, 1), so that not all ask at one time.
    """

    name = "poller"

    def __init__(
        self, intake: Intake[Any, Any], sources: Registry, jitter: Callable[[], float] = random.random
    ) -> None:
        super().__init__()
        self._intake = intake
        self._sources = sources
        self._jitter = jitter
        self._holder = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._clients: dict[str, tuple[Poll, Client]] = {}
        self._failing: dict[str, str] = {}

    async def check(self) -> None:
        """Raises PollsFailingError while polls of this process fail; what they would bring is late, not lost."""
        if self._failing:
            raise PollsFailingError("; ".join(f"{name}: {words}" for name, words in sorted(self._failing.items())))

    async def round(self) -> float:
        """Take a page of each source that is due; if the database is away, again later."""
        polls = self._sources.polls()
        for gone in self._failing.keys() - polls.keys():
            del self._failing[gone]
        for name, poll in polls.items():
            if self._stopping.is_set():
                break
            try:
                await self.step(name, poll)
            except StoreUnavailable as error:
                log.warning("poll interrupted", source=name, reason=error.detail)
            except Exception:
                log.exception("poll failed, others go on", source=name)
        return IDLE_SECONDS

    async def step(self, name: str, poll: Poll) -> bool:
        """Take one page of a source if one is due; whether there was one. Raises StoreUnavailable."""
        terms = _terms(poll)
        async with unit_of_work(self._intake.database) as uow:
            asked = await book.claim(uow, name, terms, self._holder)
        if asked is None:
            return False
        try:
            page = await self._client(name, poll).page(asked)
            counts = await self._taken(name, poll, page)
        except CallError as error:
            await self._failed(name, error, anew=bool(asked.page) and not isinstance(error, AwayError))
            return True
        except Problem as problem:
            # Its share is used up or we are full: what was taken of the page is known when it comes again.
            await self._failed(name, AwayError(problem.code), anew=False)
            return True
        jittered = terms._replace(every=terms.every * (0.9 + 0.2 * self._jitter()))
        async with unit_of_work(self._intake.database) as uow:
            mine = await book.taken(uow, name, jittered, self._holder, page, counts)
        if mine:
            for outcome, number in counts._asdict().items():
                metrics.RECONCILED.labels(name, outcome).inc(number)
        self._failing.pop(name, None)
        return True

    def _client(self, name: str, poll: Poll) -> Client:
        known = self._clients.get(name)
        if known is None or known[0] != poll:
            known = self._clients[name] = poll, client_of(poll)
        return known[1]

    async def _taken(self, name: str, poll: Poll, page: Page) -> Counts:
        source = self._sources[name]
        events = (
            frozenset(rule.type for rule in source.rule.events) if isinstance(source, MappedSource) else frozenset()
        )
        found: Counter[str] = Counter()
        for raw in page.bodies:
            webhook = Webhook(poll.sender or name, "", raw, read_as=name, events=events)
            found.update(_counted(await self._intake.read(webhook)))
        return Counts(found["new"], found["known"], found["refused"])

    async def _failed(self, name: str, error: CallError, *, anew: bool) -> None:
        async with unit_of_work(self._intake.database) as uow:
            before = await book.failures(uow, name)
            wait = max(error.wait, backoff(before, self._jitter()))
            if not isinstance(error, AwayError):
                wait = max(wait, REFUSED_WAIT)
            await book.failed(uow, name, self._holder, error.words, wait, anew=anew)
        log.warning("poll not answered", source=name, reason=error.words, again_in_seconds=round(wait))
        metrics.POLL_FAILED.labels(name).inc()
        if before + 1 >= MANY or not isinstance(error, AwayError):
            self._failing[name] = error.words


def backoff(failures: int, jitter: float) -> float:
    """Seconds to wait after so many failures before this one: twice as long each time, half of it by chance."""
    longest = min(FIRST_WAIT * 2.0 ** min(failures, 20), LONGEST_WAIT)
    return longest * (0.5 + 0.5 * jitter)


def _terms(poll: Poll) -> Terms:
    return Terms(seconds(poll.every), seconds(poll.overlap), seconds(poll.first), poll.requests_an_hour)


def _counted(outcomes: Sequence[Outcome]) -> Counter[str]:
    return Counter(
        "refused" if isinstance(result, Problem) else "known" if result.replayed else "new" for _, result in outcomes
    )
