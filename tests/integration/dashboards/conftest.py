"""A made-up day in six real processes, read by a real Prometheus with our configuration and rules."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from rich.console import Console

from candor_demo import perform, stage
from candor_demo.day import Day
from tests.support.staged import staged
from tests.support.tiny_day import tiny_day
from tests.support.waiting import until
from tools.grafana.watch import Prometheus, watching

SPEED = 1500
SHOWN_SECONDS = 120
# Set once 30 promises are scored, by a process that looks every 15 seconds: the last of all figures to be there.
LAST = "candor_forecast_calibration_error_ratio"


@dataclass(frozen=True)
class Watched:
    """What ran, and the Prometheus that read it from `start` to `end`."""

    stage: stage.Stage
    day: Day
    prometheus: Prometheus
    start: float
    end: float


@pytest.fixture(scope="package")
def watched(kafka: str, postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    day, console = tiny_day(flights=45, history_days=14), Console(quiet=True)
    home, watch = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("prometheus")
    with staged(day, SPEED, kafka, postgres, home) as made:
        urls = {name: made.stack.urls[name] for name in made.stack.processes}
        with watching(watch, urls, "1m") as prometheus:

            async def play() -> None:
                await perform.import_history(made, day, console)
                await perform.learn(made, day, console)
                replayed = await perform.replay_day(made, day, SPEED, console)
                assert replayed.refused == []

                async def scored() -> bool:
                    return bool(prometheus.at(LAST))

                await until(scored, seconds=60)

            asyncio.run(play())
            end = prometheus.at("max(timestamp(up))")[0].points[0][1]
            yield Watched(made, day, prometheus, end - SHOWN_SECONDS, end)
