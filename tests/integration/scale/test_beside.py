"""The bench of what insight costs, as a few seconds: both sides are measured, and insight has every report."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import psutil
import pytest

from bench.beside import EVENTS_PER_PROMISE, run, stream
from bench.ground import Ground
from candor.contracts import MilestoneReported


def test_every_promise_has_its_reports_after_it() -> None:
    sent = [event.envelope.subject for event in stream(500)]
    assert Counter(sent) == {f"beside-{number}": EVENTS_PER_PROMISE for number in range(500)}
    types = [one.data.milestone if isinstance(one.data, MilestoneReported) else "made" for one in stream(1)]
    assert types == ["made", "delivered", "installed"]


@pytest.mark.scale
async def test_both_sides_are_measured(kafka: str, postgres: str, tmp_path: Path) -> None:
    found, beside = await run(Ground(kafka, postgres, tmp_path, psutil.Process()), 60.0, 3.0, 1)
    [one] = found
    assert [*one] == ["with insight", "without insight"]
    assert all(figure > 0 for name in one for what, figure in one[name].items() if "database" not in what)
    [own] = beside
    assert own["CPU ms an event"] > 0
