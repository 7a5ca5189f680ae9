"""`python -m bench.whole` at a tiny size: both sides start, take the stream, show all of it, and are measured."""

from __future__ import annotations

import math
from pathlib import Path

import psutil
import pytest

from bench.ground import Ground
from bench.whole.__main__ import by_process, run

PROMISES = 20


@pytest.mark.scale
async def test_both_sides_take_all_and_show_it_and_every_figure_is_measured(
    kafka: str, postgres: str, tmp_path: Path
) -> None:
    stage = Ground(kafka, postgres, tmp_path, psutil.Process())
    found, spent = await run(stage, PROMISES, 1, 2.0, 0.5)
    print(found, by_process(spent))
    assert found[0].keys() == {"candor", "usual"}
    assert found[0]["candor"].keys() == found[0]["usual"].keys()
    assert [name for side in found[0].values() for name, figure in side.items() if not 0 < figure < math.inf] == []
    assert len(by_process(spent)) == 7
