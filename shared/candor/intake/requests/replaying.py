"""Replays a stored request as it is, or mended: the same way as when it came, so what was taken stays taken once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from candor.intake.intake import Intake, told
from candor.intake.requests.content import Content
from candor.intake.requests.opening import Opening
from candor.intake.requests.table import FAILED, MENDED, REFUSED, WAITING
from candor.intake.requests.writing import Request
from candor.intake.source import Outcome, completion_of, summary
from candor.store import audit
from candor.store.audit import Act
from candor.store.unit_of_work import unit_of_work
from candor.web.http.problems import Problem


class Row(NamedTuple):
    """A stored request with its content: as it came, and as it was completed if that was needed."""

    request_id: str
    source: str
    read_as: str
    sealed: bytes
    completed: bytes | None
    size: int
    received_at: datetime


class Result(NamedTuple):
    """What became of a replay: the request's id and state, and each of its events; none of one that waits."""

    request_id: str
    state: str
    outcomes: Sequence[Outcome] = ()

    def document(self) -> dict[str, Any]:
        """For an answer."""
        return {"request_id": self.request_id, "state": self.state} | summary(told(self.outcomes))


class Replaying:
    """Replays for one service; every act of a person is recorded before it is done."""

    def __init__(self, intake: Intake[Any, Any], opening: Opening) -> None:
        self._intake = intake
        self._opening = opening

    async def look(self, request_id: str, act: Act) -> tuple[Row, Content, Content | None]:
        """A request, its content and its completed content; records who looked. Raises Problem 404 or 409."""
        row = await self._row(request_id, act)
        whole = None if row.completed is None else self._opening.content(row.completed)
        return row, self._opening.content(row.sealed), whole

    async def replay(self, request_id: str, act: Act) -> Result:
        """Replay it as it came. Raises Problem 404, 409 or 503."""
        row = await self._row(request_id, act)
        webhook = self._opening.webhook(row.source, self._opening.content(row.sealed))
        if completion_of(self._intake.sources[webhook.read_as]) is not None:
            async with unit_of_work(self._intake.database) as uow:
                await uow.connection.execute(_AGAIN, row.request_id)
            return Result(row.request_id, WAITING)
        request = Request(
            request_id=row.request_id,
            source=row.source,
            read_as=webhook.read_as,
            sealed=row.sealed,
            size=row.size,
            received_at=row.received_at,
            known=True,
        )
        return Result(row.request_id, *await self._processed(request, webhook))

    async def mend(self, request_id: str, body: bytes, who: str, act: Act) -> Result:
        """Replay it with another body, as a request of its own that names it. Raises Problem 404, 409 or 503."""
        row = await self._row(request_id, act)
        content = self._opening.content(row.sealed)
        mended = Content(content.webhook_id, content.media_type, content.headers, body)
        webhook = self._opening.webhook(row.source, mended)
        request = self._intake.arrivals.of_content(row.source, webhook.read_as, mended)
        if request.request_id == row.request_id:
            raise Problem.invalid_field("/body", "is what the sender sent: replay it as it is")
        request.mended_from, request.mended_by = row.request_id, who
        if completion_of(self._intake.sources[webhook.read_as]) is not None:
            await self._intake.hold(request)
            async with unit_of_work(self._intake.database) as uow:
                await uow.connection.execute(_MENDED, row.request_id, request.request_id)
            return Result(request.request_id, WAITING)
        return Result(request.request_id, *await self._processed(request, webhook))

    async def _processed(self, request: Request, webhook: Any) -> tuple[str, Sequence[Outcome]]:
        outcomes = await self._intake.process(webhook, request, heard=False)
        return request.state, outcomes

    async def _row(self, request_id: str, act: Act) -> Row:
        async with unit_of_work(self._intake.database) as uow:
            found = await uow.connection.fetchrow(_ROW, request_id)
            await audit.write(uow, [act if found is not None else act._replace(outcome="not_found")])
        if found is None:
            raise Problem.not_found("there is no such request: it may have come to its end, or been erased")
        return Row(*found)


_ROW: Final = """
SELECT request_id, source, read_as, sealed, completed, size, received_at FROM request WHERE request_id = $1"""
_AGAIN: Final = f"""
UPDATE request SET state = '{WAITING}', reason = '', tries = 0, completed = NULL, next_at = now()
WHERE request_id = $1"""  # noqa: S608 - constants
_MENDED: Final = f"""
UPDATE request SET state = '{MENDED}', mended_at = now(), mended_to = $2
WHERE request_id = $1 AND state IN ('{REFUSED}', '{FAILED}')"""  # noqa: S608 - constants
