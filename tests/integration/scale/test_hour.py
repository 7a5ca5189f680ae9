"""The hour of load, as half a minute: every process is measured, and every kind of request is answered."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from bench.ground import Ground
from bench.hour import SAMPLES, grown, measured
from candor.local.stack import SERVICES


@pytest.mark.scale
async def test_every_process_is_measured(
    kafka: str, postgres: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = await measured(Ground(kafka, postgres, tmp_path, psutil.Process()), 70.0, 2.0, 2.0)
    assert {name: len(samples) for name, samples in found.items()} == {one.name: SAMPLES for one in SERVICES}
    assert all(sample > 0 for samples in found.values() for sample in samples)
    answered = [line.partition(":") for line in capsys.readouterr().out.splitlines() if " answered" in line]
    assert [name for name, _, _ in answered] == ["promises", "views", "departed", "installed"]
    assert [line for _, _, line in answered if line.startswith(" 0 ")] == []


def test_a_process_that_grows_is_seen() -> None:
    assert grown([100.0] * 60 + [130.0] * 240 + [150.0] * 60) == (100.0, 150.0)
    assert grown([120.0, *[100.0] * 359]) == (120.0, 100.0)
