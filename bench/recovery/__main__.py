"""Measures whether the parameters of a simulated company are found again, and how often within stated intervals.

    python -m bench.recovery [--config params.yaml] [--seeds 20] [--running]

Each seed makes another company with the same parameters, whose events go through the measures of insight. For each
parameter: its truth, the mean estimate with its mean interval, and how many intervals hold the truth; for each sort of
parameter the share that holds, with its 95 % interval (Wilson 1927), beside the share that is said. Seeds of one sort
count alike though the figures of one company depend on each other a little. No clock is read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Annotated, Any, NamedTuple

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench import report
from bench.recovery.estimates import Found, estimates
from bench.recovery.truths import Population
from candor_demo.fieldservice.config import ParamsError, read_params
from candor_demo.fieldservice.params import Params
from risk_svc.forecast.spans import wilson


class Coverage(NamedTuple):
    """Of `n` intervals that say `level`, how many hold the truth; `unstated` had too little history."""

    n: int
    held: int
    level: float | None
    unstated: int

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.held / self.n, self.n) if self.n else (0.0, 1.0)


def coverage(found: Sequence[Found]) -> Coverage:
    """How often the intervals of these hold."""
    told = [one.holds for one in found if one.holds is not None]
    levels = {one.figure.level for one in found if one.figure.low is not None}
    return Coverage(len(told), sum(told), max(levels, default=None), len(found) - len(told))


def main(
    config: Annotated[Path | None, typer.Option(help="YAML of parameters, as of `candor replay fieldservice`.")] = None,
    seeds: Annotated[int, typer.Option(min=1, max=1000, help="How many companies.")] = 20,
    running: Annotated[bool, typer.Option(help="Measure while the last promises are open, as any company is.")] = False,
    save: Annotated[bool, typer.Option(help="Write bench/results/recovery.json.")] = False,
) -> None:
    """Simulate companies, measure each, and print what was found beside what is true."""
    try:
        params = Params() if config is None else read_params(config)
    except ParamsError as error:
        raise typer.BadParameter(str(error)) from error
    population = Population(params)
    found = [
        one for seed in track(range(seeds), "companies") for one in estimates(params, seed, population, running=running)
    ]
    by_sort, by_name = defaultdict(list), defaultdict(list)
    for one in found:
        by_sort[one.sort].append(one)
        by_name[one.sort, one.name].append(one)
    console = Console(width=120)
    console.print(_parameters(by_name), _sorts(by_sort))
    if save:
        report.write(
            "recovery", {"seeds": seeds, "sorts": {sort: _plain(coverage(of)) for sort, of in by_sort.items()}}
        )


def _plain(held: Coverage) -> dict[str, Any]:
    return {**held._asdict(), "interval": list(held.interval)}


def _parameters(by_name: dict[tuple[str, str], list[Found]]) -> Table:
    table = Table("parameter", "", "truth", "mean estimate", "mean interval", "hold", title="Each parameter")
    for (sort, name), found in by_name.items():
        stated = [one.figure for one in found if one.figure.value is not None]
        ends = [(one.low, one.high) for one in stated if one.low is not None and one.high is not None]
        middle = f"{fmean(one.value or 0.0 for one in stated):.3f}" if stated else "too little history"
        spread = f"{fmean(low for low, _ in ends):.3f} – {fmean(high for _, high in ends):.3f}" if ends else ""
        held = coverage(found)
        table.add_row(sort, name, f"{found[0].truth:.3f}", middle, spread, f"{held.held} of {held.n}")
    return table


def _sorts(by_sort: dict[str, list[Found]]) -> Table:
    table = Table("sort", "intervals", "said", "hold", "95 % interval of that", title="How often intervals hold")
    for sort, found in by_sort.items():
        held = coverage(found)
        said = f"{held.level:.0%}" if held.level else ""
        low, high = held.interval
        share = f"{held.held / held.n:.1%}" if held.n else "too little history"
        table.add_row(sort, str(held.n), said, share, f"{low:.1%} – {high:.1%}")
    return table


if __name__ == "__main__":
    typer.run(main)
