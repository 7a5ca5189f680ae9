"""Alert rules: about metrics that exist, with the limits of the code, and a runbook that can be opened at night."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import Counter, Gauge, Histogram

from candor.ops import metrics
from risk_svc import metrics as risk_metrics
from risk_svc.forecast.evaluation import CALIBRATION_LIMIT, COVERAGE_LIMITS, JUDGED, LEVELS
from risk_svc.web.figures import LAST
from tests.support.promtool import FOLDER, RULES, TESTS

ROOT = Path(__file__).parents[3]
NUMBER = re.compile(r"(?:>=|<=|==|>|<)\s*([0-9.]+)")
NAME = re.compile(r"\bcandor_[a-z_]+")
LABELS = re.compile(r"\b(candor_[a-z_]+)\{([^}]*)\}")


def rules() -> list[Any]:
    found = []
    for group in yaml.safe_load((FOLDER / RULES).read_text())["groups"]:
        assert set(group) <= {"name", "interval", "rules"}
        found += [pytest.param(rule, id=rule["alert"]) for rule in group["rules"]]
    return found


def series() -> dict[str, tuple[str, ...]]:
    """Every series that the catalogue exports, with its labels."""
    found: dict[str, tuple[str, ...]] = {}
    for metric in (*vars(metrics).values(), *vars(risk_metrics).values()):
        if isinstance(metric, Counter | Gauge | Histogram):
            for family in metric.describe():
                ends = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(family.type, ("",))
                found |= {family.name + end: metric._labelnames for end in ends}
    return found


def expression(name: str) -> str:
    [text] = [param.values[0]["expr"] for param in rules() if param.values[0]["alert"] == name]
    assert isinstance(text, str)
    return text


def test_there_are_rules_and_no_file_that_no_test_looks_at() -> None:
    assert len(rules()) >= 2
    assert {path.name for path in FOLDER.iterdir()} == {RULES, TESTS}


@pytest.mark.parametrize("rule", rules())
def test_a_rule_says_how_long_how_bad_what_and_what_to_do(rule: dict[str, Any]) -> None:
    assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"([A-Z][a-z]+)+", rule["alert"])
    assert re.fullmatch(r"[1-9][0-9]*[smhd]", rule["for"])
    assert rule["labels"]["severity"] in ("page", "warning")
    assert len(rule["annotations"]["summary"]) > 30
    runbook = ROOT / rule["annotations"]["runbook_url"]
    assert runbook.is_file()
    assert rule["alert"] in runbook.read_text()
    assert rule["expr"].count("(") == rule["expr"].count(")")


@pytest.mark.parametrize("rule", rules())
def test_every_metric_of_a_rule_exists_with_the_labels_it_is_asked_for(rule: dict[str, Any]) -> None:
    known = series()
    names = NAME.findall(rule["expr"])
    assert names
    assert set(names) <= set(known)
    for name, asked in LABELS.findall(rule["expr"]):
        assert set(re.findall(r"(\w+)=", asked)) <= set(known[name])


def test_its_numbers_are_those_of_the_code() -> None:
    found = [float(number) for number in NUMBER.findall(expression("ForecastNotCalibrated"))]
    assert found == [CALIBRATION_LIMIT, JUDGED]
    found = [float(number) for number in NUMBER.findall(expression("ForecastIntervalsOff"))]
    assert found == [*COVERAGE_LIMITS, JUDGED]
    levels = re.findall(r'level="([0-9.]+)"', expression("ForecastIntervalsOff"))
    assert set(levels) == {str(LEVELS[1])}


def test_what_is_judged_can_be_reached_by_what_is_looked_at() -> None:
    assert JUDGED <= LAST
