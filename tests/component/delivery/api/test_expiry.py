"""What of the reports comes to its end: those whose promise never came, reasons, titles."""

from __future__ import annotations

from candor.store import metrics
from candor.store.retention import Retention
from delivery_svc.store.expiry import expiries
from tests.component.delivery.reports import hear, incident, known, made, milestone, new, parked, sent
from tests.support.api import Api

WORDS = "Mrs Secret was not in"


async def cleared(api: Api, batch: int = 2_000) -> dict[str, int]:
    settings = api.app.state.settings
    return await Retention(settings, api.app.state.database, expiries(settings), batch=batch).clear()


async def aged(api: Api, table: str, column: str, key: str, name: str, days: int) -> None:
    await api.app.state.database.pool.execute(
        f"UPDATE {table} SET {column} = now() - make_interval(days => $2) WHERE {key} = $1", name, days
    )


async def test_a_report_whose_promise_never_came_ends_and_is_counted(delivery_api: Api) -> None:
    gone, waits, customer = new("p"), new("p"), new("c")
    for name, days in ((gone, 91), (waits, 89)):
        for minutes in (-60, -50, -40):
            answer = await delivery_api.call("POST", "/v1/milestones", milestone(name, minutes, reason=WORDS))
            assert answer.status_code == 202
        await aged(delivery_api, "parked", "parked_at", "promise_id", name, days)
    before = metrics.ROWS_EXPIRED.labels("parked")._value.get()
    assert (await cleared(delivery_api, batch=2))["parked"] == 3
    assert metrics.ROWS_EXPIRED.labels("parked")._value.get() - before == 3
    assert (await parked(delivery_api, promise_id=gone), len(await parked(delivery_api, promise_id=waits))) == ([], 3)
    await hear(delivery_api, made(gone, customer))
    assert await sent(delivery_api, customer) == []


async def test_the_reason_ends_and_what_was_reported_still_counts(delivery_api: Api) -> None:
    promise_id, customer = await known(delivery_api)
    reached = milestone(promise_id, -10, reason=WORDS, public_reason=WORDS)
    await delivery_api.call("POST", "/v1/milestones", reached)
    await aged(delivery_api, "milestone", "saved_at", "promise_id", promise_id, 731)
    assert (await cleared(delivery_api))["milestone"] == 1
    rows = await delivery_api.rows(
        "SELECT milestone::text AS whole, status FROM milestone WHERE promise_id = $1", promise_id
    )
    assert [(WORDS in row["whole"], row["status"]) for row in rows] == [(False, "reached")]
    await delivery_api.call("POST", "/v1/milestones", milestone(promise_id, -5))
    assert [message.envelope.version for message in await sent(delivery_api, customer)] == [1, 2]
    assert (await cleared(delivery_api))["milestone"] == 0


async def test_a_resolved_incident_loses_its_title_and_keeps_its_version(delivery_api: Api) -> None:
    over, still = new("i"), new("i")
    for name in (over, still):
        await delivery_api.call("POST", "/v1/incidents", incident(name, title=WORDS, public_title=WORDS))
    resolved = incident(
        over, title=WORDS, public_title=WORDS, status="resolved", resolved_at=incident(over)["opened_at"]
    )
    await delivery_api.call("POST", "/v1/incidents", resolved)
    for name in (over, still):
        await aged(delivery_api, "incident", "words_since", "incident_id", name, 731)
        await aged(delivery_api, "sighting", "saved_at", "incident_id", name, 731)
    gone = await cleared(delivery_api)
    assert (gone["incident"], gone["sighting"]) == (1, 3)
    rows = await delivery_api.rows(
        "SELECT incident_id, version, incident::text AS whole FROM incident WHERE incident_id = ANY($1)", [over, still]
    )
    assert {row["incident_id"]: (row["version"], WORDS in row["whole"]) for row in rows} == {
        over: (2, False),
        still: (1, True),
    }
    shown = await delivery_api.call("GET", "/v1/incidents", role="viewer", params={"limit": "200"})
    assert shown.status_code == 200
