"""Measures forecasts while little is known: the first days of a stream, compared with the running share late.

    python -m bench.first_days [--days 4] [--data <folder>] [--most 100]

Real flights of three airports, learnt from scratch on seven days of the year; with `--data` each recorded stream in
that folder, from seven moments of it. Forecasts are grouped by how many promises had come due, and so had an outcome,
at that time; below 20 none is stated. With `--most` nothing is asked once so many are answered, which takes a
fraction of the time. Times (P50, P80 and P90 of completed promises) are compared with the running
lateness quantiles. No clock is read, so every machine gets the same figures.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from math import inf
from pathlib import Path
from statistics import fmean
from typing import Annotated, Any, Final, NamedTuple

import numpy as np
import typer
from rich.progress import track

from bench import report
from bench.first_days_streams import Event, openings, streams
from candor.replay.stream import utc_text
from candor_demo import flights as fl
from candor_demo import source
from risk_svc.backtest.outcomes import OutcomeLedger, natural
from risk_svc.backtest.stream import decide, seconds, take
from risk_svc.forecast.accuracy import pinball
from risk_svc.forecast.engine import Engine
from risk_svc.forecast.evaluation import LEVELS, ScoredForecast

STARTS: Final = [date(2013, month, day) for month, day in ((1, 8), (2, 6), (3, 12), (4, 11), (5, 17), (6, 15), (7, 21))]
CUTS: Final = (1, 20, 100, 300, 1000, 3000)
SLIPPED: Final = timedelta(minutes=15)
BASELINE: Final = "running share"


class Case(NamedTuple):
    """One forecast: how many outcomes were known by then, what it and the baseline said, and the outcome.

    `times`: the pinball losses of both, in hours; None if it was never completed or the baseline had no times yet.
    """

    known: int
    said: float
    base: float
    late: int
    times: tuple[float, float] | None = None


def events_of(flight: fl.Flight) -> Iterator[Event]:
    """A flight in the backtest's format."""
    labels = fl.promise_event(flight).data["labels"]
    plans = {"departed": flight.planned_departure, "arrived": flight.planned_arrival}
    told = {"planned": {name: utc_text(at) for name, at in plans.items()}, "milestones": list(plans)}
    yield _event(flight, flight.made_at, "made", {"kind": "flight", "due": utc_text(flight.due)} | told | labels)
    left = flight.departed
    if left is None:
        yield _event(flight, flight.planned_departure, "cancelled", {})
        return
    if left > flight.planned_departure + SLIPPED:
        slip = {"milestone": "departed", "planned": utc_text(flight.planned_departure)}
        yield _event(flight, flight.planned_departure + SLIPPED, "slipped", slip)
    yield _event(flight, left, "reached", {"milestone": "departed"})
    if flight.arrived is not None:
        yield _event(flight, flight.arrived, "reached", {"milestone": "arrived", "final": True})


def _event(flight: fl.Flight, at: Any, what: str, data: Event) -> Event:
    sort = "promise" if what in ("made", "cancelled") else "milestone"
    return {"type": f"{sort}.{what}", "time": utc_text(at), "promise_id": flight.promise_id, "data": data}


def cases(events: Sequence[Event], most: int | None = None) -> Iterator[Case]:
    """All forecasts of a stream at the natural leads, in time order, for promises that came due.

    With `most` only those made before so many were due.
    """
    engine, ledger = Engine(), OutcomeLedger()
    dues = sorted(seconds(line["data"]["due"]) for line in events if line["type"] == "promise.made")
    end = dues[most - 1] if most is not None and most <= len(dues) else inf
    asked: dict[tuple[str, str], float] = {}
    for asking, line in natural(iter(events)):
        at = seconds(line["time"])
        if asking and at < end:
            asked[line["promise_id"], line["kind"]] = at
            ledger.asked(line, decide(engine, line))
        elif not asking:
            if at < end:
                take(engine, line)
            ledger.event(line)
    for one in ledger.scored()[0]:
        yield Case(bisect_right(dues, asked[one.promise, one.lead]), one.p, one.base, one.outcome, _times(one))


def _times(one: ScoredForecast) -> tuple[float, float] | None:
    if one.hours is None or None in one.base_told:
        return None
    took = np.array([one.hours])
    said, base = (
        fmean(pinball(took, np.array([at], float), level) for at, level in zip(told, LEVELS, strict=True))
        for told in (one.told, one.base_told)
    )
    return said, base


def figures(found: Iterable[Case]) -> dict[str, dict[str, float]]:
    """Brier scores and mean pinball losses of both sides, by how many outcomes were known."""
    loss: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for case in found:
        low = max((cut for cut in CUTS if cut <= case.known), default=None)
        if low is not None:
            loss[f"Brier, {low:,}+ known"].append(((case.said - case.late) ** 2, (case.base - case.late) ** 2))
            if case.times is not None:
                loss[f"pinball h, {low:,}+ known"].append(case.times)
    sides = zip(("engine", BASELINE), (0, 1), strict=True)
    return {
        side: {name: sum(pair[place] for pair in pairs) / len(pairs) for name, pairs in sorted(loss.items(), key=_low)}
        for side, place in sides
    }


def _low(item: tuple[str, object]) -> tuple[str, int]:
    what, _, known = item[0].partition(", ")
    return what, int(known.split("+")[0].replace(",", ""))


def main(
    days: int = 4,
    data: Annotated[Path | None, typer.Option(help="A folder with a folder for every recorded stream.")] = None,
    most: Annotated[int | None, typer.Option(help="Ask only until so many promises are answered.")] = None,
) -> None:
    """Measure and write a file in bench/results, of flights first_days.json: a round is one start."""
    if data is None:
        _measure("first_days", _flights(days), most)
        return
    for folder in streams(data):
        _measure(f"first_days-{folder.name}", openings(folder), most)


def _measure(name: str, starts: Iterable[list[Event]], most: int | None) -> None:
    rounds = [figures(cases(events, most)) for events in track(starts, f"learning {name} from nothing")]
    # A start that ends early says nothing of what comes later.
    shared = set.intersection(*(set(one["engine"]) for one in rounds))
    rounds = [{side: {name: of[name] for name in of if name in shared} for side, of in one.items()} for one in rounds]
    report.publish(name, rounds, BASELINE, dict.fromkeys(rounds[0]["engine"], "goal ≤ 1.02, in the median"))


def _flights(days: int) -> Iterator[list[Event]]:
    zones = source.zones()
    for start in STARTS:
        rows = source.flight_rows(start, start + timedelta(days=days - 1))
        events = [event for row in rows for event in events_of(fl.parse_flight(row, zones))]
        yield sorted(events, key=lambda event: event["time"])


if __name__ == "__main__":
    typer.run(main)
