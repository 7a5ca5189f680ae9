"""Labels that no rule knew, from a webhook to the list: counted, bounded, with the line that would know them."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
import pytest_asyncio
import yaml

from candor.intake.mapped import MappedSource
from candor.intake.mapped.labels import LabelRule, Unknown
from candor.store.errors import StoreUnavailable
from candor.store.retention import Retention
from candor.store.unit_of_work import unit_of_work
from delivery_svc.service.labels import LabelKeeper
from delivery_svc.store import label_rows
from delivery_svc.store.expiry import expiries
from tests.component.delivery.sources.taking import taking
from tests.support.api import Api
from tests.support.clocks import ManualClock
from tests.support.servers import Databases
from tests.support.waiting import until

AT: Final = datetime(2026, 11, 30, tzinfo=UTC)
TOKEN = secrets.token_urlsafe(32)
SENDERS: Final = {"am": {"source": "alerts", "secrets": [TOKEN], "events": {"delivery-svc": ["incident.reported"]}}}
FILE: Final = """
affects:
  ours:
    - {label: depot, kind: site}
sources:
  alerts: {extends: alertmanager, service: delivery-svc, affects: ours}
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = tmp_path_factory.mktemp("labels") / "sources.yaml"
    made.write_text(FILE)
    return made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def api(
    postgres: str, databases: Databases, tmp_path_factory: pytest.TempPathFactory, file: Path
) -> AsyncIterator[Api]:
    folder = tmp_path_factory.mktemp("keys")
    async with taking(postgres, databases, folder, SENDERS, clock=ManualClock(AT), file=file) as made:
        yield made


async def alert(api: Api, **labels: str) -> dict[str, Any]:
    """An alert with these labels, fired by Alertmanager."""
    name = secrets.token_hex(8)
    body = {"labels": labels, "status": "firing", "startsAt": "2026-11-29T10:00:00Z", "fingerprint": name}
    raw = msgspec.json.encode({"alerts": [body | {"annotations": {}, "endsAt": "0001-01-01T00:00:00Z"}]})
    headers = {"content-type": "application/json", "authorization": f"Bearer {TOKEN}"}
    answer = await api.client.post("/v1/webhooks/am", content=raw, headers=headers)
    assert answer.json()["accepted"] == 1, answer.text
    found = await api.call("GET", f"/v1/incidents/{name}:2026-11-29T10:00:00Z", role="viewer")
    document: dict[str, Any] = found.json()
    return document


async def unknown(api: Api, **filters: str) -> list[dict[str, Any]]:
    answer = await api.call("GET", "/v1/labels/unknown", role="viewer", params={"limit": "200", **filters})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_what_a_rule_knows_is_hit_and_what_none_knows_is_listed_with_a_line_for_it(api: Api) -> None:
    known = await alert(api, depot="north", service="shop")
    assert known["affects"] == [{"kind": "site", "id": "north"}]
    for _ in range(2):
        strange = await alert(api, ramp="A 7")
    assert strange["affects"] == []

    async def there() -> bool:
        return [item["seen"] for item in await unknown(api, label="ramp")] == [2]

    await until(there)
    (item,) = await unknown(api, label="ramp", source="am")
    assert (item["source"], item["value"]) == ("am", "A 7")
    (said,) = yaml.safe_load(item["rule"])
    rule = LabelRule.model_validate(said)
    assert rule.place("A 7") == {"kind": "ramp", "id": "A-7"}
    assert await unknown(api, label="depot") == []


async def test_the_list_is_paged_filtered_and_given_as_csv(api: Api) -> None:
    source = secrets.token_hex(4)
    async with unit_of_work(api.intake.database) as uow:
        await label_rows.count(uow, [Unknown(source, "team", f"t{n}", n + 1) for n in range(3)])
        await label_rows.count(uow, [Unknown(source, "team", "t0", 5)])
    assert [(item["value"], item["seen"]) for item in await unknown(api, source=source)] == [
        ("t0", 6),
        ("t1", 2),
        ("t2", 3),
    ]
    seen: list[str] = []
    answer = await api.call("GET", "/v1/labels/unknown", role="viewer", params={"limit": "1", "source": source})
    while True:
        seen += [item["value"] for item in answer.json()["items"]]
        if "next" not in answer.links:
            break
        answer = await api.call("GET", answer.links["next"]["url"], role="viewer")
    assert seen == ["t0", "t1", "t2"]
    answer = await api.call("GET", "/v1/labels/unknown", role="viewer", params={"source": source, "format": "csv"})
    assert answer.text.splitlines()[0] == "source,label,value,seen,last_seen,rule"
    assert len(answer.text.splitlines()) == 4
    for wrong in ({"cursor": "x"}, {"name": "x"}, {"label": "a\0"}):
        answer = await api.call("GET", "/v1/labels/unknown", role="viewer", params=wrong)
        assert answer.status_code == 422


async def test_only_so_many_labels_are_kept_those_seen_last(api: Api) -> None:
    async with unit_of_work(api.intake.database) as uow:
        await uow.connection.execute("UPDATE unknown_label SET last_seen = last_seen - interval '1 day'")
        await label_rows.count(uow, [Unknown("new", "l", f"v{n}", 1) for n in range(3)], 2)
        rows = await uow.connection.fetch("SELECT source FROM unknown_label")
    assert [row["source"] for row in rows] == ["new", "new"]


async def test_what_was_not_seen_for_long_ends(api: Api) -> None:
    async with unit_of_work(api.intake.database) as uow:
        await label_rows.count(uow, [Unknown("old", "l", "v", 1), Unknown("young", "l", "v", 1)])
        await uow.connection.execute(
            "UPDATE unknown_label SET last_seen = last_seen - interval '5 years' WHERE source = 'old'"
        )
    settings = api.app.state.settings
    await Retention(settings, api.app.state.database, expiries(settings)).clear()
    assert await unknown(api, source="old") == []
    assert len(await unknown(api, source="young")) == 1


class Away:
    """A database that cannot be reached."""

    def __getattr__(self, name: str) -> Any:
        raise StoreUnavailable("away")


async def test_without_the_database_labels_are_counted_on(api: Api) -> None:
    source = MappedSource("alerts", api.intake.sources["alerts"].rule)  # type: ignore[attr-defined]
    source.unknown.add("am", {"a": "x"}, 3)
    assert await LabelKeeper(Away(), {"alerts": source}).round() == 2.0  # type: ignore[arg-type]
    source.unknown.add("am", {"a": "x"})
    assert source.unknown.take() == [Unknown("am", "a", "x", 4)]
