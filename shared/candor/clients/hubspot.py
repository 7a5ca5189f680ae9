"""HubSpot: objects of one type by their time of change, and those that a thin webhook names.

Shapes: CRM search (`POST /crm/v3/objects/{type}/search`: sorted, at most 10,000 results of one search) and batch read
(`POST …/batch/read`: at most 100 ids, status 207 where some of them are gone).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

import msgspec

from candor.clients.calling import Answer, Calling, RefusedError
from candor.clients.credentials import Credentials
from candor.clients.pages import ANEW, Asked, Page, found, latest, part, proven

AT_ONCE: Final = 100
LAST: Final = 10_000 - AT_ONCE
"""The place of the last page that one search gives: what follows is searched for from the latest change on."""
CHANGED: Final = "hs_lastmodifieddate"
CONTACT: Final = "0-1"
TYPES: Final = {"contact": "0-1", "company": "0-2", "deal": "0-3", "ticket": "0-5"}
"""How the older dialect of events calls a type, which it puts before the dot."""
PLURALS: Final = {"contacts": "0-1", "companies": "0-2", "deals": "0-3", "tickets": "0-5"}
_type: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


class HubSpot:
    """Reads `fields` of the objects of one type: `object_type` as HubSpot says it, such as 0-3 or deals."""

    def __init__(self, calling: Calling, credentials: Credentials, object_type: str, fields: Sequence[str]) -> None:
        self._calling = calling
        self._credentials = credentials
        self._type = PLURALS.get(object_type, object_type)
        self._changed = "lastmodifieddate" if self._type == CONTACT else CHANGED
        self._fields = list(dict.fromkeys([*fields, self._changed]))

    async def page(self, asked: Asked) -> Page:
        """At most 100 objects, by their time of change."""
        since = str(int(asked.since.timestamp() * 1000))
        only = {"propertyName": self._changed, "operator": "GTE", "value": since}
        body: dict[str, Any] = {
            "filterGroups": [{"filters": [only]}],
            "sorts": [{"propertyName": self._changed, "direction": "ASCENDING"}],
            "properties": self._fields,
            "limit": AT_ONCE,
        }
        if asked.page:
            body["after"] = asked.page
        answer = await self._send("search", body, self._type)
        objects = found(answer, "results")
        at = latest(answer, [part(one, "properties", self._changed) or one.get("updatedAt") for one in objects])
        following = part(answer.body, "paging", "next", "after")
        if isinstance(following, str) and following.isdigit() and int(following) > LAST:
            if at is None or at <= asked.since:
                raise RefusedError(f"more than {LAST:,} objects changed at one moment: HubSpot tells no more of them")
            following = ANEW
        bodies = [_body([], {f"{self._type}/{one.get('id')}": one for one in objects})] if objects else []
        return Page(bodies, at, following if isinstance(following, str) else None)

    async def complete(self, raw: bytes) -> bytes:
        """`{"events": the batch as it came, "objects": {"<type>/<id>": the object now}}`; who is gone has no object.

        Bodies that are no batch of events stay as they are: the mapping says what is wrong with them.
        """
        try:
            events = msgspec.json.decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return raw
        if not isinstance(events, list):
            return raw
        objects: dict[str, Any] = {}
        for kind, ids in _named(events).items():
            body = {"properties": self._fields, "inputs": [{"id": one} for one in ids]}
            answer = await self._send("batch/read", body, TYPES.get(kind, kind))
            objects |= {f"{kind}/{one.get('id')}": one for one in found(answer, "results")}
        return _body(events, objects)

    async def _send(self, what: str, body: Mapping[str, Any], kind: str) -> Answer:
        async def send(token: str) -> Answer:
            path = f"/crm/v3/objects/{kind}/{what}"
            return await self._calling.post(path, body, {"authorization": f"Bearer {token}"})

        return await proven(self._credentials, send)


def _named(events: Sequence[Any]) -> dict[str, list[str]]:
    """The first 100 distinct objects that events name, by type: as many as HubSpot puts into a batch of events."""
    named: dict[str, list[str]] = {}
    for kind, name in islice(dict.fromkeys(_pairs(events)), AT_ONCE):
        named.setdefault(kind, []).append(name)
    return named


def _pairs(events: Sequence[Any]) -> Iterator[tuple[str, str]]:
    for event in events:
        if not isinstance(event, dict):
            continue
        name, said = event.get("objectId"), event.get("subscriptionType")
        older = said.partition(".")[0] if isinstance(said, str) else ""
        kind = event.get("objectTypeId") or (older if older in TYPES else "")
        # It becomes a part of an address: whatever else stands there names no object.
        if isinstance(name, int) and isinstance(kind, str) and _type.fullmatch(kind):
            yield kind, str(name)


def _body(events: Sequence[Any], objects: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode({"events": events, "objects": objects})
