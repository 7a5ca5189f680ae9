"""What `candor sources replay` does: asks each service, shows how far it is, and says what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import typer
from rich.progress import Progress

from candor.errors import InputError, plainly
from candor.escaping import escaped
from candor.ops.moments import read_moment
from candor.replay import shown
from candor.replay.live import client
from candor.replay.sending import Unreachable
from candor.replay.stored import ReplayRefusedError, StoredOutcome, StoredReplay
from candor.replay.where import endpoints
from candor.terminal import Screen

STOPPED = 130
SHOWN = 20


def replay_stored(
    source: str,
    since: str,
    key: str,
    service: str | None,
    promise_url: str,
    delivery_url: str,
    *,
    refused: bool,
    hidden: bool,
) -> StoredOutcome:
    """Replay in promise-svc, then in delivery-svc. Raises InputError for what a person must change, Exit on Ctrl-C."""
    console = Screen(stderr=True)
    where = endpoints(promise_url, delivery_url)
    urls = {"promise-svc": where.promise, "delivery-svc": where.delivery}

    async def all_of_them(display: Progress) -> StoredOutcome:
        async with client() as http:
            replay = StoredReplay(
                http, key, source, _moment(since), datetime.now(UTC), refused=refused, report=_reporter(display)
            )
            for name, url in urls.items():
                if service in (None, name):
                    await replay.run(name, url)
            return replay.outcome

    try:
        with shown.progress(console, hidden=hidden) as display:
            return asyncio.run(all_of_them(display))
    except (ReplayRefusedError, Unreachable) as error:
        raise InputError(plainly(error)) from error
    except KeyboardInterrupt:
        console.print("stopped; run it again: what was taken is not taken twice")
        raise typer.Exit(STOPPED) from None


def in_words(outcome: StoredOutcome) -> str:
    """The outcome in one or a few lines, what was refused again last."""
    if not outcome.total:
        return "no such request is kept since then: GET /v1/sources names senders, GET /v1/rejected what was refused"
    lines = [f"{outcome.processed} of {outcome.total} requests processed"]
    if outcome.waiting:
        lines.append(f"{outcome.waiting} wait for their completion: GET /v1/requests?state=waiting")
    if outcome.gone:
        lines.append(f"{outcome.gone} have been erased, or come to their end")
    again = outcome.refused[:SHOWN]
    lines += [escaped(f"refused again in {one.service}: {one.request_id} {one.code} {one.detail}") for one in again]
    if len(outcome.refused) > SHOWN:
        lines.append(f"and {len(outcome.refused) - SHOWN} more")
    return "\n".join(lines)


def _moment(text: str) -> datetime:
    try:
        return read_moment(text)
    except ValueError as error:
        raise InputError(f"--since {text}: {error}") from None


def _reporter(display: Progress) -> Callable[[StoredOutcome], None]:
    task = display.add_task("replaying", total=None, note="")

    def report(outcome: StoredOutcome) -> None:
        note = f"{len(outcome.refused)} refused again" if outcome.refused else ""
        display.update(task, total=outcome.total, completed=outcome.done, note=note)

    return report
