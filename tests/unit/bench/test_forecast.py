"""The bench of forecasts: its stream is one that the engine can read, and both sides answer the same questions."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import forecast
from bench.flights import airport
from bench.forecast import Ours, Shares, Side, cpu, figures, grown, open_views, taught, wire
from risk_svc.forecast.serialization import model_of
from risk_svc.forecasting.live import PublishedModel

STREAM = airport(300)


def test_the_made_up_airport_is_in_time_order_and_the_same_for_a_seed() -> None:
    assert airport(300) == STREAM
    assert airport(300, seed=2) != STREAM
    assert [line.at for line in STREAM] == sorted(line.at for line in STREAM)
    known = [line.said["promise_id"] for line in STREAM if line.said.get("type") == "promise.made"]
    assert len(known) == len(set(known)) == 300


def test_decisions_are_asked_only_while_a_flight_is_under_way_and_not_yet_due() -> None:
    made: dict[str, str] = {}
    due: dict[str, str] = {}
    landed: set[str] = set()
    asked = 0
    for line in STREAM:
        said, name = line.said, line.said["promise_id"]
        if line.decision:
            assert name not in landed
            assert made[name] <= said["time"] < due[name]
            asked += 1
        elif said["type"] == "promise.made":
            made[name], due[name] = said["time"], said["data"]["due"]
        elif said["data"].get("final"):
            landed.add(name)
    assert asked > 300
    assert 260 < len(landed) < 300


def test_about_a_third_is_late_so_that_there_is_something_to_learn() -> None:
    due = {line.said["promise_id"]: line.said["data"]["due"] for line in STREAM if "due" in line.said.get("data", {})}
    final = {line.said["promise_id"]: line.said["time"] for line in STREAM if line.said.get("data", {}).get("final")}
    late = sum(final.get(name, "9") >= due[name] for name in due) / len(due)
    assert 0.15 < late < 0.5


def test_both_sides_answer_every_decision_and_every_view() -> None:
    engine, lines = taught(STREAM), wire(STREAM)
    decisions = sum(line.decision for line in STREAM)
    assert Ours(engine).replay(lines) == Shares().replay(lines) == decisions
    views = open_views(engine, 50)
    assert len(views) == 50
    assert all(view.deadline > engine.now for view in views)
    found = PublishedModel(engine.model).forecast(views, [()] * 50, engine.now)
    assert ((found.p_slip > 0) & (found.p_slip < 1)).all()
    assert Shares().forecast(views, engine.now) == [1 / 6] * 50


def test_a_round_has_every_figure_that_has_a_mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast, "CLASSES", 200)
    engine, lines = taught(STREAM), wire(STREAM)[:300]
    views = open_views(engine, 20)
    sides: tuple[Side, ...] = Ours(engine), Shares()
    for number, side in enumerate(sides):
        model = tmp_path / str(number)
        model.write_bytes(side.stored())
        found = figures(side, views, engine.now, lines, model)
        assert found.keys() == forecast.MARKS.keys()
        assert all(found[name] > 0 for name in found if name != "MB")


def test_a_full_model_has_the_classes_it_is_said_to_have(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(forecast, "CLASSES", 2000)
    raw = Ours(taught([])).stored()
    context = model_of(raw).context
    for table in (context.late, context.steps, context.durations, context.gaps):
        assert 2000 <= len(table.table) <= 4010
    small, full = tmp_path / "small", tmp_path / "full"
    full.write_bytes(raw)
    monkeypatch.setattr(forecast, "CLASSES", 2)
    small.write_bytes(Ours(taught([])).stored())
    assert grown(full) > grown(small)


def test_cpu_counts_work() -> None:
    assert cpu(lambda: sum(range(200_000))) > 0
