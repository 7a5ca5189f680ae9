"""Grafana's dashboards: made from what describes them, complete, and in Kubernetes as they are in the repository."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

import delivery_svc.metrics
import notify_svc.metrics
import risk_svc.metrics
from candor.intake import metrics as intake
from candor.messaging import metrics as messaging
from candor.ops.metrics import REGISTRY
from candor.store import metrics as store
from candor.web import metrics as web
from tests.support.promtool import GENERATED, WATCHED, rules_of
from tools.grafana.__main__ import FOLDER, generated

MADE = generated()
ROOT = FOLDER.parents[2]
GRAFANA, K8S = ROOT / "deploy/grafana", ROOT / "deploy/k8s"
MEASURED_BY = (delivery_svc, notify_svc, risk_svc, intake, messaging, store, web)
NAME = re.compile(r"[a-z_:]*candor_[a-z0-9_:]+")


def dashboards() -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(FOLDER.iterdir())]


def panels() -> Iterator[Any]:
    for one in dashboards():
        for panel in one["panels"]:
            if panel["type"] != "row":
                yield pytest.param(panel, id=f"{one['uid']}: {panel['title']}")


@pytest.mark.parametrize("path", sorted(MADE), ids=lambda path: path.name)
def test_every_file_is_as_it_would_be_made_now(path: Path) -> None:
    assert path.read_text() == MADE[path], "run: python -m tools.grafana"


def test_no_other_file_is_there() -> None:
    assert {*FOLDER.iterdir()} == {*MADE}


@pytest.mark.parametrize("one", dashboards(), ids=lambda one: one["uid"])
def test_a_dashboard_can_be_read_from_a_file_by_any_grafana(one: dict[str, Any]) -> None:
    assert re.fullmatch(r"candor-[a-z]+", one["uid"])
    assert one["title"] and one["description"]
    assert one["schemaVersion"] >= 36
    # Grafana asks for them when somebody imports by hand, and files have nobody to ask.
    assert "__inputs" not in one and "id" not in one
    assert [variable["name"] for variable in one["templating"]["list"]] == ["datasource", "docs"]
    numbers = [panel["id"] for panel in one["panels"]]
    assert len({*numbers}) == len(numbers)


@pytest.mark.parametrize("one", dashboards(), ids=lambda one: one["uid"])
def test_panels_lie_beside_one_another(one: dict[str, Any]) -> None:
    cells = [
        {(x, y) for x in range(p["x"], p["x"] + p["w"]) for y in range(p["y"], p["y"] + p["h"])}
        for p in (panel["gridPos"] for panel in one["panels"])
    ]
    assert all(x < 24 for taken in cells for x, _ in taken)
    assert not any(first & second for first, second in combinations(cells, 2))
    # What to act on comes first: the alerts, and then figures with limits.
    first = [panel for panel in one["panels"] if panel["gridPos"]["y"] == 1]
    assert [panel["type"] for panel in first] == ["stat"] * 6
    assert first[0]["title"] == "Alerts firing"


@pytest.mark.parametrize("panel", [*panels()])
def test_a_panel_says_what_to_do_and_where_that_is_written(panel: dict[str, Any]) -> None:
    text = panel["description"]
    assert text.endswith(".") and len(text.split()) >= 8
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["datasource"]["uid"] == "${datasource}"
    [link] = panel["links"]
    assert link["url"].startswith("${docs}/")
    assert (ROOT / "docs" / link["url"].removeprefix("${docs}/")).is_file()


@pytest.mark.parametrize("panel", [*panels()])
def test_a_panel_asks_for_what_is_measured_or_recorded(panel: dict[str, Any]) -> None:
    assert MEASURED_BY
    recorded = {rule["record"] for name in (*WATCHED, *GENERATED) for rule in rules_of(name) if "record" in rule}
    families = [family for family in REGISTRY.collect() if family.name.startswith("candor_")]
    ends = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
    measured = {family.name + end for family in families for end in ends.get(family.type, ("",))}
    for target in panel["targets"]:
        asked = {*NAME.findall(target["expr"])}
        assert asked or "ALERTS{" in target["expr"]
        assert asked <= measured | recorded


def test_kubernetes_gets_every_file_as_it_is_and_grafana_finds_it() -> None:
    component = yaml.safe_load((K8S / "components/dashboards/kustomization.yaml").read_text())
    [referred] = component["components"]
    assert (K8S / "components/dashboards" / referred).resolve() == GRAFANA
    [generator] = yaml.safe_load((GRAFANA / "kustomization.yaml").read_text())["configMapGenerator"]
    assert {GRAFANA / name for name in generator["files"]} == {*MADE}
    assert generator["options"]["labels"] == {"grafana_dashboard": "1"}
    # An object has at most 1 MiB, and what `kubectl apply` notes of it at most 256 KiB.
    assert sum(len(text.encode()) for text in MADE.values()) < 200_000
    production = yaml.safe_load((K8S / "overlays/production/kustomization.yaml").read_text())
    assert "../../components/dashboards" in production["components"]


def test_grafana_is_told_of_prometheus_and_of_the_files() -> None:
    [source] = yaml.safe_load((GRAFANA / "provisioning/datasources/candor.yaml").read_text())["datasources"]
    scraped = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())["global"]["scrape_interval"]
    assert (source["type"], source["jsonData"]["timeInterval"]) == ("prometheus", scraped)
    [provider] = yaml.safe_load((GRAFANA / "provisioning/dashboards/candor.yaml").read_text())["providers"]
    assert (provider["type"], provider["allowUiUpdates"]) == ("file", False)
    assert provider["options"]["path"] in (ROOT / "docs/operations/dashboards.md").read_text()
