"""Reads the records for the summary through the public APIs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, Final

import httpx

from candor_demo.summary import Score, SentMessage

PAGE: Final = 200
MAIL_PAGE: Final = 500
P80: Final = 0.8
UNDER_WAY: Final = ("pending", "sending")
LEADS: Final = ("made", "left75", "left50", "left25", "at:departed")


async def items(client: httpx.AsyncClient, url: str, key: str, **query: str) -> AsyncIterator[dict[str, Any]]:
    """Yields every item of a paged list, following its Link headers; raises httpx.HTTPStatusError."""
    following: str | None = str(httpx.URL(url).copy_merge_params({"limit": str(PAGE), **query}))
    while following:
        response = await client.get(following, headers={"authorization": f"Bearer {key}"})
        response.raise_for_status()
        for item in response.json()["items"]:
            yield item
        link = response.links.get("next")
        following = str(response.url.join(link["url"])) if link else None


async def spoken(client: httpx.AsyncClient, notify_url: str, key: str) -> list[SentMessage]:
    """What customers were actually told: notices that were sent, with their business times."""
    return [
        SentMessage(
            item["promise_id"],
            item["statement"],
            datetime.fromisoformat(item["changed_at"]),
            datetime.fromisoformat(item["told_high"]) if item["told_high"] else None,
        )
        async for item in items(client, f"{notify_url}/v1/notices", key, state="sent", audience="customer")
    ]


def under_way(states: Mapping[str, int]) -> int:
    """How many of the notices in these states are decided but not yet sent."""
    return sum(states.get(state, 0) for state in UNDER_WAY)


async def waiting_to_go(client: httpx.AsyncClient, notify_url: str, key: str) -> int:
    """How many messages are decided but not yet sent."""
    return sum([1 for state in UNDER_WAY async for _ in items(client, f"{notify_url}/v1/notices", key, state=state)])


async def notice_states(client: httpx.AsyncClient, notify_url: str, key: str) -> dict[str, int]:
    """How many notices are in each state."""
    found: dict[str, int] = {}
    async for item in items(client, f"{notify_url}/v1/notices", key):
        found[item["state"]] = found.get(item["state"], 0) + 1
    return found


async def scores(client: httpx.AsyncClient, risk_url: str, key: str) -> dict[str, Score]:
    """Forecast accuracy by lead, and of all leads under the empty name; leads without a score are left out."""
    found = {}
    for lead in ("", *LEADS):
        query = {"lead": lead} if lead else {}
        url = f"{risk_url}/v1/track-record"
        response = await client.get(url, params=query, headers={"authorization": f"Bearer {key}"})
        response.raise_for_status()
        if response.json()["n"]:
            found[lead] = score_of(response.json())
    return found


def score_of(record: Mapping[str, Any]) -> Score:
    """A track record as a score; the share that slipped comes from its reliability table."""
    slipped = sum(row["n"] * row["observed"] for row in record["reliability"]) / record["n"]
    p80: Mapping[str, Any] = next((one for one in record["coverage"] if one["level"] == P80), {"covered": None, "n": 0})
    error = (record["n"], record["brier"], record["base_brier"], slipped * (1 - slipped))
    return Score(*error, p80["covered"], p80["n"])


async def recipients(client: httpx.AsyncClient, mailbox_url: str) -> list[str]:
    """The recipient of each message in the mailbox, one entry per message."""
    found: list[str] = []
    query = {"limit": str(MAIL_PAGE)}
    while True:
        response = await client.get(f"{mailbox_url}/messages", params=query)
        response.raise_for_status()
        body = response.json()
        found += [address for message in body["messages"] for address in message["recipients"]]
        if not body["next"]:
            return found
        query = {"limit": str(MAIL_PAGE), "before": str(body["next"])}
