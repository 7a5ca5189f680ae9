"""What goes on around promises: claims, accounts and their renewals, answer sheets."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from candor.replay.stream import StreamEvent
from candor_demo.fieldservice import surveys
from candor_demo.fieldservice.company import Company
from candor_demo.fieldservice.customers import months_after
from tests.support.companies import small


def events(kind: str, seed: int = 1, **changes: Any) -> list[StreamEvent]:
    return [event for event in Company(small(**changes), seed).events() if event.type == kind]


def test_claims_follow_the_register_except_for_the_false_ones() -> None:
    capability = {"status": "planned", "claimed": "available", "wrong": 0.5, "per_week": 50, "corrected": 1}
    made = events("claim.made", capabilities={"magic": capability})
    said = Counter(event.data["said"] for event in made)
    assert said.keys() == {"planned", "available"}
    assert 0.3 < said["available"] / said.total() < 0.7
    corrected = {
        event.data["claim_id"]: event for event in events("claim.corrected", capabilities={"magic": capability})
    }
    assert corrected.keys() == {event.data["claim_id"] for event in made if event.data["said"] == "available"}
    for event in made:
        if event.data["claim_id"] in corrected:
            assert corrected[event.data["claim_id"]].time > event.time
            assert 1 <= corrected[event.data["claim_id"]].data["reached"] <= event.data["recipients"]


def test_the_register_stands_before_the_first_claim() -> None:
    first = next(iter(Company(small(), 1).events()))
    assert first.type == "capability.set"


def test_claims_to_prospects_name_no_customer() -> None:
    made = events("claim.made", capabilities={"magic": {"per_week": 50, "prospects": 1}})
    assert made
    assert not [event for event in made if "customer_id" in event.data]


def test_each_customer_is_known_before_their_first_promise_and_renews() -> None:
    found = Company(small(weeks=12, customers=5, accounts={"renewal_months": 1}), 1)
    known: set[str] = set()
    accounts: dict[str, list[date]] = {}
    for event in found.events():
        customer = event.data.get("customer_id", "")
        if event.type == "contact.set":
            known.add(customer)
        elif event.type == "promise.made":
            assert customer in known
        elif event.type == "account.set":
            accounts.setdefault(customer, []).append(date.fromisoformat(event.data["renews_on"]))
            if len(accounts[customer]) > 1:
                assert event.time == datetime.combine(
                    accounts[customer][-2], datetime.min.time(), ZoneInfo("Europe/Berlin")
                )
    assert len(known) == 5
    for renewals in accounts.values():
        assert len(renewals) >= 2
        assert renewals == [*renewals[:1], *(months_after(day, 1) for day in renewals[:-1])]


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2025, 11, 5), 2, date(2026, 1, 5)),
        (date(2025, 12, 31), 12, date(2026, 12, 31)),
        (date(2025, 8, 31), 120, date(2035, 8, 31)),
    ],
)
def test_months_later_is_that_day_or_the_last_of_the_month(day: date, months: int, then: date) -> None:
    assert months_after(day, months) == then


def test_sheets_are_answered_on_the_first_of_a_month_at_nine_wherever_it_is() -> None:
    params = small(weeks=20, zone="America/New_York")
    found = list(surveys.sheets(params, np.random.default_rng(1)))
    assert {one.at.astimezone(ZoneInfo("America/New_York")).strftime("%d %H:%M") for one in found} == {"01 09:00"}
    # Winter and summer time.
    assert {one.at.astimezone(UTC).hour for one in found} == {14, 13}
    assert {one.side for one in found} == {"leadership", "staff", "customers"}


def test_people_of_a_group_share_sheets_and_say_what_they_believe() -> None:
    staff = {"people": 500, "sheet": 5, "opinions": {"well": [0, 0, 0, 1, 3], "improve": [1, 0, 0, 0, 0]}}
    found = list(surveys.sheets(small(weeks=12, surveys={"groups": {"staff": staff}}), np.random.default_rng(1)))
    people = sum(one.people for one in found)
    assert 0.9 < people / (2 * 500) < 1.1
    assert 4 < people / len(found) < 6
    assert {one.ratings["improve"] for one in found} == {1}
    top = sum(one.ratings["well"] == 5 for one in found) / len(found)
    assert {one.ratings["well"] for one in found} == {4, 5}
    assert 0.65 < top < 0.85


def test_each_sheet_is_an_event_with_its_side_and_its_people() -> None:
    company = Company(small(weeks=8), 4)
    told = [event for event in company.events() if event.type == "sheet.answered"]
    given = list(company.sheets())
    assert [event.time for event in told] == [one.at for one in given]
    found = Counter((event.data["side"], event.data["people"], event.data["well"]) for event in told)
    assert found == Counter((one.side, one.people, one.ratings["well"]) for one in given)
    assert len(given) > 50
