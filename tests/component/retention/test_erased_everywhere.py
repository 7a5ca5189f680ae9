"""After an erasure the customer's id and words are in none of the four databases, but where data.md says so."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import delivery_svc.wiring
import promise_svc.wiring
from candor.contracts import Message
from candor.contracts.topics import TOPICS
from candor.messaging.consumer import Work
from candor.store.db import Database
from candor.store.unit_of_work import unit_of_work
from delivery_svc.handlers import PromisesHandler
from delivery_svc.settings import DeliverySettings
from promise_svc.settings import PromiseSettings
from risk_svc.worker.handlers import RiskHandler
from tests.component.delivery import reports
from tests.component.promise import bodies
from tests.support import notify, risk
from tests.support.api import Api, Keys, running
from tests.support.clocks import ManualClock
from tests.support.insight import InsightDesk
from tests.support.servers import Databases

WORDS: Final = "the fiddly espresso machine of Mrs Secret"
COLUMNS: Final = """
SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'"""
# Where the id stays, as the page says: the mark of the erasure, the event that says so, and who of the staff did it.
MARKS: Final = {"promise-svc": {"customer", "outbox", "audit_log"}, "notify-svc": {"customer"}}


async def holding(database: Database, *wanted: str) -> dict[str, set[str]]:
    """By what was looked for, the tables that hold it in any column, whether text, bytes or documents."""
    found: dict[str, set[str]] = {one: set() for one in wanted}
    for row in await database.pool.fetch(COLUMNS):
        column, table = row["column_name"], row["table_name"]
        cells = await database.pool.fetch(f'SELECT "{column}" AS cell FROM "{table}" WHERE "{column}" IS NOT NULL')
        for cell in cells:
            value = cell["cell"]
            text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
            for one in wanted:
                if one in text:
                    found[one].add(table)
    return found


@asynccontextmanager
async def running_alone(name: str, postgres: str, databases: Databases, folder: Path) -> AsyncIterator[Api]:
    """One of the two that take HTTP, without Kafka, with keys and a database of its own."""
    own = folder / name
    own.mkdir()
    keys = Keys(own)
    values: dict[str, Any] = {"database_url": postgres, "database_prefix": f"t{secrets.token_hex(5)}"}
    values |= {"publishing": False, **keys.write()}
    if name == "promise-svc":
        app = promise_svc.wiring.build(PromiseSettings(**values), ManualClock())
    else:
        app = delivery_svc.wiring.build(DeliverySettings(**values), ManualClock(), consuming=False)
    async with running(app, keys) as api:
        yield api
    await databases.drop(app.state.settings.database)


async def passed_on(api: Api, customer: str, topics: tuple[str, ...]) -> list[Message]:
    """What a service sent about a customer on these topics."""
    return [one for one in await bodies.sent(api, customer) if one.data.TOPIC in topics]


async def spoken(promises: Api, customer: str) -> str:
    """A promise full of words, with a contact, a revision and a verdict; its id."""
    answer = await promises.call(
        "POST",
        "/v1/promises",
        bodies.body(customer_id=customer, what=WORDS, labels={"wish": WORDS}, owner="anna"),
        headers={"idempotency-key": bodies.new("k")},
    )
    name: str = answer.json()["promise_id"]
    await promises.call("POST", f"/v1/promises/{name}/revisions", bodies.REVISION | {"reason": WORDS})
    await promises.call("PUT", f"/v1/customers/{customer}/contact", bodies.CONTACT | {"name": WORDS})
    return name


async def reported(delivery: Api, name: str) -> None:
    """Two steps of the promise with reasons, one of them parked before the promise was known."""
    step = reports.milestone(name, -30, status="missed", reason=WORDS, public_reason=WORDS)
    assert (await delivery.call("POST", "/v1/milestones", step)).status_code < 300


async def written_to(letters: notify.Desk, customer: str) -> None:
    """A letter of which we know that it was written and sent, whatever the forecast says."""
    await letters.take(notify.promise("own", customer, what=WORDS), notify.contact(customer, version=9))
    await letters.take(notify.gap(1, name="own", customer=customer))
    await letters.later(5)
    assert await letters.send() >= 1


async def test_nothing_of_an_erased_customer_stays_but_the_marks(
    postgres: str, databases: Databases, tmp_path: Path
) -> None:
    customer, clock = bodies.new("c"), ManualClock()
    risk_url, notify_url = await databases.fresh(risk.prepare), await databases.fresh(notify.prepare)
    async with (
        running_alone("promise-svc", postgres, databases, tmp_path) as promises,
        running_alone("delivery-svc", postgres, databases, tmp_path) as delivery,
        risk.opened(risk_url) as risk_database,
        notify.desk(notify_url, tmp_path) as letters,
    ):
        scores = risk.Desk(risk_database, RiskHandler(risk.taught_by(40), clock, system=clock))
        await scores.load()
        name = await spoken(promises, customer)
        await reported(delivery, name)
        made = await passed_on(promises, customer, ("promises",))
        await hear(delivery, made)
        await reported(delivery, name)
        steps = await passed_on(delivery, customer, ("milestones",))
        gaps = await scores.take(*made, *steps)
        assert gaps
        contacts = await passed_on(promises, customer, ("contacts",))
        await letters.take(*made, *contacts, *gaps)
        figures = InsightDesk(risk_database)
        await figures.take(*made, *steps, *gaps)
        await written_to(letters, customer)
        everywhere: dict[str, Database] = {
            "promise-svc": promises.app.state.database,
            "delivery-svc": delivery.app.state.database,
            "risk-svc": risk_database,
            "notify-svc": letters.database,
        }
        for service, database in everywhere.items():
            assert all((await holding(database, customer, WORDS)).values()), service
        answer = await promises.call("DELETE", f"/v1/customers/{customer}")
        assert answer.status_code == 200
        gone = [one for one in await passed_on(promises, customer, ("promises", "contacts")) if one not in made]
        erasure = [one for one in gone if one.data.TOPIC == "promises"]
        for one in (scores, figures):
            await one.take(*erasure)
        await asyncio.gather(hear(delivery, erasure), letters.take(*gone))
        ends = (scores.end_erasures(), figures.forget(), letters.end_erasures(), reports.end_erasures(delivery))
        await asyncio.gather(*ends)
        # These two keep nothing that was sent.
        for database in (risk_database, letters.database):
            await database.pool.execute("DELETE FROM outbox")
        await nothing_but_marks(everywhere, customer, name)
    for url in (risk_url, notify_url):
        await databases.drop(url)


async def nothing_but_marks(everywhere: dict[str, Database], customer: str, name: str) -> None:
    """What is left of the customer, of a promise's id and of its words is what data.md says."""
    for service, database in everywhere.items():
        found: Any = await holding(database, customer, WORDS, name)
        acts = {"audit_log"} if service in ("promise-svc", "delivery-svc") else set()
        # Labels, under a pseudonym, until the learner's next checkpoint.
        taught = {"journal"} if service == "risk-svc" else set()
        assert found == {customer: MARKS.get(service, set()), WORDS: taught, name: acts}, service


async def hear(delivery: Api, messages: list[Message]) -> None:
    """delivery-svc takes these from `promises`."""
    assert {one.data.TOPIC for one in messages} <= {TOPICS["promises"].name}
    async with unit_of_work(delivery.app.state.database) as uow:
        await PromisesHandler().apply(uow, [Work(0, messages)], tick=False)
