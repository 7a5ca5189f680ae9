"""Pipedrive: deals, or other objects, by their time of change.

Shapes: `GET /api/v2/deals?updated_since=…&sort_by=update_time&cursor=…` answers `{"success", "data": […],
"additional_data": {"next_cursor"}}`; the token is in `x-api-token`.
"""

from __future__ import annotations

from datetime import UTC
from typing import Final

import msgspec

from candor.clients.calling import Answer, Calling
from candor.clients.credentials import Credentials
from candor.clients.pages import Asked, Page, found, latest, part, proven

AT_ONCE: Final = "100"


class Pipedrive:
    """Reads the objects of one type, which the interface's address names: deals."""

    def __init__(self, calling: Calling, credentials: Credentials, object_type: str = "deals") -> None:
        self._calling = calling
        self._credentials = credentials
        self._type = object_type

    async def page(self, asked: Asked) -> Page:
        """At most 100 objects, by their time of change."""
        since = asked.since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        parameters = {"updated_since": since, "sort_by": "update_time", "sort_direction": "asc", "limit": AT_ONCE}
        if asked.page:
            parameters["cursor"] = asked.page

        async def send(token: str) -> Answer:
            return await self._calling.get(f"/api/v2/{self._type}", parameters, {"x-api-token": token})

        answer = await proven(self._credentials, send)
        objects = found(answer, "data")
        kind = self._type.removesuffix("s")
        named = {f"{kind}/{one.get('id')}": one for one in objects}
        bodies = [msgspec.json.encode({"events": [], "objects": named})] if objects else []
        following = part(answer.body, "additional_data", "next_cursor")
        at = latest(answer, [one.get("update_time") for one in objects])
        return Page(bodies, at, following if isinstance(following, str) and following else None)
