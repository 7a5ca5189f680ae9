"""Alert rules: of metrics that exist, with the limits of the code, tried both ways, with a runbook for the night."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest
import yaml

from candor.contracts import NoticeState, Standing
from candor.local.stack import SERVICES
from candor.messaging.telemetry import LATE_SECONDS
from candor.messaging.watchdog import PATIENCE
from candor.store.outbox import Backlog
from notify_svc.delivery.claims import CHANNEL_WAIT
from risk_svc.forecast.evaluation import CALIBRATION_LIMIT, COVERAGE_LIMITS, JUDGED, LEVELS
from risk_svc.web.figures import LAST
from tests.support.catalogue import ROOT, bounds, exported
from tests.support.promtool import CONFIGURATION, FOLDER, GENERATED, WATCHED, alerts, rules_of, trials_of

ALL = (*WATCHED, *GENERATED)
NUMBER = re.compile(r"(?:>=|<=|==|>|<)\s*([0-9.]+)")
NAME = re.compile(r"(?<![\w:])(?:candor_\w+|\w+:candor_\w+:\w+|up)(?![\w:])")
SELECTED = re.compile(r"([\w:]+)\{([^}]*)\}")
MATCHER = re.compile(r'(\w+)(?:=~|!~|!=|=)"([^"]*)"')
GROUPED = re.compile(r"\b(?:by|on|ignoring) \(([^)]*)\)")
VALUES = {"state": {item.value for item in NoticeState}, "standing": {item.value for item in Standing}}


def every(kind: str) -> list[Any]:
    """The rules of all files that alert, or that record."""
    return [pytest.param(rule, id=f"{name}: {rule[kind]}") for name in ALL for rule in rules_of(name) if kind in rule]


def known() -> dict[str, set[str]]:
    """The labels of every series, exported or recorded; `up` is Prometheus's own."""
    found = exported() | {"up": {"job", "instance"}}
    for param in every("record"):
        level = param.values[0]["record"].partition(":")[0]
        found[param.values[0]["record"]] = set(level.split("_"))
    return found


def expression(name: str) -> str:
    [text] = [param.values[0]["expr"] for param in every("alert") if param.values[0]["alert"] == name]
    assert isinstance(text, str)
    return text


def said_by(name: str) -> str:
    [found] = [param.values[0]["annotations"] for param in every("alert") if param.values[0]["alert"] == name]
    return " ".join(found.values())


def test_there_are_rules_and_no_file_that_no_test_looks_at() -> None:
    assert len(every("alert")) > 30
    names = {f"{name}{end}.yml" for name in ALL for end in ("", "_test")}
    assert {path.name for path in FOLDER.iterdir()} == names | {CONFIGURATION}
    assert len(alerts()) == len(every("alert")), "two alerts share a name"


def test_the_configuration_loads_every_rule_and_scrapes_every_process_under_its_name() -> None:
    whole = yaml.safe_load((FOLDER / CONFIGURATION).read_text())
    assert sorted(whole["rule_files"]) == sorted(f"{name}.yml" for name in ALL)
    scraped = {
        job["job_name"]: int(target.rpartition(":")[2])
        for job in whole["scrape_configs"]
        for group in job["static_configs"]
        for target in group["targets"]
    }
    assert scraped == {service.name: service.port for service in SERVICES}


AT_ONCE = {"MessagesHeld", "TemplateFails"}
"""Alerts that do not wait: what they tell of is never a passing figure, and each minute counts."""


@pytest.mark.parametrize("rule", every("alert"))
def test_an_alert_says_how_long_how_bad_what_and_what_to_do(rule: dict[str, Any]) -> None:
    assert set(rule) | {"for"} == {"alert", "expr", "for", "labels", "annotations"}
    assert ("for" in rule) == (rule["alert"] not in AT_ONCE)
    assert re.fullmatch(r"([A-Z][a-z]+)+", rule["alert"])
    assert re.fullmatch(r"[1-9][0-9]*[smhd]", rule.get("for", "1m"))
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
    assert len(rule["annotations"]["summary"]) > 30
    assert rule["annotations"]["description"].endswith(".")
    assert rule["expr"].count("(") == rule["expr"].count(")")


@pytest.mark.parametrize("rule", every("alert"))
def test_an_alert_has_a_runbook_that_names_it_and_how_bad_it_is(rule: dict[str, Any]) -> None:
    runbook = ROOT / rule["annotations"]["runbook_url"]
    assert runbook.is_file()
    head = runbook.read_text().partition("\n## ")[0]
    assert f"`{rule['alert']}`" in head
    assert rule["labels"]["severity"] in head


@pytest.mark.parametrize("rule", every("record"))
def test_a_recorded_name_says_its_labels_its_metric_and_what_was_done(rule: dict[str, Any]) -> None:
    level, metric, operations = rule["record"].split(":")
    assert metric.startswith("candor_")
    assert operations
    grouped = [part.replace(" ", "").split(",") for part in re.findall(r"by \(([^)]*)\)", rule["expr"])]
    assert all("_".join(labels) == level for labels in grouped)
    assert set(rule.get("labels", ())) == ({"slo"} if level == "slo" else set())


@pytest.mark.parametrize("rule", [*every("alert"), *every("record")])
def test_every_metric_of_a_rule_exists_with_the_labels_it_is_asked_for(rule: dict[str, Any]) -> None:
    series, text = known(), rule["expr"]
    bare = re.sub(r'"[^"]*"', '""', text)
    names = set(NAME.findall(bare))
    assert names
    assert names <= set(series)
    for name, asked in SELECTED.findall(text):
        for label, value in MATCHER.findall(asked):
            assert label in series[name]
            if label in VALUES:
                assert set(value.split("|")) <= VALUES[label]
            if label == "le":
                assert float(value) in bounds()[name]
    grouped = {label for labels in GROUPED.findall(text) for label in labels.replace(" ", "").split(",")}
    assert grouped <= set.union(*(series[name] for name in names))


@pytest.mark.parametrize("rule", every("alert"))
def test_an_alert_is_tried_both_ways_and_ends(rule: dict[str, Any]) -> None:
    name = rule["alert"]
    tried = [one["alert_rule_test"] for one in trials_of(alerts()[name])["tests"] if "alert_rule_test" in one]
    runs = [[bool(step.get("exp_alerts")) for step in steps] for steps in tried if steps[0]["alertname"] == name]
    assert all(step["alertname"] == steps[0]["alertname"] for steps in tried for step in steps)
    assert any(run[:2] == [False, True] for run in runs), "nothing shows that it waits, and then begins"
    assert any(True in run and run[-1] is False for run in runs), "nothing shows that it ends"


@pytest.mark.parametrize("name", ALL)
def test_what_is_recorded_is_alerted_on_or_tried_by_itself(name: str) -> None:
    recorded = {rule["record"] for rule in rules_of(name) if "record" in rule}
    texts = [rule["expr"] for rule in rules_of(name)]
    texts += [asked["expr"] for one in trials_of(name)["tests"] for asked in one.get("promql_expr_test", ())]
    used = {found for text in texts for found in re.findall(r"\w+:\w+:\w+", text)}
    assert recorded <= used


def test_the_limits_of_forecasts_are_those_of_the_code() -> None:
    found = [float(number) for number in NUMBER.findall(expression("ForecastNotCalibrated"))]
    assert found == [CALIBRATION_LIMIT, JUDGED]
    found = [float(number) for number in NUMBER.findall(expression("ForecastIntervalsOff"))]
    assert found == [*COVERAGE_LIMITS, JUDGED]
    levels = re.findall(r'level="([0-9.]+)"', expression("ForecastIntervalsOff"))
    assert set(levels) == {str(LEVELS[1])}


def test_what_is_judged_can_be_reached_by_what_is_looked_at() -> None:
    assert JUDGED <= LAST


def test_what_alerts_say_of_limits_is_so() -> None:
    backlog = inspect.signature(Backlog).parameters
    age, rows = (float(number) for number in NUMBER.findall(expression("OutboxNearlyFull")))
    assert age < backlog["oldest_s"].default == 6 * 3600
    assert rows < backlog["most"].default == 200_000
    assert "six hours or 200,000 rows" in said_by("OutboxNearlyFull")
    assert CHANNEL_WAIT == 3600
    assert "After an hour" in said_by("MessagesWithoutChannel")
    assert f"At {PATIENCE} seconds the process ends itself" in said_by("EventLoopLate")
    assert LATE_SECONDS == 10
    assert "within 10 s" in (ROOT / "deploy/slo/event-freshness.yaml").read_text()


def test_the_index_of_runbooks_has_every_alert_once_with_its_runbook_and_severity() -> None:
    index = (ROOT / "docs/runbooks/README.md").read_text()
    rows = re.findall(r"^\| (`[^|]+) \| (page|ticket) \| \[[^]]+\]\(([\w-]+\.md)\) \|$", index, re.MULTILINE)
    listed = [
        (alert, severity, f"docs/runbooks/{page}")
        for names, severity, page in rows
        for alert in re.findall(r"\w+", names)
    ]
    expected = [
        (rule["alert"], rule["labels"]["severity"], rule["annotations"]["runbook_url"])
        for rule in (param.values[0] for param in every("alert"))
    ]
    assert sorted(listed) == sorted(expected)


def test_no_runbook_is_left_of_an_alert_that_is_gone() -> None:
    for page in (ROOT / "docs/runbooks").glob("*.md"):
        head = page.read_text().partition("\n## ")[0]
        named = re.findall(r"`([A-Z][a-z]+(?:[A-Z][a-z]+)+)`", head)
        assert set(named) <= set(alerts()), page.name
        if page.name != "README.md":
            assert named, page.name
            for part in ("## Do first (five minutes)", "## In the morning", "```"):
                assert part in page.read_text(), f"{page.name}: {part}"
