"""The alert rules over what a process of risk-svc really exports: each series under its name, with its labels."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.promtool import FOLDER, promtool, series

pytestmark = pytest.mark.promtool
RULES, TESTS = "forecast.yml", "forecast_test.yml"
TARGET = {"job": "risk-svc", "instance": "risk-1:8103"}
# Half of 4,000 slipped, each said to slip with chance `p`; all were told P80 for the second hour.
PROCESS = """
import sys
from prometheus_client import generate_latest
from candor.ops.metrics import REGISTRY
from risk_svc import metrics, wiring
from risk_svc.forecast.evaluation import ScoredForecast, evaluate
from risk_svc.web.figures import show

p, early, waiting = float(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
if p:
    hours = [1.5 if n < early else 2.5 for n in range(4000)]
    rows = [(f"p{n}", "made", "parcel", p, 0.5, n % 2, n, hours[n], (1, 2, 3)) for n in range(4000)]
    show(evaluate([ScoredForecast(*row) for row in rows]))
for boundaries in waiting:
    metrics.BOUNDARIES_WAITING.set(float(boundaries))
print(generate_latest(REGISTRY).decode())
"""
UNCALIBRATED = {"alertname": "ForecastNotCalibrated", "severity": "ticket", **TARGET}
OFF = {"alertname": "ForecastIntervalsOff", "severity": "ticket", "level": "0.8", **TARGET}
STILL = {"alertname": "ModelStandsStill", "severity": "ticket"}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (("0.5", "3200", "3"), []),
        (("0.6", "2000", "4"), [UNCALIBRATED, OFF, STILL]),
        (("0.5", "4000"), [OFF, STILL]),
        (("0", "0"), [STILL]),
    ],
    ids=["all is well", "nothing is", "P80 covers all and nobody learns", "just started"],
)
def test_what_a_process_exports_raises_what_it_should(
    said: tuple[str, ...], expected: list[dict[str, str]], tmp_path: Path
) -> None:
    # A process of its own: the gauges of this one are what other tests have left.
    run = subprocess.run([sys.executable, "-c", PROCESS, *said], capture_output=True, text=True, check=True)
    shutil.copy(FOLDER / RULES, tmp_path)
    samples = [
        {"labels": "ALERTS{" + ", ".join(f'{name}="{value}"' for name, value in found.items()) + "}", "value": 1}
        for found in ({"alertstate": "firing", **labels} for labels in expected)
    ]
    asked = {"expr": 'ALERTS{alertstate="firing"}', "eval_time": "150m", "exp_samples": samples}
    test = {
        "interval": "1m",
        "input_series": list(series(run.stdout, TARGET, 150)),
        "promql_expr_test": [asked],
    }
    whole = {"rule_files": [RULES], "evaluation_interval": "1m", "tests": [test]}
    (tmp_path / TESTS).write_text(yaml.safe_dump(whole))
    found = promtool(tmp_path, "test", "rules", TESTS)
    assert found.returncode == 0, found.stdout + found.stderr
