"""Measures what forecasts cost: alone, in a batch, line by line, and in memory, beside a plain share late by class.

    python -m bench.forecast [--flights 4000] [--rounds 5]

The baseline counts how many of a class were late and answers with that share, without times or reasons: the least that
a forecast can cost. CPU time on one core; memory is the growth of a separate process that loads a model.
"""

from __future__ import annotations

import gc
import io
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Protocol

import msgspec
import psutil
import typer
from rich.progress import Progress

from bench import report
from bench.flights import Line, airport
from risk_svc.backtest.run import converse
from risk_svc.backtest.stream import take
from risk_svc.forecast.engine import Engine
from risk_svc.forecast.model import Model
from risk_svc.forecast.serialization import MODEL, model_bytes, model_of
from risk_svc.forecast.view import View
from risk_svc.forecasting.live import PublishedModel

BATCH = 2000
SINGLY = 300
CLASSES = 100_000
BASELINE = "share by class"
MARKS = {
    "lines/s": "mark ≥ 3,000 on one core",
    "µs alone": "no mark",
    "µs in 2,000": "no mark",
    "MB": f"no mark: a process that takes in a model of {CLASSES:,} classes",
    "MB stored": "no mark",
}
Views = Sequence[View]
Class = tuple[str, str, str]
Counts = dict[Class, list[int]]


class Side(Protocol):
    """A side of the comparison."""

    def forecast(self, views: Views, now: float) -> object:
        """Forecasts of open promises."""

    def replay(self, lines: Sequence[bytes]) -> int:
        """Replay a stream in lock-step from scratch; returns the number of forecasts."""

    def stored(self) -> bytes:
        """A serialized model of CLASSES classes."""


class Ours:
    """The published model and the engine that learnt it."""

    def __init__(self, engine: Engine) -> None:
        self.published = PublishedModel(engine.model)

    def forecast(self, views: Views, now: float) -> object:
        """As a worker forecasts."""
        return self.published.forecast(views, [()] * len(views), now)

    def replay(self, lines: Sequence[bytes]) -> int:
        """As `candor backtest --stdio`."""
        return converse(lines, io.BytesIO())

    def stored(self) -> bytes:
        """A model with every table of reference classes full: each promise has two unique labels."""
        model, view = (
            Model(),
            View(
                promise_id="p",
                kind="k",
                made=0.0,
                deadline=1e5,
                order=["left", "came"],
                plans={},
                texts=[],
                numbers=[],
                last_at=0.0,
            ),
        )
        for number in range(CLASSES // 2):
            at = float(number)
            view = msgspec.structs.replace(view, made=at, deadline=at + 1e5, completed=at + 9e4, last=0)
            view.texts = [("maker", f"m{number}"), ("place", f"place {number}")]
            view.stages = [(-1, at), (0, at + 3e4)]
            model.context.made(view)
            model.context.step(view, "left", 0.1, at)
            model.context.due(view, number % 7 == 0)
            model.context.completed(view, at)
        return model_bytes(model)


class Shares:
    """Counts the promises of each class, and how many were late."""

    def __init__(self) -> None:
        self.late: Counts = {}

    def forecast(self, views: Views, now: float) -> object:  # noqa: ARG002
        """The share late by kind."""
        return [self._share(view.kind) for view in views]

    def replay(self, lines: Sequence[bytes]) -> int:
        """Read every line, and answer decisions with the share so far."""
        told, encode, decode = 0, msgspec.json.encode, msgspec.json.decode
        for raw in lines:
            said = decode(raw)
            if "decision" in said:
                encode({"decision_id": said["decision"]["decision_id"], "p_late": self._share("flight")})
                told += 1
            elif said["event"]["data"].get("final"):
                self.late.setdefault(("flight", "", ""), [0, 0])[1] += 1
        return told

    def stored(self) -> bytes:
        """Two counts per class."""
        return msgspec.msgpack.encode([[["k", "maker", f"m{number}"], [1, 9]] for number in range(CLASSES)])

    def _share(self, kind: str) -> float:
        late, n = self.late.get((kind, "", ""), (1, 6))
        return late / n


def counts_of(raw: bytes) -> Counts:
    """The counts from `Shares.stored`."""
    return dict(msgspec.msgpack.decode(raw, type=list[tuple[Class, list[int]]]))


def wire(lines: Sequence[Line]) -> list[bytes]:
    """The lines in the lock-step protocol's form."""
    return [msgspec.json.encode({"decision" if line.decision else "event": line.said}) for line in lines]


def taught(lines: Sequence[Line]) -> Engine:
    """An engine that has seen the events of a stream."""
    engine = Engine()
    for line in lines:
        if not line.decision:
            take(engine, line.said)
    return engine


def open_views(engine: Engine, n: int) -> list[View]:
    """Views of `n` promises that are open and not yet due; some may repeat."""
    found = [held.view for held in engine.open.values() if held.view.deadline > engine.now]
    return list(islice(cycle(found), n))


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of this process."""
    gc.collect()
    begun = time.process_time()
    work()
    return time.process_time() - begun


def figures(side: Side, views: Views, now: float, lines: Sequence[bytes], model: Path) -> dict[str, float]:
    """One round of one side."""
    alone = cpu(lambda: [side.forecast([view], now) for view in views[:SINGLY]]) / SINGLY
    return {
        "µs alone": 1e6 * alone,
        "µs in 2,000": 1e6 * cpu(lambda: side.forecast(views, now)) / len(views),
        "lines/s": len(lines) / cpu(lambda: side.replay(lines)),
        "MB": grown(model),
        "MB stored": model.stat().st_size / 1e6,
    }


def grown(model: Path) -> float:
    """MB by which a fresh process grows when it loads a model."""
    call = [sys.executable, "-m", "bench.forecast", "--model", str(model)]
    return float(json.loads(subprocess.run(call, check=True, capture_output=True).stdout))


def take_in(model: Path) -> float:
    """MB by which this process grows when it loads a model."""
    raw, held = model.read_bytes(), psutil.Process()
    gc.collect()
    before = held.memory_info().rss
    kept = model_of(raw) if raw.startswith(MODEL) else counts_of(raw)
    gc.collect()
    grew = held.memory_info().rss - before
    del kept
    return grew / 1e6


def main(flights: int = 4000, rounds: int = 5, model: Path | None = None) -> None:
    """Measure and write bench/results/forecast.json; with --model print the memory cost of loading that model."""
    if model is not None:
        print(json.dumps(take_in(model)))
        return
    stream = airport(flights)
    engine, lines = taught(stream), wire(stream)
    views = open_views(engine, BATCH)
    sides: dict[str, Side] = {"engine": Ours(engine), BASELINE: Shares()}
    measured = []
    with tempfile.TemporaryDirectory() as folder, Progress() as progress:
        task = progress.add_task("forecasting", total=rounds + 1)
        models = {name: Path(folder) / str(place) for place, name in enumerate(sides)}
        for name, side in sides.items():
            models[name].write_bytes(side.stored())
        for number in range(rounds + 1):
            progress.update(task, advance=1, description=f"round {number} of {rounds}" if number else "warming up")
            order = list(sides)[:: 1 if number % 2 == 0 else -1]
            one = {name: figures(sides[name], views, engine.now, lines, models[name]) for name in order}
            measured.append(dict(sorted(one.items())))
    report.publish("forecast", measured[1:], BASELINE, MARKS)


if __name__ == "__main__":
    typer.run(main)
