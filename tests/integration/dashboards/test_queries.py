"""Every query of every dashboard, asked of a real Prometheus that read a real run."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from candor_demo import gather
from tests.integration.dashboards.conftest import Watched
from tools.grafana.__main__ import DASHBOARDS
from tools.grafana.classic import made

pytestmark = [pytest.mark.dashboards, pytest.mark.prometheus]
LABELS = {
    "band", "bin", "channel", "check", "code", "file", "instance", "job", "key", "le",
    "level", "method", "outcome", "part", "path", "policy", "process", "reason", "route", "rule", "service", "slo",
    "source", "standing", "state", "statement", "status", "topic", "type", "version",
}  # fmt: skip
"""Every label that a metric or rule of ours may have; each has few values, whatever is promised to how many."""
MOST_VALUES = 40
MOST_RULES = 80
"""A rule of retention each: as many as there are tables whose rows end, so only a migration adds one."""
LONG_NUMBER = re.compile(r"[0-9a-f]{8}-|\d{7}")


def queries() -> Iterator[Any]:
    for one in DASHBOARDS:
        for panel in made(one)["panels"]:
            for target in panel.get("targets", ()):
                yield pytest.param(panel, target, id=f"{one.name}: {panel['title']} {target['refId']}")


def names(watched: Watched) -> set[str]:
    """Everything that the day's promises, customers and events are called."""
    events = [*watched.day.history, *watched.day.live]
    ids = {event.id for event in events}
    for event in events:
        ids |= {str(value) for name, value in event.data.items() if name.endswith("_id")}
    return ids


@pytest.mark.parametrize(("panel", "target"), [*queries()])
def test_a_query_finds_something_in_time(panel: dict[str, Any], target: dict[str, Any], watched: Watched) -> None:
    ask = watched.prometheus
    # Refused with an error if Prometheus itself needs more than a second.
    if target["instant"]:
        found = ask.at(target["expr"], watched.end)
    else:
        found = ask.over(target["expr"], watched.start, watched.end, 1)
    assert [one for one in found if one.points], f"{panel['title']}: no data"
    known, labels = names(watched), [one.labels for one in found]
    assert {name for one in labels for name in one} <= LABELS | {"__name__"}
    assert [one for one in labels if known & {*one.values()}] == []


def test_no_metric_has_an_id_for_a_label_or_a_label_without_bound(watched: Watched) -> None:
    series = watched.prometheus.known('{__name__=~"candor_.+"}')
    assert len(series) > 300
    known = names(watched)
    values: dict[str, set[str]] = {}
    assert len(known) > 1000
    for one in series:
        for name, value in one.items():
            values.setdefault(name, set()).add(value)
    del values["__name__"]
    assert {*values} <= LABELS
    assert {name: found & known for name, found in values.items() if found & known} == {}
    assert len(values.pop("rule")) <= MOST_RULES
    assert {name: len(found) for name, found in values.items() if len(found) > MOST_VALUES} == {}
    # Mounted files lie in folders that pytest numbers.
    numbered = {name: value for name in values.keys() - {"file", "path"} for value in values[name] if _an_id(value)}
    assert numbered == {}


def _an_id(value: str) -> bool:
    try:
        return bool(UUID(value))
    except ValueError:
        return bool(LONG_NUMBER.search(value))


async def test_messages_went_out_and_an_incident_was_among_it_all(watched: Watched) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        states = await gather.notice_states(http, watched.stage.stack.urls["notify-svc"], watched.stage.key)
    assert states.get("sent", 0) > 0
    assert {event.type for event in watched.day.live} >= {"promise.made", "milestone.reported", "incident.reported"}


@pytest.mark.parametrize(
    "process", ["promise-svc", "delivery-svc", "risk-worker", "risk-learner", "risk-insight", "risk-web", "notify-svc"]
)
def test_names_and_units_follow_the_conventions(process: str, watched: Watched) -> None:
    page = httpx.get(f"{watched.stage.stack.urls[process]}/metrics", trust_env=False).text
    found = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout + found.stderr) == (0, "")
