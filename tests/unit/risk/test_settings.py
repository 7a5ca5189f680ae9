"""Settings and the three roles: wrong values stop the process in words."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from risk_svc.__main__ import main
from risk_svc.domain.gap import Weights
from risk_svc.settings import LearnerSettings, RiskSettings, WorkerSettings


def test_weights_are_settings_with_the_definitions_defaults() -> None:
    assert RiskSettings().weights == Weights()
    changed = RiskSettings(weight_lateness=0.5, silence_hours=2).weights
    assert (changed.lateness, changed.silence_hours) == (0.5, 2.0)
    office = RiskSettings(business_hours="mon-fri 09:00-17:00", holidays="US")
    assert office.weights == Weights(calendar=office.calendar)


def test_the_roles_have_ports_of_their_own_and_one_database() -> None:
    web, worker, learner = RiskSettings(), WorkerSettings(), LearnerSettings()
    assert (web.port, worker.port, learner.port) == (8103, 8104, 8106)
    assert web.database == worker.database
    assert web.database.endswith("/candor_risk")


@pytest.mark.parametrize(
    "wrong",
    [
        {"weight_lateness": 0.96},
        {"weight_unbacked": -0.1},
        {"silence_hours": 0},
        {"reviews_per_tick": 0},
        {"weight_lateness": 0, "weight_scope": 0},
    ],
)
def test_weights_out_of_range_stop_the_process(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        RiskSettings(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("arguments", [[], ["board"], ["worker", "web"]])
def test_a_wrong_role_is_said_with_the_right_ones(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "worker|learner|web" in capsys.readouterr().err


def test_a_wrong_setting_is_said_and_ends_the_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WEIGHT_SILENCE", "2")
    with pytest.raises(SystemExit, match="2"):
        main(["worker"])
    assert "WEIGHT_SILENCE" in capsys.readouterr().err
