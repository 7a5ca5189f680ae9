"""Draws docs/operations/dashboards: every dashboard over a replay of the demo, from what a real Prometheus answers.

python -m tools.grafana.pictures
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from rich.console import Console

from candor.errors import OperatorError
from candor_demo import perform, stage
from candor_demo.day import DEFAULT_DAY, DEFAULT_HISTORY_DAYS, Day, load_day
from tools.grafana.__main__ import FOLDER
from tools.grafana.draw import Shown, picture
from tools.grafana.watch import Prometheus, Series, watching
from tools.install import HOME, ROOT

PICTURES: Final = ROOT / "docs" / "operations" / "dashboards"
RATE: Final = "15s"
SETTLED_SECONDS: Final = 20.0
"""Some figures are measured every 15 seconds."""
POINTS: Final = 240


def main() -> None:
    """Replay the demo's day beside Prometheus and draw what it saw."""
    os.environ.setdefault("CANDOR_HOME", str(HOME))
    day = load_day(DEFAULT_DAY, DEFAULT_HISTORY_DAYS)
    set_up = stage.prepare(day, stage.usual_speed(day), print, usual_ports=False)
    try:
        set_up.stack.start()
        urls = {name: set_up.stack.urls[name] for name in set_up.stack.processes}
        with TemporaryDirectory() as folder, watching(Path(folder), urls, RATE) as prometheus:
            start = asyncio.run(_played(set_up, day))
            draw(prometheus, start, time.time())
    finally:
        set_up.stack.stop()


def draw(prometheus: Prometheus, start: float, end: float) -> None:
    """Draw every dashboard of deploy/grafana."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for path in sorted(FOLDER.glob("*.json")):
        dashboard = json.loads(path.read_text())
        shown = {panel["id"]: list(asked(prometheus, panel, start, end)) for panel in dashboard["panels"]}
        (PICTURES / f"{path.stem}.svg").write_text(picture(dashboard, _there(shown), start, end))
        print(f"drew {path.stem}.svg")


def asked(prometheus: Prometheus, panel: dict[str, Any], start: float, end: float) -> Iterator[tuple[str, Series]]:
    """Yield what a panel shows: each series with its name."""
    for target in panel.get("targets", ()):
        expr = target["expr"]
        if target["instant"]:
            found = prometheus.at(expr, end)
        else:
            found = prometheus.over(expr, start, end, (end - start) / POINTS)
        for one in sorted(found, key=lambda each: sorted(each.labels.items())):
            yield _named(target["legendFormat"], one.labels), one


def _there(shown: Shown) -> Shown:
    return {panel: [(name, one) for name, one in series if one.points] for panel, series in shown.items()}


def _named(legend: str, labels: dict[str, str]) -> str:
    return re.sub(r"{{(\w+)}}", lambda found: labels.get(found[1], ""), legend)


async def _played(set_up: stage.Stage, day: Day) -> float:
    """Perform the day as `make demo` does; when its replay began."""
    console = Console()
    begun = time.monotonic()
    imported = await perform.import_history(set_up, day, console)
    pace = stage.bearable_speed(set_up.speed, imported.total, time.monotonic() - begun)
    await perform.learn(set_up, day, console)
    start = time.time()
    replayed = await perform.replay_day(set_up, day, pace, console)
    await perform.conclude(set_up, day, imported, replayed, console)
    print(f"replayed at {pace:.0f} times real time")
    await asyncio.sleep(SETTLED_SECONDS)
    return start


if __name__ == "__main__":
    try:
        main()
    except OperatorError as error:
        sys.exit(f"dashboards-pictures: {error}")
