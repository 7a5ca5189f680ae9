"""The bodies of plans: which codes can be counted, and what a plan says as a command and as an event."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import Component, PlanChanged, decode, encode
from candor.intake import Origin
from candor.web.http.body import convert
from candor.web.http.problems import Problem
from promise_svc.api.matter_requests import entry
from promise_svc.api.plan_requests import ACTION, PlanChangeIn, PlanIn
from promise_svc.domain import Kind, enter
from promise_svc.matter_events import changed
from tests.support.clocks import NOON

SAID: dict[str, Any] = {
    "promise_id": "p1",
    "driver": "lateness",
    "action": "add-crew",
    "department": "operations",
    "due": "2013-03-12T12:00:00Z",
}
ORIGIN = Origin("evt-1", "crm", NOON)


def opened(**fields: Any) -> PlanIn:
    return convert(PlanIn, SAID | fields)


@given(st.text(max_size=70))
def test_an_action_is_taken_as_it_is_or_not_at_all(action: str) -> None:
    fine = re.fullmatch(ACTION, action) is not None and len(action) <= 60
    try:
        body = opened(action=action)
    except Problem:
        assert not fine
        return
    assert fine
    assert body.action == action


@given(st.lists(st.text("abcz09", min_size=1, max_size=8), min_size=1, max_size=6))
def test_words_joined_by_hyphens_are_an_action(words: list[str]) -> None:
    assert opened(action="-".join(words)).action == "-".join(words)


@pytest.mark.parametrize("action", ["", "-", "a-", "-a", "a--b", "A", "a b", "a_b", "ä", "a\n"])
def test_what_could_be_counted_as_another_is_no_action(action: str) -> None:
    with pytest.raises(Problem):
        opened(action=action)


@pytest.mark.parametrize("driver", list(Component))
def test_a_plan_as_a_command_keeps_words_and_the_person_apart(driver: Component) -> None:
    said = {**SAID, "driver": driver.value, "owner": "kim", "words": "from the south depot"}
    command = entry(Kind.PLAN, "pl1", "opened", opened(**said), NOON)
    assert (command.promise_id, command.at) == ("p1", NOON)
    assert command.words == {"owner": "kim", "words": "from the south depot"}
    assert set(command.content) == {"driver", "action", "department", "due"}
    assert command.content["driver"] == driver.value


@pytest.mark.parametrize("driver", list(Component))
def test_a_plan_survives_the_wire_without_them(driver: Component) -> None:
    said = {**SAID, "driver": driver.value, "owner": "kim", "words": "from the south depot"}
    command = entry(Kind.PLAN, "pl1", "opened", opened(**said), NOON)
    # The promise brings its customer.
    matter, line = enter(None, [], replace(command, customer_id="c1"))
    message = changed(matter, ORIGIN, line)
    assert isinstance(message.data, PlanChanged)
    assert (message.data.driver, message.data.state, message.data.since) == (driver, "open", NOON)
    record = encode(message)
    assert b"kim" not in record.value
    assert b"depot" not in record.value
    assert decode("statements", record.headers, record.value) == message


@pytest.mark.parametrize(
    ("body", "fine"),
    [
        ({}, False),
        ({"words": "still at it", "person": "kim"}, False),
        ({"due": "2013-03-13T12:00:00Z"}, True),
        ({"department": "south"}, True),
        ({"owner": "kim"}, True),
    ],
)
def test_a_change_changes_something(body: dict[str, Any], fine: bool) -> None:
    assert (convert(PlanChangeIn, body).fault() is None) is fine
