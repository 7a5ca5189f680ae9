"""ServiceTitan: jobs by their time of change.

Shapes: `GET /jpm/v2/tenant/{tenant}/jobs?modifiedOnOrAfter=…&page=…` answers `{"page", "hasMore", "data": […]}`; beside
the token, `ST-App-Key` names the app.
"""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec

from candor.clients.calling import Answer, Calling
from candor.clients.credentials import Credentials, Secret
from candor.clients.pages import Asked, Page, found, latest, proven

AT_ONCE: Final = "100"


class ServiceTitan:
    """Reads a tenant's jobs."""

    def __init__(self, calling: Calling, credentials: Credentials, tenant: str, app_key: Secret) -> None:
        self._calling = calling
        self._credentials = credentials
        self._path = f"/jpm/v2/tenant/{tenant}/jobs"
        self._key = app_key

    async def page(self, asked: Asked) -> Page:
        """At most 100 jobs, each in a body of its own; a page's name is its number."""
        number = int(asked.page or "1")
        since = asked.since.isoformat()
        parameters = {"modifiedOnOrAfter": since, "page": str(number), "pageSize": AT_ONCE, "sort": "+ModifiedOn"}
        key = await asyncio.to_thread(self._key.read)

        async def send(token: str) -> Answer:
            headers = {"authorization": f"Bearer {token}", "st-app-key": key}
            return await self._calling.get(self._path, parameters, headers)

        answer = await proven(self._credentials, send)
        jobs = found(answer, "data")
        bodies = [
            msgspec.json.encode({"eventType": "job.updated", "occurredOn": job.get("modifiedOn"), "data": job})
            for job in jobs
        ]
        more = answer.body.get("hasMore") is True and bool(jobs)
        return Page(bodies, latest(answer, [job.get("modifiedOn") for job in jobs]), str(number + 1) if more else None)
