"""Prometheus's promtool on the alert rules, and what a process exports as the series that promtool's tests take."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from prometheus_client.parser import text_string_to_metric_families

FOLDER = Path(__file__).parents[2] / "deploy/prometheus"
CONFIGURATION = "prometheus.yml"
GENERATED = ("slo", "slo_promises")
"""Rule files that tools/slo_rules.py makes."""
WATCHED = tuple(
    path.stem
    for path in sorted(FOLDER.glob("*.yml"))
    if not path.stem.endswith("_test") and path.name != CONFIGURATION and path.stem not in GENERATED
)
"""Rule files that people write, by what they watch."""


def promtool(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["promtool", *arguments], cwd=folder, capture_output=True, text=True, check=False)


def rules_of(name: str) -> list[dict[str, Any]]:
    """The rules of one file, in its order."""
    groups = yaml.safe_load((FOLDER / f"{name}.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def trials_of(name: str) -> dict[str, Any]:
    """What promtool is to try of one file."""
    whole: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}_test.yml").read_text())
    return whole


def alerts() -> dict[str, str]:
    """Every alert, and the file it is in."""
    return {rule["alert"]: name for name in (*WATCHED, *GENERATED) for rule in rules_of(name) if "alert" in rule}


def series(page: str, target: dict[str, str], minutes: int) -> Iterable[dict[str, str]]:
    """A page of /metrics as series that stand still for so long, with the labels that a scrape of `target` adds."""
    for family in text_string_to_metric_families(page):
        for one in family.samples:
            labels = ", ".join(f"{name}={json.dumps(value)}" for name, value in (one.labels | target).items())
            # Written plainly: these series know no exponents, and no nan in small letters.
            value = f"{one.value:.6f}".replace("nan", "NaN")
            yield {"series": f"{one.name}{{{labels}}}", "values": f"{value}+0x{minutes}"}
