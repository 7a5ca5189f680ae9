"""Forecasts of a stream beside what happened and beside the running yardstick, as columns.

A folder holds `events.jsonl.gz`, `decisions.jsonl.gz` and `answers.jsonl.gz` (docs/forecasts.md); an answer has
`decision_id`, `kind`, `promise_id`, `late`, `hours` (null: never completed) and `dev` for those that references were
scored on.
"""

from __future__ import annotations

import gzip
import heapq
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from risk_svc.backtest import run
from risk_svc.backtest.baseline import RENEWED
from risk_svc.backtest.stream import seconds
from risk_svc.forecast import engine
from risk_svc.forecast.accuracy import Floats
from risk_svc.forecast.evaluation import LEVELS, Columns

HOUR: Final = 3600.0
Begin = Callable[[float], engine.Engine]
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode


class Cases(NamedTuple):
    """All answered forecasts of a stream, in time order; `at` in epoch seconds."""

    table: Columns
    at: Floats
    kind: NDArray[np.str_]
    quarter: NDArray[np.str_]
    dev: NDArray[np.bool_]

    def where(self, chosen: NDArray[np.bool_]) -> Cases:
        """The chosen forecasts."""
        at, kind, quarter, dev = self.at[chosen], self.kind[chosen], self.quarter[chosen], self.dev[chosen]
        return Cases(self.table.where(chosen), at, kind, quarter, dev)


def read(folder: Path, said: Path) -> Cases:
    """The forecasts in `said` of the stream in `folder`; answers without a forecast are left out.

    So are those about a promise that was made before the stream begins: its date is not known.
    """
    told = {one["decision_id"]: one for one in lines(said)}
    due = {
        event["promise_id"]: seconds(event["data"]["due"])
        for event in lines(folder / "events.jsonl.gz")
        if event["type"] == "promise.made"
    }
    asked = {one["decision_id"]: seconds(one["time"]) for one in lines(folder / "decisions.jsonl.gz")}
    answers = lines(folder / "answers.jsonl.gz")
    known = [one for one in answers if one["decision_id"] in told and one["promise_id"] in due]
    known.sort(key=lambda one: (asked[one["decision_id"]], one["decision_id"]))
    return _cases(known, told, due, asked)


def made(folder: Path, said: Path, every: int, begin: Begin = engine.Engine) -> None:
    """Runs an engine over a stream and stores its forecasts, all or nothing; takes one promise in `every`.

    `begin` makes the engine from the step between versions, in seconds.
    """
    part = said.with_suffix(".part")
    events, decisions = (folder / f"{name}.jsonl.gz" for name in ("events", "decisions"))
    merged = heapq.merge(_keyed(events, run.EVENT), _keyed(decisions, run.DECISION), key=lambda one: one[:2])
    with part.open("wb") as file:
        run.answers(begin(engine.STEP), ((sort, line) for _, sort, line in merged if _taken(line, every)), file, None)
    part.rename(said)


def thinned(folder: Path, to: Path, every: int) -> Path:
    """One promise in `every` of the stream in `folder`, as a stream in `to`; what is there is not made again."""
    to.mkdir(parents=True, exist_ok=True)
    for name in ("events", "decisions", "answers"):
        path, part = to / f"{name}.jsonl.gz", to / f"{name}.part"
        if path.exists():
            continue
        with gzip.open(part, "wb", compresslevel=1) as file:
            file.writelines(
                msgspec.json.encode(line) + b"\n" for line in lines(folder / path.name) if _taken(line, every)
            )
        part.rename(path)
    return to


def _keyed(path: Path, sort: int) -> Iterator[tuple[str, int, dict[str, Any]]]:
    for line in lines(path):
        yield line["time"], sort, line


def _taken(line: Mapping[str, Any], every: int) -> bool:
    """Whether a line belongs to one of the promises taken, or to none."""
    return "promise_id" not in line or zlib.crc32(line["promise_id"].encode()) % every == 0


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file of JSON lines, packed or not."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        yield from map(_decode, file)


def _cases(
    known: list[dict[str, Any]], told: Mapping[str, Any], due: Mapping[str, float], asked: Mapping[str, float]
) -> Cases:
    numbers = {name: number for number, name in enumerate(sorted({one["promise_id"] for one in known}))}
    kind = np.array([one["kind"] for one in known])
    at = np.array([asked[one["decision_id"]] for one in known])
    ends = np.array([due[one["promise_id"]] for one in known])
    late = np.array([one["late"] for one in known], np.float64)
    hours = np.array([one["hours"] for one in known], np.float64)
    spoken = [told[one["decision_id"]] for one in known]
    base, beside = yardstick(kind, at, ends, late, hours)
    return Cases(
        table=Columns(
            promise=np.array([numbers[one["promise_id"]] for one in known], np.float64),
            p=np.array([one["p_late"] for one in spoken]),
            base=base,
            outcome=late,
            hours=hours,
            told=np.array([[one["q50"], one["q80"], one["q90"]] for one in spoken]),
            base_told=beside,
        ),
        at=at,
        kind=kind,
        quarter=np.array([_quarter(one) for one in at.tolist()]),
        dev=np.array([bool(one.get("dev")) for one in known]),
    )


def _quarter(at: float) -> str:
    day = datetime.fromtimestamp(at, UTC)
    return f"{day.year} Q{(day.month + 2) // 3}"


def yardstick(
    kind: NDArray[np.str_], at: Floats, due: Floats, late: Floats, hours: Floats
) -> tuple[Floats, NDArray[np.float64]]:
    """The running share late and lateness quantiles of each kind of decision, as known when each was taken.

    An outcome counts once the promise is due, a lateness once it is completed; times are nan before the first.
    """
    share, times = np.full(len(at), 0.5), np.full((len(at), len(LEVELS)), np.nan)
    for one in np.unique(kind):
        rows = np.flatnonzero(kind == one)
        known = rows[np.argsort(due[rows], kind="stable")]
        n = np.searchsorted(due[known], at[rows], side="right")
        share[rows] = (np.concatenate([[0.0], np.cumsum(late[known])])[n] + 1) / (n + 2)
        done = rows[~np.isnan(hours[rows])]
        completed = at[done] + HOUR * hours[done]
        order = np.argsort(completed, kind="stable")
        lateness = ((completed - due[done]) / HOUR)[order]
        many = np.searchsorted(completed[order], at[rows], side="right")
        renew, usual = 1.0, np.full(len(LEVELS), np.nan)
        for row, known_by in zip(rows.tolist(), many.tolist(), strict=True):
            if known_by >= renew:
                renew, usual = known_by * RENEWED, np.quantile(lateness[:known_by], LEVELS)
            times[row] = np.maximum((due[row] - at[row]) / HOUR + usual, 0.0)
    return share, times
