"""What the board's pages about matters read, kept for some seconds for all who watch the same."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Final, NamedTuple, TypeVar, cast

from candor.contracts import Component
from candor.ops.clock import Clock
from candor.store.db import Database
from candor.web.http.listings import Total
from risk_svc.insight import (
    challenges,
    changes,
    claim_lists,
    clarifications,
    handoffs,
    incident_lists,
    lead_times,
    offers,
    paths,
    plans,
    requested,
    review_months,
    reviews,
    scores,
    wishes,
)
from risk_svc.insight.asking import Place
from risk_svc.insight.challenges import ChallengeFilter
from risk_svc.insight.changes import Changed
from risk_svc.insight.claim_lists import ClaimFilter, Recall, Unknown
from risk_svc.insight.handoffs import HandoffFilter, Sort
from risk_svc.insight.incident_lists import IncidentFilter
from risk_svc.insight.lead_times import Compared, LeadTimeFilter
from risk_svc.insight.measures.distortion import Thresholds
from risk_svc.insight.measures.drivers import ActionRecord
from risk_svc.insight.offers import OfferFilter
from risk_svc.insight.paths import HopFilter, PromisePath, Records
from risk_svc.insight.plans import PlanFilter
from risk_svc.insight.review_months import Months
from risk_svc.insight.reviews import ReviewFilter
from risk_svc.insight.scores import Movement
from risk_svc.insight.wishes import WishFilter

ROWS: Final = 25
"""Rows of a page of a list."""
FRESH_SECONDS: Final = 4.5
DAY: Final = 86_400.0
MOST: Final = 256
"""Readings that are kept."""
Found = TypeVar("Found")


class Listed(NamedTuple):
    """A page of a list, its number from 1, how many pages there are, and how many rows on all of them."""

    items: list[dict[str, Any]]
    page: int
    pages: int
    number: Total


def listed(items: list[dict[str, Any]], page: int, number: Total) -> Listed:
    """A page; of a list that is not counted to its end there is always one more."""
    pages = max(1, -(-number.total // ROWS))
    return Listed(items, page, pages if number.total_exact else max(pages, page) + 1, number)


def _place(page: int) -> Place:
    return Place(ROWS, skip=(page - 1) * ROWS)


class MatterData:
    """Reads what `insight` keeps; ten watchers of the same page cost as much as one."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
        thresholds: Thresholds | None = None,
    ) -> None:
        self.clock = clock
        self.thresholds = thresholds or {}
        self._database = database
        self._monotonic = monotonic
        self._kept: dict[Hashable, tuple[float, Any]] = {}
        self._reading = asyncio.Lock()

    async def hops(self, wanted: HopFilter) -> Records:
        """Kinds of hops. Raises StoreUnavailable."""

        async def read() -> Records:
            async with self._database.reading() as session:
                return await paths.records(session, wanted)

        return await self._newest(("hops", wanted), read)

    async def statements(self, wanted: HopFilter, page: int) -> Listed:
        """Statements, the largest distortion first. Raises StoreUnavailable."""

        async def read() -> Listed:
            async with self._database.reading() as session:
                rows, number = await paths.statements(session, wanted, _place(page), self.thresholds)
            return listed(rows, page, number)

        return await self._newest(("statements", wanted, page), read)

    async def requested(self, customer_id: str) -> dict[str, Any]:
        """What a customer asked for beside what they got. Raises StoreUnavailable."""

        async def read() -> dict[str, Any]:
            async with self._database.reading() as session:
                return await requested.against_got(session, customer_id)

        return await self._newest(("requested", customer_id), read)

    async def path(self, promise_id: str) -> PromisePath | None:
        """The path of a promise; None if nothing is known of it. Raises StoreUnavailable."""

        async def read() -> PromisePath | None:
            async with self._database.reading() as session:
                return await paths.of_promise(session, promise_id, self.thresholds)

        return await self._newest(("path", promise_id), read)

    async def movement(self, promise_id: str) -> Movement | None:
        """What moved a score over the last day, and since the customer was told; None if there is none to show."""

        async def read() -> Movement | None:
            since = self.clock.now().timestamp() - DAY
            async with self._database.reading() as session:
                return await scores.movement(session, promise_id, since)

        return await self._newest(("movement", promise_id), read)

    async def changes(self, promise_id: str) -> list[Changed]:
        """What was changed of a promise, oldest first. Raises StoreUnavailable."""

        async def read() -> list[Changed]:
            async with self._database.reading() as session:
                return await changes.read(session, promise_id)

        return await self._newest(("changes", promise_id), read)

    async def incidents(self, wanted: IncidentFilter, page: int) -> Listed:
        """Incidents, open ones first. Raises StoreUnavailable."""

        async def read() -> Listed:
            async with self._database.reading() as session:
                found = await incident_lists.incidents(session, wanted, ROWS, skip=(page - 1) * ROWS)
            return listed(found[0], page, found[1])

        return await self._newest(("incidents", wanted, page), read)

    async def handoffs(self, wanted: HandoffFilter, sort: Sort, page: int) -> Listed:
        """Hand-offs as of now. Raises StoreUnavailable."""

        async def read() -> Listed:
            async with self._database.reading() as session:
                found = await handoffs.handoffs(session, wanted, sort, self.clock.now(), _place(page))
            return listed(found[0], page, found[1])

        return await self._newest(("handoffs", wanted, sort, page), read)

    async def plans(self, wanted: PlanFilter, sort: plans.Sort, page: int) -> Listed:
        """Plans as of now. Raises StoreUnavailable."""

        async def read() -> Listed:
            async with self._database.reading() as session:
                found = await plans.plans(session, wanted, sort, self.clock.now(), _place(page))
            return listed(found[0], page, found[1])

        return await self._newest(("plans", wanted, sort, page), read)

    async def actions(self, driver: Component | None) -> list[ActionRecord]:
        """What was tried for a driver, or for all. Raises StoreUnavailable."""

        async def read() -> list[ActionRecord]:
            async with self._database.reading() as session:
                return await plans.actions(session, driver, self.clock.now())

        return await self._newest(("actions", driver), read)

    async def claims(self, wanted: ClaimFilter, page: int) -> Listed:
        """Claims, those with most recipients first. Raises StoreUnavailable."""

        async def read() -> Listed:
            async with self._database.reading() as session:
                rows, number = await claim_lists.claims(session, wanted, _place(page))
            return listed(rows, page, number)

        return await self._newest(("claims", wanted, page), read)

    async def register(self, search: str | None, page: int) -> Listed:
        """The register of capabilities. Raises StoreUnavailable."""

        async def read() -> Listed:
            async with self._database.reading() as session:
                rows, number = await claim_lists.register(session, search, _place(page))
            return listed(rows, page, number)

        return await self._newest(("register", search, page), read)

    async def recall(self, capability_id: str) -> Recall | Unknown:
        """Whom false claims of a capability reached. Raises StoreUnavailable."""

        async def read() -> Recall | Unknown:
            async with self._database.reading() as session:
                return await claim_lists.recall(session, capability_id)

        return await self._newest(("recall", capability_id), read)

    async def reviews(self, wanted: ReviewFilter, page: int) -> Listed:
        """Reviews, newest first. Raises StoreUnavailable."""

        async def read() -> Listed:
            async with self._database.reading() as session:
                rows, number = await reviews.reviews(session, wanted, _place(page))
            return listed(rows, page, number)

        return await self._newest(("reviews", wanted, page), read)

    async def months(self, wanted: ReviewFilter) -> Months:
        """Months of reviews and of late promises. Raises StoreUnavailable."""

        async def read() -> Months:
            async with self._database.reading() as session:
                return await review_months.months(session, wanted)

        return await self._newest(("months", wanted), read)

    async def lead_times(self, wanted: LeadTimeFilter, page: int) -> Compared:
        """Stated lead times beside ours. Raises StoreUnavailable."""

        async def read() -> Compared:
            async with self._database.reading() as session:
                return await lead_times.lead_times(session, wanted, _place(page))

        return await self._newest(("lead times", wanted, page), read)

    async def offers(self, wanted: OfferFilter, page: int) -> Listed:
        """Offers, the newest first. Raises StoreUnavailable."""

        async def read() -> Listed:
            async with self._database.reading() as session:
                rows, number = await offers.offers(session, wanted, _place(page))
            return listed(rows, page, number)

        return await self._newest(("offers", wanted, page), read)

    async def clarifications(self, promise_id: str) -> Listed:
        """What is still asked about a promise, the oldest first. Raises StoreUnavailable."""

        async def read() -> Listed:
            async with self._database.reading() as session:
                rows, number = await clarifications.still_open(session, promise_id, _place(1))
            return listed(rows, 1, number)

        return await self._newest(("clarifications", promise_id), read)

    async def wishes(self, wanted: WishFilter, page: int) -> Listed:
        """Wishes as of now, those due to be looked at again first. Raises StoreUnavailable."""

        async def read() -> Listed:
            async with self._database.reading() as session:
                rows, number = await wishes.wishes(session, wanted, self.clock.now(), _place(page))
            return listed(rows, page, number)

        return await self._newest(("wishes", wanted, page), read)

    async def challenges(self, wanted: ChallengeFilter, page: int) -> Listed:
        """Challenges, the newest first. Raises StoreUnavailable."""

        async def read() -> Listed:
            async with self._database.reading() as session:
                rows, number = await challenges.challenges(session, wanted, _place(page))
            return listed(rows, page, number)

        return await self._newest(("challenges", wanted, page), read)

    async def _newest(self, key: Hashable, read: Callable[[], Awaitable[Found]]) -> Found:
        # One reading at a time: pages about very many rows must not take every connection.
        async with self._reading:
            now = self._monotonic()
            kept = self._kept.get(key)
            if kept is not None and now - kept[0] < FRESH_SECONDS:
                return cast(Found, kept[1])
            found = await read()
            if len(self._kept) >= MOST:
                self._kept.clear()
            self._kept[key] = (now, found)
            return found
