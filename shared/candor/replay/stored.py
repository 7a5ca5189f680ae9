"""Replays a sender's stored requests through the public API, one after another in the order in which they came."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import httpx

from candor.replay.sending import Answer, until_answered
from candor.replay.stream import utc_text

PAGE: Final = 200
TRIES: Final = 12
NOT_FOUND: Final = 404
NOT_ALLOWED: Final = frozenset({401, 403, 422})
MENDED: Final = "mended"
NOT_TAKEN: Final = ("refused", "failed")


class ReplayRefusedError(Exception):
    """The service does not let us ask this: the key, its role, or a parameter is wrong."""


@dataclass
class RefusedAgain:
    """One request of which something was refused again, and why."""

    request_id: str
    service: str
    code: str
    detail: str


@dataclass
class StoredOutcome:
    """Figures so far; `gone`: erased or at their end since they were listed; `waiting`: completed later by a call."""

    total: int = 0
    processed: int = 0
    waiting: int = 0
    gone: int = 0
    refused: list[RefusedAgain] = field(default_factory=list)

    @property
    def done(self) -> int:
        return self.processed + self.waiting + self.gone + len(self.refused)


class StoredReplay:
    """Replays what one sender sent from `since` until `until`; with `refused` only what was refused or given up."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        key: str,
        source: str,
        since: datetime,
        until: datetime,
        *,
        refused: bool = False,
        tries: int = TRIES,
        report: Callable[[StoredOutcome], None] = lambda _outcome: None,
    ) -> None:
        self._client = client
        self._headers = {"authorization": f"Bearer {key}"}
        self._filters = {"source": source, "since": utc_text(since), "until": utc_text(until)}
        self._states = NOT_TAKEN if refused else ("",)
        self._tries = tries
        self._report = report
        self._following = ""
        self.outcome = StoredOutcome()

    async def run(self, service: str, url: str) -> None:
        """Replay what one service stored. Raises ReplayRefusedError, or Unreachable after so many tries."""
        for state in self._states:
            async for item in self._stored(url, state):
                await self._one(service, url, item["request_id"])
                self._report(self.outcome)

    async def _stored(self, url: str, state: str) -> AsyncIterator[dict[str, Any]]:
        """What is listed, a page at a time; a page is read once all of the one before has been replayed."""
        params = {**self._filters, "order": "oldest", "limit": str(PAGE)} | ({"state": state} if state else {})
        address, first = f"{url}/v1/requests?{httpx.QueryParams(params)}", True
        while address:
            answer = await self._ask("GET", address)
            if not answer.accepted:
                raise ReplayRefusedError(f"{url}: {answer.code} {answer.detail}")
            following = self._following
            if first:
                self.outcome.total += answer.body["total"]
                self._report(self.outcome)
            for item in answer.body["items"]:
                if item["state"] == MENDED:
                    # Another was taken in its place: as it came it would be refused once more.
                    self.outcome.total -= 1
                else:
                    yield item
            address, first = following, False

    async def _one(self, service: str, url: str, request_id: str) -> None:
        answer = await self._ask("POST", f"{url}/v1/requests/{request_id}/replay")
        found = self.outcome
        if answer.status in NOT_ALLOWED:
            raise ReplayRefusedError(f"{url}: {answer.code} {answer.detail}")
        if answer.status == NOT_FOUND:
            found.gone += 1
        elif not answer.accepted:
            found.refused.append(RefusedAgain(request_id, service, answer.code, answer.detail))
        elif rejected := answer.body["rejected"]:
            found.refused.append(RefusedAgain(request_id, service, rejected[0]["code"], rejected[0]["detail"]))
        elif answer.body["state"] == "waiting":
            found.waiting += 1
        else:
            found.processed += 1

    async def _ask(self, method: str, address: str) -> Answer:
        self._following = ""

        async def attempt() -> httpx.Response:
            response = await self._client.request(method, address, headers=self._headers)
            following = response.links.get("next", {}).get("url", "")
            self._following = str(httpx.URL(address).join(following)) if following else ""
            return response

        return await until_answered(attempt, tries=self._tries)
