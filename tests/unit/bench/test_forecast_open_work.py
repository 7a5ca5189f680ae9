"""Open work as the experiment counts it: by hand, in any order, within its bounds, and through a whole engine."""

from __future__ import annotations

import math
import random
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.forecast_streams import open_work
from bench.forecast_streams.counting import FIRST, CountingEngine, OpenWork
from risk_svc.backtest.stream import decide, iso, take
from risk_svc.forecast.view import View
from tests.support.stream import stream

HOUR, DAY = 3600.0, 86400.0
CREW = ("repair", "crew", "north")
few = settings(max_examples=100, deadline=None, print_blob=True)
changes = st.lists(st.tuples(st.integers(0, 20), st.sampled_from("abc"), st.sampled_from((-1, 1))), max_size=40)


def test_the_pressure_is_what_is_open_over_what_usually_is() -> None:
    """One job for a half-life, then three for another: (1 × ½ × ½ + 3 × ½) / (½ × ½ + ½) = 7/3 are usual."""
    work = OpenWork()
    work.change(CREW, 1, 0.0, HOUR)
    work.change(CREW, 2, HOUR, HOUR)
    assert work.pressure(CREW, HOUR, HOUR, 0.0, 0) == pytest.approx(math.log(2 / 2))
    assert work.pressure(CREW, 2 * HOUR, HOUR, 0.0, 0) == pytest.approx(math.log(4 / (7 / 3 + 1)))
    assert work.pressure(CREW, 2 * HOUR, HOUR, 0.0, 1) == pytest.approx(math.log(3 / (7 / 3 + 1)))


def test_nothing_is_known_at_first_nor_of_others() -> None:
    work = OpenWork()
    work.change(CREW, 5, 0.0, HOUR)
    assert work.pressure(CREW, 0.0, HOUR, 0.0, 0) == 0.0
    assert work.pressure(CREW, 2 * HOUR - 1, HOUR, 2 * HOUR, 0) == 0.0
    assert work.pressure(("repair", "crew", "south"), 2 * HOUR, HOUR, 0.0, 0) == 0.0
    work.change(CREW, -4, HOUR, HOUR)
    assert work.pressure(CREW, 2 * HOUR, HOUR, 2 * HOUR, 0) < -0.2


@few
@given(changes, st.randoms(use_true_random=False))
def test_what_happens_at_once_counts_in_any_order(told: list[tuple[int, str, int]], draw: Any) -> None:
    """At each instant as many end as were open before it, at most: a promise ends after it was made."""
    begun = [(at, name, 1) for at, name, _ in told]
    ended = [(at + 3, name, -1) for at, name, by in told if by < 0]
    found = []
    for _ in range(2):
        lines = [*begun, *ended]
        draw.shuffle(lines)
        work = OpenWork()
        for at, name, by in sorted(lines, key=lambda one: (one[0], -one[2])):
            work.change((name,), by, at * HOUR, DAY)
        found.append([work.pressure((name,), 30 * HOUR, DAY, 0.0, 0) for name in "abc"])
    assert found[0] == pytest.approx(found[1])


@few
@given(changes)
def test_it_counts_what_is_open_and_stays_within_it(told: list[tuple[int, str, int]]) -> None:
    work, number, most = OpenWork(), Counter[str](), Counter[str]()
    for at, name, by in sorted(told, key=lambda one: one[0]):
        work.change((name,), by, at * HOUR, DAY)
        number[name] = max(0, number[name] + by)
        most[name] = max(most[name], number[name])
    for name in number:
        held = work.table[name,]
        assert held[0] == number[name]
        pressure = work.pressure((name,), 40 * HOUR, DAY, 0.0, 0)
        assert -math.log(most[name] + 1) - 1e-9 <= pressure <= math.log(most[name] + 1) + 1e-9


@few
@given(st.lists(st.tuples(st.integers(0, 50), st.sampled_from((-1, 1))), max_size=200))
def test_memory_is_bounded(told: list[tuple[int, int]]) -> None:
    """The classes that changed last are held, whatever is open of the others."""
    work, newest = OpenWork(most=10), list[int]()
    for at, (name, by) in enumerate(told):
        work.change((str(name),), by, float(at), DAY)
        newest = [*(one for one in newest if one != name), name][-10:]
        assert [int(key[0]) for key in work.table] == newest


def test_an_end_of_what_was_forgotten_leaves_none_open() -> None:
    work = OpenWork(most=1)
    work.change(CREW, 1, 0.0, HOUR)
    work.change(("repair",), 1, 0.0, HOUR)
    work.change(CREW, -1, HOUR, HOUR)
    assert {key: held[0] for key, held in work.table.items()} == {CREW: 0.0}
    work.change(CREW, 1, 2 * HOUR, HOUR)
    assert work.pressure(CREW, 3 * HOUR, HOUR, 0.0, 0) == pytest.approx(math.log(2 / (2 / 3 + 1)))


@few
@given(changes, st.integers(1, 30))
def test_more_open_work_is_more_pressure(told: list[tuple[int, str, int]], more: int) -> None:
    light, heavy = OpenWork(), OpenWork()
    for at, name, by in sorted(told, key=lambda one: one[0]):
        for work in (light, heavy):
            work.change((name,), by, at * HOUR, DAY)
    for name in {name for _, name, _ in told}:
        light.change((name,), 1, 21 * HOUR, DAY)
        heavy.change((name,), 1 + more, 21 * HOUR, DAY)
        found = [work.pressure((name,), 21 * HOUR + 1, DAY, 0.0, 0) for work in (light, heavy)]
        assert found[0] < found[1]


def _made(name: str, hours: float, crew: str = "north", lead: float = 24.0) -> dict[str, Any]:
    data = {"kind": "repair", "due": iso((hours + lead) * HOUR), "milestones": ["done"], "crew": crew, "tool": "saw"}
    return {"type": "promise.made", "promise_id": name, "time": iso(hours * HOUR), "data": data}


def _told(name: str, what: str, hours: float, **data: Any) -> dict[str, Any]:
    return {"type": what, "promise_id": name, "time": iso(hours * HOUR), "data": data}


def _open(engine: CountingEngine) -> dict[tuple[str, ...], float]:
    return {key: held[0] for key, held in engine.work.table.items()}


def test_a_promise_is_open_until_it_ends_in_whatever_way() -> None:
    engine = CountingEngine(named=frozenset({"crew"}))
    for name in ("kept", "cancelled", "withdrawn", "open"):
        take(engine, _made(name, 0.0))
    kind, crew = ("repair",), ("repair", "crew", "north")
    assert _open(engine) == {kind: 4, crew: 4}
    take(engine, _told("kept", "milestone.reached", 1.0, milestone="done", final=True))
    assert _open(engine) == {kind: 3, crew: 3}
    take(engine, _told("cancelled", "promise.cancelled", 2.0))
    take(engine, _told("withdrawn", "promise.withdrawn", 3.0))
    assert _open(engine) == {kind: 1, crew: 1}
    engine.advance(30 * HOUR)
    assert _open(engine) == {kind: 1, crew: 1}
    engine.advance(400 * DAY)
    assert _open(engine) == {kind: 0, crew: 0}
    assert engine.counted == {}


def test_an_end_that_is_taken_back_is_open_work_again() -> None:
    engine = CountingEngine(named=frozenset({"crew"}))
    take(engine, _made("p", 0.0))
    held = engine.open["p"]
    before = held.view
    take(engine, _told("p", "milestone.reached", 1.0, milestone="done", final=True))
    engine.update(held, before, 2 * HOUR)
    assert _open(engine)["repair",] == 1
    engine.decided(held, 3 * HOUR, late=True)
    engine.decided(held, 4 * HOUR, late=True)
    assert _open(engine)["repair",] == 0
    engine.decided(held, 5 * HOUR, late=False)
    assert _open(engine)["repair",] == 1


def _features(engine: CountingEngine, name: str, hours: float) -> dict[str, float]:
    view: View = engine.open[name].view
    found = engine._features(view, hours * HOUR, "made")
    return {name: value for name, value in found.items() if name.endswith("|open")}


def test_a_moment_tells_the_types_and_the_deliverers_open_work_but_not_its_own() -> None:
    engine = CountingEngine(named=frozenset({"crew"}))
    for number in range(20):
        take(engine, _made(f"n{number}", number, lead=24.0))
    hours = FIRST * 24.0 + 1
    take(engine, _made("rush", hours - 0.5, "south"))
    take(engine, _made("first", hours, "north"))
    take(engine, _made("second", hours, "north"))
    known = _features(engine, "first", hours)
    assert set(known) == {"kind|open", "crew|open"}
    assert known == _features(engine, "second", hours)
    assert _features(engine, "rush", hours)["crew|open"] == 0.0
    usual = engine.work.pressure(("repair", "crew", "north"), hours * HOUR, 15 * DAY, 0.0, 0)
    assert known["crew|open"] == pytest.approx(usual, abs=1e-6)


def test_late_because_of_much_open_work_is_learnt() -> None:
    """A crew that is handed five jobs at once is late with all: no rate can tell, as bursts come at random."""
    known, unknown = (_error(CountingEngine(named=frozenset(names))) for names in ({"crew"}, set[str]()))
    assert known < unknown / 3


def _error(engine: CountingEngine) -> float:
    lines: list[tuple[float, int, dict[str, Any]]] = []
    late, draw = {}, random.Random(3)
    for day in range(160):
        busy = draw.choice("ns")
        for crew in "ns":
            for job in range(5 if crew == busy else 1):
                name = f"{crew}{day}-{job}"
                late[name] = crew == busy
                lines.append((24.0 * day + 0.1 * job, 0, _made(name, 24.0 * day + 0.1 * job, crew, 20.0)))
                done = 24.0 * day + (22.0 if late[name] else 10.0) + 0.1 * job
                lines.append((done, 0, _told(name, "milestone.reached", done, milestone="done", final=True)))
                asked = {"promise_id": name, "kind": "left75", "time": iso((24.0 * day + 0.1 * job + 5) * HOUR)}
                lines.append((24.0 * day + 0.1 * job + 5, 1, asked))
    losses = []
    for hours, asking, line in sorted(lines, key=lambda one: one[:2]):
        if not asking:
            take(engine, line)
        elif (said := decide(engine, line)) and hours > 24 * 100:
            losses.append((said.p_late - late[line["promise_id"]]) ** 2)
    return sum(losses) / len(losses)


def test_the_table_has_gains_by_stream_and_quarter(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    open_work.main(data, tmp_path, 2, ["maker"])
    first = capsys.readouterr().out
    lines = first.splitlines()
    assert lines[0] == open_work.HEAD
    assert [line.split(" | ")[0] for line in lines[2:]] == ["| **parcels**", "| 2024 Q1"]
    said = {name: (tmp_path / name / "parcels.jsonl").read_bytes() for name in ("with", "without")}
    assert said["with"] != said["without"]
    assert len(said["with"].splitlines()) == len(said["without"].splitlines()) < len(stream(240)[1])
    open_work.main(data, tmp_path, 2, ["maker"])
    assert capsys.readouterr().out == first


def test_an_engine_beside_itself_gains_nothing(data: Path, tmp_path: Path) -> None:
    cases = open_work._cases(data / "parcels", tmp_path, 1, CountingEngine)
    line = open_work.row("parcels", cases, cases)
    assert line.count("+0.0000 (+0.0000 to +0.0000)") == 2


def test_without_marked_decisions_all_count(data: Path, tmp_path: Path) -> None:
    cases = open_work._cases(data / "parcels", tmp_path, 1, CountingEngine)
    marked = list(open_work.rows("parcels", cases, cases))
    plain = cases._replace(dev=np.zeros(len(cases.at), bool))
    every = list(open_work.rows("parcels", plain, plain))
    assert [line.split(" | ")[1] for line in (marked[0], every[0])] == [f"{cases.dev.sum():,}", f"{len(cases.at):,}"]


def test_of_too_few_promises_no_gain_is_said(data: Path, tmp_path: Path) -> None:
    cases = open_work._cases(data / "parcels", tmp_path, 1, CountingEngine)
    few_of_them = cases.where(np.arange(len(cases.at)) < 5)
    assert open_work.row("2024 Q1", few_of_them, few_of_them).startswith("| 2024 Q1 | 5 |  |  |  |  | ")
