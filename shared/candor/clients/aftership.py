"""AfterShip: shipments by the time at which they changed.

Shapes: `GET /tracking/{version}/trackings?updated_at_min=…&cursor=…` answers `{"data": {"trackings": […], "pagination":
{"next_cursor", "has_next_page"}}}`; the key is in `as-api-key`, the limits in `x-ratelimit-*`.
"""

from __future__ import annotations

from typing import Final

import msgspec

from candor.clients.calling import Answer, Calling
from candor.clients.credentials import Credentials
from candor.clients.pages import Asked, Page, found, latest, part, proven

VERSION: Final = "2026-01"
AT_ONCE: Final = "100"


class AfterShip:
    """Reads shipments as its webhooks of the same `version` bring them."""

    def __init__(self, calling: Calling, credentials: Credentials, version: str = VERSION) -> None:
        self._calling = calling
        self._credentials = credentials
        self._path = f"/tracking/{version}/trackings"

    async def page(self, asked: Asked) -> Page:
        """At most 100 shipments, each in a body of its own."""
        parameters = {"updated_at_min": asked.since.isoformat(), "limit": AT_ONCE}
        if asked.page:
            parameters["cursor"] = asked.page

        async def send(token: str) -> Answer:
            return await self._calling.get(self._path, parameters, {"as-api-key": token})

        answer = await proven(self._credentials, send)
        shipments = found(answer, "data", "trackings")
        following = part(answer.body, "data", "pagination", "next_cursor")
        more = part(answer.body, "data", "pagination", "has_next_page") is True and isinstance(following, str)
        bodies = [msgspec.json.encode({"event": "tracking_update", "msg": one}) for one in shipments]
        return Page(bodies, latest(answer, [one.get("updated_at") for one in shipments]), following if more else None)
