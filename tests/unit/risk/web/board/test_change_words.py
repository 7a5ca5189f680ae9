"""What was changed of a promise, in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from candor.contracts import AskedBy, Verdict
from risk_svc.domain.state import PromiseState
from risk_svc.insight.changes import Changed, parts_of
from risk_svc.web.board import change_words
from risk_svc.web.board.style import Entry

NOW = datetime(2013, 3, 8, 12, tzinfo=UTC)
NEW = Changed(NOW, ["dates"], "company", True, "crew", NOW, NOW + timedelta(hours=2))


def test_a_new_date_says_the_old_one_who_asked_and_why() -> None:
    assert change_words.entries([NEW], "UTC") == [
        Entry(
            NOW,
            "redated",
            "New date: Fri 8 Mar 14:00",
            "before: Fri 8 Mar 12:00; asked for by us; the customer agreed; crew",
        )
    ]
    wished = change_words.entries([NEW._replace(asked_by="customer", reason="")], "UTC")
    assert wished[0].detail == "before: Fri 8 Mar 12:00; asked for by the customer"


def test_terms_are_named_together_and_what_stands_alone_by_itself() -> None:
    one = Changed(NOW, ["scope", "value", "asked", "withdrawn"], "customer", False, "", None, None)
    assert [(entry.kind, entry.title, entry.detail) for entry in change_words.entries([one], "UTC")] == [
        ("changed", "Changed: what belongs to it, its value", "asked for by the customer"),
        ("changed", "Its deliverer has yet to accept the work", "asked for by the customer"),
        ("withdrawn", "Withdrawn", "asked for by the customer"),
    ]


def test_every_part_and_everyone_who_may_wish_has_words() -> None:
    parts = {*parts_of(PromiseState(promise_id="p", customer_id="c"))} - {"verdict"}
    assert parts <= {*change_words.PARTS, *change_words.ALONE}
    assert {f"verdict_{one}" for one in Verdict} <= {*change_words.ALONE}
    assert {*change_words.WHO} == {*AskedBy}
