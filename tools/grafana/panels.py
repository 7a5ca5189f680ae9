"""What a dashboard of Grafana is made of; classic.py makes its JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

RULES: Final = Path(__file__).parents[2] / "deploy" / "prometheus"
GREEN, YELLOW, RED, PLAIN = "green", "yellow", "red", "text"


@dataclass(frozen=True)
class Query:
    """An expression, and what its series are called: `{{label}}` stands for a label's value."""

    expr: str
    legend: str = ""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One panel: `text` says what it shows and what to do; `steps` are the limits from which a colour holds."""

    title: str
    text: str
    queries: tuple[Query, ...]
    kind: str = "timeseries"
    unit: str = "short"
    width: int = 8
    height: int = 7
    base: str = PLAIN
    steps: tuple[tuple[float, str], ...] = ()
    runbook: str = ""
    low: float | None = None
    high: float | None = None
    decimals: int | None = None
    stacked: bool = False
    words: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Section:
    """A row of Grafana: a title and the panels below it."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Dashboard:
    """One page; `sections` from what a person looks at first to what explains it."""

    name: str
    title: str
    text: str
    sections: tuple[Section, ...]


def stat(title: str, text: str, expr: str, **more: Any) -> Panel:
    """One figure, four columns wide, coloured by its limits."""
    known: dict[str, Any] = {"kind": "stat", "width": 4, "height": 4, "base": GREEN}
    return Panel(title=title, text=text, queries=(Query(expr),), **(known | more))


def firing(*files: str) -> Panel:
    """How many of the alerts in these files of deploy/prometheus are firing."""
    groups = [group for file in files for group in yaml.safe_load((RULES / f"{file}.yml").read_text())["groups"]]
    names = "|".join(rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule)
    return stat(
        "Alerts firing",
        "Alerts on what this page shows. Above 0: open Prometheus's page Alerts; each alert links its runbook, "
        "and the index of runbooks says in which order to look.",
        f'count(ALERTS{{alertstate="firing", alertname=~"{names}"}}) or vector(0)',
        steps=((1, RED),),
        runbook="README",
    )
