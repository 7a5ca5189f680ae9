"""Why an event would be refused: with the value that is wrong where somebody tries a body, never where it is kept."""

from __future__ import annotations

from typing import Any

import pytest

from candor.intake.intake import reason
from candor.intake.mapped.config import Taken
from candor.intake.mapped.fields import made
from candor.intake.shown_reason import shown_reason
from candor.web.http.body import convert
from candor.web.http.problems import Problem
from delivery_svc.api.requests import MilestoneIn

NAME = "Ada Byron"


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"from": "item.x", "time": "dmy"}, "/data/at: must be a time (dmy): check `time` and `zone`"),
        ({"from": "item.x", "as": "number"}, "/data/at: must be a number"),
    ],
)
def test_what_a_mapping_cannot_read_is_shown_and_not_kept(spec: dict[str, Any], said: str) -> None:
    with pytest.raises(Problem) as found:
        made(Taken.model_validate(spec), {"item": {"x": NAME}}, "/data/at")
    assert shown_reason(found.value) == f"{said}; it says {NAME!r}"
    assert reason(found.value) == said
    assert NAME not in found.value.body().decode()


def test_what_our_model_refuses_is_shown_of_the_event() -> None:
    data = {"promise_id": "p", "milestone": "m", "status": NAME, "at": "2026-11-30T10:00:00Z", "delivered": []}
    with pytest.raises(Problem) as found:
        convert(MilestoneIn, data, "/data")
    assert shown_reason(found.value, data).endswith(f"; it says {NAME!r}")
    assert NAME not in reason(found.value)
    with pytest.raises(Problem) as found:
        convert(MilestoneIn, {**data, "status": "reached", "delivered": [{"item": "a", "share": 7}]}, "/data")
    assert shown_reason(found.value, {"delivered": [{"item": "a", "share": 7}]}).endswith("; it says 7")


def test_what_is_not_there_is_not_shown_and_what_is_named_is_not_named_twice() -> None:
    missing = Problem.invalid_field("/data/due", "is missing")
    assert shown_reason(missing, {}) == "/data/due: is missing"
    named = Problem.invalid_field("/data/status", "the mapping has nothing for 'gone'", "gone")
    assert shown_reason(named) == "/data/status: the mapping has nothing for 'gone'"
    long = Problem.invalid_field("/data/what", "no", "\x1b" + "x" * 200)
    assert shown_reason(long) == f"/data/what: no; it says '\\x1b{'x' * 78}…'"
