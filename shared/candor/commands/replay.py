"""`candor replay`: sends a stream live, as signed webhooks: a file, or one that another package makes up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import asdict
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer.core import TyperGroup

from candor.command_texts import examples
from candor.errors import InputError, plainly
from candor.escaping import escaped
from candor.terminal import Screen, say_json

if TYPE_CHECKING:
    from candor.replay.engine import Outcome
    from candor.replay.stream import StreamEvent
    from candor.replay.where import Pace

STOPPED = 130
GROUP: Final = "candor.replays"
"""Entry points that add a stream of their own: `register(group)`."""
FILE: Final = "file"

PromiseUrl = Annotated[str, typer.Option(help="Address of promise-svc; default: the local stack.")]
DeliveryUrl = Annotated[str, typer.Option(help="Address of delivery-svc; default: the local stack.")]
Source = Annotated[str, typer.Option(help="Webhook source to send as.")]
Secrets = Annotated[Path | None, typer.Option(help="File of webhook secrets; default: the local stack.")]
Clock = Annotated[
    str, typer.Option(envvar="CLOCK", help="The services' clock, e.g. 2013-03-07T17:00Z@1300; needs --clock-origin.")
]
ClockOrigin = Annotated[
    str,
    typer.Option(envvar="CLOCK_ORIGIN", help="The system time at which that clock started, shared with the services."),
]
Json = Annotated[bool, typer.Option("--json", help="Print the outcome as JSON and show no progress.")]


class _Streams(TyperGroup):
    """What is no stream's name is a file's: `candor replay day.jsonl` is `candor replay file day.jsonl`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        named = bool(args) and self.get_command(ctx, args[0]) is not None
        return super().resolve_command(ctx, args if named else [FILE, *args])


def register(app: typer.Typer) -> None:
    """Adds the group, with what other installed packages add to it."""
    elsewhere = (
        "candor replay day.jsonl --promise-url https://promises.example.com --source crm --secrets webhooks.json"
    )
    group = typer.Typer(
        cls=_Streams,
        help="Send a stream live, as signed webhooks: a file, or one that is made up.",
        epilog=examples("candor replay day.jsonl", elsewhere),
        no_args_is_help=True,
        # Options of a file may come before its name.
        context_settings={"ignore_unknown_options": True},
        rich_markup_mode="rich",
    )
    group.command(FILE, epilog=examples("candor replay file day.jsonl"))(replay)
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        point.load()(group)
    app.add_typer(group, name="replay")


def replay(
    file: Annotated[Path, typer.Argument(help="JSON lines of events, sorted by time.", exists=True, dir_okay=False)],
    promise_url: PromiseUrl = "",
    delivery_url: DeliveryUrl = "",
    source: Source = "replay",
    secrets: Secrets = None,
    clock: Clock = "",
    clock_origin: ClockOrigin = "",
    as_json: Json = False,
) -> None:
    """Send every event of a stream at its business time, as a CRM would: signed, in order per promise, until accepted.

    The stream follows the services' business clock (CLOCK and CLOCK_ORIGIN, as the services have them). Without one,
    what lies in the past is sent at once. Ctrl-C stops cleanly; a second replay sends the rest, known by its ids.
    """
    # Imported here because `candor --help` needs no HTTP client.
    from candor.replay.stream import StreamError, read_stream  # noqa: PLC0415
    from candor.replay.where import WhereError, pace  # noqa: PLC0415

    try:
        paced = pace(clock, clock_origin)
        total = sum(1 for _line in read_stream(file))
    except (StreamError, WhereError) as error:
        raise InputError(plainly(error)) from error
    events = lambda: (event for _line, event in read_stream(file))  # noqa: E731
    send(events, total, paced, promise_url, delivery_url, source, secrets, as_json=as_json)


def send(
    events: Callable[[], Iterable[StreamEvent]],
    total: int,
    paced: Pace,
    promise_url: str,
    delivery_url: str,
    source: str,
    secrets: Path | None,
    *,
    as_json: bool,
) -> None:
    """Send a stream of `total` events with its progress and its outcome. Raises typer.Exit if any was not accepted.

    Raises OperatorError if it is to go to the local stack and none runs: events would wait for one without a word.
    """
    from candor.installation.running import at_work, require_running  # noqa: PLC0415
    from candor.replay import shown  # noqa: PLC0415
    from candor.replay.live import send_stream  # noqa: PLC0415
    from candor.replay.where import WhereError, endpoints, webhook_secret  # noqa: PLC0415

    console = Screen(stderr=True)
    if not (promise_url or delivery_url or secrets):
        require_running(at_work())
    try:
        services = endpoints(promise_url, delivery_url)
        secret = webhook_secret(secrets or at_work().secrets / "webhooks.json", source)
    except WhereError as error:
        raise InputError(plainly(error)) from error
    with shown.progress(console, hidden=as_json) as display:
        report = shown.replay_reporter(display, total)
        outcome = asyncio.run(send_stream(events(), services, source, secret, paced, report))
    outcome.total = total
    if as_json:
        say_json(asdict(outcome), default=str)
    else:
        console.print(in_words(outcome, paced.speed))
    if outcome.stopped or outcome.refused:
        raise typer.Exit(STOPPED if outcome.stopped else 1)


def in_words(outcome: Outcome, speed: float) -> str:
    """The outcome in one or a few lines, errors last; by the system clock the past is late without anybody's fault."""
    lines = [f"{outcome.sent} of {outcome.total} events answered, {outcome.retried} retries"]
    if outcome.late and speed > 1:
        lines.append(f"{outcome.late} went out late, the latest by {outcome.most_behind_s:.1f} s: a lower speed helps")
    lines += [
        escaped(f"refused {item.event_id} ({item.type}): {item.code} {item.detail}") for item in outcome.refused[:20]
    ]
    if len(outcome.refused) > 20:
        lines.append(f"and {len(outcome.refused) - 20} more refused")
    if outcome.stopped:
        lines.append("stopped; run it again to send the rest")
    return "\n".join(lines)
