"""Many reports of one sender in few requests, as delivery-svc takes them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx

from bench.scale.process import Process
from bench.scale.site import Site

MOST: Final = 1_000


def steps(promise: str, count: int, first: str = "step") -> list[dict[str, Any]]:
    """`count` differently named steps of a promise, a tenth of a second apart, the last one now."""
    now = datetime.now(UTC)
    return [
        {
            "promise_id": promise,
            "milestone": f"{first}-{number}",
            "status": "reached",
            "at": (now - timedelta(seconds=(count - number) / 10)).isoformat(),
        }
        for number in range(count)
    ]


async def report(site: Site, service: Process, kind: str, data: Sequence[dict[str, Any]], serial: str) -> list[str]:
    """Send batches of CloudEvents; returns what was answered to each, in short."""
    headers = {**site.headers, "Content-Type": "application/cloudevents-batch+json"}
    answers = []
    for start in range(0, len(data), MOST):
        batch = [
            {"specversion": "1.0", "id": f"{serial}-{start + n}", "source": "scale", "type": kind, "data": one}
            for n, one in enumerate(data[start : start + MOST])
        ]
        answer = await site.client.post(f"{service.url}/v1/events", content=json.dumps(batch), headers=headers)
        answers.append(_short(answer))
    return answers


async def past(site: Site, service: Process, data: Sequence[dict[str, Any]], serial: str) -> list[str]:
    """Send an import in the order given; returns what was answered to each request, in short."""
    answers = []
    for start in range(0, len(data), MOST):
        events = [
            {"id": f"{serial}-{start + n}", "type": "milestone.reported", "time": one["at"], "data": one}
            for n, one in enumerate(data[start : start + MOST])
        ]
        body = {"source": serial, "events": events}
        answers.append(_short(await site.client.post(f"{service.url}/v1/imports", json=body, headers=site.headers)))
    return answers


def _short(answer: httpx.Response) -> str:
    if not answer.is_success:
        return str(answer.status_code)
    taken = answer.json()
    refused = taken.get("rejected", [])
    return f"{answer.status_code}, {taken.get('accepted', 0)} taken, {len(refused)} refused"
