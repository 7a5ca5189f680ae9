"""Prometheus's promtool on the alert rules, and what a process exports as the series that promtool's tests take."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

FOLDER = Path(__file__).parents[2] / "deploy/prometheus"
RULES, TESTS = "forecast.yml", "forecast_test.yml"


def promtool(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["promtool", *arguments], cwd=folder, capture_output=True, text=True, check=False)


def series(page: str, target: dict[str, str], minutes: int) -> Iterable[dict[str, str]]:
    """A page of /metrics as series that stand still for so long, with the labels that a scrape of `target` adds."""
    for family in text_string_to_metric_families(page):
        for one in family.samples:
            labels = ", ".join(f"{name}={json.dumps(value)}" for name, value in (one.labels | target).items())
            # Written plainly: these series know no exponents, and no nan in small letters.
            value = f"{one.value:.6f}".replace("nan", "NaN")
            yield {"series": f"{one.name}{{{labels}}}", "values": f"{value}+0x{minutes}"}
