"""Matched, undone, matched elsewhere, in any order: each promise ends as if its reports alone had ever reached it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import msgspec
import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from candor.contracts import Message, ScopeItem, decode, encode
from candor.intake import Origin
from delivery_svc import events
from delivery_svc.domain import DeliveredShare, MilestoneStatus, Refusal, Report
from delivery_svc.domain.match import MOST, Passed, without
from risk_svc.domain.fold import FoldOutcome, fold
from risk_svc.domain.state import PromiseState, StepStatus, View, completed_at
from tests.support.risk import DEPARTS, M, Story

STEPS: Final = ("departed", "arrived", "checked", "loaded")
ITEMS: Final = ("seats", "meals", "unknown")
SCOPE: Final = [ScopeItem("seats", 2.0), ScopeItem("meals", 1.0)]
MADE: Final = "made"


@st.composite
def reports(draw: st.DrawFn) -> Passed:
    at = DEPARTS + draw(st.integers(0, 6)) * M
    status = draw(st.sampled_from(list(MilestoneStatus)))
    planned = draw(st.none() | st.integers(0, 9).map(lambda minute: DEPARTS + minute * M))
    parts = draw(st.lists(st.tuples(st.sampled_from(ITEMS), st.sampled_from([0.0, 0.5, 1.0])), max_size=2))
    report = Report(
        promise_id=None,
        reference=None,
        milestone=draw(st.sampled_from(STEPS)),
        status=status,
        at=at,
        planned=planned,
        final=draw(st.booleans()),
        correction=draw(st.booleans()),
        delivered=tuple(DeliveredShare(*part) for part in parts),
        reason=draw(st.none() | st.sampled_from(["snow", "crew"])),
    )
    said = at + timedelta(minutes=draw(st.integers(0, 3)))
    source = draw(st.sampled_from(["field", "ops", "van", "depot", "gate"]))
    return passed(report, source, said=said)


def passed(report: Report, source: str = "field", *, said: object = None, version: int = 0) -> Passed:
    at = report.at if said is None else said
    name = f"{source}-{report.status}-{report.at:%M}"
    return Passed(
        version=version,
        report=report,
        source=source,
        source_event=name,
        said=at,  # type: ignore[arg-type]
        historical=False,
        parked_id=None,
    )


@dataclass
class Promise:
    """What delivery-svc passed on for a promise, and what risk-svc folded of it."""

    reports: list[Passed] = field(default_factory=list)
    state: PromiseState = field(default_factory=lambda: PromiseState(promise_id="p1", customer_id="c1"))
    version: int = 0

    def make(self) -> None:
        made = Story().made(scope=SCOPE)
        assert fold(self.state, made.envelope, made.data) is FoldOutcome.APPLIED

    def match(self, group: Sequence[Passed]) -> list[int]:
        """Pass these on; returns their versions."""
        versions = []
        for one in group:
            self.version += 1
            versions.append(self.version)
            self.reports.append(_numbered(one, self.version))
            origin = Origin(one.source_event, one.source, one.said or one.report.at, False)
            self._hear(events.milestone("p1", "c1", self.version, one.report, origin))
        return versions

    def undo(self, versions: Sequence[int]) -> None:
        """Take these back."""
        gone = [one for one in self.reports if one.version in versions]
        left = without(self.reports, gone)
        self.reports = [one for one in self.reports if one.version not in versions]
        self.version += 1
        origin = Origin(f"undo-{self.version}", "ana", DEPARTS, False)
        self._hear(events.restated("p1", "c1", self.version, left, origin))

    def _hear(self, message: Message) -> None:
        record = encode(message)
        told = decode("milestones", list(record.headers), record.value)
        assert fold(self.state, told.envelope, told.data) is FoldOutcome.APPLIED


def _numbered(one: Passed, version: int) -> Passed:
    return passed(one.report, one.source, said=one.said, version=version)


def facts(state: PromiseState) -> PromiseState:
    """The promise without what only counts events, and without the order of steps and items that nobody planned."""
    steps, scope = (sorted(parts, key=lambda one: one.name) for parts in (state.steps, state.scope))
    return msgspec.structs.replace(state, steps=steps, scope=scope, milestone_version=0, view=View())


def direct(reports: Sequence[Passed], *, made: bool) -> PromiseState:
    promise = Promise()
    if made:
        promise.make()
    promise.match(reports)
    return facts(promise.state)


@given(st.lists(st.lists(reports(), min_size=1, max_size=3), min_size=1, max_size=3), st.data())
def test_in_any_order_each_promise_ends_as_if_its_reports_alone_had_come(
    groups: list[list[Passed]], data: st.DataObject
) -> None:
    promises = (Promise(), Promise())
    made = data.draw(st.booleans(), "made before its reports")
    if made:
        for promise in promises:
            promise.make()
    where: dict[int, tuple[int, list[int]]] = {}
    moves = data.draw(st.lists(st.tuples(st.integers(0, len(groups) - 1), st.integers(0, 1)), max_size=8), "moves")
    for number, goal in [*moves, *((number, data.draw(st.integers(0, 1), "end")) for number in range(len(groups)))]:
        # What is matched already is undone first, wherever it is to go.
        if number in where:
            at, versions = where.pop(number)
            promises[at].undo(versions)
        where[number] = (goal, promises[goal].match(groups[number]))
    note(f"ends at {where}")
    for promise in promises:
        assert facts(promise.state) == direct(promise.reports, made=made)


@given(st.lists(reports(), max_size=4), st.lists(reports(), min_size=1, max_size=3), st.lists(reports(), max_size=3))
def test_a_promise_that_never_was_meant_is_as_if_nothing_had_been_matched(
    before: list[Passed], wrong: list[Passed], after: list[Passed]
) -> None:
    promise = Promise()
    promise.make()
    promise.match(before)
    versions = promise.match(wrong)
    promise.match(after)
    promise.undo(versions)
    assert facts(promise.state) == direct([*before, *after], made=True)


@given(st.lists(reports(), max_size=3), st.lists(reports(), min_size=1, max_size=3))
def test_a_promise_that_comes_after_the_undo_is_as_if_nothing_had_been_matched(
    right: list[Passed], wrong: list[Passed]
) -> None:
    promise, other = Promise(), Promise()
    versions = promise.match(wrong)
    promise.match(right)
    promise.undo(versions)
    promise.make()
    other.match(right)
    other.make()
    assert facts(promise.state) == facts(other.state)


def report(milestone: str, status: MilestoneStatus, minute: int = 0, **changes: object) -> Report:
    values = {"promise_id": None, "reference": None, "at": DEPARTS + minute * M, **changes}
    return Report(milestone=milestone, status=status, **values)  # type: ignore[arg-type]


def test_a_promise_that_a_wrong_report_ended_is_open_again_and_keeps_its_plan() -> None:
    promise = Promise()
    promise.make()
    versions = promise.match([passed(report("arrived", MilestoneStatus.REACHED, 5, planned=DEPARTS))])
    assert completed_at(promise.state) == (DEPARTS + 5 * M).timestamp()
    promise.undo(versions)
    arrived = promise.state.steps[-1]
    assert completed_at(promise.state) is None
    assert (arrived.status, arrived.final, arrived.expected, arrived.plans) == (StepStatus.PENDING, True, None, [])
    assert arrived.planned is not None
    assert promise.state.reporters == []


def test_a_step_that_nobody_planned_goes_with_its_last_report() -> None:
    promise = Promise()
    promise.make()
    first = promise.match([passed(report("loaded", MilestoneStatus.STARTED))])
    second = promise.match([passed(report("loaded", MilestoneStatus.REACHED, 9))])
    promise.undo(second)
    assert next((one.name, one.status) for one in promise.state.steps) == ("loaded", StepStatus.STARTED)
    promise.undo(first)
    assert [one.name for one in promise.state.steps] == ["departed", "arrived"]


def test_of_a_step_with_very_many_reports_no_undo_is_told() -> None:
    many = [passed(report("loaded", MilestoneStatus.PLANNED, planned=DEPARTS), version=n) for n in range(MOST + 2)]
    with pytest.raises(Refusal, match="an undo tells at most 200"):
        without(many, many[:1])
    assert len(without(many, many[:2]).steps["loaded"]) == MOST
