"""What `insight` keeps of matters: the newest state of each, and what became of messages, in any order of arrival."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import pytest

from candor.contracts import Check, Claimed, Level, Message
from candor.contracts.matters import Availability, HandoffState, PlanState
from risk_svc.insight import statements
from risk_svc.insight.claims import Comparing
from risk_svc.insight.matter_rows import REASON_LIMIT
from tests.support.insight import InsightDesk
from tests.support.matters import account, capability, challenge, claim, handoff, path_of, plan, said
from tests.support.risk import DUE, MADE, Story, erased

H = timedelta(hours=1)
VOLATILE = {"born", "words_since", "looked"}
TABLES = {
    "insight_matter": "kind, matter_id",
    "insight_capability": "capability_id, version",
    "insight_statement": "1",
    "insight_driver": "1, 2",
}


async def kept(insight: InsightDesk) -> dict[str, list[dict[str, Any]]]:
    """All rows of the tables of matters, without what the database's own clock writes."""
    found = {name: await insight.rows(f"SELECT * FROM {name} ORDER BY {order}") for name, order in TABLES.items()}
    return {
        name: [{key: value for key, value in row.items() if key not in VOLATILE} for row in rows]
        for name, rows in found.items()
    }


async def matter(insight: InsightDesk, kind: str) -> dict[str, Any]:
    [row] = await insight.rows("SELECT * FROM insight_matter WHERE kind = $1", kind)
    return row


async def hops(insight: InsightDesk) -> dict[str, dict[str, Any]]:
    rows = await insight.rows("SELECT * FROM insight_statement WHERE distortion IS NOT NULL")
    return {row["statement_id"]: row for row in rows}


async def test_reasons_of_hand_offs_and_challenges_are_there_and_not_longer_than_a_line(insight: InsightDesk) -> None:
    await insight.take(
        handoff(reason="both crews are booked"), handoff("h2", reason="x" * 500), challenge(reason="no crew is free")
    )
    rows = await insight.rows("SELECT matter_id, content->>'reason' AS reason FROM insight_matter ORDER BY matter_id")
    reasons = {row["matter_id"]: row["reason"] for row in rows}
    assert (reasons["h1"], reasons["d1"]) == ("both crews are booked", "no crew is free")
    assert (len(reasons["h2"]), reasons["h2"][-2:]) == (REASON_LIMIT, "x…")


async def test_a_hand_off_has_its_two_sides_its_date_and_its_end(insight: InsightDesk) -> None:
    await insight.take(
        handoff(due=DUE, expires_at=DUE + H, scope=["ramp"]),
        handoff(state=HandoffState.COUNTERED, version=2, due=DUE + 3 * H, expires_at=DUE + H, scope=["ramp"]),
    )
    row = await matter(insight, "handoff")
    assert (row["state"], row["department"], row["deliverer"], row["promise_id"]) == (
        "countered",
        "sales",
        "crew-7",
        "p1",
    )
    assert (row["at"], row["changed_at"], row["due"], row["ends_at"]) == (MADE, MADE + H, DUE + 3 * H, DUE + H)
    assert row["content"] == '{"scope": ["ramp"], "reason": null}'


async def test_an_account_is_what_was_said_of_it_last(insight: InsightDesk) -> None:
    await insight.take(account(version=2, renews_on=date(2013, 3, 1), exposure=900.0, currency="EUR"), account())
    row = await matter(insight, "account")
    assert (row["matter_id"], row["exposure"], row["currency"]) == ("c1", 900.0, "EUR")
    assert row["ends_at"].isoformat() == "2013-03-01T00:00:00+00:00"


async def test_a_correction_reaches_no_more_than_were_told(insight: InsightDesk) -> None:
    await insight.take(claim(recipients=40), claim(version=2, recipients=40, reached=50))
    row = await matter(insight, "claim")
    assert (row["recipients"], row["reached"], row["state"]) == (40, 40, "corrected")


@pytest.mark.parametrize(
    ("claimed", "there", "verdict"),
    [
        (Claimed.AVAILABLE, Level.PLANNED, Check.OVER_CLAIM),
        (Claimed.AVAILABLE, Level.AVAILABLE, Check.SUPPORTED),
        (Claimed.NONE, Level.BETA, Check.UNDER_CLAIM),
        (Claimed.LEFT_OUT, Level.AVAILABLE, Check.UNDER_CLAIM),
        (Claimed.LEFT_OUT, Level.BETA, Check.SUPPORTED),
    ],
)
async def test_a_claim_is_compared_with_the_register_of_its_time_whichever_comes_first(
    insight: InsightDesk, claimed: Claimed, there: Level, verdict: Check
) -> None:
    register = [capability(there, at=MADE - H), capability(Level.NONE, version=2, at=MADE + H)]
    await insight.take(claim("early", claimed=claimed), *register)
    await insight.take(claim("late", claimed=claimed))
    await Comparing(insight.database, 1).clear()
    rows = await insight.rows("SELECT verdict FROM insight_matter")
    assert [row["verdict"] for row in rows] == [verdict, verdict]


async def test_the_most_particular_status_counts_and_without_a_register_the_senders_verdict(
    insight: InsightDesk,
) -> None:
    eu = Availability(Level.AVAILABLE, region="eu")
    await insight.take(capability(Level.PLANNED, eu), claim("k1", region="eu"), claim("k2", region="us"))
    await insight.take(claim("k3", "unheard-of", verdict=Check.OVER_CLAIM))
    rows = await insight.rows("SELECT verdict FROM insight_matter ORDER BY matter_id")
    assert [row["verdict"] for row in rows] == ["supported", "over_claim", "over_claim"]


async def test_many_claims_are_compared_some_a_transaction_and_go_on_after_a_kill(insight: InsightDesk) -> None:
    await insight.take(*(claim(f"k{number}") for number in range(7)), capability(Level.NONE))
    over = "SELECT count(*) AS n FROM insight_matter WHERE verdict = 'over_claim'"
    assert [row["n"] for row in await insight.rows(over)] == [7]
    await insight.database.pool.execute("UPDATE insight_matter SET verdict = 'unregistered'")
    counts = []
    # A new one for each step, as after a kill.
    while await Comparing(insight.database, 3).step():
        counts += [row["n"] for row in await insight.rows(over)]
    assert counts == [3, 6, 7]


async def test_each_statement_says_what_became_of_what_was_heard(insight: InsightDesk) -> None:
    await insight.take(Story().made(), *path_of("p1", "c1", 15, 6, 0))
    found = await hops(insight)
    assert set(found) == {"p1-1-0", "p1-2-0"}
    product, sales = found["p1-1-0"], found["p1-2-0"]
    assert (product["heard"], product["heard_from"], product["kind"], product["made_at"]) == (
        "p1-0-0",
        "engineering",
        "flight",
        MADE,
    )
    assert (product["due_in"], product["due_out"]) == (DUE + timedelta(days=15), DUE + timedelta(days=6))
    assert (product["distortion"], sales["distortion"]) == (pytest.approx(0.3), pytest.approx(0.2))
    assert (product["drift_date"], product["drift_scope"]) == (pytest.approx(0.3), None)


async def test_a_statement_before_its_promise_waits_in_sight(insight: InsightDesk) -> None:
    waiting = "SELECT statement_id FROM insight_statement WHERE kind IS NULL AND promise_id = 'p1'"
    await insight.take(*path_of("p1", "c1", 15, 6))
    assert len(await insight.rows(waiting)) == 2
    await insight.take(Story().made())
    assert await insight.rows(waiting) == []


async def test_of_very_many_statements_about_one_thing_the_newest_are_compared(
    insight: InsightDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "COMPARED", 3)
    first, second, third, last = (
        said("a", "engineering", "product", 1, due=DUE),
        said("b", "product", "sales", 2, due=DUE),
        said("c", "sales", "customer", 3, due=DUE),
        said("d", "sales", "customer", 4, due=DUE),
    )
    await insight.take(first, second, third)
    assert set(await hops(insight)) == {"b", "c"}
    await insight.take(last)
    assert set(await hops(insight)) == {"c", "d"}


def world() -> list[list[Message]]:
    """Streams of matters, each in its order, with a promise, its statements, claims and what the register says."""
    return [
        [Story().made()],
        [Story("p2", "c2").made()],
        *([one] for one in path_of("p1", "c1", 20, 9, 0)),
        *([one] for one in path_of("p2", "c2", 5, 5, -5)),
        [said("x", "engineering", "sales", 1, customer=None, capability_id="telemetry", certainty=1)],
        [said("y", "sales", "customer", 2, customer="c2", capability_id="telemetry", certainty=4)],
        [capability(Level.NONE, at=MADE - H)],
        [capability(Level.AVAILABLE, version=2, at=MADE + H)],
        [claim(recipients=9)],
        [claim(version=2, recipients=9, reached=4)],
        [claim("k2", customer=None, at=MADE + 2 * H)],
        [handoff()],
        [handoff(state=HandoffState.DECLINED, version=2)],
        [plan()],
        [plan(version=2, due=DUE)],
        [plan(state=PlanState.DONE, version=3, since=4)],
        [plan("pl2", customer="c2", promise_id="p2")],
        [account(exposure=1.0, currency="EUR")],
        [account(version=2, exposure=2.0, currency="EUR")],
    ]


async def test_late_repeated_and_mixed_deliveries_end_in_the_same_rows(
    insight: InsightDesk, pytestconfig: pytest.Config
) -> None:
    rng = random.Random(pytestconfig.option.seed)
    expected = None
    for _ in range(12):
        await insight.database.pool.execute(
            f"TRUNCATE {', '.join(TABLES)}, insight_promise, insight_state, insight_milestone"
        )
        streams = world()
        messages = [one for stream in streams for one in stream] + [one for one, *_ in rng.sample(streams, 6)]
        rng.shuffle(messages)
        while messages:
            size = rng.randint(1, 6)
            await insight.take(*messages[:size])
            messages = messages[size:]
        await Comparing(insight.database, 1).clear()
        found = await kept(insight)
        expected = expected or found
        assert found == expected
    assert expected is not None
    assert {row["statement_id"] for row in expected["insight_statement"] if row["distortion"]} >= {"p1-1-0", "y"}
    verdicts = [(row["matter_id"], row["verdict"]) for row in expected["insight_matter"] if row["kind"] == "claim"]
    assert verdicts == [("k1", "over_claim"), ("k2", "supported")]
    assert insight.rejected == []


async def test_an_erased_customer_leaves_nothing_and_what_comes_late_brings_nothing_back(insight: InsightDesk) -> None:
    late = [*path_of("p1", "c1", 9, 3), claim(), handoff(), account(), plan(day=0.1)]
    await insight.take(Story().made(), *late, *path_of("p2", "c2", 1), claim("k2", customer=None))
    await insight.take(erased("c1", at=MADE + 9 * H))
    await insight.take(*late)
    await insight.forget(2)
    rows = await kept(insight)
    assert [row["statement_id"] for row in rows["insight_statement"]] == ["p2-0-0"]
    assert [row["matter_id"] for row in rows["insight_matter"]] == ["k2"]
    assert rows["insight_driver"] == []


async def test_an_id_used_again_after_an_erasure_is_another_matter(insight: InsightDesk) -> None:
    await insight.take(claim(version=5, recipients=9), *path_of("p1", "c1", 9, 3))
    await insight.take(erased("c1", at=MADE + 9 * H))
    again = [claim(at=MADE + 20 * H, recipients=1), said("p1-0-0", "engineering", "product", 20)]
    await insight.take(*again)
    await insight.forget()
    rows = await kept(insight)
    assert [(row["version"], row["recipients"]) for row in rows["insight_matter"]] == [(1, 1)]
    assert [(row["statement_id"], row["at"]) for row in rows["insight_statement"]] == [("p1-0-0", MADE + 20 * H)]
