"""`candor replay`: sends a stream file live, as signed webhooks."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from candor.command_texts import examples
from candor.errors import InputError, plainly
from candor.escaping import escaped
from candor.terminal import Screen, say_json

if TYPE_CHECKING:
    from candor.replay.engine import Outcome

STOPPED = 130


def register(app: typer.Typer) -> None:
    """Adds the command."""
    elsewhere = (
        "candor replay day.jsonl --promise-url https://promises.example.com --source crm --secrets webhooks.json"
    )
    app.command("replay", epilog=examples("candor replay day.jsonl", elsewhere))(replay)


def replay(
    file: Annotated[Path, typer.Argument(help="JSON lines of events, sorted by time.", exists=True, dir_okay=False)],
    promise_url: Annotated[str, typer.Option(help="Address of promise-svc; default: the local stack.")] = "",
    delivery_url: Annotated[str, typer.Option(help="Address of delivery-svc; default: the local stack.")] = "",
    source: Annotated[str, typer.Option(help="Webhook source to send as.")] = "replay",
    secrets: Annotated[Path | None, typer.Option(help="File of webhook secrets; default: the local stack.")] = None,
    clock: Annotated[
        str,
        typer.Option(envvar="CLOCK", help="The services' clock, e.g. 2013-03-07T17:00Z@1300; needs --clock-origin."),
    ] = "",
    clock_origin: Annotated[
        str,
        typer.Option(
            envvar="CLOCK_ORIGIN", help="The system time at which that clock started, shared with the services."
        ),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON and show no progress.")] = False,
) -> None:
    """Send every event of a stream at its business time, as a CRM would: signed, in order per promise, until accepted.

    The stream follows the services' business clock (CLOCK and CLOCK_ORIGIN, as the services have them). Without one,
    what lies in the past is sent at once. Ctrl-C stops cleanly; a second replay sends the rest, known by its ids.
    """
    # Imported here because `candor --help` needs no HTTP client.
    from candor.installation.running import at_work  # noqa: PLC0415
    from candor.replay import shown  # noqa: PLC0415
    from candor.replay.live import send_stream  # noqa: PLC0415
    from candor.replay.stream import StreamError, read_stream  # noqa: PLC0415
    from candor.replay.where import WhereError, endpoints, pace, webhook_secret  # noqa: PLC0415

    console = Screen(stderr=True)
    try:
        services = endpoints(promise_url, delivery_url)
        secret = webhook_secret(secrets or at_work().secrets / "webhooks.json", source)
        paced = pace(clock, clock_origin)
        total = sum(1 for _line in read_stream(file))
    except (StreamError, WhereError) as error:
        raise InputError(plainly(error)) from error
    with shown.progress(console, hidden=as_json) as display:
        report = shown.replay_reporter(display, total)
        events = (event for _line, event in read_stream(file))
        outcome = asyncio.run(send_stream(events, services, source, secret, paced, report))
    outcome.total = total
    if as_json:
        say_json(asdict(outcome), default=str)
    else:
        console.print(in_words(outcome))
    if outcome.stopped or outcome.refused:
        raise typer.Exit(STOPPED if outcome.stopped else 1)


def in_words(outcome: Outcome) -> str:
    """The outcome in one or a few lines, errors last."""
    lines = [f"{outcome.sent} of {outcome.total} events answered, {outcome.retried} retries"]
    if outcome.late:
        lines.append(f"{outcome.late} went out late, the latest by {outcome.most_behind_s:.1f} s: a lower speed helps")
    lines += [
        escaped(f"refused {item.event_id} ({item.type}): {item.code} {item.detail}") for item in outcome.refused[:20]
    ]
    if len(outcome.refused) > 20:
        lines.append(f"and {len(outcome.refused) - 20} more refused")
    if outcome.stopped:
        lines.append("stopped; run it again to send the rest")
    return "\n".join(lines)
