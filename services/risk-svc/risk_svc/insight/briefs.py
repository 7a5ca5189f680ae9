"""The background that makes the weekly briefs, one of all and one of each department, and sends them as events."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import structlog

from candor.calendar import Weekly
from candor.contracts import BriefMade, BriefSection, BriefSentence, message
from candor.ops.rounds import Rounds
from candor.store.errors import StoreUnavailable
from candor.store.unit_of_work import unit_of_work
from risk_svc.insight import brief, brief_reading

if TYPE_CHECKING:
    from candor.ops.clock import Clock
    from candor.store.db import Database

log: Final = structlog.get_logger("risk.insight")
LATEST: Final = timedelta(days=1)
"""A brief that could not be made for so long is left out."""
LOOK_SECONDS: Final = 20.0
FIRST_LOOK: Final = "first-look"
"""The row of `insight_brief` that says since when briefs are looked for."""
COMPANY: Final = "company"
"""The key of the brief of all."""


class Briefs(Rounds):
    """Makes the briefs that are due while `ours` says that it is this process's turn; each once, whoever makes it."""

    name = "briefs"

    def __init__(self, database: Database, ours: Callable[[], bool], clock: Clock, when: str) -> None:
        super().__init__()
        self._database = database
        self._ours = ours
        self._clock = clock
        self._when = Weekly.of(when) if when else None
        self._done: datetime | None = None

    async def round(self) -> float:
        """Make what is due, where it is this process's turn; without the database it is tried again."""
        if self._when is not None and self._ours():
            try:
                await self.make(self._when.last(self._clock.now()))
            except StoreUnavailable as error:
                log.warning("weekly brief not made yet", reason=error.detail, consequence="it is tried again")
        return LOOK_SECONDS

    async def make(self, due: datetime) -> int:
        """Make the briefs that are due at this time, unless it is too late; returns how many there are to send.

        None of a time at which nobody looked yet: in its first hours an installation knows a part of its history only.
        """
        if due == self._done:
            return 0
        since = await self._since()
        if due < since or self._clock.now() - due > LATEST:
            # It stays so until the next is due.
            self._done = due
            return 0
        made = 0
        for department in (None, *await brief_reading.departments(self._database)):
            known, made_at = await brief_reading.known(self._database, self._clock.now(), department)
            if made_at is None:
                # No figures have been worked out so far.
                return made
            made += await self._send(due, department, brief.brief(known))
        self._done = due
        if made:
            log.info("weekly briefs made", count=made, due=due.isoformat())
        return made

    async def _since(self) -> datetime:
        """When briefs were looked for first."""
        async with unit_of_work(self._database) as uow:
            await uow.connection.execute(_LOOKED, FIRST_LOOK, self._clock.now())
            since: datetime = await uow.connection.fetchval(_SINCE, FIRST_LOOK)
        return since

    async def _send(self, due: datetime, department: str | None, sections: list[brief.Section]) -> bool:
        if not sections:
            return False
        brief_id = f"{due:%G-W%V}" + (f".{department}" if department else "")
        said = [
            BriefSection(one.title, [BriefSentence(said.text, said.path) for said in one.sentences]) for one in sections
        ]
        data = BriefMade(brief_id=brief_id, at=due, sections=said, department=department)
        async with unit_of_work(self._database) as uow:
            if await uow.connection.fetchval(_MADE, brief_id) is None:
                return False
            uow.emit([message(f"brief.{brief_id}", "risk-svc", due, department or COMPANY, 1, data)])
        return True


# Where briefs were made before this was noted, they have been looked for since long ago.
_LOOKED: Final = """
INSERT INTO insight_brief (brief_id, made_at)
SELECT $1, CASE WHEN EXISTS (SELECT FROM insight_brief) THEN to_timestamp(0) ELSE $2::timestamptz END
ON CONFLICT DO NOTHING"""
_SINCE: Final = "SELECT made_at FROM insight_brief WHERE brief_id = $1"
_MADE: Final = "INSERT INTO insight_brief (brief_id) VALUES ($1) ON CONFLICT DO NOTHING RETURNING brief_id"
