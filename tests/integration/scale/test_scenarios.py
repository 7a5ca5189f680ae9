"""Every scenario of `make scale` at a tiny size: rows are made, processes start, and all that it says is measured."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from bench.ground import Ground
from bench.scale.__main__ import carried
from bench.scale.registry import SCENARIOS
from tests.support.servers import HOME, Databases

COUNT = 20
SIZES = {"memory": 1_000}


IN_EVERY_RUN = "incident"


def marked(name: str) -> object:
    """All but one take longer than `make test` has for them."""
    return name if name == IN_EVERY_RUN else pytest.param(name, marks=pytest.mark.scale)


@pytest.mark.parametrize("name", [marked(name) for name in SCENARIOS])
async def test_scenario_measures_all_that_it_says(
    name: str, kafka: str, postgres: str, databases: Databases, tmp_path: Path
) -> None:
    # Under the broker's own folder, so that the scenario that measures its logs finds them.
    stage = Ground(kafka, postgres, tmp_path if name != "disk" else HOME / "test", psutil.Process())
    findings = await carried(stage, replace(SCENARIOS[name], deadline=280.0), SIZES.get(name, COUNT))
    print(findings)
    assert [one.measured for one in findings if one.what == "the whole of it"] == []
    assert [one.what for one in findings if one.kept is not None or name == "disk"] != []
    assert [one.what for one in findings if math.isinf(one.figure)] == []
