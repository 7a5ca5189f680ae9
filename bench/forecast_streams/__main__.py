"""Measures the engine on recorded streams of several domains, by one configuration and at every decision.

    python -m bench.forecast_streams --data <folder> [--out <folder>] [--beside <folder>] [--every 4]

The engine learns as it goes and is asked in time order, so every decision is an origin of its own: nothing is tuned
to a last window. Each folder in `--data` is a stream. Forecasts are stored in `--out`; what is stored is not made
again. With `--beside`, the forecasts in another such folder are compared on the same decisions. `--every 4` takes a
quarter of the promises, for a first look.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench.forecast_streams.cases import Cases, made, read
from bench.forecast_streams.figures import Line, against, less, missed, table
from bench.forecast_streams.plot import plot
from bench.forecast_streams.shifts import largest

Figure = Callable[[Line], float]
WORST: dict[str, tuple[Figure, Figure]] = {
    "coverage of P80": (lambda line: line.covered.get(0.8, 0.8), lambda line: -line.apart),
    "Brier skill": (lambda line: line.found.skill or 0.0, lambda line: line.found.skill or 0.0),
    "pinball skill": (lambda line: line.found.pinball_skill or 0.0, lambda line: line.found.pinball_skill or 0.0),
}
"""What is shown of the worst, and what is smallest for it."""
HEADS = ("", "n", "late", "Brier skill", "95 %", "calibration", "pinball skill", "P80", "P90")


def main(
    data: Annotated[Path, typer.Option(help="A folder with a folder for every stream.")],
    out: Annotated[Path, typer.Option(help="Where forecasts and plots go.")] = Path("forecast-streams"),
    beside: Annotated[Path | None, typer.Option(help="Forecasts of another engine, to compare.")] = None,
    every: Annotated[int, typer.Option(help="Take one promise in so many.")] = 1,
) -> None:
    """Forecast what is not forecast yet, print the tables and write the plots."""
    console = Console(width=120)
    out.mkdir(parents=True, exist_ok=True)
    found: dict[str, list[Line]] = {}
    for folder in sorted(one for one in data.iterdir() if (one / "answers.jsonl.gz").is_file()):
        said = out / f"{folder.name}.jsonl"
        if not said.exists():
            made(folder, said, every)
        cases = read(folder, said)
        found[folder.name] = table(cases)
        console.print(shown(folder.name, found[folder.name]))
        _against(console, folder, cases, beside, every)
        _follows(console, folder.name, cases)
        plot(cases, folder.name, out / f"{folder.name}.svg")
    if not found:
        raise SystemExit(f"no folder in {data} holds answers.jsonl.gz: a stream is a folder of its own")
    _tell(console, found)


def shown(name: str, rows: list[Line]) -> Table:
    """The table of a stream."""
    grid = Table(*HEADS, title=name, title_justify="left")
    for line in rows:
        grid.add_row(*_cells(line))
    return grid


def _cells(line: Line) -> Iterator[str]:
    found, covered = line.found, line.covered
    yield from (line.what, f"{line.n:,}", f"{found.slipped:.1%}")
    interval = found.skill_interval
    yield f"{found.skill:.4f}" if found.skill is not None else ""
    yield f"{interval[0]:.3f} – {interval[1]:.3f}" if interval else ""
    yield f"{found.calibration_error:.3f}" if found.calibration_error is not None else ""
    yield f"{found.pinball_skill:.4f}" if found.pinball_skill is not None else ""
    yield from (f"{covered[level]:.1%}" if level in covered else "" for level in (0.8, 0.9))


def _against(console: Console, folder: Path, cases: Cases, beside: Path | None, every: int) -> None:
    stored, dev = folder / "dev_baselines.json", cases.where(cases.dev)
    if every == 1 and stored.is_file() and len(dev.at):
        for name, figures in against(dev, json.loads(stored.read_bytes())["total"]).items():
            said = ", ".join(f"{what} {value:.4f}" for what, value in figures.items())
            console.print(f"dev, over the stored base: {name}: {said}")
    other = beside / f"{folder.name}.jsonl" if beside else None
    if other and other.is_file():
        for name, (share, interval) in less(cases, read(folder, other)).items():
            within = f" ({interval[0]:+.4f} to {interval[1]:+.4f}, by promise)" if interval else ""
            console.print(f"{name} loss is {share:+.4f} less than in {beside}{within}")


def _follows(console: Console, name: str, cases: Cases) -> None:
    shift = largest(cases)
    if shift is None:
        return
    day, begins = datetime.fromtimestamp(shift.at, UTC).date(), "" if shift.followed else "misses its mark: "
    console.print(
        f"{begins}{name}, largest shift in the week of {day}: {shift.moved:+.1%} late; "
        f"from the third week on {shift.late:.1%} were late, {shift.said:.1%} forecast, "
        f"{shift.base:.1%} by the base rate (n {shift.n:,})"
    )


def _tell(console: Console, found: dict[str, list[Line]]) -> None:
    """What misses its mark, and the worst stream and quarter."""
    for name, rows in found.items():
        for words in missed(rows):
            console.print(f"misses its mark: {name}, {words}")
    lines = [(name, row) for name, rows in found.items() for row in rows]
    for what, chosen in (
        ("stream", [(name, row) for name, row in lines if row.what == "all"]),
        ("quarter", [(name, row) for name, row in lines if " Q" in row.what]),
    ):
        for figure, (value, worth) in WORST.items():
            name, row = min(chosen, key=lambda one: worth(one[1]))
            console.print(f"worst {what} by {figure}: {name}, {row.what}: {value(row):.3f}")


if __name__ == "__main__":
    typer.run(main)
