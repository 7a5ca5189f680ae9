"""Customers who want to be written to later, less often or sooner than others: what reaches them, and what is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from candor.contracts import Fact, FactKind, Forecast, Standing
from notify_svc.api.routes import expectations
from notify_svc.domain.facts import Expectation
from tests.support.approving import approving, deciding, waiting, waits
from tests.support.clocks import NOON
from tests.support.notify import DUE, LATE, Desk, contact, erased, gap, promise, removed, sealed, withdrawn

HOUR = timedelta(hours=1)
RISKY = Forecast(0.75, DUE + timedelta(minutes=37), DUE + 48 * HOUR, None, n=412)
LATER = Forecast(0.97, DUE + 62 * HOUR, DUE + 70 * HOUR, None, n=412)
TOLERATED = ("warning", "suppressed", "tolerated")


async def warned(desk: Desk, forecast: Forecast = RISKY, **about: Any) -> None:
    """A risk has lasted for a customer with this contact; what may be sent of it is."""
    await desk.take(promise(), contact(**about), gap(1, forecast))
    await desk.later(5)
    await desk.send()


async def test_who_tolerates_much_is_warned_of_a_greater_risk_alone_and_once(desk_: Desk) -> None:
    await warned(desk_, tolerance="high")
    for number in range(2, 4):
        await desk_.later(5, gap(number, RISKY, at=desk_.clock.now()))
    [kept] = await desk_.notices()
    assert (kept["statement"], kept["state"], kept["reason"], kept["spoken_for"]) == (*TOLERATED, "slip_held")
    for number in range(4, 7):
        await desk_.later(5, gap(number, LATE, at=desk_.clock.now()))
        await desk_.send()
    assert await desk_.states() == [TOLERATED, ("warning", "sent", "delivered")]
    assert len(desk_.received()) == 1


@pytest.mark.parametrize(("tolerance", "letters"), [("low", 1), ("usual", 0), (None, 0)])
async def test_who_tolerates_little_is_warned_of_a_smaller_risk(
    desk_: Desk, tolerance: str | None, letters: int
) -> None:
    small = Forecast(0.6, DUE - HOUR, DUE + HOUR, None, n=412)
    await warned(desk_, small, **({"tolerance": tolerance} if tolerance else {}))
    assert len(desk_.received()) == letters


async def test_a_risk_far_ahead_is_told_by_the_clock_alone_once_it_is_near(desk_: Desk) -> None:
    await warned(desk_, ahead_hours=2)
    assert await desk_.states() == [TOLERATED]
    await desk_.later(4 * 60 - 6)
    assert await desk_.send() == 0
    await desk_.later(1)
    assert await desk_.send() == 1


async def test_a_step_that_was_missed_and_a_promise_called_off_are_told_whatever_they_tolerate(desk_: Desk) -> None:
    calm: dict[str, Any] = {"tolerance": "high", "ahead_hours": 1, "pace_hours": 720}
    await warned(desk_, **calm)
    step = Fact(kind=FactKind.MILESTONE_MISSED, event_id="ev-m", name="departed", at=desk_.clock.now(), told=True)
    await desk_.later(1, gap(2, RISKY, at=desk_.clock.now(), facts=[step]))
    await desk_.send()
    await desk_.later(1, withdrawn(asked_by=None, time=desk_.clock.now()))
    await desk_.later(1, gap(3, None, standing=Standing.WITHDRAWN, at=desk_.clock.now()))
    await desk_.send()
    told = [(one["statement"], one["spoken_for"]) for one in await desk_.notices() if one["state"] == "sent"]
    assert told == [("warning", "milestone_missed"), ("cancelled", "called_off")]


async def test_other_times_wait_for_their_pace_and_go_once_it_is_over(desk_: Desk) -> None:
    surely = Forecast(0.97, DUE + HOUR, DUE + 60 * HOUR, None, n=412)
    await warned(desk_, surely, pace_hours=24)
    desk_.clock.advance(HOUR)
    [first] = await desk_.notices()
    await desk_.take(gap(2, LATER, at=desk_.clock.now()), tick=True)
    assert (await desk_.states())[-1] == ("update", "suppressed", "tolerated")
    # The word for the promised time comes as announced; it says the new times, and nothing is left to wait for.
    desk_.clock.set(first["next_update_by"])
    await desk_.take(gap(3, LATER, at=desk_.clock.now()), tick=True)
    assert await desk_.send() == 1
    assert (await desk_.notices())[-1]["spoken_for"] == "update_due"
    desk_.clock.advance(2 * HOUR)
    sooner = Forecast(0.97, DUE + 20 * HOUR, DUE + 25 * HOUR, None, n=412)
    await desk_.take(gap(4, sooner, at=desk_.clock.now()), tick=True)
    assert await desk_.send() == 0
    [*_, second] = [one for one in await desk_.notices() if one["state"] == "sent"]
    desk_.clock.set(second["decided_at"] + 24 * HOUR)
    await desk_.later(0, gap(5, Forecast(0.97, DUE + 80 * HOUR, DUE + 90 * HOUR, None, n=412), at=desk_.clock.now()))
    assert await desk_.send() == 1
    [*_, last] = await desk_.notices()
    assert last["decided_at"] - second["decided_at"] >= 24 * HOUR


async def test_what_waits_is_given_up_once_its_customer_tolerates_it(desk_: Desk) -> None:
    await desk_.take(promise(), contact(), gap(1, RISKY))
    await desk_.later(5)
    # Only the contact has changed: nothing was decided anew before the message is looked at for the last time.
    statement = "UPDATE customer SET sealed = $1 WHERE customer_id = 'c1'"
    await desk_.database.pool.execute(statement, sealed(tolerance="high"))
    await desk_.send()
    assert desk_.received() == []
    assert await desk_.states() == [TOLERATED]
    await desk_.later(1, contact(version=2))
    await desk_.send()
    assert [state for _, state, _ in await desk_.states()] == ["sent"]
    assert len(desk_.received()) == 1


async def test_a_letter_that_waits_for_a_person_is_given_up_too(desk_: Desk, tmp_path: Path) -> None:
    async with deciding(approving(desk_), tmp_path):
        await waits(desk_, forecast=RISKY)
        await desk_.database.pool.execute("UPDATE customer SET sealed = $1", sealed(ahead_hours=1))
        await waiting(desk_).once()
        assert await desk_.states() == [TOLERATED]


async def test_what_a_customer_has_come_to_expect_holds_for_the_gap_that_is_known(desk_: Desk) -> None:
    small = Forecast(0.6, DUE - HOUR, DUE + HOUR, None, n=412)
    await warned(desk_, small)
    assert await desk_.notices() == []
    await desk_.later(1, contact(version=2, tolerance="low"))
    await desk_.send()
    assert len(desk_.received()) == 1


async def test_a_tier_says_it_for_those_who_do_not(desk_: Desk) -> None:
    tiers = {"key": Expectation(ahead=HOUR), "*": Expectation(ahead=2 * HOUR)}
    desk_.speaker = replace(desk_.speaker, rules=replace(desk_.speaker.rules, tiers=tiers))
    said: list[dict[str, Any]] = [{"tier": "Key"}, {}, {"tier": "Key", "ahead_hours": 3}]
    for number, about in enumerate(said, 1):
        name = f"c{number}"
        await desk_.take(
            promise(f"p{number}", name), contact(name, **about), gap(1, RISKY, name=f"p{number}", customer=name)
        )
    await desk_.later(5)
    rows = await desk_.database.pool.fetch("SELECT promise_id, check_at FROM promise ORDER BY promise_id")
    assert {row["promise_id"]: DUE - row["check_at"] for row in rows} == {"p1": HOUR, "p2": 2 * HOUR, "p3": 3 * HOUR}


async def test_it_is_shown_with_whose_word_it_is_and_nothing_else_of_the_contact(desk_: Desk, tmp_path: Path) -> None:
    await desk_.take(contact(tier="key", ahead_hours=72), contact("c2"))
    async with deciding(desk_, tmp_path, expectations.router) as api:
        # The settings of the interface, as those of the desk, set no tier.
        assert (await api.get("/v1/customers/c1/expectation")).json() == {
            "customer_id": "c1",
            "tier": "key",
            "tolerance": "usual",
            "warned_from": 0.7,
            "ahead_hours": 72.0,
            "pace_hours": None,
            "own": ["ahead_hours"],
        }
        assert (await api.get("/v1/customers/c2/expectation")).json()["own"] == []
        await desk_.take(removed("c2"))
        for name in ("c2", "c3"):
            assert (await api.get(f"/v1/customers/{name}/expectation")).status_code == 404


async def test_of_an_erased_customer_nothing_is_kept_back_either(desk_: Desk) -> None:
    await warned(desk_, tolerance="high")
    await desk_.take(erased(time=NOON + HOUR))
    await desk_.end_erasures()
    assert await desk_.notices() == []
