"""Lists through the API: many rows made of one, and a walk from the first page to the last."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import httpx

from tests.support.api import Api

MANY = 10_000
_COPY = """
INSERT INTO {table} OVERRIDING SYSTEM VALUE
SELECT (jsonb_populate_record(one, {changes})).* FROM {table} AS one, generate_series(2, $1) AS n"""


async def copied(connection: Any, table: str, changes: str, number: int = MANY) -> None:
    """Make `number` rows of the only one of a table; `changes` is a jsonb of what differs, by `n` from 2."""
    await connection.execute(_COPY.format(table=table, changes=f"jsonb_build_object({changes})"), number)


async def walk(client: httpx.AsyncClient, path: str, headers: dict[str, str], **params: Any) -> list[dict[str, Any]]:
    """All items of all pages, each page of 200; every page must say that there are as many as that."""
    found: list[dict[str, Any]] = []
    said: set[tuple[int, bool]] = set()
    following: str | None = f"{path}?{urlencode({'limit': 200, **params})}"
    while following:
        answer = await client.get(following, headers=headers)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["items"]
        said.add((page["total"], page["total_exact"]))
        following = answer.links["next"]["url"] if "next" in answer.links else None
    assert said == {(len(found), True)}
    return found


async def ask(api: Api, path: str, **params: Any) -> Any:
    """What a path answers to somebody who may only read."""
    answer = await api.call("GET", path, role="viewer", params=params or None)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def names(api: Api, path: str, key: str, **params: Any) -> list[str]:
    """What the items of a list of one page have under a key; the page must say that there are as many."""
    found = await ask(api, path, **params)
    assert found["total"] == len(found["items"])
    return [item[key] for item in found["items"]]
