"""Service levels: OpenSLO objects that fit together, and rules that are made of them and of nothing else."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from tests.support.catalogue import ROOT
from tools import slo_rules

DOCUMENTS = slo_rules.documents()
SLOS = [each for each in DOCUMENTS if each["kind"] == "SLO"]
POLICIES = {each["metadata"]["name"]: each for each in DOCUMENTS if each["kind"] == "AlertPolicy"}
FIELDS = {
    "AlertNotificationTarget": {"description", "target"},
    "AlertPolicy": {
        "description",
        "alertWhenBreaching",
        "alertWhenResolved",
        "alertWhenNoData",
        "conditions",
        "notificationTargets",
    },
    "SLO": {
        "description",
        "service",
        "indicator",
        "timeWindow",
        "budgetingMethod",
        "objectives",
        "alertPolicies",
    },
}
"""The fields of each kind of object in OpenSLO v1, as far as we use it."""


def changed(slo: dict[str, Any], target: float) -> str:
    burns = [slo_rules.burn(POLICIES[each["alertPolicyRef"]]) for each in slo["spec"]["alertPolicies"]]
    spec = slo["spec"] | {"objectives": [{"target": target}]}
    return str(list(slo_rules.rules_of(slo | {"spec": spec}, burns)))


def test_the_rules_are_those_that_the_objectives_make() -> None:
    made = slo_rules.files()
    assert len(made) == 2
    stale = [path.name for path, text in made.items() if path.read_text() != text]
    assert stale == [], "run .candor/venv/bin/python tools/slo_rules.py"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: each["metadata"]["name"])
def test_every_object_is_one_of_openslo(document: dict[str, Any]) -> None:
    assert set(document) == {"apiVersion", "kind", "metadata", "spec"}
    assert document["apiVersion"] == "openslo/v1"
    assert set(document["spec"]) == FIELDS[document["kind"]]
    assert re.fullmatch(r"[a-z0-9-]{1,63}", document["metadata"]["name"])
    assert len(document["spec"]["description"]) <= 1050


@pytest.mark.parametrize("slo", SLOS, ids=lambda each: each["metadata"]["name"])
def test_an_objective_measures_good_or_bad_of_all_and_names_policies_that_there_are(slo: dict[str, Any]) -> None:
    spec = slo["spec"]
    assert spec["budgetingMethod"] == "Occurrences"
    assert spec["timeWindow"] == [{"duration": "28d", "isRolling": True}]
    ratio = spec["indicator"]["spec"]["ratioMetric"]
    assert ratio["counter"] is True
    assert len(ratio.keys() & {"good", "bad"}) == 1
    for name in ratio.keys() - {"counter"}:
        source = ratio[name]["metricSource"]
        assert source["type"] == "Prometheus"
        assert slo_rules.WINDOW in source["spec"]["query"]
    assert {each["alertPolicyRef"] for each in spec["alertPolicies"]} <= set(POLICIES)
    assert 0 < spec["objectives"][0]["target"] < 1
    assert (ROOT / slo["metadata"]["annotations"]["candor/runbook"]).is_file()


@pytest.mark.parametrize("policy", POLICIES.values(), ids=lambda each: each["metadata"]["name"])
def test_a_policy_looks_at_a_short_window_within_the_long_one_and_spends_what_it_says(policy: dict[str, Any]) -> None:
    one = slo_rules.burn(policy)
    assert slo_rules.seconds(one.short) < slo_rules.seconds(one.long)
    words = {"fiftieth": 1 / 50, "twentieth": 1 / 20, "tenth": 1 / 10, "third": 1 / 3, "quarters": 3 / 4}
    [share] = [words[word] for word in words if word in one.description]
    spent = one.rate * slo_rules.seconds(one.long) / slo_rules.seconds("28d")
    assert spent == pytest.approx(share, rel=0.1)


def test_another_target_makes_another_budget() -> None:
    [slo] = [each for each in SLOS if each["metadata"]["name"] == "intake-availability"]
    assert "> 0.0144 and" in changed(slo, 0.999)
    assert "> 0.144 and" in changed(slo, 0.99)
    assert "Objective 99 %" in changed(slo, 0.99)


def test_another_condition_than_a_burn_rate_is_refused() -> None:
    policy = yaml.safe_load(yaml.safe_dump(POLICIES["within-an-hour"]))
    policy["spec"]["conditions"][0]["spec"]["condition"]["op"] = "lt"
    with pytest.raises(ValueError, match="within-an-hour"):
        slo_rules.burn(policy)


def test_the_page_on_service_levels_has_every_objective_with_its_target() -> None:
    page = (ROOT / "docs/service-levels.md").read_text()
    for slo in SLOS:
        name, target = slo["metadata"]["name"], slo["spec"]["objectives"][0]["target"]
        assert re.search(rf"deploy/slo/{name}\.yaml\) \| {100 * target:g} %", page), name
