"""Measures what becomes of forecasts when a constant that has a unit is half or twice what it is.

    python -m bench.forecast_streams.constants --data <folder> [--out <folder>] [--every 16] [--only LONGER]

Prints a table in Markdown. Of every figure the worst stream counts, on the decisions marked `dev` if there are some.
What is stored in `--out` is not made again, so a run that was stopped goes on.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Final, NamedTuple

import typer

from bench.forecast_streams.cases import made, read, thinned
from risk_svc import forecast
from risk_svc.forecast.evaluation import Measures, measure


class Constant(NamedTuple):
    """A constant of the engine, where it stands, and the unit that its value is in."""

    module: str
    name: str
    unit: str


CONSTANTS: Final = tuple(
    Constant(*one)
    for one in (
        ("context", "LONGER", "y (ln of a ratio)"),
        ("context", "GUESSED_LEADS", "leads"),
        ("view", "FORLORN_LEADS", "leads"),
        ("engine", "GIVEN_UP", "y (ln of a ratio)"),
        ("engine", "STEP", "s"),
        ("intervals", "TOGETHER", "share of an answer"),
        ("intervals", "MEMORY", "answers"),
        ("intervals", "SHARED", "answers"),
        ("reference", "MEMORY", "answers"),
        ("reference", "SHRINK", "answers"),
        ("reference", "LAPLACE", "answers"),
        ("context", "BASE_SHRINK", "promises"),
        ("context", "SPEEDS", "leads"),
        ("context", "STEP_LIFE", "leads"),
        ("context", "DURATION_LIFE", "leads"),
        ("context", "RECENT_LIFE", "leads"),
        ("examples", "SLIP_YARDS", "yardsticks"),
        ("mixture", "MEMORY", "answers"),
        ("mixture", "YOUNG", "answers"),
        ("mixture", "SHARED", "answers"),
        ("mixture", "DOUBT_FADES", "answers"),
        ("model", "PAUSE", "s"),
        ("learner", "ENOUGH", "moments"),
        ("learner", "AGAIN", "passes"),
        ("learner", "AGAIN_DIRECT", "passes"),
        ("net", "GROWING", "moments"),
        ("net", "SETTLED", "moments"),
        ("view", "MIN_SLIP_S", "s"),
    )
)
FACTORS: Final = (0.5, 2.0)
HEAD: Final = "| constant | value | times | Brier skill | pinball skill | P80 covers | P90 covers |"


class Found(NamedTuple):
    """The figures of every stream, by its name."""

    streams: dict[str, Measures]

    def covered(self, level: float) -> str:
        """The lowest and the highest coverage of a level."""
        shares = [one.covered for stream in self.streams.values() for one in stream.coverage if one.level == level]
        return f"{min(shares):.1%} – {max(shares):.1%}" if shares else ""


def main(
    data: Annotated[Path, typer.Option(help="A folder with a folder for every stream.")],
    out: Annotated[Path, typer.Option(help="Where forecasts go.")] = Path("forecast-constants"),
    every: Annotated[int, typer.Option(help="Take one promise in so many.")] = 16,
    only: Annotated[list[str] | None, typer.Option(help="Names of constants; all unless given.")] = None,
) -> None:
    """Forecast all streams with each constant halved and doubled, and print what that changes."""
    whole = sorted(one for one in data.iterdir() if (one / "answers.jsonl.gz").is_file())
    folders = [thinned(one, out / f"one in {every}" / one.name, every) for one in whole]
    usual = _found(folders, out / "usual")
    print(HEAD)
    print("|---|---|---|---|---|---|---|")
    print(f"| all as they are | | | | | {usual.covered(0.8)} | {usual.covered(0.9)} |", flush=True)
    for constant in CONSTANTS:
        if only and constant.name not in only:
            continue
        for factor in FACTORS:
            with scaled(constant, factor) as value:
                other = _found(folders, out / f"{constant.module}.{constant.name} {factor}")
            print(row(constant, value, factor, usual, other), flush=True)


def row(constant: Constant, value: Any, factor: float, usual: Found, other: Found) -> str:
    """A line of the table: the worst change of each skill over the streams, and the range of coverage."""
    name = f"`{constant.module}.{constant.name}`"
    said = ", ".join(f"{one:.4g}" for one in value.values()) if isinstance(value, dict) else f"{value:.4g}"
    skills = (_worst(usual, other, which) for which in ("skill", "pinball_skill"))
    covered = (other.covered(level) for level in (0.8, 0.9))
    return f"| {name} | {said} {constant.unit} | {factor:g} | {' | '.join((*skills, *covered))} |"


def _worst(usual: Found, other: Found, which: str) -> str:
    """The largest loss of a skill, or the smallest gain, and in which stream."""
    gains = {}
    for name, before in usual.streams.items():
        old, new = getattr(before, which), getattr(other.streams[name], which)
        if old is not None and new is not None:
            gains[name] = new - old
    name = min(gains, key=lambda one: gains[one], default="")
    return f"{gains[name]:+.3f} ({name})" if name else ""


@contextmanager
def scaled(constant: Constant, factor: float) -> Iterator[Any]:
    """Changes a constant wherever it was imported to, and puts it back; gives the value before."""
    modules = [
        importlib.import_module(f"{forecast.__name__}.{one.name}") for one in pkgutil.iter_modules(forecast.__path__)
    ]
    usual = getattr(importlib.import_module(f"{forecast.__name__}.{constant.module}"), constant.name)
    held = [module for module in modules if vars(module).get(constant.name) is usual]
    try:
        _put(held, constant.name, _times(usual, factor))
        yield usual
    finally:
        _put(held, constant.name, usual)


def _put(modules: list[ModuleType], name: str, value: Any) -> None:
    for module in modules:
        setattr(module, name, value)


def _times(value: Any, factor: float) -> Any:
    if isinstance(value, dict):
        return {name: one * factor for name, one in value.items()}
    return type(value)(value * factor)


def _found(folders: list[Path], out: Path) -> Found:
    out.mkdir(parents=True, exist_ok=True)
    found = {}
    for folder in folders:
        said = out / f"{folder.name}.jsonl"
        if not said.exists():
            made(folder, said, 1)
        cases = read(folder, said)
        found[folder.name] = measure(cases.where(cases.dev).table if cases.dev.any() else cases.table)
    return Found(found)


if __name__ == "__main__":
    typer.run(main)
