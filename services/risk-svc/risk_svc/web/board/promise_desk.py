"""What the forms about one promise ask of the services that take it in, and do there under the person's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from candor.store.audit import Act, Actor
from risk_svc.web.board.intake_data import DELIVERY, PROMISE, IntakeData

PROMISES: Final = "/v1/promises"


class PromiseDesk:
    """Each act is recorded first, and sent with its form's `token`: the same form, sent again, is taken once.

    `version` is that of the promise as the person saw it; what changed meanwhile is refused with status 412.
    """

    def __init__(self, intake: IntakeData) -> None:
        self._intake = intake

    async def promise(self, promise_id: str) -> dict[str, Any]:
        """The promise with its dates and history, as promise-svc has it. Raises ServiceError."""
        return await self._intake.read(PROMISE, _path(promise_id))

    async def make(self, body: Mapping[str, Any], token: str, who: Actor) -> dict[str, Any]:
        """Make a promise; the body names its id. Raises ServiceError."""
        act = Act(who, "promise.make", body["promise_id"])
        return await self._intake.send(act, PROMISE, PROMISES, body, _once(token))

    async def change(
        self, path: str, promise_id: str, body: Mapping[str, Any], version: int, token: str, who: Actor
    ) -> dict[str, Any]:
        """Say something of a promise: another date at `revisions`, its end at `verdict`. Raises ServiceError."""
        headers = {**_once(token), "if-match": f'"{version}"'}
        act = Act(who, f"promise.{path}", promise_id)
        return await self._intake.send(act, PROMISE, f"{_path(promise_id)}/{path}", body, headers)

    async def report(self, promise_id: str, body: Mapping[str, Any], token: str, who: Actor) -> dict[str, Any]:
        """Report a step of a promise. Raises ServiceError."""
        act = Act(who, "milestone.report", promise_id)
        return await self._intake.send(
            act, DELIVERY, "/v1/milestones", {**body, "promise_id": promise_id}, _once(token)
        )


def _path(promise_id: str) -> str:
    return f"{PROMISES}/{quote(promise_id, safe='')}"


def _once(token: str) -> dict[str, str]:
    return {"idempotency-key": f'"{token}"'}
