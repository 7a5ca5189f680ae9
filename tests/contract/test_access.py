"""The topic cards say which process writes and reads a topic: what the code does, since a broker allows only that."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from candor.contracts import CARDS, EVENTS, PROCESSES
from candor.contracts.topics import GROUPS, INSIGHT, WEB, WORKER
from delivery_svc.settings import DeliverySettings
from notify_svc.settings import NotifySettings
from promise_svc.settings import PromiseSettings
from risk_svc.settings import RiskSettings
from risk_svc.web.feed import Feed
from risk_svc.wiring import GROUP, INSIGHT_GROUP
from tests.support.clocks import ManualClock
from tests.support.consumers import handler_of

SERVICES = Path(__file__).parents[2] / "services"
CLASSES = {event.__name__: event.TOPIC for event in EVENTS.values()}


@cache
def trees(service: str) -> tuple[ast.Module, ...]:
    package = SERVICES / service / service.replace("-", "_")
    return tuple(ast.parse(path.read_text()) for path in sorted(package.rglob("*.py")))


def calls(node: ast.AST) -> Iterator[ast.Call]:
    """Every call of a plain name below `node`."""
    for found in ast.walk(node):
        if isinstance(found, ast.Call) and isinstance(found.func, ast.Name):
            yield found


def called(node: ast.AST) -> set[str]:
    return {call.func.id for call in calls(node) if isinstance(call.func, ast.Name)}


def made(service: str) -> set[str]:
    """The topics of the events that a service makes, by a call or by a table of what it sends."""
    return {CLASSES[name] for tree in trees(service) for name in called(tree) | listed(tree) if name in CLASSES}


def listed(node: ast.AST) -> set[str]:
    """The classes in a table that is called SENT."""
    tables = [
        one.value
        for one in ast.walk(node)
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and one.target.id == "SENT"
    ]
    return {one.id for table in tables if table is not None for one in ast.walk(table) if isinstance(one, ast.Name)}


def processes_with(service: str, part: str) -> set[str]:
    """The processes of a service in whose composition `part` is built; risk-svc's roles are functions of its wiring."""
    wiring = ast.parse((SERVICES / service / service.replace("-", "_") / "wiring.py").read_text())
    functions = [node for node in wiring.body if isinstance(node, ast.FunctionDef) and part in called(node)]
    return {service if node.name in ("build", "_worker") else f"{service} {node.name}" for node in functions}


def services() -> list[str]:
    return sorted(path.name for path in SERVICES.iterdir() if path.name.endswith("-svc"))


def writers(part: str) -> dict[str, set[str]]:
    """By topic, the processes that send what their service makes."""
    found: dict[str, set[str]] = {}
    for service in services():
        for topic in made(service):
            found[topic] = found.get(topic, set()) | processes_with(service, part)
    return found


def test_there_are_four_services_that_make_something() -> None:
    assert len(services()) == 4
    assert all(made(service) for service in services())


def test_what_is_made_and_relayed_is_what_the_cards_say() -> None:
    assert writers("Relay") == {card.name: {*card.writers} for card in CARDS if card.handled}


def test_signs_of_life_come_from_every_process_that_has_a_pulse() -> None:
    beating = {process for service in services() for process in processes_with(service, "Pulse")}
    [pulses] = [card for card in CARDS if not card.handled]
    assert {*pulses.writers} == {*PROCESSES} == beating


@pytest.mark.parametrize("process", sorted(GROUPS))
def test_what_a_worker_reads_is_what_the_cards_say(process: str) -> None:
    handler = handler_of(GROUPS[process], ManualClock())
    assert {*handler.topics, *handler.broadcast} == {
        card.name for card in CARDS if card.handled and process in card.readers
    }


def test_signs_of_life_are_heard_by_every_process_that_says_so() -> None:
    hearing = {process for service in services() for process in processes_with(service, "Hearing")}
    [pulses] = [card for card in CARDS if not card.handled]
    assert {*pulses.readers} == {*hearing, WEB}


def test_what_the_board_reads_is_what_the_cards_say() -> None:
    followed = {name for name, _ in Feed(RiskSettings())._source.pairs}
    assert followed == {card.name for card in CARDS if WEB in card.readers}


def test_every_reader_is_a_process_that_one_of_these_tests_looks_at() -> None:
    assert {reader for card in CARDS for reader in card.readers} == {*GROUPS, WEB}


def test_groups_are_those_under_which_workers_show_their_offsets() -> None:
    usual = {one.service: one.service for one in (PromiseSettings(), DeliverySettings(), NotifySettings())}
    assert usual | {WORKER: GROUP, INSIGHT: INSIGHT_GROUP} == GROUPS
    assert {*GROUPS} == {process for service in services() for process in processes_with(service, "Worker")}
