"""What the board says of wishes: when each is looked at again, in which words, and how many it does not name."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from candor.web.http.listings import Total
from risk_svc.insight.wishes import WishFilter
from risk_svc.web.api.wish_responses import WISHES
from risk_svc.web.board import style
from risk_svc.web.board.pages.wishes import COLUMNS, csv_of
from risk_svc.web.board.wish_words import SHOWN, UNREAD, lines, row


def found(**changes: Any) -> dict[str, Any]:
    """A wish as it is read."""
    times = {"at": datetime(2026, 3, 2, 15, tzinfo=UTC), "look_again_on": date(2026, 6, 1)}
    return {**WISHES["items"][0], **times, **changes}


def test_a_row_says_all_of_it_and_marks_what_is_due() -> None:
    said = row(found())
    assert {one["field"] for one in COLUMNS} <= said.keys()
    assert (said["state"], said["colour"]) == ("due to look again", style.COLOURS["severe"])
    assert (said["again"], said["wished"]) == ("2026-06-01", "an installation on a Saturday")
    assert said["by"] == "operations, Mon 2 Mar 15:00 UTC" and said["link"].endswith("/PR-1001")


@pytest.mark.parametrize(
    ("changes", "name", "expected"),
    [
        ({"public_text": None}, "wished", UNREAD),
        ({"workaround": None}, "workaround", "–"),
        ({"promise_standing": None}, "link", ""),
        ({"promise_id": None, "promise_standing": None, "promise_kind": None}, "note", "acme"),
        ({"state": "met"}, "colour", style.COLOURS["none"]),
    ],
)
def test_what_is_not_known_is_not_made_up(changes: dict[str, Any], name: str, expected: str) -> None:
    assert row(found(**changes))[name] == expected


def test_a_line_names_the_workaround_and_the_day() -> None:
    assert lines([found(), found(state="open", workaround=None, public_text="a lift")], Total.of(2)) == [
        "Wished: an installation on a Saturday. Until then: we come on a weekday from 7:00, before you open. "
        "Look again on 2026-06-01 (due).",
        "Wished: a lift. Look again on 2026-06-01.",
    ]


def test_of_many_the_first_are_named_and_the_others_counted() -> None:
    said = lines([found()] * (SHOWN + 3), Total.of(3000, 2000))
    assert (len(said), said[-1]) == (SHOWN + 1, "Looked at later and not shown: more than 1,990.")
    assert lines([], Total.of(0)) == []


def test_the_file_has_what_is_chosen() -> None:
    assert csv_of(WishFilter("due", None, "acme")) == "/wishes.csv?state=due&customer=acme"
