"""Measures what forecasts gain from knowing how much is open: of the type, and of who or what delivers.

    python -m bench.forecast_streams.open_work --data <folder> [--out <folder>] [--every 4] [--label crew --label site]

Runs the engine without and with it over each stream (bench.forecast_streams.counting), and prints in Markdown, on the
decisions marked `dev` if there are some and in each of their quarters, the skills without it, what is gained with a
95 % interval by promise, and coverage with it (without it). What is stored in `--out` is not made again.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer

from bench.forecast_streams.cases import Begin, Cases, made, read
from bench.forecast_streams.counting import DELIVERERS, CountingEngine
from bench.forecast_streams.figures import Line, less
from risk_svc.forecast.engine import Engine
from risk_svc.forecast.evaluation import measure

HEAD: Final = "| stream | n | Brier skill | gains (95 %) | pinball skill | gains (95 %) | P80 covers | P90 covers |"


def main(
    data: Annotated[Path, typer.Option(help="A folder with a folder for every stream.")],
    out: Annotated[Path, typer.Option(help="Where forecasts go.")] = Path("forecast-open-work"),
    every: Annotated[int, typer.Option(help="Take one promise in so many, and count no others as open.")] = 1,
    label: Annotated[list[str] | None, typer.Option(help="A label of who or what delivers.")] = None,
) -> None:
    """Print what knowing of open work gains on every stream, and in its quarters."""
    named = frozenset(label) if label else DELIVERERS
    engines: dict[str, Begin] = {"without": Engine, "with": partial(CountingEngine, named=named)}
    print(HEAD)
    print("|---|---|---|---|---|---|---|---|")
    for folder in sorted(one.parent for one in data.glob("*/answers.jsonl.gz")):
        old, new = (_cases(folder, out / name, every, begin) for name, begin in engines.items())
        for line in rows(folder.name, old, new):
            print(line, flush=True)


def rows(name: str, old: Cases, new: Cases) -> Iterator[str]:
    """The lines of a stream: its marked decisions (all if none is marked), then each quarter of them."""
    marked = old.dev if old.dev.any() else np.ones(len(old.at), bool)
    yield row(f"**{name}**", old.where(marked), new.where(marked))
    for quarter in np.unique(old.quarter[marked]):
        chosen = marked & (old.quarter == quarter)
        yield row(str(quarter), old.where(chosen), new.where(chosen))


def row(what: str, old: Cases, new: Cases) -> str:
    """A line of the table; a gain is a difference of skills, and its interval is paired by promise."""
    before, after = (Line(what, len(one.at), measure(one.table)) for one in (old, new))
    lost = less(new, old)
    gains = (
        _gain(before.found.skill, after.found.skill, lost["Brier"][1]),
        _gain(before.found.pinball_skill, after.found.pinball_skill, lost["pinball"][1]),
    )
    covered = (
        f"{after.covered[level]:.1%} ({before.covered[level]:.1%})" if level in before.covered else ""
        for level in (0.8, 0.9)
    )
    return f"| {what} | {before.n:,} | {' | '.join((*gains, *covered))} |"


def _gain(old: float | None, new: float | None, lost: tuple[float, float] | None) -> str:
    """A skill and how much higher it is now; `lost` are the limits of the share of the loss that is spared."""
    if old is None or new is None or lost is None:
        return " | "
    low, high = ((1 - old) * one for one in lost)
    return f"{old:.4f} | {new - old:+.4f} ({low:+.4f} to {high:+.4f})"


def _cases(folder: Path, out: Path, every: int, begin: Begin) -> Cases:
    out.mkdir(parents=True, exist_ok=True)
    said = out / f"{folder.name}.jsonl"
    if not said.exists():
        made(folder, said, every, begin)
    return read(folder, said)


if __name__ == "__main__":
    typer.run(main)
