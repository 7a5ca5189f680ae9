"""`candor sources`: the systems whose webhooks are understood, and what becomes of a request of theirs."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from candor.command_texts import examples
from candor.errors import InputError
from candor.ops.moments import read_moment
from candor.terminal import Screen, say, say_json

if TYPE_CHECKING:
    from rich.table import Table

SHOWN: Final = (
    "candor sources list",
    "candor sources check sources.yaml",
    "candor sources schema",
    "candor sources sample alertmanager",
    "candor sources try alertmanager alert.json",
    "candor sources try hubspot - < deal.json",
    "candor sources try pagerduty body.json --secret $SECRET -H 'x-pagerduty-signature: v1=…' --at 2026-11-29T08:00Z",
    "candor sources sign alertmanager alert.json --secret $SECRET",
    "candor sources replay crm --since 2026-11-29T00:00Z --refused --key $KEY",
)


class Service(StrEnum):
    """Services that store requests."""

    PROMISE = "promise-svc"
    DELIVERY = "delivery-svc"


File = Annotated[
    Path | None,
    typer.Option(
        "--sources",
        envvar="SOURCES_FILE",
        help="Your own sources.yaml.",
        exists=True,
        dir_okay=False,
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
Name = Annotated[str, typer.Argument(help="A source's name; see candor sources list.")]
Body = Annotated[Path, typer.Argument(help="A captured request's body.", exists=True, dir_okay=False)]
Given = Annotated[Path, typer.Argument(help="A captured request's body; - is standard input.", dir_okay=False)]


def register(app: typer.Typer) -> None:
    """Adds the group of commands."""
    group = typer.Typer(no_args_is_help=True, help="Systems whose webhooks are understood.", epilog=examples(*SHOWN))
    for name, command in (
        ("list", list_sources),
        ("check", check),
        ("schema", schema),
        ("sample", sample),
        ("try", try_one),
        ("sign", sign),
        ("replay", replay),
    ):
        group.command(name, epilog=examples(*(one for one in SHOWN if one.startswith(f"candor sources {name}"))))(
            command
        )
    app.add_typer(group, name="sources")


def list_sources(sources: File = None, as_json: Json = False) -> None:
    """All sources: those of Candor, and yours. A preset that `needs` fields is used by extending it in your file."""
    from candor.intake.mapped.trying import known  # noqa: PLC0415

    found = [one.shown() for one in known(sources)]
    if as_json:
        say_json(found)
        return
    table = _table("name", "service", "how senders prove themselves", "needs", "about")
    for one in found:
        table.add_row(one["name"], one["service"], ", ".join(one["schemes"]), ", ".join(one["needs"]), one["about"])
    Screen().print(table)


def check(
    file: Annotated[Path, typer.Argument(envvar="SOURCES_FILE", help="A sources.yaml.", exists=True, dir_okay=False)],
) -> None:
    """Check a file of mapped sources as the services would; exit status 2 and the line of each mistake."""
    from candor.intake.mapped.trying import own  # noqa: PLC0415

    found = own(file)
    say(
        f"{file}: {'1 source is' if len(found) == 1 else f'{len(found)} sources are'} right"
        + (f": {', '.join(sorted(one.name for one in found))}" if found else "")
    )


def schema() -> None:
    """Print the JSON Schema of sources.yaml, by which editors complete and check it as you write.

    Keep it in a file beside yours, and name that in its first line: `# yaml-language-server: $schema=FILE`.
    """
    from candor.intake.mapped.config import schema_for_editors  # noqa: PLC0415

    say_json(schema_for_editors(), indent=2)


def sample(
    name: Annotated[str, typer.Argument(help="A preset's name; see candor sources list.")],
    xml: Annotated[bool, typer.Option("--xml", help="The one in XML, where a system sends both.")] = False,
) -> None:
    """Print a body as that system sends it, with invented values."""
    from candor.intake.mapped.trying import find  # noqa: PLC0415

    raw = find(name, None).sample(xml=xml)
    if raw is None:
        raise InputError(f"there is no sample of {name}: it is your own source or takes Candor's own events")
    say(raw.decode())


def try_one(
    name: Name,
    body: Given,
    secret: Annotated[str, typer.Option(envvar="SECRET", help="Try its proof as well, with the sender's secret.")] = "",
    header: Annotated[
        list[str] | None, typer.Option("--header", "-H", help="A header as captured, 'name: value'; may be repeated.")
    ] = None,
    url: Annotated[str, typer.Option(help="The address that it was posted to, where that is signed.")] = "",
    at: Annotated[str, typer.Option(help="When it was captured, such as 2026-11-29T08:00Z; default: now.")] = "",
    sources: File = None,
    as_json: Json = False,
) -> None:
    """Show what a captured request becomes, and what would be refused and why; nothing is sent or stored.

    With a secret it says whether the proof in its headers holds. Exit status 1 if that does not, or any of it would be
    refused.
    """
    from candor.intake.mapped.trying import find  # noqa: PLC0415

    source = find(name, sources)
    raw = _body(body)  # once: a pipe is empty then
    outcomes = source.tried(raw)
    why = source.proof(raw, _headers(header or []), secret, url, _time(at)) if secret else ""
    if as_json and secret:
        say_json({"proof": why or "holds", "events": [one.shown() for one in outcomes]})
    elif as_json:
        say_json([one.shown() for one in outcomes])
    else:
        if secret:
            say(f"its proof does not hold: {why}" if why else "its proof holds")
        for number, one in enumerate(outcomes, 1):
            say(f"{number}. {one.told()}")
        if not outcomes:
            say("nothing: the mapping leaves all of it out as meaningless here")
    if why or any(one.refused for one in outcomes):
        raise typer.Exit(1)


def _body(path: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from None


def _headers(said: list[str]) -> dict[str, str]:
    if wrong := next((one for one in said if ":" not in one), None):
        raise InputError(f"a header is `name: value`, not {wrong[:64]!r}")
    return {name.strip(): value.strip() for name, _, value in (one.partition(":") for one in said)}


def _time(text: str) -> datetime:
    if not text:
        return datetime.now(UTC)
    try:
        return read_moment(text)
    except ValueError as error:
        raise InputError(f"--at {error}") from None


def sign(
    name: Name,
    body: Body,
    secret: Annotated[str, typer.Option(envvar="SECRET", help="As in the webhook secrets file.")],
    scheme: Annotated[str, typer.Option(help="Of several ways to prove oneself; default: the first.")] = "",
    url: Annotated[str, typer.Option(help="The webhook's address, with the sender's name.")] = "",
    sources: File = None,
) -> None:
    """Print a curl command that sends a body as that system would, signed now."""
    from candor.intake.mapped.trying import find  # noqa: PLC0415

    say(find(name, sources).curl(body, secret, scheme, url))


def replay(
    name: Annotated[str, typer.Argument(help="A sender, as in the webhook secrets file.")],
    since: Annotated[str, typer.Option(help="What came at or after this time, such as 2026-11-29T08:00Z.")],
    key: Annotated[
        str, typer.Option(envvar=["CANDOR_KEY", "KEY"], help="API key of an operator: candor token --role operator.")
    ],
    refused: Annotated[bool, typer.Option("--refused", help="Only what was refused or given up.")] = False,
    service: Annotated[Service | None, typer.Option(help="Only what this service stored; default: both.")] = None,
    promise_url: Annotated[str, typer.Option(help="Address of promise-svc; default: the local stack.")] = "",
    delivery_url: Annotated[str, typer.Option(help="Address of delivery-svc; default: the local stack.")] = "",
    as_json: Json = False,
) -> None:
    """Process again what a sender sent, in order, as its source is understood now.

    What was taken before is not taken twice: it may be run as often as you like. Exit status 1 if something was refused
    again, which is named with its request.
    """
    from candor.replay.stored_command import in_words, replay_stored  # noqa: PLC0415

    found = replay_stored(name, since, key, service, promise_url, delivery_url, refused=refused, hidden=as_json)
    if as_json:
        say_json(asdict(found))
    else:
        say(in_words(found))
    if found.refused:
        raise typer.Exit(1)


def _table(*columns: str) -> Table:
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column)
    return table
