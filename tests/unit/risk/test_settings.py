"""Settings and the three roles: wrong values stop the process in words."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from candor.contracts import PROCESSES
from risk_svc.__main__ import main
from risk_svc.domain.components.lateness import Lateness
from risk_svc.domain.components.silence import Silence
from risk_svc.domain.gap import GapDefinition
from risk_svc.settings import InsightSettings, LearnerSettings, RiskSettings, WorkerSettings


def definition_of(monkeypatch: pytest.MonkeyPatch, **environment: str) -> GapDefinition:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return RiskSettings().definition


def test_weights_are_one_mapping_over_the_definitions_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    assert RiskSettings().definition == GapDefinition()
    found = definition_of(monkeypatch, WEIGHTS='{"lateness": 0.5, "silence": 0}')
    assert found == GapDefinition(weights={"lateness": 0.5, "silence": 0.0})
    assert found.weights == {**GapDefinition().weights, "lateness": 0.5, "silence": 0.0}
    assert definition_of(monkeypatch, WEIGHTS="") == GapDefinition()


def test_a_component_reads_its_own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    found = definition_of(monkeypatch, SILENCE_HOURS="2", MISSED_STEP="0.25")
    assert Silence(2.0) in found.components
    assert Lateness(0.25) in found.components


def test_the_business_calendar_is_the_gaps_as_well() -> None:
    office = RiskSettings(business_hours="mon-fri 09:00-17:00", holidays="US")
    assert office.definition == GapDefinition(calendar=office.calendar)


def test_the_roles_have_ports_of_their_own_and_one_database() -> None:
    web, worker, learner, insight = RiskSettings(), WorkerSettings(), LearnerSettings(), InsightSettings()
    assert (web.port, worker.port, learner.port, insight.port) == (8103, 8104, 8106, 8107)
    assert web.database == worker.database
    assert web.database.endswith("/candor_risk")


@pytest.mark.parametrize(
    "wrong",
    [
        {"weights": {"lateness": 0.96}},
        {"weights": {"unbacked": -0.1}},
        {"weights": {"lateness": 0, "scope": 0}},
        {"component_settings": {"silence_hours": 0}},
        {"component_settings": {"missed_step": 1.1}},
        {"reviews_per_tick": 0},
    ],
)
def test_weights_out_of_range_stop_the_process(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RiskSettings(**wrong)


@pytest.mark.parametrize("arguments", [[], ["board"], ["worker", "web"]])
def test_a_wrong_role_is_said_with_the_right_ones(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "worker|learner|insight|web" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("WEIGHTS", '{"silence": 2}', "weight of silence must lie between 0 and 0.95"),
        ("WEIGHTS", '{"silent": 0.2}', "there is no component silent; there are lateness, scope, incidents, silence"),
        ("WEIGHTS", '{"silence": "much"}', "WEIGHTS.SILENCE: "),
        ("WEIGHTS", "silence=0.2", 'WEIGHTS: must be a JSON object such as {"lateness": 0.9, "silence": 0.4}'),
        ("WEIGHTS", "[0.2]", "WEIGHTS: must be a JSON object"),
        ("WEIGHT_SILENCE", "0.2", "WEIGHT_SILENCE: no longer read: all weights are one variable, WEIGHTS='{\"sil"),
        ("SILENCE_HOURS", "0", "silence_hours must be above 0"),
        ("MISSED_STEP", "half", "COMPONENT_SETTINGS: MISSED_STEP must be a number"),
    ],
)
def test_a_wrong_setting_is_said_and_ends_the_process(
    name: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit, match="2"):
        main(["worker"])
    assert f"settings: {words}" in capsys.readouterr().err


def test_a_deployment_says_which_processes_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    assert RiskSettings().expected_processes == tuple(PROCESSES)
    monkeypatch.setenv("EXPECTED_PROCESSES", "promise-svc, delivery-svc,risk-svc worker")
    assert RiskSettings().expected_processes == ("promise-svc", "delivery-svc", "risk-svc worker")


@pytest.mark.parametrize("wrong", ["", ",", "risk-svc", "promise-svc,notify"])
def test_a_process_that_there_is_not_stops_the_process_and_names_those_there_are(
    wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPECTED_PROCESSES", wrong)
    with pytest.raises(ValidationError, match="risk-svc worker"):
        RiskSettings()


def test_thresholds_are_of_kinds_of_hops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOP_THRESHOLDS", '{"sales>customer": 0.1, "product>success": 1}')
    assert RiskSettings().hop_thresholds == {"sales>customer": 0.1, "product>success": 1}
    monkeypatch.setenv("HOP_THRESHOLDS", "")
    assert RiskSettings().hop_thresholds == {}


@pytest.mark.parametrize(
    "wrong", ["0.1", "[]", "{", '{"sales": 0.1}', '{">customer": 0.1}', '{"a>b": 0}', '{"a>b": 1.1}', '{"a>b": "x"}']
)
def test_other_thresholds_stop_the_process(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("HOP_THRESHOLDS", wrong)
    with pytest.raises(ValidationError, match="hop_thresholds"):
        RiskSettings()
