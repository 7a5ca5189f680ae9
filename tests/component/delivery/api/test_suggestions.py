"""What parked reports may be about, matching one or all alike, and what is left of those that ended."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from candor.store.unit_of_work import unit_of_work
from delivery_svc.api.routes import parked as routes
from delivery_svc.domain.likeness import normal
from delivery_svc.store import like_rows
from delivery_svc.store.archive import ParkedExpiry
from tests.component.delivery.reports import code, erased, hear, known, milestone, new, parked, referring, sent
from tests.support.api import Api


async def park(api: Api, name: str, minutes: float = -60, system: str = "ops") -> str:
    body = milestone(None, minutes, reference={"system": system, "id": name})
    answer = await api.call("POST", "/v1/milestones", body)
    assert answer.json()["state"] == "parked", answer.text
    return str(answer.json()["parked_id"])


async def suggested(api: Api, parked_id: str) -> dict[str, Any]:
    answer = await api.call("GET", f"/v1/parked/{parked_id}/suggestions", role="viewer")
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def match(api: Api, parked_id: str, promise_id: str, **more: Any) -> dict[str, Any]:
    answer = await api.call("POST", f"/v1/parked/{parked_id}/match", {"promise_id": promise_id, **more})
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def test_a_name_that_is_written_otherwise_is_found_and_why(delivery_api: Api) -> None:
    mark = new("x")[2:]
    promise_id, customer_id = await known(delivery_api, f"SO-{mark}-0012")
    waits = await park(delivery_api, f"so {mark}/12")
    found = await suggested(delivery_api, waits)
    best = found["items"][0]
    assert (best["promise_id"], best["customer_id"], best["name"]) == (promise_id, customer_id, f"SO-{mark}-0012")
    assert best["score"] > 0.9
    assert best["why"][0].endswith("is the same but for signs, capitals or zeros")
    assert best["due"].startswith("20")
    assert (found["parked_id"], found["alike"], found["alike_exact"]) == (waits, 1, True)


@pytest.mark.parametrize("change", [lambda name: "X" + name[1:], lambda name: name[:-1] + "z", lambda name: name + "q"])
async def test_a_slip_at_either_end_is_found(delivery_api: Api, change: Any) -> None:
    name = f"k{new('x')[2:]}k"
    promise_id, _ = await known(delivery_api, name)
    found = await suggested(delivery_api, await park(delivery_api, change(name)))
    assert [item["promise_id"] for item in found["items"]][:1] == [promise_id]


async def test_a_report_that_names_a_promise_wrongly_is_helped_too(delivery_api: Api) -> None:
    promise_id, _ = await known(delivery_api)
    answer = await delivery_api.call("POST", "/v1/milestones", milestone(promise_id.upper().replace("-", "_")))
    found = await suggested(delivery_api, answer.json()["parked_id"])
    assert found["items"][0]["promise_id"] == promise_id


async def test_of_very_many_promises_few_rows_are_read(delivery_api: Api) -> None:
    async with unit_of_work(delivery_api.intake.database) as uow:
        await uow.connection.execute("SET LOCAL enable_seqscan = off")
        rows = await uow.connection.fetch(f"EXPLAIN {_with_values()}")
        said = "\n".join(row["QUERY PLAN"] for row in rows)
    for index in ("promise_normal", "promise_backwards", "reference_normal", "reference_backwards"):
        assert index in said
    mark = new("x")[2:]
    await known(delivery_api, *(f"{mark}-{number}" for number in range(60)))
    async with delivery_api.intake.database.reading() as session:
        assert len(await like_rows.near(session, f"{mark}-30", each=2)) <= 16


def _with_values() -> str:
    text = like_rows._NEAR
    for name, value in ((":name", "'so12'"), (":backwards", "'21os'"), (":each", "25")):
        text = text.replace(name, value)
    return text


async def test_names_in_other_letters_are_found_by_their_letters(delivery_api: Api) -> None:
    mark = "".join(chr(ord("а") + int(digit, 16)) for digit in new("x")[2:14])
    await known(delivery_api, f"бронь {mark} 17")
    mine, _ = await known(delivery_api, f"ЗАКАЗ-{mark.upper()}-17")
    found = await suggested(delivery_api, await park(delivery_api, f"Заказ {mark} 17"))
    assert [(item["promise_id"], item["score"] >= 0.9) for item in found["items"]] == [(mine, True)]


async def test_the_database_has_the_normal_form_that_the_score_has(delivery_api: Api) -> None:
    random = Random(7)
    signs = "SOso-_/. 00019äÖ#Зз№–注\u00a0"
    names = ["".join(random.choices(signs, k=random.randint(0, 70))) for _ in range(500)]
    names += ["000", "a00b", "100", "SO-0012", "so 12", "0", "", "é-01", "x" * 200]
    rows = await delivery_api.rows(
        "SELECT name, public.normal_name(name) AS form FROM unnest($1::text[]) AS name", names
    )
    # Letters beyond ASCII stay as they are, however either of the two writes them small.
    assert {row["name"]: row["form"] for row in rows} == {name: normal(name) for name in names}


@pytest.mark.parametrize("path", ["/v1/parked/archive", "/v1/parked/x/suggestions", "/v1/labels/unknown"])
async def test_who_has_no_key_sees_nothing(delivery_api: Api, path: str) -> None:
    assert (await delivery_api.call("GET", path, role=None)).status_code == 401


async def test_an_erased_promise_is_suggested_no_more(delivery_api: Api) -> None:
    name = new("SO")
    _, customer_id = await known(delivery_api, name)
    waits = await park(delivery_api, name.replace("-", "/").lower() + " ")
    assert (await suggested(delivery_api, waits))["items"]
    await hear(delivery_api, erased(customer_id))
    assert (await suggested(delivery_api, waits))["items"] == []


async def test_nothing_is_suggested_for_what_is_not_parked(delivery_api: Api) -> None:
    answer = await delivery_api.call("GET", f"/v1/parked/{new('n')}/suggestions", role="viewer")
    assert (answer.status_code, code(answer)) == (404, "not_found")
    promise_id, _ = await known(delivery_api)
    waits = await park(delivery_api, new("ref"))
    await match(delivery_api, waits, promise_id)
    answer = await delivery_api.call("GET", f"/v1/parked/{waits}/suggestions", role="viewer")
    assert answer.status_code == 404


async def test_one_report_is_matched_alone_or_with_all_alike(
    delivery_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    promise_id, customer_id = await known(delivery_api)
    name = new("ref")
    first, second, third = [await park(delivery_api, name, minutes) for minutes in (-60, -50, -40)]
    assert (await suggested(delivery_api, first))["alike"] == 3
    monkeypatch.setattr(routes, "MOST_ALIKE", 2)
    capped = await suggested(delivery_api, first)
    assert (capped["alike"], capped["alike_exact"]) == (2, False)
    assert (await match(delivery_api, first, promise_id, alike=False))["matched"] == 1
    left = [item["parked_id"] for item in await parked(delivery_api, system="ops") if item["reference"]["id"] == name]
    assert left == [second, third]
    assert len(await sent(delivery_api, customer_id)) == 1
    # What was matched alone taught nothing about the name: the next report waits as well.
    await park(delivery_api, name, -30)
    assert (await match(delivery_api, second, promise_id))["matched"] == 3
    answer = await delivery_api.call("POST", "/v1/milestones", referring(name, -20))
    assert answer.json()["state"] == "matched"


async def aged(api: Api, name: str, days: int) -> None:
    await api.app.state.database.pool.execute(
        "UPDATE parked SET parked_at = now() - make_interval(days => $2) WHERE ref_id = $1", name, days
    )


async def end(api: Api, most: int = 2_000, most_rows: int = 100_000) -> int:
    async with unit_of_work(api.intake.database) as uow:
        return (await ParkedExpiry(90, most_rows).step(uow, most)).gone


async def archived(api: Api, **filters: str) -> list[dict[str, Any]]:
    answer = await api.call("GET", "/v1/parked/archive", role="viewer", params={"limit": "200", **filters})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_reports_that_end_are_counted_by_day_source_and_system(delivery_api: Api) -> None:
    system, name = new("sys"), new("ref")
    for minutes in (-60, -50, -40):
        await park(delivery_api, name, minutes, system)
    await aged(delivery_api, name, 91)
    assert await end(delivery_api, 2) == 2
    while await end(delivery_api, 2):
        pass
    (item,) = await archived(delivery_api, system=system)
    assert (item["source"], item["reports"]) == ("test-admin", 3)
    assert await archived(delivery_api, system=system, since=item["day"], until=item["day"], source="test-admin")
    assert await archived(delivery_api, system=system, until="2000-01-01") == []
    assert await archived(delivery_api, system=system, since="2199-01-01") == []
    later = new("ref")
    await park(delivery_api, later, system=system)
    await aged(delivery_api, later, 91)
    await end(delivery_api)
    assert [item["reports"] for item in await archived(delivery_api, system=system)] == [4]


async def test_the_archive_is_paged_and_given_as_csv(delivery_api: Api) -> None:
    systems = sorted(new("sys") for _ in range(3))
    for system in systems:
        await park(delivery_api, system, system=system)
        await aged(delivery_api, system, 100)
    await end(delivery_api)
    day = (await archived(delivery_api, system=systems[0]))[0]["day"]
    seen: list[str] = []
    answer = await delivery_api.call(
        "GET", "/v1/parked/archive", role="viewer", params={"limit": "1", "since": day, "until": day}
    )
    while True:
        seen += [item["system"] for item in answer.json()["items"]]
        if "next" not in answer.links:
            break
        answer = await delivery_api.call("GET", answer.links["next"]["url"], role="viewer")
    assert [system for system in seen if system in systems] == systems
    params = {"system": systems[0], "format": "csv"}
    answer = await delivery_api.call("GET", "/v1/parked/archive", role="viewer", params=params)
    assert answer.text == f"day,source,system,reports\r\n{day},test-admin,{systems[0]},1\r\n"
    for wrong in ({"since": "yesterday"}, {"cursor": "x"}, {"days": "1"}):
        answer = await delivery_api.call("GET", "/v1/parked/archive", role="viewer", params=wrong)
        assert answer.status_code == 422


async def test_the_archive_keeps_so_many_rows_and_the_oldest_days_go(delivery_api: Api) -> None:
    kept = await delivery_api.rows("SELECT * FROM parked_archive")
    await delivery_api.app.state.database.pool.execute("DELETE FROM parked_archive")
    try:
        for days in (300, 200, 100):
            name = new("ref")
            await park(delivery_api, name)
            await aged(delivery_api, name, days)
        await end(delivery_api, most_rows=2)
        ages = await delivery_api.rows("SELECT current_date - day AS age FROM parked_archive ORDER BY day")
        assert [row["age"] in (199, 200, 201) for row in ages[:1]] == [True]
        assert len(ages) == 2
    finally:
        insert = "INSERT INTO parked_archive VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
        await delivery_api.app.state.database.pool.executemany(insert, [tuple(row.values()) for row in kept])
