"""Whether all events have been processed, read from the services' own metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import httpx
from prometheus_client.parser import text_string_to_metric_families

Totals = dict[tuple[str, str], float]
"""Values by metric name and topic or state (empty if it has neither), summed over other labels."""

POLL_S: Final = 0.5
CALM: Final = 3
"""Idle checks required in a row, because a batch is in no metric for a moment while it is handed on."""


class NotQuietError(Exception):
    """The services still had work when the time was up; the error text says where."""


def totals(text: str) -> Totals:
    """The values of a `/metrics` page."""
    found: Totals = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            name = (sample.name, sample.labels.get("topic") or sample.labels.get("state", ""))
            found[name] = found.get(name, 0.0) + sample.value
    return found


def waiting(pages: Mapping[str, Totals], topics: Sequence[str]) -> list[str]:
    """The remaining work in words: outbox rows, events to read or to apply, messages to send.

    `topics` are those whose events must all have been applied by risk-svc's worker; `pages` are by process name.
    """
    found = []
    for name, page in pages.items():
        rows = page.get(("candor_outbox_rows", ""), 0)
        if rows:
            found.append(f"{name}: {rows:.0f} outbox rows to send")
        behind = sum(value for (metric, _), value in page.items() if metric == "candor_consumer_lag_records")
        if behind:
            found.append(f"{name}: {behind:.0f} events to read")
        unsaid = sum(page.get(("candor_notices_in_state", state), 0) for state in ("pending", "sending"))
        if unsaid:
            found.append(f"{name}: {unsaid:.0f} messages to send")
    for topic in topics:
        sent = sum(page.get(("candor_relayed_total", topic), 0) for page in pages.values())
        applied = pages.get("risk-worker", {}).get(("candor_consumed_total", topic), 0)
        if applied < sent:
            found.append(f"risk-worker: {sent - applied:.0f} of {sent:.0f} {topic} to apply")
    return found


async def until_quiet(
    client: httpx.AsyncClient,
    urls: Mapping[str, str],
    topics: Sequence[str],
    *,
    seconds: float,
    report: Callable[[str], None] = lambda _text: None,
) -> None:
    """Returns once nothing is left to process; raises NotQuietError after `seconds`."""
    calm, left = 0, seconds
    while True:
        pages = {name: totals((await client.get(f"{url}/metrics")).text) for name, url in urls.items()}
        found = waiting(pages, topics)
        calm = 0 if found else calm + 1
        if calm >= CALM:
            return
        if left <= 0:
            raise NotQuietError("; ".join(found) or "it only just became quiet")
        report(found[0] if found else "")
        await asyncio.sleep(POLL_S)
        left -= POLL_S


def learnt(pages: Mapping[str, Totals], until: float) -> float:
    """The business time (epoch seconds) up to which the model in use has learnt: at most `until`; 0 for nothing yet.

    Below `until` while the worker still forecasts with an older version than the one the learner has published.
    """
    learner, worker = (pages.get(name, {}) for name in ("risk-learner", "risk-worker"))
    reached = min(until, learner.get(("candor_model_boundary_timestamp_seconds", ""), 0.0))
    same = learner.get(("candor_model_version", "")) == worker.get(("candor_model_version", ""))
    return reached if same or reached < until else until - 1.0


async def until_learnt(
    client: httpx.AsyncClient,
    urls: Mapping[str, str],
    until: float,
    *,
    seconds: float,
    report: Callable[[float], None] = lambda _reached: None,
) -> None:
    """Returns once the model in use has learnt up to `until`; NotQuietError after `seconds` without progress."""
    left, before = seconds, -1.0
    while True:
        pages = {name: totals((await client.get(f"{url}/metrics")).text) for name, url in urls.items()}
        reached = learnt(pages, until)
        report(reached)
        if reached >= until:
            return
        left, before = (seconds, reached) if reached > before else (left, before)
        if left <= 0:
            raise NotQuietError(f"risk-learner: no version of the model for {seconds:.0f} s")
        await asyncio.sleep(POLL_S)
        left -= POLL_S
