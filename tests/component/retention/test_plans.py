"""Every deletion finds its rows by an index, among a hundred thousand that stay."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from candor.ops.settings import Settings
from candor.store.db import Database
from candor.store.retention import Expiry, Rule, common_rules
from delivery_svc.store.archive import OVER
from risk_svc.store import expiry as of_risk
from tests.component.retention.schemas import SERVICES, own, schema_of
from tests.support.servers import Databases

ROWS, OLD = 100_000, 50
VALUES: Final = {
    "text": "'x' || n",
    "bytea": "decode(md5(n::text), 'hex')",
    "integer": "n",
    "bigint": "n",
    "boolean": "false",
    "jsonb": "'{}'",
    "real": "0",
    "double precision": "0",
    "ARRAY": "'{}'",
    "date": "current_date",
    "timestamp with time zone": "now() - make_interval(secs => (100000 - n) * 0.01)",
}
# What a row must have besides its age for its rule to be about it; each row of the hundred thousand has it.
ABOUT: Final = {
    "dead_letter": {"state": "'discarded'"},
    "dead_letter_foreign": {"state": "'held'", "reason": "'forged'"},
    "dead_letter_undecided": {"state": "'held'"},
    "incident": {"status": "'resolved'"},
    "promise": {"state": "'kept'"},
    "matter_waiting": {"customer_id": "NULL"},
}
COLUMNS: Final = """
SELECT column_name, data_type, is_identity FROM information_schema.columns
WHERE table_name = $1 AND table_schema = 'public'"""
SQL: Final = {
    **{"promise_state": of_risk.PROMISES, "incident": of_risk.INCIDENTS, "insight_promise": of_risk.INSIGHT},
    "parked": OVER,
}


def all_rules() -> Iterator[tuple[str, Expiry]]:
    """Each rule once, with a service that has it."""
    for common in common_rules(Settings(service="promise-svc", port=0)):
        # The audit log is cleared by its owner's function, whose statement has no plan of its own to look at.
        if isinstance(common, Rule):
            yield "promise-svc", common
    for service in SERVICES:
        for rule in own(service):
            # A page of contacts is looked up by id, which the test of contacts does.
            if rule.name != "contact" and (service, rule.name) not in DOUBLE:
                yield service, rule


DOUBLE: Final = {("delivery-svc", "outbox"), ("delivery-svc", "rejected")}


async def fill(database: Database, table: str, about: dict[str, str]) -> None:
    """Rows of the last thousand seconds, and a few of very long ago before them, as time would have laid them."""
    rows = await database.pool.fetch(COLUMNS, table)
    columns = {row["column_name"]: row["data_type"] for row in rows if row["is_identity"] == "NO"}
    about = {name: value for name, value in about.items() if name in columns}
    values = [about.get(name, VALUES[kind]) for name, kind in columns.items()]
    old = [value.replace("now()", "now() - interval '4000 days'") if "now()" in value else value for value in values]
    async with database.pool.acquire() as connection, connection.transaction():
        # Without what a notice's delivery refers to, and without the audit log's guard.
        await connection.execute("SET LOCAL session_replication_role = replica")
        for chosen, numbers in ((old, f"-{OLD}, -1"), (values, f"1, {ROWS}")):
            await connection.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) "
                f"SELECT {', '.join(chosen)} FROM generate_series({numbers}) AS n"
            )
    await database.pool.execute(f"VACUUM ANALYZE {table}")


def scans(plan: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if "Scan" in plan["Node Type"]:
        yield plan["Node Type"], plan.get("Relation Name", plan.get("Index Name", ""))
    for below in plan.get("Plans", ()):
        yield from scans(below)


@pytest.mark.parametrize(("service", "rule"), [pytest.param(*one, id=f"{one[0]}-{one[1].name}") for one in all_rules()])
async def test_what_is_over_is_found_by_an_index(service: str, rule: Expiry, databases: Databases) -> None:
    sql = rule.candidates() if isinstance(rule, Rule) else SQL[rule.name]
    async with schema_of(service, databases) as database:
        await fill(database, rule.table, ABOUT.get(rule.name, {}))
        if rule.name == "change":
            await fill(database, "promise", {"words_since": "NULL"})
        explained = await database.pool.fetchval(f"EXPLAIN (FORMAT JSON) {sql}", 100.0, 2_000)
        found = list(scans(json.loads(explained)[0]["Plan"]))
        over = await database.pool.fetch(sql, 100.0, 2_000)
    assert [name for kind, name in found if kind == "Seq Scan"] == []
    assert len(over) == OLD
