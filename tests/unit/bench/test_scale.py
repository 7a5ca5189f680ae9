"""The machinery of `make scale`: what is not answered counts for ever, and nothing runs past its deadline."""

from __future__ import annotations

import asyncio
import math
from types import SimpleNamespace
from typing import Any, cast

import pytest
from typer.testing import CliRunner

from bench.scale import __main__ as command
from bench.scale.paced import Paced
from bench.scale.registry import MODULES, SCENARIOS
from bench.scale.report import rows, summary
from bench.scale.scenario import FEWEST, Finding, Scenario, at_most, carried_out, within
from bench.scale.site import Site

FIRST = Finding("known before", "7")
NOWHERE = cast(Site, SimpleNamespace(found=[FIRST]))


def scenario(run: Any, deadline: float = 60.0) -> Scenario:
    return Scenario(name="one", about="one", things="rows", stated=1_000, usual=0.5, run=run, deadline=deadline)


async def test_what_is_never_answered_is_slower_than_everything() -> None:
    async def ask(number: int) -> None:
        if number % 2:
            await asyncio.Event().wait()

    async with Paced(ask, 200) as pace:
        await pace.first()
        await asyncio.sleep(0.2)
        await pace.finish(0.01)
    assert pace.slowest(0.2) < math.inf
    assert pace.slowest(0.99) == math.inf


async def test_a_question_that_fails_was_never_answered() -> None:
    async def ask(_number: int) -> None:
        raise OSError

    async with Paced(ask, 200) as pace:
        await asyncio.sleep(0.05)
    assert pace.slowest(0.0) == math.inf


async def test_only_what_is_due_after_the_mark_counts() -> None:
    stuck = True

    async def ask(_number: int) -> None:
        if stuck:
            raise OSError

    async with Paced(ask, 200) as pace:
        await asyncio.sleep(0.05)
        stuck = False
        pace.mark()
        await pace.first()
        await asyncio.sleep(0.05)
        await pace.finish(10)
    assert pace.slowest() < math.inf


async def test_what_ends_at_once_is_still_asked_about() -> None:
    async with Paced(lambda _: asyncio.sleep(0), 20) as pace:
        await pace.first()
        pace.mark()
        await pace.finish(60)
    assert pace.slowest() < math.inf


async def test_a_question_that_is_still_open_does_not_count_yet() -> None:
    async def ask(number: int) -> None:
        if number:
            await asyncio.Event().wait()

    async with Paced(ask, 200) as pace:
        await pace.first()
        await asyncio.sleep(0.05)
        assert pace.slowest() < math.inf
    assert pace.slowest() == math.inf


async def test_nothing_asked_is_nothing_answered() -> None:
    assert Paced(lambda _: asyncio.sleep(0), 1).slowest() == math.inf


async def test_a_scenario_that_hangs_ends_by_its_deadline() -> None:
    async def hangs(_site: Site, _count: int) -> list[Finding]:
        await asyncio.Event().wait()
        return []

    [first, found] = await carried_out(scenario(hangs, deadline=0.05), NOWHERE, 1)
    assert first is FIRST
    assert found.kept is False
    assert found.measured.startswith("not in")


async def test_a_scenario_that_fails_says_so_and_the_others_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    async def fails(_site: Site, _count: int) -> list[Finding]:
        raise TimeoutError("the broker")

    [_, found] = await carried_out(scenario(fails), NOWHERE, 1)
    assert found.kept is False
    assert found.measured == "ended with TimeoutError: the broker"
    assert "in fails" in capsys.readouterr().err


def test_sizes() -> None:
    one = scenario(None)
    assert one.count(None, larger=False) == 500
    assert one.count(None, larger=True) == 3_000
    assert one.count(0.1, larger=True) == 100
    assert one.count(0.0, larger=False) == FEWEST


def test_limits() -> None:
    assert within("x", 1.0, 1.0).kept
    assert not within("x", 1.01, 1.0).kept
    late = within("x", math.inf, 1.0, 60)
    assert (late.measured, late.kept) == ("not in 60 s", False)
    assert at_most("x", 2_000, 1_000, "B").measured == "2,000 B"
    found = {"a": [within("fast", 1, 2), Finding("said", "7")], "b": [within("slow", 3, 2)]}
    assert [line.split()[-1] for line in rows(found["a"]).splitlines()] == ["kept", "7"]
    assert rows(found["b"]).endswith("NOT KEPT")
    assert summary(found, 60).strip() == "1 of 2 limits kept, in 1.0 minutes; not kept in: b"


def test_every_scenario_has_a_name_of_its_own_and_is_explained() -> None:
    assert len(SCENARIOS) == sum(len(module.SCENARIOS) for module in MODULES)
    shown = CliRunner().invoke(command.app, ["--help"], env={"COLUMNS": "200", "TERM": "dumb"}).output
    assert [name for name in SCENARIOS if name not in shown] == []


def test_an_unknown_scenario_is_refused_before_anything_starts() -> None:
    said = CliRunner().invoke(command.app, ["--only", "nothing"])
    assert said.exit_code == 2
