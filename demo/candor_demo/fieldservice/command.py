"""`candor replay fieldservice`: a simulated company, sent live through the public API."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from candor.command_texts import examples
from candor.commands.replay import DeliveryUrl, Json, PromiseUrl, Secrets, send
from candor.errors import InputError, explain_os_error, plainly
from candor.terminal import say

if TYPE_CHECKING:
    from candor.replay.where import Pace
    from candor_demo.fieldservice.company import Company

MOST_SEED: Final = 2**63 - 1
SOURCE: Final = "replay"
"""The webhook source; it may send every event."""


def register(group: typer.Typer) -> None:
    """Adds the command to those of `candor replay`."""
    shown = (
        "candor replay fieldservice --ending today",
        "candor replay fieldservice --seed 7",
        "candor replay fieldservice --write company",
        "candor replay fieldservice --config company/params.yaml --speed 86400",
    )
    group.command("fieldservice", epilog=examples(*shown))(fieldservice)


def fieldservice(  # noqa: PLR0913, PLR0917 - each is an option of the command
    config: Annotated[Path | None, typer.Option(help="YAML of parameters; what it leaves out has its default.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, help="The same seed makes the same company.")] = 1,
    ending: Annotated[
        str, typer.Option(help="Last day of the company, or today, instead of what its parameters say.", metavar="DAY")
    ] = "",
    speed: Annotated[
        float, typer.Option(min=0, max=1_000_000, help="Business seconds per second; 0 sends the past at once.")
    ] = 0,
    write: Annotated[
        Path | None,
        typer.Option(help="Write parameters and events to files in this folder, and send nothing."),
    ] = None,
    promise_url: PromiseUrl = "",
    delivery_url: DeliveryUrl = "",
    secrets: Secrets = None,
    as_json: Json = False,
) -> None:
    """Send a simulated company's events: promises, hand-offs, statements hop by hop, incidents, claims, answers.

    Sales promises too short or too long, one hop changes dates, a capability is claimed that is not there: what is
    set is what the board should show. The same parameters and seed make the same events with the same ids, so a
    second run adds nothing, and one that was stopped is finished by running it again.

    `--ending today` sends nothing that has not happened yet; give the day itself to go on with it on another day.

    `--write` writes params.yaml with every parameter and what it means, its JSON Schema for editors, and events.jsonl
    as `candor replay` and `candor import` take it.
    """
    # Imported here because `candor --help` needs neither numpy nor YAML.
    from candor.ops.clock import SystemClock  # noqa: PLC0415
    from candor.replay.where import pace  # noqa: PLC0415
    from candor_demo.fieldservice import config as files  # noqa: PLC0415
    from candor_demo.fieldservice.company import Company  # noqa: PLC0415
    from candor_demo.fieldservice.ending import ending_on, placed  # noqa: PLC0415
    from candor_demo.fieldservice.params import Params  # noqa: PLC0415

    try:
        params = Params() if config is None else files.read_params(config)
        params = ending_on(params, ending) if ending else params
    except files.ParamsError as error:
        raise InputError(plainly(error)) from error
    params, until = placed(params, SystemClock().now())
    company = Company(params, seed, until)
    if write is not None:
        say(f"{_written(write, company)} events written to {write}", err=True)
        return
    total = sum(1 for _ in company.events())
    paced = _own_clock(company, speed) if speed else pace("", "")
    send(company.events, total, paced, promise_url, delivery_url, SOURCE, secrets, as_json=as_json)


def _written(folder: Path, company: Company) -> int:
    """Write everything about a company into a folder; returns the number of events."""
    from candor.replay.stream import write_stream  # noqa: PLC0415
    from candor_demo.fieldservice.config import schema, written  # noqa: PLC0415

    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "params.yaml").write_text(written(company.params), encoding="utf-8")
        (folder / "params.schema.json").write_text(schema(), encoding="utf-8")
        return write_stream(folder / "events.jsonl", company.events())
    except OSError as error:
        raise explain_os_error(error, folder) from error


def _own_clock(company: Company, speed: float) -> Pace:
    """A clock that starts now with the first event, whatever the services' clock says."""
    from candor.ops.clock import BusinessClock, SystemClock  # noqa: PLC0415
    from candor.replay.where import Pace  # noqa: PLC0415

    now = SystemClock().now()
    first = next((event.time for event in company.events()), now)
    return Pace(BusinessClock(first, speed, now), speed)
