"""Salesforce: records of one object by their time of change.

Shapes: SOQL by `GET /services/data/{version}/query?q=…`, answered by `{"totalSize", "done", "records": [{"attributes",
"Id", …}]}`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from candor.clients.calling import Answer, Calling, RefusedError
from candor.clients.credentials import Credentials
from candor.clients.pages import Asked, Page, found, latest, proven
from candor.ops.moments import read_moment

VERSION: Final = "v62.0"
AT_ONCE: Final = 200
CHANGED: Final = "SystemModstamp"
_record_id: Final = re.compile(r"[A-Za-z0-9]{15,18}")


class Salesforce:
    """Reads `fields` of the records of an object, such as Opportunity."""

    def __init__(
        self,
        calling: Calling,
        credentials: Credentials,
        object_type: str,
        fields: Sequence[str],
        version: str = VERSION,
    ) -> None:
        self._calling = calling
        self._credentials = credentials
        self._type = object_type
        self._fields = ", ".join(dict.fromkeys(["Id", CHANGED, *fields]))
        self._path = f"/services/data/{version}/query"

    async def page(self, asked: Asked) -> Page:
        """At most 200 records, by their time of change and id; a page's name is where the one before ended."""
        query = f"SELECT {self._fields} FROM {self._type} WHERE {_after(asked)} ORDER BY {CHANGED}, Id LIMIT {AT_ONCE}"  # noqa: S608

        async def send(token: str) -> Answer:
            return await self._calling.get(self._path, {"q": query}, {"authorization": f"Bearer {token}"})

        answer = await proven(self._credentials, send)
        records = found(answer, "records")
        objects = {f"{self._type}/{one.get('Id')}": one for one in records}
        at = latest(answer, [one.get(CHANGED) for one in records])
        bodies = [msgspec.json.encode({"events": [], "objects": objects})] if records else []
        following = f"{records[-1][CHANGED]} {records[-1].get('Id')}" if len(records) >= AT_ONCE else None
        return Page(bodies, at, following)


def _after(asked: Asked) -> str:
    if not asked.page:
        return f"{CHANGED} >= {_literal(asked.since)}"
    time, _, last = asked.page.rpartition(" ")
    if not _record_id.fullmatch(last):
        raise RefusedError("a record of the answer has no id")
    try:
        at = _literal(read_moment(time))
    except ValueError:
        raise RefusedError("a record of the answer does not say when it changed") from None
    return f"({CHANGED} > {at} OR ({CHANGED} = {at} AND Id > '{last}'))"


def _literal(at: datetime) -> str:
    # Down to the millisecond, as Salesforce keeps it: rounded up, a record would be missed.
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
